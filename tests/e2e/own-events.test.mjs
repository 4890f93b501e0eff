// An event's own properties, however a script looks at them. Each way is alone in its application, for the runner makes
// `id` and `correlationId` only where one of its scripts could tell.

import assert from 'node:assert/strict';
import { runnerTest } from './support/runner.mjs';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const KEYS = ['id', 'correlationId', 'params', 'name', 'request', 'response', 'identity', 'payload', 'method'];

const ways = {
  'a spread': '{ ...event }',
  'a spread behind others': '{ "it": 1, ...event }',
  'Object.assign()': 'Object.assign({}, event)',
  'Object.assign(), by another name': '(({ assign }) => assign({}, event))(Object)',
  'Object.keys()': 'pick(event, Object.keys(event))',
  'Object.entries()': 'new Map(Object.entries(event))',
  'Object.getOwnPropertyNames()': 'pick(event, Object.getOwnPropertyNames(event))',
  'Object.getOwnPropertyDescriptors()': 'Object.create(null, Object.getOwnPropertyDescriptors(event))',
  'Reflect.ownKeys()': 'pick(event, Reflect.ownKeys(event))',
  'for … in': '(() => { const all = []; for (const key in event) all.push(key); return pick(event, all); })()',
  'what is left of a pattern': '(({ ...rest }) => rest)(event)',
  'what is left behind others': '(({ version, ...rest }) => rest)(event)',
  'a Proxy': 'new Proxy(event, {})',
  'util.format()': 'require("util").format("%O", event).includes(`id: \'${event.id}\'`) ? event : {}',
  'hasOwnProperty()': 'event.hasOwnProperty("id") && event.hasOwnProperty("correlationId") ? event : {}',
};

function appOf(way) {
  const text = `
    const { Response } = require('configurapi');
    const pick = (from, keys) => new Map(keys.map((key) => [key, from[key]]));
    module.exports = {
      lookHandler(event) {
        const copy = ${way};
        const value = (key) => (copy instanceof Map ? copy.get(key) : copy[key]);
        event.response = new Response([value('id'), value('correlationId'), event.id, event.correlationId]);
      },
    };`;
  return { routes: { look: 'lookHandler' }, files: { 'handlers/app.js': text } };
}

for (const [name, way] of Object.entries(ways)) {
  runnerTest(`an event's id and correlation id are its own: ${name}`, appOf(way), async (runner) => {
    const client = await runner.connect();
    const { body } = await client.ask({ name: 'look' });
    assert.match(body[0], UUID);
    assert.deepEqual(body, [body[0], body[0], body[0], body[0]]);
    const told = (await client.ask({ name: 'look', headers: { 'correlation-id': 'told' } })).body;
    assert.deepEqual(told, [told[0], 'told', told[0], 'told']);
    const asked = (await client.ask({ name: 'look', query: { correlationid: 'asked' }, headers: { 'correlation-id': 'told' } })).body;
    assert.deepEqual(asked.slice(1), ['asked', asked[0], 'asked']);
    assert.equal(new Set([body[0], told[0], asked[0]]).size, 3);
  });
}

const later = {
  routes: { plain: 'plainHandler', look: 'lookHandler', json: 'jsonHandler' },
  handlers: {
    plainHandler(event) {
      event.response = new Response([event.id, event.correlationId]);
    },
    lookHandler(event) {
      event.response = new Response(require('./later.cjs')(event));
    },
    jsonHandler(event) {
      event.response = new Response(JSON.stringify(event, (key, value) => (key === 'request' || key === 'response' ? undefined : value)));
    },
  },
  files: { 'handlers/later.cjs': 'module.exports = (event) => Object.keys(event);' },
};

runnerTest('a script that is loaded later sees them in the events that come behind it', later, async (runner) => {
  const client = await runner.connect();
  const plain = (await client.ask({ name: 'plain' })).body;
  assert.match(plain[0], UUID);
  assert.equal(plain[1], plain[0]);
  const json = JSON.parse((await client.ask({ name: 'json' })).body);
  assert.match(json.id, UUID);
  assert.equal(json.correlationId, json.id);
  assert.deepEqual((await client.ask({ name: 'look' })).body.sort(), [...KEYS].sort(), 'the one that has loaded it, too');
  assert.deepEqual((await client.ask({ name: 'look' })).body, KEYS);
  const again = JSON.parse((await client.ask({ name: 'json' })).body);
  assert.deepEqual([again.correlationId, again.name], [again.id, 'json']);
});

runnerTest('a Proxy or a child of an event that was under way before such a script was loaded', {
  routes: { look: 'lookHandler' },
  handlers: {
    lookHandler(event) {
      event.response = new Response([event.id, ...require('./later.cjs')(event)]);
    },
  },
  files: { 'handlers/later.cjs': 'module.exports = (event) => [new Proxy(event, {}).id, Object.create(event).id, { ...event }.correlationId];' },
}, async (runner) => {
  const client = await runner.connect();
  for (let i = 0; i < 2; i++) {
    const { body } = await client.ask({ name: 'look' });
    assert.match(body[0], UUID);
    assert.deepEqual(body, Array(4).fill(body[0]));
  }
});

for (const [name, which] of Object.entries({ dot: 'event.id', brackets: 'event["id"]' })) {
  const text = `
    module.exports = {
      removeHandler(event) {
        const removed = delete ${which};
        event.response = { statusCode: 200, body: [removed, 'id' in event, typeof event.correlationId] };
      },
    };`;
  const app = { routes: { remove: 'removeHandler' }, files: { 'handlers/app.js': text } };
  runnerTest(`an id that a handler removes is gone: ${name}`, app, async (runner) => {
    const client = await runner.connect();
    assert.deepEqual((await client.ask({ name: 'remove' })).body, [true, false, 'string']);
  });
}

const changing = {
  routes: { change: ['changeHandler', 'lookHandler'], fail: ['changeHandler', 'failHandler'], late: 'lateHandler', on_error: 'errorHandler' },
  handlers: {
    changeHandler(event) {
      event.id = 'mine';
      return this.continue();
    },
    lookHandler(event) {
      event.response = new Response([event.id, event.correlationId, JSON.parse(JSON.stringify(event)).id, event.constructor.name]);
    },
    failHandler(event) {
      throw new Error(event.id);
    },
    async lateHandler(event) {
      event.correlationId = event.id;
      event.response = new Response([event.id, event.correlationId]);
      setTimeout(() => event.request.headers['push-function'](JSON.stringify(event.id)), 50);
    },
    errorHandler(event) {
      event.response = new Response([event.response.message, event.id, event.correlationId]);
    },
  },
};

// The same whether they are properties of its own or not.
for (const [kind, prelude] of Object.entries({ 'its own': 'const copy = (of) => ({ ...of });', 'made when looked at': '' })) {
  runnerTest(`an id that a handler changes, or looks at after the reply; the event has ${kind}`, { ...changing, prelude }, async (runner) => {
    const client = await runner.connect();
    const [id, correlationId, inJson, name] = (await client.ask({ name: 'change' })).body;
    assert.deepEqual([id, inJson, name], ['mine', 'mine', 'Event']);
    assert.match(correlationId, UUID);
    const failed = (await client.ask({ name: 'fail' })).body;
    assert.deepEqual(failed.slice(0, 2), ['mine', 'mine']);
    assert.match(failed[2], UUID);
    const late = (await client.ask({ name: 'late' })).body;
    assert.equal(late[1], late[0]);
    assert.equal(await client.next(), late[0]);
  });
}
