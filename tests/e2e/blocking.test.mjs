// --max-blocking: JavaScript that does not return is ended, and the program goes on.

import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeApp } from './support/app.mjs';
import { text } from './support/raw.mjs';
import { runnerTest, runToEnd } from './support/runner.mjs';

const LIMIT = 200; // ms
const args = ['--max-blocking', `${LIMIT}ms`];
const echo = {
  echoHandler(event) {
    event.response = new Response(event.payload);
  },
};
const app = (handlers, more = {}) => ({
  routes: { ...Object.fromEntries(Object.keys(handlers).map((name) => [name.replace(/Handler$/, ''), name])), echo: 'echoHandler', ...more.routes },
  handlers: { ...handlers, ...echo },
  args: [...args, ...(more.args ?? [])],
  ...Object.fromEntries(Object.entries(more).filter(([key]) => key !== 'routes' && key !== 'args')),
});
const message = (name, more = {}) => ({ name, headers: { 'message-id': 'm' }, ...more });

/** The program serves, all of it. */
async function serves(runner) {
  const client = await runner.connect();
  for (let i = 0; i < 20; i++) assert.equal((await client.ask({ name: 'echo', payload: i })).body, i);
  await client.close();
}

/** Sends messages in one piece, a message-id each by their places, and returns the replies in that order. */
async function together(client, messages) {
  client.write(Buffer.concat(messages.map((each, i) => text({ ...each, headers: { 'message-id': i } }))));
  const replies = [];
  while (replies.length < messages.length) replies.push(JSON.parse((await client.frame()).payload));
  return replies.sort((a, b) => a.headers['message-id'] - b.headers['message-id']);
}

function assertEnded(reply, pattern) {
  assert.equal(reply.statusCode, 500, JSON.stringify(reply));
  assert.deepEqual(reply.headers, { 'Content-Type': 'application/json', 'message-id': 'm' });
  assert.match(reply.body.message, pattern);
}

const loops = {
  loopHandler() {
    for (;;) {}
  },
  catchingHandler() {
    try {
      for (;;) {}
    } catch {
      console.log('caught');
    } finally {
      console.log('finally');
    }
  },
  async asyncHandler() {
    for (;;) {}
  },
  fillingHandler() {
    const all = {};
    for (let i = 0; ; i++) all[`key${i % 1000}`] = [i];
  },
  callingHandler() {
    for (;;) JSON.parse('{"a":[1,2,3]}');
  },
  executorHandler: { toString: () => 'executorHandler() { return new Promise(() => { for (;;) {} }); }' },
  tickHandler(event) {
    event.response = new Response('too early');
    return new Promise(() => process.nextTick(() => { for (;;) {} }));
  },
};
for (const name of Object.keys(loops)) {
  runnerTest(`an endless loop: ${name}`, app({ [name]: loops[name] }), async (runner) => {
    const client = await runner.connect();
    for (let i = 0; i < 2; i++) {
      const reply = await client.ask(message(name.replace(/Handler$/, '')));
      assertEnded(reply, /^The handler '\w+'(, or another in its turn,)? ran for 200ms without returning\.$/);
      assert.match(reply.body.details, /^ {4}at .*\/handlers\/app\.js:\d+:\d+/m);
      await serves(runner);
    }
    await runner.stop();
    assert.match(runner.stderr, /Failed to handle \w+: The handler '\w+'.* ran for 200ms without returning\. at /);
    assert.doesNotMatch(runner.stdout, /caught|finally/);
  });
}

runnerTest('the events that came with it are handled, and what was answered before is sent', app({ loopHandler: loops.loopHandler }), async (runner) => {
  const client = await runner.connectRaw();
  await client.upgrade();
  const names = ['echo', 'echo', 'loop', 'echo', 'loop', 'echo', 'echo'];
  const replies = await together(client, names.map((name, i) => ({ name, payload: i })));
  assert.deepEqual(replies.map(({ statusCode, body }) => (statusCode === 200 ? body : statusCode)), [0, 1, 500, 3, 500, 5, 6]);
  client.socket.destroy();
});

const waiting = {
  async waitHandler(event) {
    for (let i = 0; i < 10; i++) await null;
    event.response = new Response(event.payload);
  },
};

runnerTest('promises of others that came with it are kept', app({
  loopHandler: loops.loopHandler,
  ...waiting,
}), async (runner) => {
  const client = await runner.connectRaw();
  await client.upgrade();
  const replies = await together(client, ['wait', 'loop', 'wait'].map((name, i) => ({ name, payload: i })));
  assert.deepEqual(replies.map(({ statusCode }) => statusCode), [200, 500, 200]);
  client.socket.destroy();
});

runnerTest('it goes the way of a failure', app({
  loopHandler: loops.loopHandler,
  onErrorHandler(event) {
    event.response.headers['x-error'] = event.response.statusCode;
  },
  afterHandler(event) {
    event.response.headers['x-after'] = event.name;
  },
}, { routes: { loop: 'loopHandler', on_error: 'onErrorHandler', on_after_request: 'afterHandler' } }), async (runner) => {
  const reply = await runner.ask(message('loop'));
  assert.deepEqual([reply.statusCode, reply.headers['x-error'], reply.headers['x-after']], [500, 500, 'loop']);
  const metrics = await (await fetch(`${runner.management}/metrics`)).text();
  assert.match(metrics, /^configurapi_events_total\{route="loop",status="500"\} 1$/m);
  assert.match(metrics, /^configurapi_events_in_flight 0$/m);
});

runnerTest('a handler that has failed its event first: once', app({
  caughtHandler() {
    this.catch(new Error('first'));
    for (;;) {}
  },
  async onErrorHandler(event) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    event.response.headers['x-error'] = event.response.body.message;
  },
  async slowHandler(event) {
    await new Promise((resolve) => setTimeout(resolve, 600));
    event.response = new Response('slow');
  },
}, { routes: { caught: 'caughtHandler', on_error: 'onErrorHandler', slow: 'slowHandler' } }), async (runner) => {
  const [client, other] = [await runner.connect(), await runner.connect()];
  for (let i = 0; i < 2; i++) {
    const caught = client.ask(message('caught'));
    const slow = other.ask(message('slow'));
    const reply = await caught;
    assert.deepEqual([reply.statusCode, reply.headers['x-error'], reply.body.message], [500, 'first', 'first']);
    assert.equal((await slow).body, 'slow');
  }
  const metrics = await (await fetch(`${runner.management}/metrics`)).text();
  assert.match(metrics, /^configurapi_events_in_flight 0$/m);
  await runner.stop();
  assert.match(runner.stderr, /Failed to handle caught: first/);
  assert.match(runner.stderr, /Error: JavaScript ran for 200ms without returning and was ended\s+at .*app\.js/);
});

// ---- behind an await ----

const behind = {
  async awaitHandler() {
    await null;
    for (;;) {}
  },
  async timerHandler() {
    await new Promise((resolve) => setTimeout(resolve, 10));
    for (;;) {}
  },
  thenHandler() {
    return Promise.resolve().then(() => {
      for (;;);
    });
  },
  async chainHandler() {
    for (;;) await null;
  },
  async timersChainHandler() {
    await new Promise((resolve) => setTimeout(resolve, 10));
    for (;;) await null;
  },
  async immediatesChainHandler() {
    await new Promise((resolve) => setImmediate(resolve));
    for (;;) await null;
  },
  async worksChainHandler() {
    await require('fs').promises.readFile(__filename);
    for (;;) await null;
  },
};
for (const name of Object.keys(behind)) {
  runnerTest(`behind an await, alone: ${name}`, app({ [name]: behind[name] }), async (runner) => {
    const client = await runner.connect();
    for (let i = 0; i < 2; i++) {
      assertEnded(await client.ask(message(name.replace(/Handler$/, ''))), new RegExp(`^The handler '${name}', or another in its turn, ran for 200ms without returning\\.$`));
      await serves(runner);
    }
    await runner.output('stderr', /Error: configurapi .*JavaScript ran for 200ms without returning and was ended/);
  });
}

// Those who are called when all jobs have run: the engine's call of them swallows the end.
for (const [kind, source] of Object.entries({
  'a listener for rejections': `
    process.on('unhandledRejection', () => { for (;;) {} });
    exports.strayHandler = (event) => { Promise.reject(new Error('x')); event.response = new Response('stray'); };`,
  'an error that has no end': `
    exports.strayHandler = (event) => {
      process.nextTick(() => { throw { toString() { for (;;) {} } }; });
      event.response = new Response('stray');
    };`,
})) {
  runnerTest(`replies that were made in the same turn are sent: ${kind}`, {
    routes: { stray: 'strayHandler', wait: 'waitHandler', echo: 'echoHandler' },
    args,
    files: {
      'handlers/app.js': `
        const { Response } = require('configurapi');
        exports.echoHandler = (event) => { event.response = new Response(event.payload); };
        exports.waitHandler = async (event) => { await null; event.response = new Response(event.payload); };
        ${source}`,
    },
  }, async (runner) => {
    const client = await runner.connectRaw();
    await client.upgrade();
    const names = ['echo', 'wait', 'stray', 'wait', 'echo'];
    for (let round = 0; round < 2; round++) {
      const replies = await together(client, names.map((name, i) => ({ name, payload: `${name} ${i}` })));
      assert.deepEqual(replies.map(({ body }) => body), ['echo 0', 'wait 1', 'stray', 'wait 3', 'echo 4']);
    }
    await serves(runner);
    client.socket.destroy();
    await runner.output('stderr', /JavaScript ran for 200ms without returning and was ended/);
  });
}

runnerTest('endless chains of jobs that came with an endless loop', app({
  loopHandler: loops.loopHandler,
  chainHandler: behind.chainHandler,
  ...waiting,
}), async (runner) => {
  const client = await runner.connectRaw();
  await client.upgrade();
  const names = ['wait', 'chain', 'wait', 'loop', 'chain', 'wait', 'loop', 'echo'];
  for (let round = 0; round < 2; round++) {
    const replies = await together(client, names.map((name, i) => ({ name, payload: i })));
    const statuses = replies.map(({ statusCode }) => statusCode);
    assert.deepEqual(statuses.filter((_, i) => /chain|loop/.test(names[i])), [500, 500, 500, 500]);
    assert.equal(replies.at(-1).body, 7);
  }
  await serves(runner);
  client.socket.destroy();
});

runnerTest('a later handler, called behind an await, is known', app({
  async firstHandler() {
    await new Promise((resolve) => setTimeout(resolve, 10));
  },
  ...loops,
}, { routes: { both: ['firstHandler', 'loopHandler'], first: 'firstHandler' } }), async (runner) => {
  assertEnded(await runner.ask(message('both')), /^The handler 'loopHandler' ran for 200ms without returning\.$/);
  await serves(runner);
});

runnerTest('behind a timer, among others: the log says it, and --handler-timeout answers it', app({
  timerHandler: behind.timerHandler,
  async slowHandler(event) {
    await new Promise((resolve) => setTimeout(resolve, 600));
    event.response = new Response('slow');
  },
}, { args: ['--handler-timeout', '1500ms'] }), async (runner) => {
  const [slow, looping] = [await runner.connect(), await runner.connect()];
  const asked = slow.ask(message('slow'));
  await sleep(20);
  assert.equal((await looping.ask(message('timer'))).statusCode, 504);
  assert.equal((await asked).body, 'slow');
  assert.match(runner.stderr, /JavaScript ran for 200ms without returning and was ended/);
});

// What waits for the engine's own work is told in an immediate, and ended there: promises' jobs are run afterwards as before.
const assembly = '0061736d01000000'; // an empty module, in hex
for (const [what, source] of Object.entries({
  'WebAssembly.compile(), then a loop': 'async () => { await WebAssembly.compile(bytes); for (;;) {} }',
  'WebAssembly.compile(), then a chain of jobs': 'async () => { await WebAssembly.compile(bytes); for (;;) await null; }',
  'WebAssembly.instantiate(), then a loop': 'async () => { await WebAssembly.instantiate(bytes); for (;;) {} }',
  'WebAssembly.compile() that fails, then a loop': "() => WebAssembly.compile(Buffer.from('x')).catch(() => { for (;;) {} })",
})) {
  runnerTest(`behind the engine's own work: ${what}`, {
    routes: { work: 'workHandler', wait: 'waitHandler', echo: 'echoHandler' },
    args,
    files: {
      'handlers/app.js': `
        const { Response } = require('configurapi');
        const bytes = Buffer.from('${assembly}', 'hex');
        exports.workHandler = ${source};
        exports.waitHandler = ${waiting.waitHandler.toString().replace('async waitHandler', 'async function waitHandler')};
        exports.echoHandler = (event) => { event.response = new Response(event.payload); };`,
    },
  }, async (runner) => {
    const client = await runner.connect();
    for (let i = 0; i < 2; i++) {
      assertEnded(await client.ask(message('work')), /^The handler 'workHandler', or another in its turn, ran for 200ms without returning\.$/);
      assert.equal((await client.ask(message('wait', { payload: i }))).body, i);
    }
    await serves(runner);
  });
}

runnerTest("a registry's callback that does not return", app({
  dropHandler(event) {
    let count = 0;
    globalThis.registry = new FinalizationRegistry(() => {
      if (++count === 1) for (;;) {}
      console.log('another is told');
    });
    for (let i = 0; i < 1000; i++) registry.register({ i }, i);
    event.response = new Response('dropped');
  },
  litterHandler(event) {
    event.response = new Response(Array.from({ length: 20_000 }, (_, i) => ({ i })).length);
  },
  ...waiting,
}), async (runner) => {
  const client = await runner.connect();
  assert.equal((await client.ask(message('drop'))).body, 'dropped');
  for (let i = 0; i < 200 && !runner.stderr; i++) {
    await client.ask(message('litter'));
    await sleep(50);
  }
  assert.match(runner.stderr, /Error: JavaScript ran for 200ms without returning and was ended/);
  assert.equal((await client.ask(message('wait', { payload: 'a' }))).body, 'a');
  await runner.output('stdout', /another is told/);
  await serves(runner);
});

// ---- streams ----

const streaming = { prelude: "const { StreamResponse } = require('configurapi-handler-ws');" };
for (const [kind, source] of Object.entries({
  generator: 'function* () { yield "first"; for (;;) {} }',
  'async generator': 'async function* () { yield "first"; for (;;) {} }',
  'async generator, behind an await': 'async function* () { yield "first"; await undefined; for (;;) {} }',
  'async generator, behind a timer': 'async function* () { yield "first"; await new Promise((resolve) => setTimeout(resolve, 5)); for (;;) {} }',
  'generator of promises': 'function* () { yield "first"; yield Promise.resolve().then(() => { for (;;) {} }); }',
  'object with next()': '() => ({ [Symbol.iterator]() { return this; }, n: 0, next() { if (this.n++) for (;;) {} return { value: "first" }; } })',
})) {
  runnerTest(`a stream's source that does not return: ${kind}`, {
    routes: { stream: 'streamHandler', echo: 'echoHandler' },
    args,
    files: {
      'handlers/app.js': `
        const { Response } = require('configurapi');
        const { StreamResponse } = require('configurapi-handler-ws');
        exports.streamHandler = (event) => { event.response = new StreamResponse((${source})()); };
        exports.echoHandler = (event) => { event.response = new Response(event.payload); };`,
    },
  }, async (runner) => {
    const client = await runner.connect();
    for (let i = 0; i < 2; i++) {
      client.send(message('stream'));
      const [first, last] = await client.take(2);
      assert.deepEqual([first.statusCode, first.body], [200, 'first']);
      assert.deepEqual([last.statusCode, last.headers['x-stream']], [500, 'done']);
      await serves(runner);
    }
    const metrics = await (await fetch(`${runner.management}/metrics`)).text();
    assert.match(metrics, /^configurapi_events_in_flight 0$/m);
  });
}

for (const [where, source] of [['at once', 'function* () { for (;;) {} }'], ['behind an await', 'async function* () { await undefined; for (;;) {} }'],
  ['behind a timer', 'async function* () { await new Promise((resolve) => setTimeout(resolve, 5)); for (;;) {} }']]) {
  runnerTest(`a pushed stream's source that does not return fails its handler's event: ${where}`, {
    routes: { push: 'pushHandler', echo: 'echoHandler' },
    args,
    files: {
      'handlers/app.js': `
        const { Response } = require('configurapi');
        const { StreamResponse } = require('configurapi-handler-ws');
        exports.pushHandler = async (event) => {
          await event.request.headers['push-function'](new StreamResponse((${source})()));
        };
        exports.echoHandler = (event) => { event.response = new Response(event.payload); };`,
    },
  }, async (runner) => {
    const client = await runner.connect();
    client.send({ ...message('push'), headers: { 'message-id': 'it' } });
    const replies = await client.take(2);
    const reply = replies.find(({ headers }) => headers['message-id'] === 'it');
    assert.equal(reply?.statusCode, 500, JSON.stringify(replies));
    assert.equal(replies.find((each) => each !== reply).headers['x-stream'], 'done');
    await serves(runner);
  });
}

runnerTest("a stream's source that does not return, behind an await: no other event is blamed", app({
  async waitHandler(event) {
    await new Promise((resolve) => { go = resolve; });
    event.response = new Response('waited');
  },
  streamHandler(event) {
    event.response = new StreamResponse((async function* () {
      yield 'first';
      await undefined;
      for (;;) {}
    })());
  },
  goHandler(event) {
    go();
    event.response = new Response('gone on');
  },
}, { prelude: `${streaming.prelude} let go;` }), async (runner) => {
  const other = await runner.connect();
  const waited = other.ask(message('wait'));
  const client = await runner.connect();
  client.send(message('stream'));
  const [, last] = await client.take(2);
  assert.deepEqual([last.statusCode, last.headers['x-stream']], [500, 'done']);
  await client.ask(message('go'));
  assert.equal((await waited).body, 'waited');
});

// ---- elsewhere ----

runnerTest('a toJSON that does not return', app({
  replyHandler(event) {
    event.response = new Response({ toJSON() { for (;;) {} } });
  },
}), async (runner) => {
  assertEnded(await runner.ask(message('reply')), /ran for 200ms without returning\.$/);
  await serves(runner);
});

runnerTest('a timer that does not return is logged, and the others run', app({
  setHandler(event) {
    setTimeout(() => { for (;;) {} }, 5);
    setTimeout(() => console.log('the other one'), 6);
    setImmediate(() => { for (;;) {} });
    setImmediate(() => console.log('the other immediate'));
    event.response = new Response('set');
  },
}), async (runner) => {
  const client = await runner.connect();
  assert.equal((await client.ask({ name: 'set' })).body, 'set');
  await runner.output('stderr', /Error: configurapi - .* - Uncaught Error: JavaScript ran for 200ms without returning and was ended\s+at .*handlers\/app\.js/);
  await runner.output('stdout', /the other one/);
  await runner.output('stdout', /the other immediate/);
  await serves(runner);
});

runnerTest('a busy handler that returns in time is none of this', app({
  busyHandler(event) {
    const until = Date.now() + 100;
    while (Date.now() < until);
    event.response = new Response('done');
  },
}), async (runner) => {
  const client = await runner.connect();
  for (let i = 0; i < 10; i++) assert.equal((await client.ask({ name: 'busy' })).body, 'done');
  await runner.stop();
  assert.equal(runner.stderr, '');
});

runnerTest('AsyncLocalStorage starts afresh', {
  routes: { loop: ['enterHandler', 'loopHandler'], look: 'lookHandler' },
  args,
  files: {
    'handlers/app.js': `
      const { Response } = require('configurapi');
      const { AsyncLocalStorage } = require('node:async_hooks');
      const storage = new AsyncLocalStorage();
      exports.enterHandler = (event) => storage.enterWith('left behind');
      exports.loopHandler = (event) => storage.run('inside', () => { for (;;) {} });
      exports.lookHandler = async (event) => { await null; event.response = new Response(storage.getStore() ?? 'nothing'); };`,
  },
}, async (runner) => {
  const client = await runner.connect();
  for (let i = 0; i < 2; i++) {
    assertEnded(await client.ask(message('loop')), /'loopHandler' ran for 200ms/);
    assert.equal((await client.ask({ name: 'look' })).body, 'nothing');
  }
});

runnerTest('who came with a handler that was ended sees nothing of its AsyncLocalStorage', {
  routes: { loop: 'loopHandler', wait: 'waitHandler' },
  args,
  files: {
    'handlers/app.js': `
      const { Response } = require('configurapi');
      const { AsyncLocalStorage } = require('node:async_hooks');
      const storage = new AsyncLocalStorage();
      exports.loopHandler = () => storage.run('of another', () => { for (;;) {} });
      exports.waitHandler = async (event) => {
        const seen = [];
        for (let i = 0; i < 3; i++) {
          await null;
          seen.push(storage.getStore() ?? 'nothing');
        }
        event.response = new Response(seen);
      };`,
  },
}, async (runner) => {
  const client = await runner.connectRaw();
  await client.upgrade();
  const replies = await together(client, ['wait', 'loop', 'wait'].map((name) => ({ name })));
  for (const { headers, statusCode, body } of replies)
    if (headers['message-id'] !== 1) assert.deepEqual([statusCode, body], [200, ['nothing', 'nothing', 'nothing']]);
  client.socket.destroy();
});

runnerTest('a listener for rejections that does not return, between endless chains', {
  routes: { stray: 'strayHandler', chain: 'chainHandler', echo: 'echoHandler' },
  args,
  files: {
    'handlers/app.js': `
      const { Response } = require('configurapi');
      process.on('unhandledRejection', () => { for (;;) {} });
      exports.echoHandler = (event) => { event.response = new Response(event.payload); };
      exports.strayHandler = (event) => { Promise.reject(new Error('x')); event.response = new Response('stray'); };
      exports.chainHandler = async () => { for (;;) await null; };`,
  },
}, async (runner) => {
  const client = await runner.connectRaw();
  await client.upgrade();
  for (let round = 0; round < 3; round++) {
    const replies = await together(client, ['chain', 'stray', 'chain'].map((name) => ({ name })));
    assert.deepEqual(replies.map(({ statusCode }) => statusCode), [500, 200, 500]);
  }
  await serves(runner);
  client.socket.destroy();
});

runnerTest('on_connect that does not return refuses', app({
  connectHandler(event) {
    if (event.request.query.loop) for (;;) {}
  },
}, { routes: { connect: 'connectHandler', on_connect: 'connectHandler' } }), async (runner) => {
  const client = await runner.connect({ path: '/?loop=1' });
  assert.deepEqual(await client.closed, { code: 1008, reason: 'Policy Violation' });
  await serves(runner);
});

// ---- the start, and a reload ----

async function end(handlers, more = []) {
  const directory = makeApp({ routes: { on_start: 'startHandler' }, files: { 'handlers/app.js': handlers } });
  try {
    return await runToEnd([...args, '-p', '0', ...more], { cwd: directory.path });
  } finally {
    directory.remove();
  }
}

for (const [what, text] of Object.entries({
  'a module': 'exports.startHandler = () => {};\nfor (;;) {}',
  'a module behind an await': 'exports.startHandler = () => {};\nPromise.resolve().then(() => { for (;;) {} });',
  'a module whose jobs have no end': 'exports.startHandler = () => {};\n(async () => { for (;;) await null; })();',
})) {
  test(`${what} that does not return while it is loaded: one line and exit code 2`, async () => {
    for (const more of [[], ['--check']]) {
      const { code, stderr } = await end(text, more);
      assert.equal(code, 2, stderr);
      const [, place] = /^(.*): JavaScript ran for 200ms without returning and was ended\n$/.exec(stderr);
      if (what !== 'a module whose jobs have no end' || place !== 'a module') // between two jobs nobody knows whose they are
        assert.match(place, /^\S+\/handlers\/app\.js:\d+:\d+$/);
    }
  });
}

test('on_start that does not return: one line and exit code 2', async () => {
  const { code, stderr } = await end('exports.startHandler = () => { for (;;) {} };');
  assert.equal(code, 2);
  assert.match(stderr, /^on_start failed: The handler 'startHandler' ran for 200ms without returning\./);
});

runnerTest('a reload whose module does not return is refused', app({ loopHandler: loops.loopHandler }), async (runner, directory) => {
  writeFileSync(`${directory}/handlers/second.js`, 'for (;;) {}');
  runner.signal('SIGHUP');
  await runner.output('stderr', /Not reloaded, all stays as it was: .*second\.js:1:\d+: JavaScript ran for 200ms without returning and was ended/);
  await serves(runner);
  rmSync(`${directory}/handlers/second.js`);
  runner.signal('SIGHUP');
  await runner.output('stdout', /Reloaded config\.yaml/);
  assertEnded(await runner.ask(message('loop')), /'loopHandler' ran for 200ms/); // the new world is watched, too
  await serves(runner);
});

runnerTest('--max-blocking 0 lets it run', { ...app({
  busyHandler(event) {
    const until = Date.now() + 1500;
    while (Date.now() < until);
    event.response = new Response('done');
  },
}), args: ['--max-blocking', '0'] }, async (runner) => {
  assert.equal((await runner.ask({ name: 'busy' })).body, 'done');
});
