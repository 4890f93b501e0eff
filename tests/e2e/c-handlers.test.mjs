// Handlers in C (include/configurapi.h): alone, and in one route with JavaScript's. The modules are native/*.c.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeApp } from './support/app.mjs';
import { text } from './support/raw.mjs';
import { runnerTest, runToEnd } from './support/runner.mjs';
import { stable } from './support/streams.mjs';

const modules = process.env.CONFIGURAPI_TEST_MODULES ??
  fileURLToPath(new URL('../../build/release/tests/e2e/native', import.meta.url));
const moduleFile = (name) => path.join(modules, `lib${name}.so`);

/** An application of the good module's handlers, and of `handlers` in JavaScript where there are some. */
const cApp = (routes, { handlers, ...rest } = {}) => ({
  routes,
  imports: [moduleFile('good')],
  handlers: handlers ?? {},
  files: handlers ? {} : { 'handlers/app.js': null },
  ...rest,
});
const withId = (message, id = 'm') => ({ headers: { 'message-id': id }, ...message });
const plain = (body, statusCode = 200, headers = {}) => ({ statusCode, headers: { 'message-id': 'm', ...headers }, body });
const error = (statusCode, message, details = '') =>
  plain({ statusCode, message, details }, statusCode, { 'Content-Type': 'application/json' });

const one = (policy) => cApp({ it: policy });

// ---- what came ----

runnerTest('a handler reads all there is of an event', one({ showHandler: [1, 'two', { three: [3] }] }), async (runner) => {
  const client = await runner.connect();
  const message = { name: 'it', params: { id: 1, q: 'params' }, query: { q: 'query' }, headers: { 'message-id': 'm', 'X-Y': 'z' }, payload: { a: [1.5, null, 'é'] } };
  const { body } = await client.ask(message);
  assert.match(body.client, /^[0-9a-f-]{36}$/);
  assert.match(body.id, /^[0-9a-f-]{36}$/);
  assert.match(body.headers['postback-url'], /^http:\/\/127\.0\.0\.1:\d+\/@connections\//);
  assert.deepEqual(body, {
    name: 'it',
    payload: message.payload,
    payloadText: JSON.stringify(message.payload),
    params: { id: 1, q: 'query' },
    paramsText: JSON.stringify(message.params),
    query: { q: 'query' },
    headers: { ...message.headers, 'connection-id': body.client, 'postback-url': body.headers['postback-url'] },
    identity: null,
    raw: JSON.stringify(message),
    binary: 0,
    parameters: [1, 'two', { three: [3] }],
    id: body.id,
    correlationId: body.id,
    client: body.client,
  });
});

runnerTest('a correlation id is the query\'s or the header\'s', one('showHandler'), async (runner) => {
  const client = await runner.connect();
  assert.equal((await client.ask({ name: 'it', headers: { 'correlation-id': 'h' } })).body.correlationId, 'h');
  assert.equal((await client.ask({ name: 'it', query: { correlationid: 'q' }, headers: { 'correlation-id': 'h' } })).body.correlationId, 'q');
});

runnerTest('what is no JSON is the payload as a string, binary messages too', cApp({ catchall: 'showHandler' }), async (runner) => {
  const client = await runner.connect();
  const text = (await client.ask('not {json')).body;
  assert.deepEqual([text.name, text.payload, text.payloadText, text.raw, text.binary], ['', 'not {json', 'not {json', 'not {json', 0]);
  const value = (await client.ask(' [1] ')).body;
  assert.deepEqual([value.payload, value.payloadText], [[1], '[1]']);
  const binary = (await client.ask(Buffer.from('{"payload":1}'))).body;
  assert.deepEqual([binary.payload, binary.binary], [1, 1]);
});

runnerTest('what is no JSON has no members', cApp({ catchall: 'pickHandler', it: 'pickHandler' }), async (runner) => {
  const client = await runner.connect();
  for (const message of ['{', '{"n":', '{"n":7', '{"n":7,', '{"n":7,"', '{"n":7}}', '{"n":7} x', '{"n"}', `{${' '.repeat(100)}`, `{"${'n'.repeat(100)}`, Buffer.from([0x7b, 0x22, 0xff])]) {
    const { body } = await client.ask(message);
    assert.deepEqual([body.n, body.isInteger], [0, 0], String(message));
  }
  assert.equal((await client.ask('{"name":"it","payload": {"n":7} }')).body.n, 7);
});

runnerTest('payloads that jansson can not hold are text all the same', one('showHandler'), async (runner) => {
  const client = await runner.connect();
  for (const payload of ['1e999', '"\\ud800"', `${'['.repeat(3000)}${']'.repeat(3000)}`]) {
    const { body } = await client.ask(`{"name":"it","payload":${payload}}`);
    assert.deepEqual([body.payload, body.payloadText], [null, payload]);
  }
  const { body } = await client.ask('{"name":"it","payload":123456789012345678901234567890}');
  assert.equal(body.payload, 1.2345678901234568e29);
});

runnerTest('a client can not make up what is the runner\'s', cApp({ it: 'showHandler' }, { args: ['--no-management'] }), async (runner) => {
  const client = await runner.connect();
  const { body } = await client.ask({ name: 'it', headers: { 'connection-id': 'mine', 'postback-url': 'http://evil' } });
  assert.deepEqual(body.headers, { 'connection-id': body.client });
});

runnerTest('parameters, headers and members by their names', one('pickHandler'), async (runner) => {
  const ask = async (message) => (await runner.ask({ name: 'it', ...message })).body;
  assert.deepEqual(await ask({ params: { who: 'Ada' }, headers: { 'X-Trace': 't' }, payload: { x: { n: 1 }, n: -42 } }),
    { param: 'Ada', header: 't', n: -42, isInteger: 1, none: 0 });
  assert.deepEqual(await ask({ params: { who: 1 }, payload: { n: 1.5 } }), { param: '', header: '', n: 0, isInteger: 0, none: 0 });
  for (const [n, isInteger] of [['9223372036854775807', 1], ['9223372036854775808', 0], ['-9223372036854775808', 1], ['-9223372036854775809', 0], ['"1"', 0], ['1e3', 0]])
    assert.equal(JSON.parse(JSON.stringify((await runner.ask(`{"name":"it","payload":{"n":${n}}}`)).body.isInteger)), isInteger, n);
  assert.equal((await ask({ payload: 'no object' })).isInteger, 0);
});

const references = [
  '$(who)', 'a $(who) b $(who)', '$(none)', '$(deep.list[1].x)', '$(deep.none.x)', '$(list[0])', '$($event.payload)', '$($event.payload.a.b)',
  '$($event.payload.list[1])', '$($env.C_TEST)', '$($env.C_TEST_NONE)', '$(n) $(t) $(z) $(o) $(deep.list)', '$(money)', '$(who', 'plain', '$()', '$(chain)$(who)', '$(half)',
];
const resolveMessage = {
  name: 'it',
  params: { who: 'Ada', deep: { list: [1, { x: 'found' }] }, list: [9], n: 1, t: true, z: null, o: {}, money: '$$ $& $` $\' $', chain: '$(who)', half: 0.5 },
  payload: { a: { b: 'inner' }, list: ['x', 'y'] },
};
runnerTest('$(…) resolves as in JavaScript', cApp(
  { it: { resolveHandler: [references, { nested: ['$(who)'] }, 5] }, js: { jsHandler: [references, { nested: ['$(who)'] }, 5] } },
  { env: { C_TEST: 'from the environment' }, handlers: { jsHandler(event, ...all) { event.response = new Response(event.resolve(all)); } } },
), async (runner) => {
  const client = await runner.connect();
  for (let i = 0; i < 2; i++) { // never in place
    const [c, js] = [(await client.ask(resolveMessage)).body, (await client.ask({ ...resolveMessage, name: 'js' })).body];
    assert.deepEqual(c, js);
    assert.equal(c[0][0], 'Ada');
  }
});

runnerTest('a handler has the data it was registered with', one('dataHandler'), async (runner) => {
  assert.equal((await runner.ask({ name: 'it' })).body, 'some data');
});

// ---- what goes out ----

runnerTest('replies of every kind', cApp(Object.fromEntries(['text', 'value', 'none', 'string', 'bytes', 'nothing'].map((kind) => [kind, { replyHandler: [kind] }]))), async (runner) => {
  const client = await runner.connect();
  const ask = (name) => client.ask(withId({ name }));
  assert.deepEqual(await ask('text'), plain({ a: [1, 2] }, 201));
  client.send({ name: 'value' });
  assert.equal(await client.nextText(), '{"statusCode":202,"headers":{},"body":{"half":0.5,"tenth":0.1,"one":1,"two":2}}');
  assert.deepEqual(await ask('none'), plain('', 204));
  assert.deepEqual(await ask('string'), plain('a "quoted"\n€'));
  assert.deepEqual(await ask('bytes'), plain('AAH//g==', 200, { 'content-transfer-encoding': 'base64' }));
  client.send({ name: 'nothing' });
  assert.deepEqual(await ask('none'), plain('', 204));
});

runnerTest('a reply with the body that is there', cApp({ it: [{ replyHandler: ['value'] }, { replyHandler: ['again'] }], text: [{ replyHandler: ['text'] }, { replyHandler: ['again'] }] }), async (runner) => {
  assert.deepEqual(await runner.ask(withId({ name: 'it' })), plain({ half: 0.5, tenth: 0.1, one: 1, two: 2 }, 208));
  assert.deepEqual(await runner.ask(withId({ name: 'text' })), plain({ a: [1, 2] }, 208));
});

runnerTest('what is no JSON, no UTF-8 or out of range is refused and changes nothing', one('refusedHandler'), async (runner) => {
  assert.deepEqual(await runner.ask(withId({ name: 'it' })), plain('kept', 209));
});

runnerTest('a handler that does nothing answers with an empty 200', one('continueHandler'), async (runner) => {
  assert.deepEqual(await runner.ask(withId({ name: 'it' })), plain(''));
});

runnerTest('the response is changed piece by piece', one([
  { replyHandler: ['text'] }, { changeHandler: ['status', 299] }, { changeHandler: ['header', '$(who)'] }, { changeHandler: ['body', { who: '$(who)' }] }, 'lookAsideHandler',
]), async (runner) => {
  const reply = await runner.ask(withId({ name: 'it', params: { who: 'Ada' } }));
  assert.deepEqual(reply, plain({ who: 'Ada' }, 299, { 'x-c': 'Ada', 'x-seen': [299, { 'x-c': 'Ada' }, { who: 'Ada' }, false] }));
});

runnerTest('a message-id of its own gives way to the client\'s', one([{ replyHandler: ['text'] }, 'lookAsideHandler']), async (runner) => {
  assert.deepEqual((await runner.ask({ name: 'it', headers: { 'Message-Id': { any: 1 } } })).headers['message-id'], { any: 1 });
});

runnerTest('failures', cApp({
  words: { failHandler: ['words'] }, printf: { failHandler: ['printf'] }, silent: 'failHandler', broken: { failHandler: ['broken'] },
  utf8: { failHandler: ['no UTF-8'] }, unknown: { failHandler: ['unknown'] }, percent: { failHandler: ['percent'] },
  never: [{ failHandler: ['words'] }, { replyHandler: ['text'] }],
}), async (runner) => {
  const ask = (name) => runner.ask(withId({ name }));
  assert.deepEqual(await ask('words'), error(418, 'a teapot', 'short and stout'));
  assert.deepEqual(await ask('printf'), error(404, 'no thing number 7'));
  assert.deepEqual(await ask('silent'), error(500, 'The handler failHandler failed.'));
  for (const name of ['broken', 'unknown', 'percent']) assert.deepEqual(await ask(name), error(500, 'The response of failHandler is no JSON.'));
  assert.deepEqual(await ask('utf8'), error(400, 'bad \uFFFD words', 'cut \uFFFD'));
  assert.deepEqual(await ask('never'), error(418, 'a teapot', 'short and stout'));
  assert.match(runner.stderr, /Error: \S+ - \S+ - Failed to handle words: a teapot/);
});

runnerTest('complete ends the route, not the event', cApp({
  it: [{ replyHandler: ['text'] }, 'completeHandler', { failHandler: ['words'] }], on_success: { changeHandler: ['header', 'success'] },
}), async (runner) => {
  assert.deepEqual(await runner.ask(withId({ name: 'it' })), plain({ a: [1, 2] }, 201, { 'x-c': 'success' }));
});

runnerTest('on_error and on_after_request see the error, and may change it', cApp({
  it: { failHandler: ['words'] }, on_error: ['lookAsideHandler', { changeHandler: ['status', 499] }], on_after_request: { changeHandler: ['header', 'after'] },
}), async (runner) => {
  const body = { statusCode: 418, message: 'a teapot', details: 'short and stout' };
  const type = { 'Content-Type': 'application/json' };
  assert.deepEqual(await runner.ask(withId({ name: 'it' })), plain(body, 499, { ...type, 'x-seen': [418, type, body, true], 'x-c': 'after' }));
});

runnerTest('a failing on_error changes nothing', cApp({ it: { failHandler: ['words'] }, on_error: { failHandler: ['printf'] } }), async (runner) => {
  assert.deepEqual(await runner.ask(withId({ name: 'it' })), error(418, 'a teapot', 'short and stout'));
});

// ---- with JavaScript in one route ----

const mixed = (routes) => cApp(routes, {
  handlers: {
    jsNeverHandler(event) {
      const { StreamResponse } = require('configurapi-handler-ws');
      event.response = new StreamResponse({ // whose first chunk never comes
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise(() => {}),
          return() {
            globalThis.returned = (globalThis.returned ?? 0) + 1;
            return { done: true };
          },
        }),
      });
    },
    jsReturnedHandler(event) {
      event.response = new Response(globalThis.returned ?? 0);
    },
    jsSetHandler(event) {
      event.params.fromJs = 'js';
      event.identity = new Identity('ada', [{ type: 't', value: 'v' }]);
      event.payload = { changed: true };
      event.response = new Response({ by: 'js' }, 202, { a: 'b' });
    },
    async jsLaterHandler(event) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      event.response = new Response(event.payload, 203);
    },
    jsSeeHandler(event) {
      const { identity, params, payload, response } = event;
      event.response = new Response({
        params, payload, identity, isIdentity: identity instanceof Identity, hasClaim: identity?.hasClaim?.('t', 'v'),
        response: response && { ...response }, isError: response instanceof ErrorResponse, isResponse: response instanceof Response,
      });
    },
    jsAsideHandler(event) {
      event.response.headers['x-js'] = [event.response.statusCode, event.response.body];
    },
    jsBytesHandler(event) {
      event.response = new Response(Buffer.from([0, 255]));
    },
    jsNullHandler(event) {
      event.response = null;
    },
    jsErrorHandler() {
      throw new ErrorResponse('no', 404, 'why');
    },
  },
});
const mixedTest = (name, route, expected, message = {}) => runnerTest(name, mixed({ it: route }), async (runner) => {
  for (let i = 0; i < 2; i++) assert.deepEqual(await runner.ask(withId({ name: 'it', ...message })), expected);
});

mixedTest('C sees what JavaScript has changed', ['jsSetHandler', 'showHandler', { changeHandler: ['body', 'seen'] }, 'lookAsideHandler'],
  plain('seen', 200, { 'x-seen': [200, {}, 'seen', false] }));
runnerTest('C sees JavaScript\'s params, payload and identity', mixed({ it: ['jsSetHandler', 'showHandler'] }), async (runner) => {
  const { body } = await runner.ask({ name: 'it', params: { p: 1 }, payload: 'first' });
  assert.deepEqual([body.params, body.payload, body.payloadText], [{ p: 1, fromJs: 'js' }, { changed: true }, '"first"']);
  assert.deepEqual(body.identity, { id: 'ada', claims: [{ type: 't', value: 'v' }] });
});
mixedTest('C sees JavaScript\'s response', ['jsSetHandler', 'lookHandler'], plain({ status: 202, headers: { a: 'b' }, body: { by: 'js' }, isError: false }));
mixedTest('C changes JavaScript\'s response', ['jsSetHandler', { changeHandler: ['status', 299] }, { changeHandler: ['header', 'c'] }, 'jsAsideHandler'],
  plain({ by: 'js' }, 299, { a: 'b', 'x-c': 'c', 'x-js': [299, { by: 'js' }] }));
mixedTest('C takes away what JavaScript has set', ['jsSetHandler', { changeHandler: ['no-header', 'a'] }, { changeHandler: ['no-param', 'fromJs'] }, { changeHandler: ['identity', null] }, { changeHandler: ['payload', null] }, 'jsSeeHandler'],
  plain({ params: {}, isIdentity: false, response: { statusCode: 202, body: { by: 'js' }, headers: {} }, isError: false, isResponse: true }));
mixedTest('JavaScript sees what C has changed', [
  { changeHandler: ['param', { x: 1 }] }, { changeHandler: ['payload', [1, 2]] }, { changeHandler: ['identity', { id: 'ada', claims: [{ type: 't', value: 'v' }], email: 'e' }] }, { replyHandler: ['text'] }, 'jsSeeHandler',
], plain({
  params: { p: 1, fromC: { x: 1 } }, payload: [1, 2], isIdentity: true, hasClaim: true,
  identity: { _claims: [{ type: 't', value: 'v' }], _claimsTable: { items: { '::t::v': { type: 't', value: 'v' } } }, id: 'ada', email: 'e' },
  response: { statusCode: 201, body: { a: [1, 2] }, headers: {} }, isError: false, isResponse: true,
}), { params: { p: 1 } });
mixedTest('JavaScript sees bytes and nothing of C', [{ replyHandler: ['bytes'] }, 'jsAsideHandler'],
  plain('AAH//g==', 200, { 'x-js': [200, { type: 'Buffer', data: [0, 1, 255, 254] }], 'content-transfer-encoding': 'base64' }));
mixedTest('bytes of JavaScript stay what they are', ['jsBytesHandler', 'lookAsideHandler', { changeHandler: ['status', 201] }],
  plain('AP8=', 201, { 'x-seen': [200, {}, null, false], 'content-transfer-encoding': 'base64' }));
mixedTest('back and forth, some of it later', ['jsLaterHandler', 'threadedHandler', 'jsAsideHandler', 'atOnceHandler', 'lookAsideHandler', 'jsAsideHandler'],
  plain({ later: { p: 1 } }, 200, { 'x-seen': [200, { 'x-js': [200, { later: { p: 1 } }] }, { later: { p: 1 } }, false], 'x-js': [200, { later: { p: 1 } }] }), { payload: { p: 1 } });
mixedTest('C fails behind JavaScript', ['jsSetHandler', { failHandler: ['words'] }, 'jsSeeHandler'], error(418, 'a teapot', 'short and stout'));
mixedTest('JavaScript fails behind C', [{ replyHandler: ['text'] }, 'jsErrorHandler', 'showHandler'], error(404, 'no', 'why'));

runnerTest('on_error in JavaScript sees what C has failed with', mixed({ it: { failHandler: ['words'] }, on_error: 'jsSeeHandler' }), async (runner) => {
  const { body } = await runner.ask({ name: 'it' });
  assert.deepEqual([body.isError, body.response.statusCode, body.response.body],
    [true, 418, { statusCode: 418, message: 'a teapot', details: 'short and stout' }]);
});
runnerTest('on_error in C sees what JavaScript has thrown', mixed({ it: 'jsErrorHandler', on_error: ['lookAsideHandler', { changeHandler: ['header', 'c'] }] }), async (runner) => {
  const body = { statusCode: 404, message: 'no', details: 'why' };
  assert.deepEqual(await runner.ask(withId({ name: 'it' })),
    plain(body, 404, { 'Content-Type': 'application/json', 'x-c': 'c', 'x-seen': [404, { 'Content-Type': 'application/json' }, body, true] }));
});
runnerTest('a null response, whoever made it, sends nothing', mixed({ js: ['continueHandler', 'jsNullHandler', 'continueHandler'], c: ['jsSetHandler', { replyHandler: ['nothing'] }], cjs: ['jsSetHandler', { replyHandler: ['nothing'] }, 'jsSeeHandler'] }), async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'js' });
  client.send({ name: 'c' });
  assert.deepEqual((await client.ask({ name: 'cjs' })).body.response, null);
});

runnerTest('a route whose lifecycle is JavaScript\'s', mixed({ on_first_request: 'jsSetHandler', on_before_request: 'jsSetHandler', it: 'showHandler', on_success: 'jsAsideHandler', on_after_request: 'lookAsideHandler' }), async (runner) => {
  const { headers, body } = await runner.ask({ name: 'it' });
  assert.deepEqual([body.params, headers['x-seen'][0], headers['x-js'][0]], [{ fromJs: 'js' }, 200, 200]);
});

// ---- connections ----

runnerTest('on_connect in C: an identity, a refusal', cApp({ on_connect: 'welcomeHandler', on_start: 'startHandler', it: 'showHandler' }), async (runner) => {
  assert.match(runner.stdout, /Trace: configurapi -  - started without a client/);
  const ada = await runner.connect({ path: '/?who=ada' });
  for (let i = 0; i < 2; i++) assert.deepEqual((await ada.ask({ name: 'it' })).body.identity, { id: 'ada', claims: [] });
  const plainOne = await runner.connect();
  assert.equal((await plainOne.ask({ name: 'it' })).body.identity, null);
  assert.deepEqual(await (await runner.connect({ path: '/?who=nobody' })).closed, { code: 1008, reason: 'Policy Violation' });
});
runnerTest('an identity of C\'s on_connect is JavaScript\'s too', mixed({ on_connect: 'welcomeHandler', c: 'showHandler', js: 'jsSeeHandler', both: ['jsSeeHandler', 'showHandler'] }), async (runner) => {
  const client = await runner.connect({ path: '/?who=ada' });
  assert.deepEqual((await client.ask({ name: 'c' })).body.identity, { id: 'ada', claims: [] });
  assert.equal((await client.ask({ name: 'js' })).body.isIdentity, true);
  assert.equal((await client.ask({ name: 'both' })).body.identity.id, 'ada');
});
runnerTest('an identity of JavaScript\'s on_connect is C\'s too', mixed({ on_connect: 'jsSetHandler', c: 'showHandler' }), async (runner) => {
  const client = await runner.connect();
  for (let i = 0; i < 2; i++) assert.equal((await client.ask({ name: 'c' })).body.identity.id, 'ada');
});
runnerTest('an identity that both have had a hand in', mixed({ on_connect: ['jsSetHandler', 'welcomeHandler'], c: 'showHandler', js: 'jsSeeHandler' }), async (runner) => {
  const client = await runner.connect({ path: '/?who=bob' });
  assert.equal((await client.ask({ name: 'c' })).body.identity.id, 'bob');
  assert.equal((await client.ask({ name: 'js' })).body.identity.id, 'bob');
});

runnerTest('pushes', one('pushHandler'), async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'it' });
  assert.deepEqual(await client.next(), { statusCode: 201, headers: { h: 'v' }, body: { a: 1 } });
  assert.deepEqual(await client.next(), { statusCode: 200, headers: {}, body: '' });
  assert.equal(await client.nextText(), 'as it is {');
  const { data, isBinary } = await client.nextFrame();
  assert.deepEqual([[...data], isBinary], [[0, 255], true]);
  assert.deepEqual((await client.next()).body, { url: 'some', gone: 0 });
});

runnerTest('a client that is kept beyond its event, and its end', cApp({ keep: 'keepHandler', use: 'useHandler' }), async (runner) => {
  const [kept, other] = [await runner.connect(), await runner.connect()];
  const id = (await kept.ask({ name: 'keep' })).body;
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.deepEqual((await other.ask({ name: 'use' })).body, { status: 0, gone: 0, calls: 0 });
  assert.equal(await kept.nextText(), 'to you');
  await kept.close();
  let body;
  for (let i = 0; i < 1000 && body?.calls !== 1; i++) body = (await other.ask({ name: 'use' })).body;
  assert.deepEqual(body, { status: 2, gone: 1, calls: 1 });
});

runnerTest('pushes wait for room', cApp({ flood: { floodHandler: [300] } }, { args: ['--high-water-mark', '256k', '--max-buffered', '1m'] }), async (runner) => {
  const client = await runner.connect();
  client.webSocket.pause();
  client.send({ name: 'flood' });
  await new Promise(setImmediate);
  client.webSocket.resume();
  for (let i = 0; i < 300; i++) assert.equal((await client.nextText()).length, 65536);
  assert.ok((await client.next()).body.waits > 0);
});

async function metric(runner, name) {
  const metrics = await (await fetch(`${runner.management}/metrics`)).text();
  return Number(metrics.match(new RegExp(`^configurapi_${name} (\\d+)$`, 'm'))[1]);
}

const KB = 1024;
for (const [what, app, size] of [
  ['pushes', { flood: { floodHandler: [1000] } }, 64 * KB],
  ['streams', { flood: { streamHandler: ['large'] } }, 64 * KB],
]) {
  runnerTest(`${what} that wait for room go on one after another`, cApp(app, { args: ['--high-water-mark', '256k'] }), async (runner) => {
    const client = await runner.connectRaw();
    await client.upgrade();
    client.socket.pause();
    client.write(Buffer.concat(Array.from({ length: 200 }, () => text({ name: 'flood' }))));
    for (let round = 1; round <= 5; round++) {
      client.socket.resume();
      for (let i = 0; i < 200; i++) assert.ok((await client.frame()).payload.length >= size);
      client.socket.pause();
      const unsent = await stable(() => metric(runner, 'buffered_bytes'), -1);
      // In the first round all had pushed at once.
      if (round > 1) assert.ok(unsent <= 256 * KB + 2 * size, `${unsent} bytes are unsent`);
    }
    await client.reset();
  });
}

runnerTest('more than --max-buffered pushed in on_connect', cApp({ on_connect: { floodHandler: [20] } }, { args: ['--max-buffered', '1m'] }), async (runner) => {
  const client = await runner.connect();
  for (let i = 0; i < 15; i++) assert.equal((await client.nextText()).length, 64 * KB);
  assert.deepEqual(await client.closed, { code: 1013, reason: 'Too much is unsent' });
});

runnerTest('a client that goes while pushes wait for room', cApp({ flood: { floodHandler: [10_000] }, it: 'continueHandler' }, { args: ['--high-water-mark', '64k'] }), async (runner) => {
  for (let i = 0; i < 5; i++) {
    const client = await runner.connect();
    client.send({ name: 'flood' });
    await client.nextText();
    await client.terminate();
  }
  assert.equal((await runner.ask({ name: 'it' })).statusCode, 200);
});

// ---- streams ----

const streamApp = cApp({
  ...Object.fromEntries(['count', 'cut', 'json', 'bytes', 'bytes, json', 'fail', 'no UTF-8', 'never', 'large'].map((kind) => [kind, { streamHandler: [kind] }])),
  changed: [{ streamHandler: ['count'] }, { changeHandler: ['status', 207] }, { changeHandler: ['header', 'c'] }],
  replaced: [{ streamHandler: ['count'] }, { replyHandler: ['text'] }],
  failed: [{ streamHandler: ['count'] }, { failHandler: ['words'] }],
  ended: 'endedHandler',
});
/** The frames of one stream, up to its last. */
async function framesOf(client, message) {
  client.send(withId(message));
  const frames = [];
  do frames.push(await client.next());
  while (frames.at(-1).headers['x-stream'] === 'chunk');
  return frames;
}
const streamed = (bodies, headers = {}, statusCode = 200) => (frames) => {
  const id = frames[0].headers['x-stream-id'];
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.deepEqual(frames, [...bodies, ''].map((body, i) => plain(body, statusCode, {
    ...headers, 'x-stream': i < bodies.length ? 'chunk' : 'done', 'x-stream-id': id,
  })));
};

runnerTest('streams: chunks, cut characters, values, bytes', streamApp, async (runner) => {
  const client = await runner.connect();
  streamed(['0 ', '1 ', '2 '])(await framesOf(client, { name: 'count' }));
  streamed(['a', '€b', '\uFFFD(', '\uFFFD'])(await framesOf(client, { name: 'cut' }));
  streamed([{ n: 1 }])(await framesOf(client, { name: 'json' }));
  streamed(['AP8Q'], { 'Content-Type': 'application/octet-stream', 'content-transfer-encoding': 'base64' })(await framesOf(client, { name: 'bytes' }));
  streamed(['0 ', '1 ', '2 '], { 'x-c': 'c' }, 207)(await framesOf(client, { name: 'changed' }));
  assert.equal((await client.ask({ name: 'ended' })).body, 5);
});

runnerTest('among bytes, only bytes are said to be base64', streamApp, async (runner) => {
  const client = await runner.connect();
  const frames = await framesOf(client, { name: 'bytes, json' });
  const type = 'application/octet-stream';
  assert.deepEqual(frames.map(({ statusCode, headers, body }) => [statusCode, headers['Content-Type'], headers['content-transfer-encoding'], body]), [
    [200, type, 'base64', 'AA=='],
    [200, type, undefined, { n: 1 }],
    [503, 'application/json', undefined, { statusCode: 503, message: 'the source is dry', details: '' }],
  ]);
});

runnerTest('a stream that fails, and ones that are replaced', streamApp, async (runner) => {
  const client = await runner.connect();
  const [chunk, last] = await framesOf(client, { name: 'fail' });
  assert.equal(chunk.body, 'one');
  assert.deepEqual([last.statusCode, last.headers['x-stream'], last.body], [503, 'done', { statusCode: 503, message: 'the source is dry', details: '' }]);
  const [{ body: noUtf8 }] = await framesOf(client, { name: 'no UTF-8' });
  assert.deepEqual(noUtf8, { statusCode: 503, message: 'bad \uFFFD words', details: '' });
  assert.deepEqual(await client.ask(withId({ name: 'replaced' })), plain({ a: [1, 2] }, 201));
  assert.deepEqual(await client.ask(withId({ name: 'failed' })), error(418, 'a teapot', 'short and stout'));
  assert.equal((await client.ask({ name: 'ended' })).body, 4);
});

runnerTest('a long stream waits for its reader', { ...streamApp, args: ['--high-water-mark', '64k', '--max-buffered', '256k'] }, async (runner) => {
  const client = await runner.connect();
  client.webSocket.pause();
  client.send({ name: 'count', payload: { last: 50_000 } });
  await new Promise(setImmediate);
  client.webSocket.resume();
  for (let i = 0; i < 50_000; i++) assert.equal((await client.next()).body, `${i} `);
  assert.equal((await client.next()).headers['x-stream'], 'done');
});

runnerTest('a stream whose client goes is told so, once', streamApp, async (runner) => {
  const watcher = await runner.connect();
  for (const name of ['never', 'count']) {
    const client = await runner.connect();
    client.send({ name, payload: { last: 1e9 } });
    if (name === 'count') await client.nextText();
    await client.terminate();
  }
  const ask = async () => (await watcher.ask({ name: 'ended' })).body;
  let ended = await ask();
  for (let i = 0; i < 10_000 && ended < 2; i++) ended = await ask();
  assert.equal(ended, 2);
  assert.match(await (await fetch(`${runner.management}/metrics`)).text(), /^configurapi_streams_open 0$/m);
});

for (const name of ['large', 'count']) {
  runnerTest(`streams without end leave others their turn: ${name}`, { ...streamApp, args: ['--max-buffered', '1g'] }, async (runner) => {
    const other = await runner.connect();
    const greedy = await Promise.all([1, 2, 3].map(() => runner.connectRaw()));
    for (const client of greedy) {
      await client.upgrade();
      client.socket.removeAllListeners('data').resume(); // as fast as it can
      client.write(text({ name, payload: { last: 1e12 } }));
    }
    for (let i = 0; i < 30; i++) assert.equal((await other.ask({ name: 'ended' })).body, 0);
    for (const client of greedy) client.destroy();
    while ((await other.ask({ name: 'ended' })).body < greedy.length);
  });
}

runnerTest('a stream for a client that has gone before is told so', cApp({ late: [{ pauseHandler: [100] }, { streamHandler: ['never'] }], ended: 'endedHandler' }), async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'late' });
  await new Promise((resolve) => setTimeout(resolve, 30)); // it is under way
  await client.terminate();
  const watcher = await runner.connect();
  const ask = async () => (await watcher.ask({ name: 'ended' })).body;
  const due = Date.now() + 5000;
  while (await ask() < 1 && Date.now() < due) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(await ask(), 1);
  await watcher.terminate();
  await runner.stop();
});

const lateJs = { ...mixed({ late: [{ pauseHandler: [100] }, 'jsNeverHandler'], returned: 'jsReturnedHandler' }) };
runnerTest('the same in JavaScript', lateJs, async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'late' });
  await new Promise((resolve) => setTimeout(resolve, 30));
  await client.terminate();
  const watcher = await runner.connect();
  const due = Date.now() + 5000;
  const ask = async () => (await watcher.ask({ name: 'returned' })).body;
  while (await ask() < 1 && Date.now() < due) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(await ask(), 1);
});

const mixedStreams = {
  ...mixed({
    through: [{ streamHandler: ['count'] }, 'jsAsideHandler', { changeHandler: ['status', 207] }],
    behind: ['jsSetHandler', { streamHandler: ['count'] }],
    dropped: [{ streamHandler: ['count'] }, 'jsSetHandler'],
    ended: 'endedHandler',
  }),
};
runnerTest('streams of C in routes with JavaScript', mixedStreams, async (runner) => {
  const client = await runner.connect();
  streamed(['0 ', '1 ', '2 '], { 'x-js': [200, ''] }, 207)(await framesOf(client, { name: 'through' }));
  streamed(['0 ', '1 ', '2 '])(await framesOf(client, { name: 'behind' }));
  assert.deepEqual(await client.ask(withId({ name: 'dropped' })), plain({ by: 'js' }, 202, { a: 'b' }));
  assert.equal((await client.ask({ name: 'ended' })).body, 3);
});

// ---- later, and the runtime ----

runnerTest('events go on from other threads, from the loop, and at once', cApp({ threaded: 'threadedHandler', timed: 'timedHandler', atOnce: ['atOnceHandler', { replyHandler: ['text'] }] }), async (runner) => {
  const client = await runner.connect();
  assert.deepEqual(await client.ask(withId({ name: 'threaded', payload: [1] })), plain({ later: [1] }));
  assert.deepEqual(await client.ask(withId({ name: 'timed' })), error(408, 'too late'));
  assert.deepEqual(await client.ask(withId({ name: 'atOnce' })), plain({ a: [1, 2] }, 201));
  for (let i = 0; i < 200; i++) client.send(withId({ name: 'threaded', payload: i }, i));
  const replies = await client.take(200);
  for (const { headers, body } of replies) assert.deepEqual(body, { later: headers['message-id'] });
});

runnerTest('a client that goes while its event waits', cApp({ threaded: 'threadedHandler', it: 'continueHandler' }), async (runner) => {
  for (let i = 0; i < 20; i++) {
    const client = await runner.connect();
    for (let n = 0; n < 5; n++) client.send({ name: 'threaded', payload: n });
    await client.terminate();
  }
  assert.equal((await runner.ask({ name: 'it' })).statusCode, 200);
});

runnerTest('an event that is resumed twice, or did not wait', cApp({ meet: 'meetHandler', not: 'notWaitingHandler', it: 'continueHandler' }), async (runner) => {
  const clients = [await runner.connect(), await runner.connect()];
  const replies = clients.map((client) => client.ask({ name: 'meet' }));
  assert.deepEqual((await Promise.all(replies)).map(({ statusCode }) => statusCode), [200, 200]);
  assert.equal((await clients[0].ask({ name: 'not' })).statusCode, 200);
  await runner.output('stderr', /a handler has resumed an event that did not wait for it/);
  assert.equal((await clients[0].ask({ name: 'it' })).statusCode, 200);
  await clients[0].close();
});

runnerTest('what is posted from threads is run, all of it', cApp({ post: ['postHandler', 'postedHandler'] }), async (runner) => {
  assert.equal((await runner.ask({ name: 'post' })).body, 400);
});

runnerTest('postback', cApp({ it: 'postbackHandler' }, { args: ['--management-token', 'secret'] }), async (runner) => {
  const client = await runner.connect();
  client.send(withId({ name: 'it' }));
  assert.deepEqual(await client.next(), { posted: 'back' });
  assert.deepEqual(await client.next(), plain(''));
  assert.deepEqual(await client.ask(withId({ name: 'it', params: { suffix: 'x' } })), plain('')); // nobody there: done() heard of it
});

runnerTest('a stop does not wait for a postback, and says so', cApp({ it: 'patientHandler' }, { args: ['--drain-timeout', '50'] }), async (runner) => {
  const silent = net.createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const client = await runner.connect();
  client.send({ name: 'it', params: { url: `http://127.0.0.1:${silent.address().port}/` } });
  const [connection] = await once(silent, 'connection');
  await runner.stop();
  connection.destroy();
  silent.close();
  assert.match(runner.stderr, /^postback: 0 the runner has stopped$/m);
  assert.match(runner.stderr, /^unloaded$/m);
});

runnerTest('log lines, by the levels', cApp({ it: 'logHandler' }, { args: ['--log-level', 'debug'] }), async (runner, directory) => {
  await runner.ask({ name: 'it' });
  assert.match(runner.stderr, /Error: \S+ - \S+ - an error of C/);
  assert.match(runner.stdout, /Trace: \S+ - \S+ - a trace of C/);
  assert.match(runner.stdout, /Trace: \S+ - \S+ - Executed logHandler policy \[\d+ms\]/);
  assert.doesNotMatch(runner.stdout, /a debug line/); // the route's own level is trace
  assert.ok(directory);
});

runnerTest('unloading at the end', cApp({ keep: 'keepHandler' }), async (runner) => {
  const client = await runner.connect();
  await client.ask({ name: 'keep' });
  await runner.stop();
  assert.match(runner.stderr, /unloaded/);
  assert.match(runner.stderr, /^last words, and then 2$/m); // CONFIGURAPI_GONE
  assert.doesNotMatch(runner.stderr, /behind the end/);
});

// ---- modules ----

/** What `--check` says of an application whose handlers/ has these modules, by file name. */
async function check(files, { routes = { it: 'continueHandler' }, handlers, env } = {}) {
  const app = makeApp({ routes, handlers: handlers ?? {}, files: handlers ? {} : { 'handlers/app.js': null } });
  mkdirSync(path.join(app.path, 'handlers'), { recursive: true });
  for (const [name, module] of Object.entries(files)) cpSync(moduleFile(module), path.join(app.path, 'handlers', name));
  const result = await runToEnd(['--check'], { cwd: app.path, env });
  app.remove();
  return { ...result, stderr: result.stderr.replaceAll(`${app.path}/`, '').replace(/^(unloaded|last words.*)\n/gm, '') };
}

test('a module in handlers/', async () => {
  assert.equal((await check({ 'a.so': 'good' })).code, 0);
  assert.equal((await check({ 'A.SO': 'good' })).code, 0);
});
test('a module that a link in handlers/ leads to', async () => {
  const app = makeApp({ routes: { it: 'continueHandler' }, handlers: {}, files: { 'handlers/app.js': null } });
  mkdirSync(path.join(app.path, 'handlers'), { recursive: true });
  symlinkSync(moduleFile('good'), path.join(app.path, 'handlers/a.so'));
  const { code } = await runToEnd(['--check'], { cwd: app.path });
  app.remove();
  assert.equal(code, 0);
});
for (const [what, files, expected, options] of [
  ['of another version', { 'a.so': 'old' }, 'handlers/a.so: built for version 2 of configurapi.h, this runner has version 1: build it again'],
  ['without a table', { 'a.so': 'empty' }, 'handlers/a.so: exports no `configurapi_module`: CONFIGURAPI_MODULE of configurapi.h defines it'],
  ['that calls what is not there', { 'a.so': 'missing' }, 'handlers/a.so: undefined symbol: configurapi_of_the_future'],
  ['with a name twice', { 'a.so': 'twice' }, "handlers/a.so: there is a handler named 'sameHandler' already"],
  ['and another with the same names', { 'a.so': 'good', 'b.so': 'good' }, "handlers/b.so: there is a handler named 'showHandler' already"],
  ['whose load() refuses', { 'a.so': 'good' }, 'handlers/a.so: its load() failed', { env: { REFUSE_TO_LOAD: '1' } }],
  ['whose name JavaScript has, too', { 'z.so': 'good' }, "handlers/z.so: there is a handler named 'showHandler' already", { handlers: { showHandler() {} } }],
  ['whose name JavaScript has behind it', { 'a.so': 'good' }, "handlers/app.js: a handler in C is named 'showHandler', too", { handlers: { showHandler() {} } }],
]) {
  test(`a module ${what} is one line at start`, async () => {
    const { code, stderr } = await check(files, options);
    assert.deepEqual([code, stderr.trimEnd()], [2, expected]);
  });
}
test('an import that is not there', async () => {
  const app = makeApp({ routes: {}, imports: ['./none.so'] });
  const { code, stderr } = await runToEnd(['--check'], { cwd: app.path });
  app.remove();
  assert.equal(code, 2);
  assert.match(stderr, /^config\.yaml:3:5: \S+\/none\.so: cannot open shared object file: No such file or directory\n$/);
});
