// Of messages: what only the program promises, and what is too much for any engine.

import assert from 'node:assert/strict';
import { echoApp } from './support/app.mjs';
import { runnerTest } from './support/runner.mjs';

const app = {
  routes: { ...echoApp.routes, length: 'lengthHandler', quiet: 'quietHandler', headers: 'headersHandler', fail: 'failHandler' },
  handlers: {
    ...echoApp.handlers,
    lengthHandler(event) {
      event.response = new Response(JSON.stringify(event.payload).length);
    },
    quietHandler() {},
    headersHandler(event) {
      const own = ['connection-id', 'push-function', 'postback-url'];
      event.response = new Response(Object.entries(event.request.headers).filter(([name]) => !own.includes(name)));
    },
    failHandler() {
      throw new Error('x');
    },
  },
};

runnerTest('a handler sees all headers, a message-id alone or with others', app, async (runner) => {
  const client = await runner.connect();
  const all = [
    '{"message-id":"a"}',
    '{"message-id": 1.50}',
    '{ "message-id":null}',
    '{"message-id" :{"message-id":"a"}}',
    '{"message-id":["a"]\t}',
    '{"Message-Id":"a"}',
    '{"message-id":"a","message-id":"b"}',
    '{"message-id":"a","Message-ID":"b"}',
    '{"x":"y","message-id":"é"}',
    '{"message-id":"a}","x":{}}',
    '{"message-id":"}"}',
    '{"message-id":"a","connection-id":"mine","postback-url":"mine"}',
    '{"__proto__":{"message-id":"a"}}',
    '{}',
  ];
  const twice = [...all, ...[...all].reverse()];
  for (const headers of twice) client.send(`{"headers":${headers},"name":"headers"}`);
  for (const headers of twice) {
    const { 'connection-id': id, 'postback-url': url, ...others } = JSON.parse(headers);
    assert.deepEqual((await client.next()).body, Object.entries(others), headers);
  }
});

runnerTest('a message-id is echoed as it came', app, async (runner) => {
  const client = await runner.connect();
  const ids = [
    '1.0',
    '1e2',
    '-0',
    '12345678901234567890',
    '0.10',
    '1E400',
    '"\\u0041"',
    '"\\/"',
    '"é😀"',
    '"\\ud83d\\ude00"',
    '"\\ud800"',
    '{ "a" : [ 1.50 , null ] }',
    '[]',
    'null',
    'true',
    '"two\\nlines"',
    '{"a":1,"a":2}',
  ];
  for (const id of ids) {
    for (const name of ['echo', 'nobody', 'fail']) {
      client.send(`{"name":"${name}","payload":0,"headers":{"message-id":${id}}}`);
      const reply = await client.nextText();
      assert.ok(reply.includes(`"message-id":${id}`), `${id} in ${reply.slice(0, 300)}`);
      JSON.parse(reply);
    }
    client.send(`{"name":5,"headers":{"MESSAGE-ID": ${id} }}`);
    const refusal = await client.nextText();
    assert.ok(refusal.includes(`"message-id":${id}`), refusal);
    assert.equal(JSON.parse(refusal).statusCode, 400);
  }
});

runnerTest('replies are valid UTF-8 and JSON whatever is echoed', app, async (runner) => {
  const client = await runner.connect();
  for (const payload of ['"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\u2028"', '"\\uffff"', '{"\\ud800":1}']) {
    client.send(`{"name":"echo","payload":${payload}}`);
    assert.deepEqual((await client.next()).body, JSON.parse(payload));
  }
});

const deep = (open, close, depth) => `{"name":"echo","payload":${open.repeat(depth)}1${close.repeat(depth)}}`;

runnerTest('nesting without end', app, async (runner) => {
  const bystander = await runner.connect();
  for (const depth of [1000, 100_000, 1_000_000]) {
    for (const [open, close] of [['[', ']'], ['{"a":', '}']]) {
      const client = await runner.connect();
      const reply = await client.ask(deep(open, close, depth));
      // The engine may not manage to write it; then that is an error like any other.
      assert.ok([200, 400, 500].includes(reply.statusCode), JSON.stringify(reply).slice(0, 300));
      if (depth === 1000) assert.equal(reply.statusCode, 200);
      await client.close();

      const unread = await runner.connect();
      assert.equal((await unread.ask(deep(open, close, depth).replace('echo', 'quiet'))).statusCode, 200, 'a payload that nobody reads');
      await unread.close();
    }
    const unbalanced = await runner.connect();
    assert.equal((await unbalanced.ask('['.repeat(depth))).statusCode, 501);
    await unbalanced.close();
  }
  assert.equal((await bystander.ask({ name: 'echo', payload: 'still served' })).body, 'still served');
});

runnerTest('a message of 16 MiB', app, async (runner) => {
  const client = await runner.connect();
  const payload = 'é'.repeat(8 * 1024 * 1024 - 100);
  assert.equal((await client.ask({ name: 'length', payload })).body, payload.length + 2);
});

const sayApp = {
  routes: { say: 'sayHandler', catchall: 'sayHandler' },
  handlers: {
    sayHandler(event) {
      const { name, params, payload, request } = event;
      const { headers, raw } = request;
      const given = Object.fromEntries(Object.entries(headers).filter(([key]) => key.startsWith('x')));
      event.response = new Response({ name, params, payload, raw, named: request.name, own: request.params, query: request.query, given });
    },
  },
};

runnerTest('messages that come together are each as they came', sayApp, async (runner) => {
  const client = await runner.connect();
  const choices = {
    name: ['"say"', '"s\\u0061y"', '"\\"é\\""', '""', 'null', undefined],
    params: ['{"a":1,"b":{"c":[null]}}', ' {"é":"😀"} ', '{}', 'null', undefined],
    query: ['{"a":2}', '{}', undefined],
    headers: ['{"x":"1","x-é":[{}]}', '{}', 'null', undefined],
    payload: ['"text"', '[1,{"two":2}]', '0', 'null', undefined, JSON.stringify('long '.repeat(5000))],
    nothing: ['{"params":{"a":5}}', undefined],
  };
  let count = 0;
  const pick = (list) => list[(count = (count * 1103515245 + 12345) % 2147483648) % list.length];
  const texts = Array.from({ length: 600 }, () => {
    const members = Object.entries(choices).map(([name, values]) => [name, pick(values)]).filter(([, value]) => value !== undefined);
    if (count % 5 === 0) members.unshift(['params', '{"first":true}'], ['payload', '"first"']); // the last one counts
    if (count % 3 === 0) members.reverse();
    return `{${members.map(([name, value]) => `"${name}": ${value}`).join(' ,')}}`;
  });
  texts.push('[1]', '"value"', 'not {json', '');
  for (const text of texts) client.send(text);
  for (const text of texts) {
    const { body } = await client.next();
    assert.deepEqual(body, expectedOf(text), text.slice(0, 300));
  }
});

function expectedOf(raw) {
  let message;
  try {
    message = JSON.parse(raw);
  } catch {
    message = raw;
  }
  if (typeof message !== 'object' || Array.isArray(message)) message = { payload: message };
  const { name, params, query, headers } = message;
  const all = { name: name ?? '', named: name ?? '', params: { ...params, ...query }, own: params ?? {}, query: query ?? {}, given: headers ?? {}, raw };
  return message.payload === undefined ? all : { ...all, payload: message.payload };
}

runnerTest('garbage of all kinds', app, async (runner) => {
  const client = await runner.connect();
  let seed = 1;
  const random = (limit) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % limit;
  };
  const sample = JSON.stringify({ name: 'echo', params: { a: [1, 2.5e3, 'x'] }, query: {}, payload: { é: '\u0001', t: true }, headers: { 'message-id': 'm' } });
  for (let i = 0; i < 2000; i++) {
    const characters = [...sample];
    for (let changes = 0; changes <= random(4); changes++) {
      const at = random(characters.length);
      const piece = ['', '{', '}', '"', '\\', ',', ':', '[', ']', '0', 'e', 'null', '\u0000', 'é', '😀', characters[random(characters.length)]][random(16)];
      characters.splice(at, random(2), piece);
    }
    const { statusCode } = await client.ask(characters.join(''));
    assert.ok([200, 400, 501].includes(statusCode), `${statusCode} for ${characters.join('')}`);
  }
});

runnerTest('bytes of all kinds', app, async (runner) => {
  const client = await runner.connect();
  for (let i = 0; i < 256; i++) {
    for (const bytes of [[i], [0x22, i, 0x22], [i, 0x80, 0x80, 0x80]]) {
      assert.equal((await client.ask(Buffer.from(bytes))).statusCode, 501);
    }
  }
});

runnerTest('what a handler keeps of a message stays as it came, whatever comes later', {
  routes: { keep: 'keepHandler', kept: 'keptHandler', catchall: 'keepHandler' },
  prelude: 'const kept = [];',
  handlers: {
    keepHandler({ request, payload }) {
      kept.push({ request, payload });
    },
    keptHandler(event) {
      event.response = new Response(kept.splice(0).map(({ request, payload }) => [request.raw, payload]));
    },
  },
}, async (runner) => {
  const client = await runner.connect();
  for (const length of [10, 20_000, 300_000]) {
    const texts = Array.from({ length: 8 }, (_, i) => {
      const letters = String.fromCharCode(97 + i).repeat(length);
      return i % 2 === 0 ? letters : `{"name":"keep","payload":"${letters}"}`;
    });
    for (const text of texts) {
      client.send(text);
      await client.next(); // one turn after another
    }
    const { body } = await client.ask({ name: 'kept' });
    assert.deepEqual(body, texts.map((text, i) => [text, i % 2 === 0 ? text : JSON.parse(text).payload]));
  }
});

runnerTest("an event's ids and its message through what stands in for it", {
  routes: { look: 'lookHandler', made: 'madeHandler', shown: 'shownHandler', write: 'writeHandler' },
  prelude: `
const { Event } = require('configurapi');
const util = require('util');
const shallow = (value) => Object.assign(Object.create(Object.getPrototypeOf(value)), value); // lodash.clone
const deep = (value) => { // lodash.cloneDeep
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.create(Object.getPrototypeOf(value));
  for (const key of Object.keys(value)) copy[key] = deep(value[key]);
  return copy;
};
const bound = (value) => new Proxy(value, { get: (target, key, receiver) => Reflect.get(target, key, receiver) });
`,
  handlers: {
    lookHandler(event) {
      const all = { proxy: new Proxy(event, {}), bound: bound(event), twice: new Proxy(new Proxy(event, {}), {}), child: Object.create(event), shallow: shallow(event), deep: deep(event) };
      const seen = {};
      for (const [name, each] of Object.entries(all))
        seen[name] = [each.id ?? null, each.correlationId ?? null, each.resolve('$(x)'), each.request.raw ?? null, `${each}`];
      seen.event = [event.id, event.correlationId, event.resolve('$(x)'), event.request.raw, `${event}`];
      seen.request = [Object.create(event.request).raw, new Proxy(event.request, {}).raw ?? null, shallow(event.request).raw ?? null];
      seen.json = JSON.parse(JSON.stringify(event)).id;
      seen.inJson = Object.keys(JSON.parse(JSON.stringify(event))).slice(0, 2);
      seen.prototypes = [Event.prototype.id ?? null, Event.prototype.correlationId ?? null, Request.prototype.raw ?? null];
      event.response = new Response(seen);
    },
    writeHandler(event) {
      const [proxy, child, copy] = [new Proxy(event, {}), Object.create(event), deep(event)];
      const first = event.id;
      child.id = 'child';
      copy.id = 'copy';
      copy.correlationId = 'copied';
      const before = event.id === first;
      proxy.id = 'proxy';
      proxy.correlationId = 'correlated';
      event.response = new Response([before, event.id, event.correlationId, child.id, copy.id, copy.correlationId, JSON.parse(JSON.stringify(event)).id]);
    },
    shownHandler(event) {
      const early = util.inspect(event);
      event.circle = event;
      const shown = util.inspect(event, { depth: null });
      delete event.circle;
      event.extra = 1;
      const late = util.inspect(event);
      event.response = new Response([event.id, early, shown, late, util.inspect({ in: event }, { depth: 0 }), Object.keys(event)]);
    },
    madeHandler(event) {
      const request = new Request('get');
      request.headers = { 'correlation-id': 'said' };
      const made = new Event(request);
      const other = new Event(event.request);
      event.response = new Response([
        Object.keys(made).slice(0, 2), { ...made }.id === made.id, { ...made }.correlationId, deep(made).id === made.id, new Proxy(made, {}).id === made.id,
        util.inspect(made).includes(`id: '${made.id}'`), other.id !== event.id, other.correlationId === other.id, new Proxy(event, {}).id === event.id,
      ]);
    },
  },
}, async (runner) => {
  const client = await runner.connect();
  const message = { name: 'look', params: { x: 'y' }, headers: { 'correlation-id': 'c' } };
  const { body } = await client.ask(message);
  const { event } = body;
  assert.match(event[0], /^[0-9a-f-]{36}$/);
  assert.deepEqual(event.slice(1, 3), ['c', 'y']);
  assert.deepEqual(JSON.parse(event[3]).params, { x: 'y' });
  for (const name of ['proxy', 'bound', 'twice', 'child', 'shallow']) assert.deepEqual(body[name], event, name);
  assert.deepEqual(body.deep, [event[0], 'c', 'y', null, event[4]], 'only the message is not its own');
  assert.deepEqual(body.request, [event[3], null, null]);
  assert.deepEqual([body.json, body.inJson, body.prototypes], [event[0], ['id', 'correlationId'], [null, null, null]]);
  const { proxy } = (await client.ask({ name: 'look' })).body;
  assert.equal(proxy[1], proxy[0], 'where the message says none');

  assert.deepEqual((await client.ask({ name: 'write' })).body, [true, 'proxy', 'correlated', 'child', 'copy', 'copied', 'proxy']);

  const [id, early, shown, late, within, keys] = (await client.ask({ name: 'shown' })).body;
  assert.ok(early.startsWith(`Event {\n  id: '${id}',\n  correlationId: '${id}',\n  params: {}`), early);
  assert.match(shown, /^<ref \*1> Event \{[^]*circle: \[Circular \*1\]/);
  assert.ok(!late.includes('circle') && late.includes('extra: 1'), late);
  assert.equal(within, '{ in: [Event] }');
  assert.deepEqual([keys[0], keys[1], keys.at(-1)], ['id', 'correlationId', 'extra']);

  assert.deepEqual((await client.ask({ name: 'made' })).body, [['id', 'correlationId'], true, 'said', true, true, true, true, true, true]);
  await client.close();
});
