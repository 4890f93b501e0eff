// The standard handlers: in every configuration, without an import.

import assert from 'node:assert/strict';
import { runnerTest } from './support/runner.mjs';

const ask = (runner, name, rest = {}) => runner.ask({ name, ...rest });
const error = (statusCode, message, details = '') => ({
  statusCode, headers: { 'Content-Type': 'application/json' }, body: { statusCode, message, details },
});
const only = { 'handlers/app.js': null }; // no JavaScript

runnerTest('responses', {
  routes: {
    whole: { setResponseHandler: [404, 'Not $(what)', { 'X-A': 'a', 'X-B': 1 }] },
    defaults: { setResponseHandler: [] },
    merged: [{ setResponseHeaderHandler: ['X-A', 'first'] }, { setResponseHeaderHandler: ['X-C', 'kept'] }, { setResponseHandler: [200, { deep: ['$(what)', 5] }, { 'X-A': 'second' }] }],
    body: { setResponseBodyHandler: [{ list: ['$(what)'], n: 1 }] },
    status: { setResponseStatusCodeHandler: ['302'] },
    json: { setJsonResponseHandler: [201, { a: '$($event.payload.b)' }, { 'X-A': 'a' }] },
    typed: { setJsonResponseHandler: [200, 'text', { 'Content-Type': 'text/plain' }] },
    wrong: { setResponseStatusCodeHandler: ['nonsense'] },
    far: { setResponseStatusCodeHandler: [5000] },
    nameless: { setResponseHeaderHandler: [{ a: 1 }] },
  },
  files: only,
}, async (runner) => {
  const what = { params: { what: 'found' } };
  for (let i = 0; i < 2; i++) { // never in place
    const word = i ? 'lost' : 'found';
    assert.deepEqual(await ask(runner, 'whole', { params: { what: word } }), { statusCode: 404, headers: { 'X-A': 'a', 'X-B': 1 }, body: `Not ${word}` });
  }
  assert.deepEqual(await ask(runner, 'defaults'), { statusCode: 200, headers: {}, body: '' });
  assert.deepEqual(await ask(runner, 'merged', what), { statusCode: 200, headers: { 'X-A': 'second', 'X-C': 'kept' }, body: { deep: ['found', 5] } });
  assert.deepEqual(await ask(runner, 'body', what), { statusCode: 200, headers: {}, body: { list: ['found'], n: 1 } });
  assert.deepEqual(await ask(runner, 'status'), { statusCode: 302, headers: {}, body: '' });
  assert.deepEqual(await ask(runner, 'json', { payload: { b: 'c' } }), { statusCode: 201, headers: { 'X-A': 'a', 'Content-Type': 'application/json' }, body: { a: 'c' } });
  assert.deepEqual(await ask(runner, 'typed'), { statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body: 'text' });
  for (const [name, handler] of [['wrong', 'setResponseStatusCodeHandler'], ['far', 'setResponseStatusCodeHandler'], ['nameless', 'setResponseHeaderHandler']])
    assert.deepEqual(await ask(runner, name), error(500, `${handler}: a parameter is wrong (a status is a number from 100 to 999).`));
});

// As in String.prototype.replace, `$'` in a value stands for all that is behind the reference: a message of 40 KB could make
// gigabytes of it.
runnerTest('what `$` in a value stands for, and how much of it', {
  routes: { it: { setResponseBodyHandler: [`[$(what)]${'x'.repeat(20_000)}`] } },
  files: only,
}, async (runner) => {
  const behind = `]${'x'.repeat(20_000)}`;
  assert.equal((await ask(runner, 'it', { params: { what: "$$ $& $` $'" } })).body, `[$ $(what) [ ${behind}${behind}`);
  const long = 'y'.repeat(4_000_000);
  assert.equal((await ask(runner, 'it', { params: { what: long } })).body, `[${long}${behind}`);
  assert.deepEqual(await ask(runner, 'it', { params: { what: "$'".repeat(20_000) } }), error(500, 'Out of memory.'));
});

runnerTest('payloads that ought to be empty', {
  routes: Object.fromEntries([['it', 'validateEmptyRequestPayloadHandler'], ['json', { validateJsonRequestHandler: ['emptyPayload'] }]].map(([name, policy]) => [name, [policy, { setResponseBodyHandler: ['good'] }]])),
  files: only,
}, async (runner) => {
  for (const name of ['it', 'json']) {
    for (const message of [{}, { payload: null }, { payload: '' }, { payload: 0 }, { payload: false }])
      assert.equal((await ask(runner, name, message)).body, 'good', JSON.stringify(message));
    for (const payload of [{}, [], 'a', 1, true])
      assert.deepEqual(await ask(runner, name, { payload }), error(400, 'Request payload should be empty.'));
    assert.equal((await runner.ask(`{"name":"${name}","payload":1e999}`)).statusCode, 400);
  }
});

const schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  required: ['id'],
  properties: {
    id: { type: 'integer', minimum: 1 },
    tags: { type: 'array', items: { type: 'string', pattern: '^[a-z]+$' }, uniqueItems: true },
    when: { type: 'string', format: 'date' },
    slow: { type: 'string', pattern: '^(a+)+$' },
  },
  additionalProperties: false,
};
runnerTest('payloads by their schema', {
  routes: {
    save: ['validateJsonRequestHandler', { setResponseBodyHandler: ['good'] }],
    broken: 'validateJsonRequestHandler', none: 'validateJsonRequestHandler', wrong: 'validateJsonRequestHandler',
    on_error: { setResponseHeaderHandler: ['x-error', 'seen'] },
    catchall: 'validateJsonRequestHandler',
  },
  files: { ...only, 'schemas/save.json': JSON.stringify(schema), 'schemas/broken.json': '{', 'schemas/wrong.json': '{"type":5}', 'secret.json': '{}' },
}, async (runner) => {
  const client = await runner.connect();
  const save = (payload) => client.ask({ name: 'save', ...(payload === undefined ? {} : { payload }) });
  const letters = (number) => [...String(number)].map((digit) => 'abcdefghij'[digit]).join('');
  const many = { id: 1, tags: Array.from({ length: 100_000 }, (_, i) => letters(i)) };
  for (const payload of [{ id: 1 }, many, { id: 2, tags: ['a', 'b'], when: '2026-02-28' }, { id: 1, slow: 'aaaa' }]) assert.equal((await save(payload)).body, 'good');
  for (const [payload, details] of [
    [{}, /id/], [undefined, /payload: /], [[], /payload: /], [{ id: 0 }, /^id: /], [{ id: 1.5 }, /^id: /], [{ id: 1, tags: ['a', 'B'] }, /^tags\[1\]: .*pattern/i],
    [{ id: 1, tags: ['a', 'a'] }, /^tags: /], [{ id: 1, other: 1 }, /other/], [{ id: 1, when: '2026-13-01' }, /^when: /],
    [{ id: 1, slow: `${'a'.repeat(5000)}b` }, /^payload: A pattern takes too many steps$/],
    [{ id: 1, tags: Array.from({ length: 2000 }, (_, i) => i) }, /^tags\[0\]: .*; and more$/],
    [{ id: 1, tags: [`${'a'.repeat(1_000_000)}B`] }, /^tags\[0\]: /], // no matcher that calls itself for every character
    [JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`), /Nested more than 128 deep/],
  ]) {
    const { statusCode, body, headers } = await save(payload);
    assert.deepEqual([statusCode, body.statusCode, body.message, headers['x-error']], [400, 400, 'The payload does not fit its schema.', 'seen']);
    assert.match(body.details, details);
  }
  assert.match((await client.ask({ name: 'broken' })).body.message, /^schemas\/broken\.json: no JSON at byte 1: /);
  assert.match((await client.ask({ name: 'wrong' })).body.message, /^schemas\/wrong\.json: /);
  assert.equal((await client.ask({ name: 'none' })).body.message, 'schemas/none.json: No such file or directory');
  for (const name of ['../secret', '.hidden', 'a/b', '', 'x\0', 'y'.repeat(5000)])
    assert.match((await client.ask({ name })).body.message, /an event of this name has no schema$/);
  assert.equal((await save({ id: 1 })).body, 'good');
});

const padded = (length) => JSON.stringify(schema).padEnd(length);

runnerTest('a schema of up to 1 MiB', {
  routes: { most: ['validateJsonRequestHandler', { setResponseBodyHandler: ['good'] }], more: 'validateJsonRequestHandler' },
  files: { ...only, 'schemas/most.json': padded(1 << 20), 'schemas/more.json': padded((1 << 20) + 1) },
}, async (runner) => {
  assert.equal((await ask(runner, 'most', { payload: { id: 1 } })).body, 'good');
  assert.equal((await ask(runner, 'more', { payload: { id: 1 } })).body.message, 'schemas/more.json: larger than 1 MiB');
});

runnerTest('payloads that no schema is checked against', {
  routes: { text: 'validateJsonRequestHandler', read: ['readHandler', 'validateJsonRequestHandler'] },
  handlers: {
    readHandler(event) {
      if (event.payload === 'x') throw new Error('it is read');
    },
  },
  files: { 'schemas/text.json': '{"type":["string","number"]}', 'schemas/read.json': '{"type":["string","number"]}' },
}, async (runner) => {
  const client = await runner.connect();
  for (const name of ['text', 'read'])
    for (const payload of ['"\\ud800"', '[1,"\\udc00x"]']) {
      client.send(`{"name":"${name}","payload":${payload}}`);
      assert.match((await client.next()).body.details, /^payload: No schema is checked against half of a surrogate pair/);
    }
  client.send('{"name":"text","payload":1e999}');
  assert.match((await client.next()).body.details, /a number beyond/);
  client.send('{"name":"text","payload":"\\ud83d\\ude00"}');
  assert.equal((await client.next()).statusCode, 200);
});

runnerTest('a payload that JavaScript has changed', {
  routes: { save: ['fixHandler', 'validateJsonRequestHandler', 'showHandler'] },
  handlers: {
    fixHandler(event) {
      event.payload = { id: Number(event.payload) };
    },
    showHandler(event) {
      event.response = new Response(event.payload);
    },
  },
  files: { 'schemas/save.json': JSON.stringify(schema) },
}, async (runner) => {
  assert.deepEqual((await ask(runner, 'save', { payload: '7' })).body, { id: 7 });
  assert.equal((await ask(runner, 'save', { payload: 'x' })).statusCode, 400);
});

runnerTest('cross-origin headers', {
  routes: {
    same: { allowCrossOriginResourceSharingHandler: [true] },
    list: { allowCrossOriginResourceSharingHandler: [['http://a', 'http://b'], null, null, true, 5, 'X-Seen'] },
    pattern: { allowCrossOriginResourceSharingHandler: ['^https://\\w+\\.example\\.com$'] },
    off: { allowCrossOriginResourceSharingHandler: [false] },
    wrong: { allowCrossOriginResourceSharingHandler: ['('] },
    asked: ['optionsHandler', { allowCrossOriginResourceSharingHandler: [true, null, null, false, 600] }],
    told: ['optionsHandler', { allowCrossOriginResourceSharingHandler: [true, 'GET,PUT', 'X-Y'] }],
  },
  handlers: {
    optionsHandler(event) {
      event.method = 'options';
    },
  },
}, async (runner) => {
  const headersOf = async (name, headers) => (await ask(runner, name, { headers })).headers;
  const origin = 'https://app.example.com';
  assert.deepEqual(await headersOf('same', { origin }), { 'Access-Control-Allow-Origin': origin });
  assert.deepEqual(await headersOf('same', {}), {});
  assert.deepEqual(await headersOf('list', { origin }), {
    'Access-Control-Allow-Origin': 'http://a,http://b', 'Access-Control-Allow-Credentials': true, 'Access-Control-Expose-Headers': 'X-Seen',
  });
  assert.deepEqual(await headersOf('pattern', { origin }), { 'Access-Control-Allow-Origin': origin });
  assert.deepEqual(await headersOf('pattern', { origin: 'https://evil.com' }), {});
  assert.deepEqual(await headersOf('off', { origin }), {});
  const wrong = await ask(runner, 'wrong', { headers: { origin } });
  assert.deepEqual([wrong.statusCode, wrong.body.message], [500, 'allowCrossOriginResourceSharingHandler: no regular expression: (']);
  const wishes = { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'X-Z' };
  const allowed = (methods, names) => ({ 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Methods': methods, 'Access-Control-Allow-Headers': names });
  assert.deepEqual(await headersOf('asked', wishes), { ...allowed('PUT', 'X-Z'), 'Access-Control-Max-Age': 600 });
  assert.deepEqual(await headersOf('told', wishes), allowed('GET,PUT', 'X-Y'));
});

runnerTest('an application\'s own handler of the same name wins', {
  routes: { it: { setResponseBodyHandler: ['theirs'] } },
  handlers: {
    setResponseBodyHandler(event) {
      event.response = new Response('mine');
    },
  },
}, async (runner) => {
  assert.equal((await ask(runner, 'it')).body, 'mine');
});

runnerTest('the packages are imported without being installed', {
  imports: ['configurapi-handler-http', 'configurapi-handler-json'], routes: { it: { setResponseBodyHandler: ['here'] } }, files: only,
}, async (runner) => {
  assert.equal((await ask(runner, 'it')).body, 'here');
});

runnerTest('an installed package is the one that is meant', {
  imports: ['configurapi-handler-http'], routes: { it: { setResponseBodyHandler: ['theirs'] } },
  files: { ...only, 'node_modules/configurapi-handler-http/index.js': 'exports.setResponseBodyHandler = (event) => { event.response.body = "installed"; };' },
}, async (runner) => {
  assert.equal((await ask(runner, 'it')).body, 'installed');
});

runnerTest('JsonResponse and ListResponse', {
  routes: { json: 'jsonHandler', typed: 'typedHandler', list: 'listHandler', page: 'pageHandler' },
  prelude: "const { JsonResponse, ListResponse } = require('configurapi-handler-json');",
  handlers: {
    jsonHandler(event) {
      event.response = new JsonResponse({ a: 1 }, 201, { 'X-A': 'a' });
    },
    typedHandler(event) {
      event.response = new JsonResponse('x', undefined, { 'content-type': 'text/plain' });
    },
    listHandler(event) {
      event.response = new ListResponse([1, 2]);
    },
    pageHandler(event) {
      event.response = new ListResponse(['c'], 2, 30, 206, { 'X-A': 'a' });
    },
  },
}, async (runner) => {
  const json = { 'Content-Type': 'application/json' };
  assert.deepEqual(await ask(runner, 'json'), { statusCode: 201, headers: { 'X-A': 'a', ...json }, body: { a: 1 } });
  assert.deepEqual(await ask(runner, 'typed'), { statusCode: 200, headers: { 'content-type': 'text/plain' }, body: 'x' });
  assert.deepEqual(await ask(runner, 'list'), { statusCode: 200, headers: json, body: { start: 0, total: 2, items: [1, 2] } });
  assert.deepEqual(await ask(runner, 'page'), { statusCode: 206, headers: { 'X-A': 'a', ...json }, body: { start: 2, total: 30, items: ['c'] } });
});
