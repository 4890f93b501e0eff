// event.request.headers['push-function'].

import assert from 'node:assert/strict';
import { text } from './support/raw.mjs';
import { runnerTest } from './support/runner.mjs';
import { isSecure } from './support/transport.mjs';

const app = {
  routes: {
    on_connect: 'connectHandler',
    on_disconnect: 'disconnectHandler',
    push: 'pushHandler',
    keep: 'keepHandler',
    use: 'useHandler',
    gone: 'goneHandler',
    flood: 'floodHandler',
    progress: 'progressHandler',
    broadcast: 'broadcastHandler',
    outcomes: 'outcomesHandler',
    stall: 'stallHandler',
    brim: 'brimHandler',
  },
  prelude: `
const kept = new Map();
const gone = new Map();
const watchers = [];
const outcomes = [];
let flooded = 0;
let finished = false;
const messages = {
  response: () => new Response({ a: 1 }, 201, { h: 'v' }),
  errorResponse: () => new ErrorResponse('no', 404, 'why'),
  plain: () => ({ statusCode: 202, headers: { a: 'b' }, body: 'plain' }),
  text: () => 'as it is {',
  buffer: () => Buffer.from([0, 1, 255]),
  bytes: () => new Uint8Array([1, 2]),
};
`,
  handlers: {
    async connectHandler(event) {
      const push = event.request.headers['push-function'];
      const { label, pushes = 0, status } = event.params;
      event.identity = { label };
      kept.set(label, push);
      for (let i = 0; i < pushes; i++) {
        await push(String(i).padEnd(1 << 20, 'x')).then(
          () => outcomes.push('sent'),
          (error) => outcomes.push({ statusCode: error.statusCode, message: error.message }),
        );
      }
      if (status) event.response = new ErrorResponse('no', Number(status));
    },
    async disconnectHandler(event) {
      const push = event.request.headers['push-function'];
      const outcome = await push?.('too late').then(() => 'sent', (error) => error.statusCode);
      gone.set(event.identity.label, outcome);
      watchers.forEach((watch) => watch());
    },
    async pushHandler(event) {
      const value = await event.request.headers['push-function'](messages[event.params.kind]());
      event.response = new Response(value === undefined ? 'nothing' : value);
    },
    keepHandler(event) {
      kept.set(event.params.as, event.request.headers['push-function']);
      event.response = new Response('kept');
    },
    async useHandler(event) {
      try {
        await kept.get(event.params.of)(event.payload);
        event.response = new Response('sent');
      } catch (error) {
        event.response = new Response({ isError: error instanceof Error, statusCode: error.statusCode, message: typeof error.message });
      }
    },
    goneHandler(event) {
      return new Promise((resolve) => {
        const watch = () => {
          if (!gone.has(event.params.label)) return;
          event.response = new Response({ pushed: gone.get(event.params.label) ?? null });
          resolve();
        };
        watchers.push(watch);
        watch();
      });
    },
    /** Pushes until all is said, one megabyte at a time, each awaited. */
    floodHandler(event) {
      const push = event.request.headers['push-function'];
      (async () => {
        for (; flooded < event.params.count; flooded++) await push('x'.repeat(1 << 20));
        finished = true;
      })().catch(() => {});
      event.response = new Response('begun');
    },
    /** Pushes when the client has gone and nobody can know yet. */
    stallHandler(event) {
      const push = event.request.headers['push-function'];
      const until = Date.now() + 600;
      while (Date.now() < until);
      push('x'.repeat(100_000)).then(() => outcomes.push('sent'), (error) => outcomes.push(error.statusCode));
      event.response = new Response('');
    },
    /** Fills the connection and has room made, several times, while the next one's event waits. */
    brimHandler(event) {
      const push = event.request.headers['push-function'];
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < 4; i++) push('y'.repeat(20_000));
        push('z'.repeat(40_000));
      }
      event.response = new Response(event.payload);
    },
    progressHandler(event) {
      event.response = new Response({ flooded, finished });
    },
    outcomesHandler(event) {
      event.response = new Response(outcomes);
    },
    async broadcastHandler(event) {
      const results = await Promise.allSettled([...kept.values()].map((push) => push(new Response(event.payload))));
      event.response = new Response(results.filter(({ status }) => status === 'fulfilled').length);
    },
  },
};

const pushed = (kind, check) =>
  runnerTest(`push of ${kind}`, app, async (runner) => {
    const client = await runner.connect({ path: '/?label=a' });
    client.send({ name: 'push', params: { kind }, headers: { 'message-id': 'for the reply only' } });
    const { data, isBinary } = await client.nextFrame();
    check(data, isBinary);
    assert.deepEqual(await client.next(), { statusCode: 200, headers: { 'message-id': 'for the reply only' }, body: 'nothing' });
  });

const json = (expected) => (data, isBinary) => {
  assert.equal(isBinary, false);
  assert.deepEqual(JSON.parse(data), expected);
};
const bytes = (expected) => (data, isBinary) => {
  assert.equal(isBinary, true);
  assert.deepEqual([...data], expected);
};

pushed('response', json({ statusCode: 201, headers: { h: 'v' }, body: { a: 1 } }));
pushed('errorResponse', json({ statusCode: 404, headers: { 'Content-Type': 'application/json' }, body: { statusCode: 404, message: 'no', details: 'why' } }));
pushed('plain', json({ statusCode: 202, headers: { a: 'b' }, body: 'plain' }));
pushed('text', (data, isBinary) => {
  assert.equal(isBinary, false);
  assert.equal(data.toString(), 'as it is {');
});
pushed('buffer', bytes([0, 1, 255]));
pushed('bytes', bytes([1, 2]));

runnerTest('a kept push function works later and from elsewhere', app, async (runner) => {
  const one = await runner.connect({ path: '/?label=one' });
  const two = await runner.connect({ path: '/?label=two' });
  for (let i = 0; i < 5; i++) {
    assert.equal((await two.ask({ name: 'use', params: { of: 'one' }, payload: `text ${i}` })).body, 'sent');
    assert.equal(await one.nextText(), `text ${i}`);
  }
});

runnerTest('push after the close rejects with 410', app, async (runner) => {
  const watcher = await runner.connect({ path: '/?label=watcher' });
  for (const [label, leave] of [['a', (client) => client.close(1000)], ['b', (client) => client.terminate()]]) {
    const client = await runner.connect({ path: `/?label=${label}` });
    await client.ask({ name: 'keep', params: { as: `${label}, by a message` } });
    await leave(client);
    const outcome = (await watcher.ask({ name: 'gone', params: { label } })).body;
    assert.ok([410, null].includes(outcome.pushed), 'nothing can be pushed in on_disconnect');
    for (const of of [label, `${label}, by a message`]) {
      const { body } = await watcher.ask({ name: 'use', params: { of }, payload: 'too late' });
      assert.deepEqual(body, { isError: true, statusCode: 410, message: 'string' });
    }
  }
});

runnerTest('a push waits while the client does not read', { ...app, args: ['--high-water-mark', '1m', '--max-buffered', '1g'] }, async (runner) => {
  const watcher = await runner.connect({ path: '/?label=watcher' });
  const slow = await runner.connectRaw();
  await slow.upgrade({ path: '/?label=slow' });
  slow.socket.pause();
  slow.write(text({ name: 'flood', params: { count: 200 } }));

  // It has come to a stand when many turns of the loop move it no further.
  let before;
  let now = { flooded: 0 };
  do {
    before = now;
    for (let i = 0; i < 200; i++) now = (await watcher.ask({ name: 'progress' })).body;
  } while (now.flooded !== before.flooded || now.flooded === 0);
  assert.ok(now.flooded < 200, 'it waits');
  assert.equal(now.finished, false);

  slow.socket.resume();
  for (let i = 0; i < 201; i++) await slow.frame();
  assert.deepEqual((await watcher.ask({ name: 'progress' })).body, { flooded: 200, finished: true });
  await slow.destroy();
});

runnerTest('a waiting push rejects with 410 when the client goes', { ...app, args: ['--high-water-mark', '64k', '--max-buffered', '1g'] }, async (runner) => {
  const watcher = await runner.connect({ path: '/?label=watcher' });
  const slow = await runner.connectRaw();
  await slow.upgrade({ path: '/?label=slow' });
  slow.socket.pause();
  slow.write(text({ name: 'keep', params: { as: 'slow' } }));
  watcher.send({ name: 'use', params: { of: 'slow' }, payload: 'x'.repeat(15 << 20), headers: { 'message-id': 'waiting' } });
  for (let i = 0; i < 20; i++) await watcher.ask({ name: 'progress' });
  await slow.reset();
  const { headers, body } = await watcher.next();
  assert.equal(headers['message-id'], 'waiting');
  assert.equal(body.statusCode, 410);
});

const full = { ...app, args: ['--max-buffered', '8m', '--high-water-mark', '64k'] };

runnerTest('more than --max-buffered before the handshake has ended: 429, and 1013 behind what there was room for', full, async (runner) => {
  const watcher = await runner.connect({ path: '/?label=watcher' });
  const client = await runner.connect({ path: '/?label=full&pushes=10' });
  for (let i = 0; i < 7; i++) assert.equal(parseInt(await client.nextText(), 10), i);
  assert.deepEqual(await client.closed, { code: 1013, reason: 'Too much is unsent' });
  const outcomes = (await watcher.ask({ name: 'outcomes' })).body;
  assert.deepEqual(outcomes.slice(0, 7), Array(7).fill('sent'));
  for (const { statusCode, message } of outcomes.slice(7)) {
    assert.equal(statusCode, 429);
    assert.match(message, /--max-buffered/);
  }
  assert.ok([410, null].includes((await watcher.ask({ name: 'gone', params: { label: 'full' } })).body.pushed));
});

runnerTest('pushes of on_connect never wait, whatever the high-water mark', full, async (runner) => {
  const client = await runner.connect({ path: '/?label=a&pushes=6' });
  for (let i = 0; i < 6; i++) assert.equal(parseInt(await client.nextText(), 10), i);
  assert.deepEqual((await client.ask({ name: 'outcomes' })).body, Array(6).fill('sent'));
});

runnerTest('what on_connect has pushed comes before its refusal', full, async (runner) => {
  const client = await runner.connect({ path: '/?label=a&pushes=2&status=403' });
  for (let i = 0; i < 2; i++) assert.equal(parseInt(await client.nextText(), 10), i);
  assert.deepEqual(await client.closed, { code: 1008, reason: 'Policy Violation' });
});

runnerTest('a refusal says why, also where too much was pushed', full, async (runner) => {
  const client = await runner.connect({ path: '/?label=a&pushes=10&status=403' });
  assert.deepEqual(await client.closed, { code: 1008, reason: 'Policy Violation' });
});

runnerTest('a push to a hundred', app, async (runner) => {
  const clients = await Promise.all(Array.from({ length: 100 }, (_, i) => runner.connect({ path: `/?label=c${i}` })));
  const sender = await runner.connect({ path: '/?label=sender' });
  sender.send({ name: 'broadcast', payload: 'to all' });
  assert.equal((await sender.next()).body, 'to all');
  assert.equal((await sender.next()).body, 101);
  for (const client of clients) assert.equal((await client.next()).body, 'to all');
});

/** Over TLS even a long text is gathered, to be sent when the turn ends: nothing has been tried when the push is done. */
runnerTest('a push to one that has gone unseen rejects with 410 where sending it was tried', app, async (runner) => {
  const client = await runner.connectRaw();
  await client.upgrade({ path: '/?label=unseen' });
  client.write(text({ name: 'stall' }));
  await new Promise((resolve) => setTimeout(resolve, 200)); // it is being handled
  await client.reset();
  const watcher = await runner.connect();
  let outcomes = [];
  for (let i = 0; i < 100 && outcomes.length === 0; i++) outcomes = (await watcher.ask({ name: 'outcomes' })).body;
  assert.deepEqual(outcomes, [isSecure ? 'sent' : 410]);
});

runnerTest('room that is made while a handler pushes', { ...app, args: ['--high-water-mark', '64k'] }, async (runner) => {
  const clients = await Promise.all(Array.from({ length: 4 }, () => runner.connect()));
  const ROUNDS = 20;
  for (let round = 0; round < ROUNDS; round++)
    for (const client of clients) for (let i = 0; i < 5; i++) client.send({ name: 'brim', payload: `${round} ${i}` });
  for (const client of clients) {
    const replies = [];
    const pushes = { y: 0, z: 0 };
    while (replies.length < 5 * ROUNDS) {
      const data = await client.nextText();
      if (data.startsWith('{')) replies.push(JSON.parse(data).body);
      else pushes[data[0]]++;
    }
    assert.deepEqual(replies.sort(), Array.from({ length: 5 * ROUNDS }, (_, n) => `${Math.floor(n / 5)} ${n % 5}`).sort());
    assert.equal(pushes.z, 15 * ROUNDS);
    assert.equal(pushes.y, 60 * ROUNDS);
  }
});

const pushingOn = {
  routes: { on: 'onHandler', echo: 'echoHandler', stop: 'stopHandler' },
  prelude: 'let stopped = false;',
  handlers: {
    async onHandler(event) {
      const push = event.request.headers['push-function'];
      const part = 'x'.repeat(event.payload);
      try {
        while (!stopped) await push(part);
      } catch {} // it is gone
    },
    echoHandler(event) {
      event.response = new Response(event.payload);
    },
    stopHandler() {
      stopped = true;
    },
  },
};
for (const size of [100, 64 * 1024]) {
  runnerTest(`pushes without end leave others their turn: ${size} bytes`, { ...pushingOn, args: ['--max-buffered', '1g'] }, async (runner) => {
    const other = await runner.connect();
    const client = await runner.connectRaw();
    await client.upgrade();
    client.socket.removeAllListeners('data').resume(); // as fast as it can
    client.write(text({ name: 'on', payload: size }));
    for (let i = 0; i < 30; i++) assert.equal((await other.ask({ name: 'echo', payload: i })).body, i);
    await other.ask({ name: 'stop' });
    client.destroy();
  });
}
