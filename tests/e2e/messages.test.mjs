// Of messages: what only the program promises, and what is too much for any engine.

import assert from 'node:assert/strict';
import { echoApp } from './support/app.mjs';
import { runnerTest } from './support/runner.mjs';

const app = {
  routes: { ...echoApp.routes, length: 'lengthHandler', quiet: 'quietHandler', fail: 'failHandler' },
  handlers: {
    ...echoApp.handlers,
    lengthHandler(event) {
      event.response = new Response(JSON.stringify(event.payload).length);
    },
    quietHandler() {},
    failHandler() {
      throw new Error('x');
    },
  },
};

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
