// --handler-timeout: handlers that do not end are not waited for.

import assert from 'node:assert/strict';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runnerTest } from './support/runner.mjs';

const modules = process.env.CONFIGURAPI_TEST_MODULES ??
  fileURLToPath(new URL('../../build/release/tests/e2e/native', import.meta.url));

const TIMEOUT = 300; // ms
const args = ['--handler-timeout', `${TIMEOUT}ms`];
const own = {
  neverHandler() {
    return new Promise(() => {});
  },
  echoHandler(event) {
    event.response = new Response(event.payload);
  },
};
const app = (routes, handlers = {}, more = {}) => ({ routes: { never: 'neverHandler', echo: 'echoHandler', ...routes }, handlers: { ...handlers, ...own }, args, ...more });
const cApp = (routes, more = {}) => ({
  routes: { tell: 'tellHandler', ...routes },
  imports: [path.join(modules, 'liblate.so')],
  files: { 'handlers/app.js': null },
  args,
  env: { ASAN_OPTIONS: 'detect_leaks=1' },
  ...more,
});

const timedOut = (handler, headers = {}) => ({
  statusCode: 504,
  headers: { 'Content-Type': 'application/json', 'message-id': 'm', ...headers },
  body: { statusCode: 504, message: 'Gateway Timeout.', details: `The handler '${handler}' had not ended after ${TIMEOUT}ms.` },
});
const message = (name, more = {}) => ({ name, headers: { 'message-id': 'm' }, ...more });

/** Asks, and says how long it took. */
async function timed(client, what) {
  const began = Date.now();
  const reply = await client.ask(what);
  return { reply, took: Date.now() - began };
}

// ---- JavaScript ----

runnerTest('an event whose handler does not end is answered with 504, others as ever', app(), async (runner) => {
  const client = await runner.connect();
  const other = await runner.connect();
  const asked = timed(client, message('never'));
  for (let i = 0; i < 5; i++) {
    assert.equal((await other.ask({ name: 'echo', payload: i })).body, i);
    await sleep(TIMEOUT / 10);
  }
  const { reply, took } = await asked;
  assert.deepEqual(reply, timedOut('neverHandler'));
  assert.ok(took >= TIMEOUT - 1 && took < 3 * TIMEOUT + 2000, `${took} ms`);
  await runner.output('stderr', /Error: [0-9a-f-]{36} - [0-9a-f-]{36} - Failed to handle never: Gateway Timeout\. The handler 'neverHandler' had not ended after 300ms\.$/m);
  const metrics = await (await fetch(`${runner.management}/metrics`)).text();
  assert.match(metrics, /^configurapi_events_total\{route="never",status="504"\} 1$/m);
  assert.match(metrics, /^configurapi_events_in_flight 0$/m);
  assert.equal((await client.ask({ name: 'echo', payload: 'on' })).body, 'on');
});

runnerTest('without the option nobody is hurried', app({ slow: 'slowHandler' }, {
  async slowHandler(event) {
    await new Promise((resolve) => setTimeout(resolve, 900));
    event.response = new Response('slow');
  },
}, { args: [] }), async (runner) => {
  assert.equal((await runner.ask({ name: 'slow' })).body, 'slow');
});

runnerTest('many at once, each after its own time', app(), async (runner) => {
  const client = await runner.connect();
  const began = Date.now();
  for (let i = 0; i < 200; i++) client.send({ name: i % 2 ? 'never' : 'echo', payload: i, headers: { 'message-id': i } });
  for (const { statusCode, headers } of await client.take(100)) assert.deepEqual([statusCode, headers['message-id'] % 2], [200, 0]);
  assert.ok(Date.now() - began < TIMEOUT + 2000);
  const late = await client.take(100);
  assert.deepEqual(late.map(({ headers }) => headers['message-id']), Array.from({ length: 100 }, (_, i) => 2 * i + 1));
  assert.ok(late.every(({ statusCode }) => statusCode === 504));
  assert.ok(Date.now() - began >= TIMEOUT);
});

runnerTest('their place among --max-in-flight is free again', app({}, {}, { args: [...args, '--max-in-flight', '2'] }), async (runner) => {
  const client = await runner.connect();
  for (const name of ['never', 'never', 'echo']) client.send({ name, payload: 'behind' });
  assert.deepEqual((await client.take(3)).map(({ statusCode }) => statusCode), [504, 504, 200]);
});

runnerTest('the time is that of all handlers of an event together', app({ steps: ['stepHandler', 'stepHandler', 'stepHandler', 'lastHandler'] }, {
  async stepHandler() {
    await new Promise((resolve) => setTimeout(resolve, 200));
  },
  lastHandler(event) {
    event.response = new Response('was reached');
  },
}), async (runner) => {
  assert.deepEqual(await runner.ask(message('steps')), timedOut('stepHandler'));
});

const settlesLate = {
  returns: 'setTimeout(() => { event.response = new Response("late"); resolve(); }, 600)',
  throws: 'setTimeout(() => { event.response = new Response("late"); reject(new Error("thrown late")); }, 600)',
  completes: 'setTimeout(() => { this.complete(); resolve(); }, 600)',
  fails: 'setTimeout(() => { this.catch(new Error("caught late")); resolve(); }, 600)',
};
for (const [how, code] of Object.entries(settlesLate)) {
  runnerTest(`a handler that ${how} afterwards changes nothing and sends nothing`, {
    routes: { late: ['lateHandler', 'nextHandler'], echo: 'echoHandler' },
    args,
    files: {
      'handlers/app.js': `
        const { Response } = require('configurapi');
        exports.lateHandler = function (event) { return new Promise((resolve, reject) => { ${code}; }); };
        exports.nextHandler = () => console.error('the next one runs');
        exports.echoHandler = (event) => { event.response = new Response(event.payload); };`,
    },
  }, async (runner) => {
    const client = await runner.connect();
    assert.deepEqual(await client.ask(message('late')), timedOut('lateHandler'));
    await sleep(600);
    assert.equal((await client.ask({ name: 'echo', payload: 'still in step' })).body, 'still in step');
    await runner.stop();
    assert.equal(runner.lines('stderr').length, 1, runner.stderr); // that it failed
    assert.doesNotMatch(runner.stderr, /thrown late|caught late|the next one/);
  });
}

runnerTest('on_error and on_after_request run, with time of their own, and what comes late is not in their way', app({
  late: 'lateHandler',
  on_error: ['slowErrorHandler'],
  on_after_request: 'slowAfterHandler',
  on_success: 'successHandler',
}, {
  async lateHandler(event) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    event.response = new Response('late');
    event.name = 'renamed';
    console.log(`the late one has ${event.id}`);
  },
  async slowErrorHandler(event) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    event.response.headers['x-error'] = event.response.statusCode;
  },
  async slowAfterHandler(event) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    event.response.headers['x-after'] = event.name;
    console.log(`the last one has ${event.id}`);
  },
  successHandler(event) {
    event.response = new Response('success');
  },
}), async (runner) => {
  const client = await runner.connect();
  const { reply, took } = await timed(client, message('late'));
  assert.deepEqual(reply, timedOut('lateHandler', { 'x-error': 504, 'x-after': 'late' }));
  assert.ok(took >= TIMEOUT + 40 - 5, `${took} ms`);
  const [, late] = await runner.output('stdout', /the late one has (\S+)/);
  const [, last] = await runner.output('stdout', /the last one has (\S+)/);
  assert.equal(late, last);
});

runnerTest('on_error and on_after_request that do not end end nothing but themselves', app({
  on_error: ['markHandler', 'never2Handler', 'unreachedHandler'],
  on_after_request: ['markHandler', 'never2Handler'],
}, {
  markHandler(event) {
    (event.response.headers.marks ??= []).push(event.name);
  },
  never2Handler() {
    return new Promise(() => {});
  },
  unreachedHandler(event) {
    event.response = new Response('unreached');
  },
}), async (runner) => {
  const { reply, took } = await timed(await runner.connect(), message('never'));
  assert.deepEqual([reply.statusCode, reply.body.details], [504, "The handler 'never2Handler' had not ended after 300ms."]);
  assert.ok(took >= 4 * TIMEOUT - 5 && took < 4 * TIMEOUT + 4000, `${took} ms`);
  assert.equal(runner.lines('stderr').filter((line) => /Failed to handle never: Gateway Timeout/.test(line)).length, 4);
});

runnerTest('an on_error that comes late is not taken for its own second call', app({ on_error: 'twiceHandler', on_after_request: 'throwsHandler' }, {
  async twiceHandler(event) {
    if (!globalThis.again) {
      await new Promise((resolve) => { globalThis.again = resolve; });
      return;
    }
    again();
    await new Promise((resolve) => setTimeout(resolve, 50));
    event.response.headers['x-second'] = 'through';
  },
  throwsHandler() {
    throw new Error('the last one fails');
  },
}), async (runner) => {
  const { reply } = await timed(await runner.connect(), message('never'));
  assert.deepEqual([reply.statusCode, reply.headers['x-second']], [500, 'through']);
});

runnerTest('what on_error makes of it is the answer', app({ on_error: 'ownHandler' }, {
  ownHandler(event) {
    event.response = new Response({ sorry: event.response.message }, 503);
  },
}), async (runner) => {
  assert.deepEqual(await runner.ask(message('never')), { statusCode: 503, headers: { 'message-id': 'm' }, body: { sorry: 'Gateway Timeout.' } });
});

runnerTest('on_first_request and on_before_request are under the limit, too', app({ on_first_request: 'firstHandler', on_before_request: 'beforeHandler' }, {
  firstHandler(event) {
    return event.payload === 1 ? new Promise(() => {}) : undefined;
  },
  beforeHandler(event) {
    return event.payload === 'wait' ? new Promise(() => {}) : undefined;
  },
}), async (runner) => {
  const client = await runner.connect();
  assert.deepEqual(await client.ask(message('echo', { payload: 1 })), timedOut('firstHandler'));
  assert.equal((await client.ask(message('echo', { payload: 2 }))).body, 2);
  assert.deepEqual(await client.ask(message('echo', { payload: 'wait' })), timedOut('beforeHandler'));
});

for (const [where, routes] of [
  ['before the route', { on_before_request: 'enterHandler', never: 'neverHandler' }],
  ['in the route', { never: ['enterHandler', 'neverHandler'] }],
]) runnerTest(`what AsyncLocalStorages hold since a handler ${where} is held in on_error`, {
  routes: { ...routes, on_error: 'storedHandler' },
  args,
  files: {
    'handlers/app.js': `
      const { AsyncLocalStorage } = require('node:async_hooks');
      const storage = new AsyncLocalStorage();
      exports.enterHandler = (event) => storage.enterWith(event.payload);
      exports.neverHandler = () => new Promise(() => {});
      exports.storedHandler = (event) => { event.response.headers.stored = storage.getStore() ?? 'nothing'; };`,
  },
}, async (runner) => {
  const clients = await Promise.all([runner.connect(), runner.connect()]);
  const replies = await Promise.all(clients.map((client, i) => client.ask(message('never', { payload: `of ${i}` }))));
  replies.forEach(({ statusCode, headers }, i) => assert.deepEqual([statusCode, headers.stored], [504, `of ${i}`]));
});

// ---- streams ----

runnerTest('a stream that has begun has no limit', app({ stream: 'streamHandler' }, {
  streamHandler(event) {
    event.response = new StreamResponse((async function* () {
      yield 'first';
      await new Promise((resolve) => setTimeout(resolve, 1000));
      yield 'last';
    })());
  },
}, { prelude: "const { StreamResponse } = require('configurapi-handler-ws');" }), async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'stream' });
  assert.deepEqual((await client.take(3)).map(({ statusCode, body }) => [statusCode, body]), [[200, 'first'], [200, 'last'], [200, '']]);
  await runner.stop();
  assert.equal(runner.stderr, '');
});

runnerTest('one that has not begun has: its handler does not end', app({ stream: 'streamHandler' }, {
  async streamHandler(event) {
    event.response = new StreamResponse(['never sent']);
    await new Promise(() => {});
  },
}, { prelude: "const { StreamResponse } = require('configurapi-handler-ws');" }), async (runner) => {
  assert.deepEqual(await runner.ask(message('stream')), timedOut('streamHandler'));
});

runnerTest('nor has one that a handler in C sends', cApp({ slow: 'slowHandler' }), async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'slow' });
  assert.deepEqual((await client.take(3)).map(({ statusCode, body }) => [statusCode, body]), [[200, 'first'], [200, 'last'], [200, '']]);
  await runner.stop();
  assert.equal(runner.stderr, '');
});

// ---- connections ----

const connecting = (more = []) => app({ on_connect: 'holdsHandler' }, {
  holdsHandler(event) {
    return event.request.query.hold ? new Promise(() => {}) : undefined;
  },
}, { args: [...args, ...more] });

runnerTest('an on_connect that does not end refuses with 1008', connecting(), async (runner) => {
  const client = await runner.connect({ path: '/?hold=1' });
  assert.deepEqual(await client.closed, { code: 1008, reason: 'Policy Violation' });
  assert.match(runner.stderr, /Failed to handle on_connect: Gateway Timeout\./);
  assert.equal((await runner.ask({ name: 'echo', payload: 1 })).body, 1);
});

runnerTest('with --api-gateway it refuses with 504', connecting(['--api-gateway']), async (runner) => {
  await assert.rejects(runner.connect({ path: '/?hold=1' }), /504/);
  assert.equal((await runner.ask({ name: 'echo', payload: 1 })).body, 1);
});

runnerTest('an on_disconnect that does not end is logged', app({ on_disconnect: 'goneHandler' }, {
  goneHandler() {
    return new Promise(() => {});
  },
}), async (runner) => {
  const client = await runner.connect();
  await client.close();
  await runner.output('stderr', /Failed to handle on_disconnect: Gateway Timeout\. The handler 'goneHandler' had not ended after 300ms\./);
  const metrics = await (await fetch(`${runner.management}/metrics`)).text();
  assert.match(metrics, /^configurapi_connections 0$/m);
  assert.match(metrics, /^configurapi_events_in_flight 0$/m);
});

runnerTest('on_start has all the time it wants', app({ on_start: 'startsHandler' }, {
  startsHandler() {
    return new Promise((resolve) => setTimeout(resolve, 800));
  },
}), async (runner) => {
  assert.equal((await runner.ask({ name: 'echo', payload: 1 })).body, 1);
  assert.equal(runner.stderr, '');
});

runnerTest('a client that has gone meanwhile is not missed', app(), async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'never' });
  await client.terminate();
  await runner.output('stderr', /Failed to handle never: Gateway Timeout\./);
  assert.equal((await runner.ask({ name: 'echo', payload: 1 })).body, 1);
});

runnerTest('a stop waits for the timeout at most', app({}, {}, { args: [...args, '--drain-timeout', '30s'] }), async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'never' });
  await sleep(50);
  const began = Date.now();
  await runner.stop();
  assert.ok(Date.now() - began < 8000);
});

// ---- handlers in C ----

/** What the one handler that was resumed has to say. */
async function reported(client) {
  for (;;) {
    const [report, ...more] = (await client.ask({ name: 'tell' })).body;
    assert.deepEqual(more, []);
    if (report) return report;
  }
}

async function release(client) {
  await client.ask({ name: 'release' });
  return reported(client);
}

runnerTest('a handler in C that has not resumed: 504 at once, and its resumption leads nowhere', cApp({ hold: [{ holdHandler: ['changed'] }, 'noteHandler'], release: 'releaseHandler' }), async (runner) => {
  const client = await runner.connect();
  for (let i = 0; i < 3; i++) {
    const asked = message('hold', { params: { i }, headers: { 'message-id': 'm', 'correlation-id': 'c' }, payload: 'sent' });
    assert.deepEqual(await client.ask(asked), timedOut('holdHandler'));
    const { client: id, id: eventId, raw, ...rest } = await release(client);
    assert.deepEqual(rest, {
      over: true, freed: true, gone: false, name: 'hold', payload: 'changed', params: { i }, identity: null, correlationId: 'c',
      headers: { 'message-id': 'm', 'correlation-id': 'c', 'connection-id': id, 'postback-url': `${runner.management}/@connections/${id}` },
    });
    assert.deepEqual(JSON.parse(raw), asked);
    await runner.output('stderr', new RegExp(`${eventId} - c - Failed to handle hold: Gateway Timeout\\. The handler 'holdHandler' had not ended`));
    await runner.output('stderr', new RegExp(`${eventId} - c - resumed late`));
  }
  const metrics = await (await fetch(`${runner.management}/metrics`)).text();
  assert.match(metrics, /^configurapi_events_total\{route="hold",status="504"\} 3$/m);
});

runnerTest('one that is resumed in time is none of this', cApp({ hold: { holdHandler: ['changed'] }, release: 'releaseHandler' }), async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'hold' });
  await sleep(20);
  const replies = [await client.ask({ name: 'release' }), await client.next()];
  assert.deepEqual(replies.map(({ statusCode, body }) => [statusCode, body]).sort(), [[200, ''], [203, 'late']]);
  assert.equal((await reported(client)).over, false);
});

runnerTest('its client may be gone before it resumes', cApp({ hold: { holdHandler: [1] }, release: 'releaseHandler' }), async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'hold' });
  await sleep(20);
  await client.terminate();
  await runner.output('stderr', /Failed to handle hold: Gateway Timeout/);
  const { over, gone, headers, client: id } = await release(await runner.connect());
  assert.deepEqual([over, gone, headers['connection-id']], [true, true, id]);
});

runnerTest('on_error in C sees what the handler has changed before it waited', cApp({
  hold: { holdHandler: [{ changed: true }] }, release: 'releaseHandler', on_error: 'noteHandler', on_after_request: 'noteHandler',
}), async (runner) => {
  const client = await runner.connect();
  assert.deepEqual(await client.ask(message('hold')), timedOut('holdHandler', { 'x-payload': '{"changed": true}', 'x-is-error': 'yes' }));
  assert.equal((await release(client)).over, true);
});

runnerTest('on_error in C that waits itself leaves the response as it was', cApp({
  fail: 'missingHandler', on_error: [{ holdHandler: [1] }], release: 'releaseHandler',
}, { routes: { unknown: [], on_error: [{ holdHandler: [1] }], release: 'releaseHandler', tell: 'tellHandler' } }), async (runner) => {
  const client = await runner.connect();
  const reply = await client.ask(message('nobody'));
  assert.deepEqual([reply.statusCode, reply.body], [202, 'before it waited']);
  assert.equal((await release(client)).over, true);
});

runnerTest('on_connect in C: refused, and its identity is nobody\'s', cApp({ on_connect: { holdHandler: [1] } }), async (runner) => {
  const client = await runner.connect();
  assert.deepEqual(await client.closed, { code: 1008, reason: 'Policy Violation' });
  runner.signal('SIGTERM'); // what is never resumed is left as it is
  const { code } = await runner.exited;
  assert.equal(code, 0);
});

const mixed = (routes, handlers = {}) => ({
  ...app({ tell: 'tellHandler', release: 'releaseHandler', ...routes }, handlers),
  imports: [path.join(modules, 'liblate.so')],
});

runnerTest('a route in both languages: C waits', mixed({ both: ['setHandler', { holdHandler: ['changed'] }, 'echoHandler'], on_error: 'jsErrorHandler' }, {
  setHandler(event) {
    event.identity = 'of JavaScript';
    event.params.set = true;
  },
  jsErrorHandler(event) {
    if (event.name === 'both') event.response.headers['x-seen'] = [event.payload, event.identity, event.params, event.response.statusCode];
  },
}), async (runner) => {
  const client = await runner.connect();
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(await client.ask(message('both', { payload: 'sent' })), timedOut('holdHandler', { 'x-seen': ['changed', 'of JavaScript', { set: true }, 504] }));
    const { over, payload, identity, params } = await release(client);
    assert.deepEqual([over, payload, identity, params], [true, 'changed', 'of JavaScript', { set: true }]);
  }
});

runnerTest('a route in both languages: JavaScript waits', mixed({ both: [{ noteHandler: [] }, 'neverHandler', 'noteHandler'], on_error: 'noteHandler' }), async (runner) => {
  assert.deepEqual(await runner.ask(message('both', { payload: 'sent' })), timedOut('neverHandler', { 'x-payload': '"sent"', 'x-is-error': 'yes' }));
});
