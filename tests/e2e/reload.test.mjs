// SIGHUP: another configuration and other handlers, without a connection lost (docs/operating.md, "Reloading").

import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { configText, handlersText } from './support/app.mjs';
import { isSanitized, runnerTest } from './support/runner.mjs';

const write = (directory, name, text) => {
  const file = path.join(directory, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
};

const writeHandlers = (directory, handlers, prelude) => write(directory, 'handlers/app.js', handlersText(handlers, prelude));

/** Asks for a reload and waits until the log says what came of it: a line of `name` with `text` more than before. */
async function reload(runner, name, text) {
  const count = () => runner.lines(name).filter((line) => line.includes(text)).length;
  const before = count();
  runner.signal('SIGHUP');
  while (count() === before) await sleep(2);
  return runner.lines(name).filter((line) => line.includes(text)).at(-1);
}

const reloaded = (runner) => reload(runner, 'stdout', 'Reloaded config.yaml and its handlers');
const refused = async (runner, pattern) => assert.match(await reload(runner, 'stderr', 'Not reloaded, all stays as it was: '), pattern);

const version = (number) => handlersText({}).replace('};', `versionHandler(event) { event.response = new Response(${number}); } };`);

const versions = { routes: { version: 'versionHandler' }, files: { 'handlers/app.js': version(1) } };

runnerTest('new handlers answer on connections that are there', versions, async (runner, directory) => {
  const client = await runner.connect();
  assert.equal((await client.ask({ name: 'version' })).body, 1);
  write(directory, 'handlers/app.js', version(2));
  assert.equal((await client.ask({ name: 'version' })).body, 1);
  await reloaded(runner);
  assert.equal((await client.ask({ name: 'version' })).body, 2);
  assert.equal((await runner.ask({ name: 'version' })).body, 2);
  await client.close();
});

runnerTest('a new configuration has other routes, and /metrics goes on counting', versions, async (runner, directory) => {
  const client = await runner.connect();
  await client.ask({ name: 'version' });
  assert.equal((await client.ask({ name: 'other' })).statusCode, 501);
  write(directory, 'config.yaml', configText({ other: 'versionHandler' }));
  await reloaded(runner);
  assert.equal((await client.ask({ name: 'other' })).body, 1);
  assert.equal((await client.ask({ name: 'version' })).statusCode, 501);
  const metrics = await (await fetch(`${runner.management}/metrics`)).text();
  assert.match(metrics, /^configurapi_events_total\{route="version",status="200"\} 1$/m);
  assert.match(metrics, /^configurapi_events_total\{route="other",status="200"\} 1$/m);
  assert.match(metrics, /^configurapi_events_total\{route="",status="501"\} 2$/m);
  await client.close();
});

for (const [what, file, text, pattern] of [
  ['a configuration that is none', 'config.yaml', 'api: [', /Not reloaded, all stays as it was: config\.yaml:\d+:\d+: /],
  ['a handler that nobody has', 'config.yaml', configText({ version: 'nobodyHandler' }), /config\.yaml:\d+:\d+: no handler is named 'nobodyHandler'/],
  ['a module with a syntax error', 'handlers/app.js', 'const = 1;', /handlers\/app\.js:1:\d+: SyntaxError/],
  ['a module that throws', 'handlers/app.js', '\nthrow new RangeError("not today");', /handlers\/app\.js:2:\d+: RangeError: not today/],
  ['an on_start that fails', 'config.yaml', configText({ on_start: 'failHandler', version: 'versionHandler' }), /on_start failed: Error: no way at .*fail\.js:1:43/],
]) {
  const files = { ...versions.files, 'handlers/fail.js': 'exports.failHandler = async () => { throw new Error("no way"); };' };
  runnerTest(`${what}: what was there serves on, until it is mended`, { ...versions, files }, async (runner, directory) => {
    const client = await runner.connect();
    write(directory, file, text);
    await refused(runner, pattern);
    assert.equal((await client.ask({ name: 'version' })).body, 1);
    write(directory, 'config.yaml', configText(versions.routes));
    write(directory, 'handlers/app.js', version(2));
    await reloaded(runner);
    assert.equal((await client.ask({ name: 'version' })).body, 2);
    await client.close();
  });
}

const slow = {
  routes: { on_connect: 'identifyHandler', go: 'goHandler', wait: 'waitHandler', stream: 'streamHandler', who: 'whoHandler', on_disconnect: 'goodbyeHandler' },
  prelude: `
const { StreamResponse } = require('configurapi-handler-ws');
const NUMBER = 1;
let open;
const gate = new Promise((resolve) => (open = resolve));
async function* source() { yield NUMBER; await gate; yield NUMBER; yield NUMBER; }
`,
  handlers: {
    identifyHandler(event) {
      event.identity = new Identity(event.request.query.user, [{ type: 'role', value: 'admin' }]);
    },
    goHandler() {
      open();
    },
    async waitHandler(event) {
      await gate;
      event.response = new Response(NUMBER);
    },
    streamHandler(event) {
      event.response = new StreamResponse(source());
    },
    whoHandler(event) {
      event.identity.seen = (event.identity.seen ?? 0) + 1;
      event.response = new Response({ number: NUMBER, ...event.identity, admin: event.identity.hasClaim?.('role', 'admin') });
    },
    goodbyeHandler(event) {
      console.log(`goodbye ${NUMBER} ${event.identity?.id}`);
    },
  },
};
const nextSlow = slow.prelude.replace('NUMBER = 1', 'NUMBER = 2');
// What opens the old world's gate lies outside it.
const gated = { ...slow, prelude: slow.prelude.replace(/const gate = .*/, `
const gate = (async () => { const { existsSync } = require('fs'); while (!existsSync('gate')) await new Promise((next) => setTimeout(next, 5)); })();`) };

runnerTest('events and streams under way end in the world that they began in', gated, async (runner, directory) => {
  const waiting = await runner.connect({ path: '/?user=ann' });
  const streaming = await runner.connect({ path: '/?user=bob' });
  waiting.send({ name: 'wait', headers: { 'message-id': 1 } });
  streaming.send({ name: 'stream' });
  assert.equal((await streaming.next()).body, 1);
  writeHandlers(directory, slow.handlers, gated.prelude.replace('NUMBER = 1', 'NUMBER = 2'));
  await reloaded(runner);
  assert.equal((await streaming.ask({ name: 'who' })).body.number, 2); // new events are the new world's
  write(directory, 'gate', '');
  assert.equal((await waiting.next()).body, 1);
  assert.deepEqual((await streaming.take(3)).map(({ body, headers }) => [body, headers['x-stream']]), [[1, 'chunk'], [1, 'chunk'], ['', 'done']]);
  assert.equal((await waiting.ask({ name: 'wait' })).body, 2);
  await waiting.close();
  await streaming.close();
  await runner.output('stdout', /goodbye 2 ann[^]*goodbye 2 bob|goodbye 2 bob[^]*goodbye 2 ann/);
});

runnerTest('a client that goes is told to the old world, too', gated, async (runner, directory) => {
  const streaming = await runner.connect({ path: '/?user=bob' });
  streaming.send({ name: 'stream' });
  await streaming.next();
  writeHandlers(directory, slow.handlers, nextSlow);
  await reloaded(runner);
  await streaming.terminate();
  await runner.output('stdout', /goodbye 2 bob/);
  const metrics = async () => (await fetch(`${runner.management}/metrics`)).text();
  write(directory, 'gate', '');
  while (!/^configurapi_streams_open 0$/m.test(await metrics())) await sleep(10);
});

runnerTest('identities stay, as they are and not as they were', slow, async (runner, directory) => {
  const client = await runner.connect({ path: '/?user=ann' });
  assert.deepEqual((await client.ask({ name: 'who' })).body.seen, 1);
  writeHandlers(directory, slow.handlers, nextSlow);
  await reloaded(runner);
  const { body } = await client.ask({ name: 'who' });
  assert.deepEqual([body.number, body.id, body.admin, body.seen], [2, 'ann', true, 2]);
  await reloaded(runner);
  assert.equal((await client.ask({ name: 'who' })).body.seen, 3);
  await client.close();
});

runnerTest('an on_connect under way leaves its identity to the world after it', {
  ...gated,
  handlers: {
    ...slow.handlers,
    async identifyHandler(event) {
      await gate;
      event.identity = { id: event.request.query.user };
    },
  },
}, async (runner, directory) => {
  const raw = runner.connect({ path: '/?user=eve' });
  while (!/^configurapi_events_in_flight 1$/m.test(await (await fetch(`${runner.management}/metrics`)).text())) await sleep(10);
  writeHandlers(directory, slow.handlers, nextSlow);
  await reloaded(runner);
  write(directory, 'gate', '');
  const client = await raw;
  const { body } = await client.ask({ name: 'who' });
  assert.deepEqual([body.number, body.id], [2, 'eve']);
  await client.close();
});

const startApp = {
  routes: { on_start: 'startHandler', on_first_request: 'firstHandler', count: 'countHandler' },
  prelude: 'let starts = 0; let firsts = 0; const NUMBER = 1; const WAIT = 0;',
  handlers: {
    async startHandler() {
      await new Promise((resolve) => setTimeout(resolve, WAIT));
      starts++;
    },
    firstHandler() {
      firsts++;
    },
    countHandler(event) {
      event.response = new Response([NUMBER, starts, firsts]);
    },
  },
};

runnerTest('on_start runs in the new world before it serves, on_first_request with its first event', startApp, async (runner, directory) => {
  const client = await runner.connect();
  assert.deepEqual((await client.ask({ name: 'count' })).body, [1, 1, 1]);
  writeHandlers(directory, startApp.handlers, startApp.prelude.replace('NUMBER = 1', 'NUMBER = 2').replace('WAIT = 0', 'WAIT = 200'));
  const done = reloaded(runner);
  await sleep(50);
  assert.deepEqual((await client.ask({ name: 'count' })).body, [1, 1, 1]); // it still starts
  await done;
  assert.deepEqual((await client.ask({ name: 'count' })).body, [2, 1, 1]);
  await client.close();
});

runnerTest('a module that awaits at its top level keeps nobody waiting', versions, async (runner, directory) => {
  const client = await runner.connect();
  write(directory, 'handlers/late.mjs', 'await new Promise((resolve) => setTimeout(resolve, 200));\nexport const lateHandler = () => {};');
  write(directory, 'handlers/app.js', version(2));
  const done = reloaded(runner);
  await sleep(50);
  assert.equal((await client.ask({ name: 'version' })).body, 1);
  await done;
  assert.equal((await client.ask({ name: 'version' })).body, 2);
  await client.close();
});

runnerTest('a second SIGHUP begins anew, where the first one still waits', versions, async (runner, directory) => {
  write(directory, 'handlers/never.mjs', 'await new Promise(() => setInterval(() => {}, 1000));');
  runner.signal('SIGHUP');
  await sleep(100);
  rmSync(path.join(directory, 'handlers/never.mjs'));
  write(directory, 'handlers/app.js', version(3));
  await reloaded(runner);
  assert.equal((await runner.ask({ name: 'version' })).body, 3);
});

runnerTest('a stop ends a reload that is under way', versions, async (runner, directory) => {
  write(directory, 'handlers/never.mjs', 'await new Promise(() => setInterval(() => {}, 1000));');
  runner.signal('SIGHUP');
  await sleep(100);
});

runnerTest('a stop does not wait for the on_start of a reload', versions, async (runner, directory) => {
  write(directory, 'config.yaml', configText({ on_start: 'neverHandler', version: 'versionHandler' }));
  write(directory, 'handlers/never.js', 'exports.neverHandler = () => { console.log("never"); return new Promise(() => {}); };');
  runner.signal('SIGHUP');
  await runner.output('stdout', /never/);
  assert.equal((await runner.ask({ name: 'version' })).body, 1);
  const before = Date.now();
  await runner.stop();
  assert.ok(Date.now() - before < 5000, 'it has waited for --drain-timeout');
});

runnerTest('nor does a reload wait for that of the one before it', versions, async (runner, directory) => {
  write(directory, 'config.yaml', configText({ on_start: 'neverHandler', version: 'versionHandler' }));
  write(directory, 'handlers/never.js', 'exports.neverHandler = () => { console.log("never"); return new Promise(() => {}); };');
  runner.signal('SIGHUP');
  await runner.output('stdout', /never/);
  write(directory, 'config.yaml', configText(versions.routes));
  write(directory, 'handlers/app.js', version(2));
  await reloaded(runner);
  assert.equal((await runner.ask({ name: 'version' })).body, 2);
  const metrics = await (await fetch(`${runner.management}/metrics`)).text();
  assert.match(metrics, /^configurapi_events_in_flight 0$/m);
});

runnerTest('timers of the world before are gone with it', {
  routes: { tick: 'tickHandler' },
  files: { 'handlers/app.js': 'setInterval(() => console.log("tick 1"), 10); exports.tickHandler = () => {};' },
}, async (runner, directory) => {
  await runner.output('stdout', /tick 1/);
  write(directory, 'handlers/app.js', 'setInterval(() => console.log("tick 2"), 10); exports.tickHandler = () => {};');
  await reloaded(runner);
  await runner.output('stdout', /tick 2\n[^]*tick 2\n/);
  const before = runner.stdout.match(/tick 1/g).length;
  await sleep(100);
  assert.equal(runner.stdout.match(/tick 1/g).length, before);
});

const busy = {
  routes: { on_connect: 'identifyHandler', echo: 'echoHandler' },
  prelude: "const big = new Array(10_000).fill().map((_, i) => ({ i, text: `a line of text ${i}` }));\nconst NUMBER = 1;",
  handlers: {
    identifyHandler(event) {
      event.identity = { id: 'somebody' };
    },
    async echoHandler(event) {
      await null;
      event.response = new Response([event.payload, event.identity.id, big.length]);
    },
  },
};

runnerTest('a hundred reloads leave memory where it was', busy, async (runner) => {
  const clients = await Promise.all(Array.from({ length: 20 }, () => runner.connect()));
  const round = async (count) => {
    for (let i = 0; i < count; i++) {
      await reloaded(runner);
      for (const client of clients) assert.deepEqual((await client.ask({ name: 'echo', payload: i })).body, [i, 'somebody', 10_000]);
    }
  };
  const [warmUp, rounds] = isSanitized() ? [5, 10] : [40, 100];
  await round(warmUp);
  const before = runner.residentBytes();
  await round(rounds);
  const grown = runner.residentBytes() - before;
  if (!isSanitized()) assert.ok(grown < 8 * 1024 * 1024, `${(grown / 1024 / 1024).toFixed(1)} MB more than before`);
  await Promise.all(clients.map((client) => client.close()));
});
