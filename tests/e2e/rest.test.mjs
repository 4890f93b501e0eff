// What traffic leaves behind when it has ended: the engine collects by its own timers, although nothing is allocated any more.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { text } from './support/raw.mjs';
import { isSanitized, processorTicks, runnerTest } from './support/runner.mjs';

const MESSAGES = 1500;
const LAST = 50; // of them, whose end nobody's allocations hasten

const app = {
  routes: { keep: 'keepHandler', collected: 'collectedHandler' },
  prelude: `
const collected = [];
const registry = new FinalizationRegistry((number) => collected.push(number));
`,
  handlers: {
    keepHandler(event) {
      registry.register(event.payload, event.payload.number);
      event.response = new Response('');
    },
    collectedHandler(event) {
      event.response = new Response(collected.filter((number) => number >= event.payload).length);
    },
  },
};

runnerTest('garbage goes when clients are silent', app, async (runner) => {
  const client = await runner.connect();
  const text = 'x'.repeat(4000);
  for (let number = 0; number < MESSAGES; number++) client.send({ name: 'keep', payload: { number, text } });
  for (let number = 0; number < MESSAGES; number++) await client.nextText();
  let count = 0;
  for (let attempt = 0; attempt < 20 && count < LAST - 5; attempt++) {
    await sleep(1000);
    ({ body: count } = await client.ask({ name: 'collected', payload: MESSAGES - LAST }));
  }
  assert.ok(count >= LAST - 5, `${count} of the last ${LAST} messages' payloads are gone`); // the stack may hold a few
});

// A program with sanitizers is so large that the engine is only asked to collect, and takes its time.
runnerTest('what a burst has left is gone within seconds', app, async (runner) => {
  const client = await runner.connect();
  const burst = 300;
  const attempts = isSanitized() ? 20 : 1;
  for (let round = 1; round <= 2; round++) {
    for (let number = 0; number < burst; number++) client.send({ name: 'keep', payload: { number } });
    for (let number = 0; number < burst; number++) await client.nextText();
    let count = 0;
    for (let attempt = 0; attempt < attempts && count < (burst - 10) * round; attempt++) {
      await sleep(2500);
      ({ body: count } = await client.ask({ name: 'collected', payload: 0 }));
    }
    assert.ok(count >= (burst - 10) * round, `${count} of the payloads of ${round * burst} messages are gone`);
  }
});

// A timer of the engine's is due some seconds after much lives and little is done. It once ended the process, on threads that
// WebKit's main thread was not named to.
const litter = {
  ...app,
  args: ['--workers', '2', '--no-management'],
  handlers: {
    keepHandler(event) {
      event.response = new Response(typeof kept);
    },
    collectedHandler() {},
  },
  prelude: `
let kept = Array.from({ length: 20_000 }, (_, number) => ({ number, list: [number] }));
let sum = 0;
let rounds = 0;
const timer = setInterval(() => {
  for (let i = 0; i < 50_000; i++) sum += new Array(i % 50).length;
  kept = kept.map((one) => ({ ...one }));
  if (++rounds === 100) clearInterval(timer);
}, 10);
`,
};

runnerTest('and workers live on', litter, async (runner) => {
  await sleep(7000);
  const clients = await Promise.all(Array.from({ length: 8 }, () => runner.connect()));
  for (const client of clients) assert.equal((await client.ask({ name: 'keep' })).body, 'object');
});

// What the loop looks at and nobody wants yet: a connection to somewhere else that is kept, a message that may not be taken, a
// client who does not read.
const pending = {
  args: ['--max-in-flight', '1', '--high-water-mark', '64k'],
  routes: { fetch: 'fetchHandler', hold: 'holdHandler', letGo: 'letGoHandler', big: 'bigHandler' },
  prelude: `
let letGo;
`,
  handlers: {
    async fetchHandler(event) {
      event.response = new Response((await fetch(event.payload)).status);
    },
    async holdHandler(event) {
      await new Promise((resolve) => (letGo = resolve));
      event.response = new Response('held');
    },
    letGoHandler(event) {
      letGo();
      event.response = new Response('let go');
    },
    bigHandler(event) {
      event.response = new Response('x'.repeat(8 << 20));
    },
  },
};

for (const workers of [1, 2]) {
  runnerTest(`nothing turns where nothing can be done, --workers ${workers}`, { ...pending, args: [...pending.args, '--workers', workers] }, async (runner) => {
    const [client, waiting] = [await runner.connect(), await runner.connect()];
    const deaf = await runner.connectRaw();
    await deaf.upgrade();
    deaf.socket.pause();
    deaf.write(text({ name: 'big' }));
    if (workers === 1) waiting.send({ name: 'hold' }); // two have two worlds
    waiting.send({ name: 'big' });
    assert.equal((await client.ask({ name: 'fetch', payload: `${runner.management}/health` })).body, 200);
    await sleep(1000);
    const before = processorTicks(runner.pid);
    await sleep(1000);
    const used = processorTicks(runner.pid) - before;
    assert.ok(used <= 20, `${used} hundredths of a second in one of waiting`);
    if (workers === 1) {
      await client.ask({ name: 'letGo' });
      assert.equal((await waiting.next()).body, 'held');
    }
    assert.equal((await waiting.next()).body.length, 8 << 20);
    await deaf.destroy();
  });
}

// A silent connection's Peer is given up; another takes its place when it says something again (js/lib/peers.js).
const acquaintances = {
  routes: { on_connect: 'connectHandler', keep: 'keepHandler', use: 'useHandler', who: 'whoHandler', litter: 'litterHandler' },
  prelude: `
const kept = new Map();
`,
  handlers: {
    async connectHandler(event) {
      if (!event.params.name) return;
      await new Promise((resolve) => setTimeout(resolve, 1500));
      event.identity = new Identity(event.params.name, []);
    },
    keepHandler(event) {
      kept.set(event.payload, event.request.headers['push-function']);
      event.response = new Response('kept');
    },
    async useHandler(event) {
      try {
        await kept.get(event.payload.label)(event.payload.message);
        event.response = new Response('pushed');
      } catch (error) {
        event.response = new Response(error.statusCode);
      }
    },
    whoHandler(event) {
      event.response = new Response(event.identity ? event.identity.id : 'nobody');
    },
    litterHandler(event) {
      let sum = 0;
      for (let i = 0; i < 300_000; i++) sum += [i, { i }].length;
      event.response = new Response(sum);
    },
  },
};

const SILENCE_MS = 1500; // several sweeps

/** What lives no longer is collected meanwhile. */
async function silence(busy) {
  for (let i = 0; i < 5; i++) {
    await sleep(SILENCE_MS / 5);
    await busy.ask({ name: 'litter' });
  }
}

runnerTest('a push function works after a silence, and only for its connection', acquaintances, async (runner) => {
  const busy = await runner.connect();
  const silent = await runner.connect();
  await silent.ask({ name: 'keep', payload: 'silent' });
  const use = async (message) => (await busy.ask({ name: 'use', payload: { label: 'silent', message } })).body;
  await silence(busy);
  assert.equal(await use('once'), 'pushed');
  assert.equal(await silent.nextText(), 'once');
  assert.equal((await silent.ask({ name: 'who' })).body, 'nobody');
  await silence(busy);
  assert.equal(await use('again'), 'pushed');
  assert.equal(await silent.nextText(), 'again');

  silent.close();
  await silent.closed;
  const others = await Promise.all(Array.from({ length: 20 }, () => runner.connect())); // one of them has its number now
  for (const other of others) await other.ask({ name: 'who' });
  assert.equal(await use('to nobody'), 410);
  await silence(busy);
  assert.equal(await use('to nobody'), 410);
  for (const other of others) assert.equal((await other.ask({ name: 'who' })).body, 'nobody'); // and no push before it
});

runnerTest('an identity outlasts silences', acquaintances, async (runner) => {
  const busy = await runner.connect();
  const known = await runner.connect({ path: '/?name=ada' });
  for (let round = 0; round < 4; round++) await silence(busy); // until the engine has collected everything
  assert.equal((await known.ask({ name: 'who' })).body, 'ada');
});
