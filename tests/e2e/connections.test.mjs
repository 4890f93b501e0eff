// A connection's life: on_connect before the handshake is answered, on_disconnect however it ends, and vanishing at any point.

import assert from 'node:assert/strict';
import { echoApp } from './support/app.mjs';
import { closePayload, frame, opcodes, text, upgradeRequest } from './support/raw.mjs';
import { runnerTest } from './support/runner.mjs';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * on_connect does what the query says; events are noted and can be waited for: `await` answers once so many disconnects were seen.
 * Connections have the query's `label`.
 */
const app = {
  routes: {
    on_connect: 'connectHandler',
    on_disconnect: 'disconnectHandler',
    echo: 'echoHandler',
    id: 'idHandler',
    hold: 'holdHandler',
    letGo: 'letGoHandler',
    await: 'awaitHandler',
    waiting: 'waitingHandler',
    big: 'bigHandler',
  },
  prelude: `
const held = [];
const seen = [];
const watchers = [];
let connecting = 0;
let holding = 0;
const check = () => watchers.forEach((watch) => watch());
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
`,
  handlers: {
    async connectHandler(event) {
      const { wait: mode, label, refuse } = event.params;
      connecting++;
      check();
      event.identity = { label };
      if (mode === 'tick') await null;
      if (mode === 'timer') await wait(5);
      if (mode === 'held') await new Promise((resolve) => held.push(resolve));
      if (mode === 'pushes') for (const word of ['one', 'two']) await event.request.headers['push-function'](word);
      if (refuse) event.response = new Response('', 403);
    },
    disconnectHandler(event) {
      seen.push({ label: event.identity?.label, ...event.payload });
      check();
    },
    echoHandler(event) {
      event.response = new Response(event.payload);
    },
    idHandler(event) {
      event.response = new Response({ id: event.id, connection: event.request.headers['connection-id'] });
    },
    async holdHandler(event) {
      holding++;
      check();
      await new Promise((resolve) => held.push(resolve));
      event.response = new Response('let go');
    },
    letGoHandler(event) {
      event.response = new Response(held.splice(0).map((resolve) => resolve()).length);
    },
    /** Answers with the disconnects of a label once there are `count`. */
    awaitHandler(event) {
      const { count, label } = event.params;
      return new Promise((resolve) => {
        watchers.push(() => {
          const mine = seen.filter((one) => label === undefined || one.label === label);
          if (mine.length < count) return;
          event.response = new Response(mine);
          resolve();
        });
        check();
      });
    },
    /** Answers once so many on_connects, or holds, have started. */
    waitingHandler(event) {
      return new Promise((resolve) => {
        watchers.push(() => {
          if (connecting < (event.params.connecting ?? 0) || holding < (event.params.holding ?? 0)) return;
          event.response = new Response({ connecting, holding });
          resolve();
        });
        check();
      });
    },
    bigHandler(event) {
      event.response = new Response('x'.repeat(1000000));
    },
  },
};

const disconnects = async (client, count, label) => (await client.ask({ name: 'await', params: { count, label } })).body;

runnerTest('connection ids and event ids are UUIDs, each its own', app, async (runner) => {
  const ids = new Set();
  const events = new Set();
  for (let i = 0; i < 50; i++) {
    const client = await runner.connect();
    const [first, second] = [(await client.ask({ name: 'id' })).body, (await client.ask({ name: 'id' })).body];
    assert.match(first.connection, uuid);
    assert.match(first.id, uuid);
    assert.equal(first.connection, second.connection);
    ids.add(first.connection);
    events.add(first.id).add(second.id);
    await client.close();
  }
  assert.equal(ids.size, 50);
  assert.equal(events.size, 100);
});

for (const mode of ['none', 'tick', 'timer', 'held']) {
  runnerTest(`messages sent with the upgrade request wait for on_connect (${mode})`, app, async (runner) => {
    const helper = await runner.connect();
    const client = await runner.connectRaw();
    const early = Buffer.concat([text({ name: 'echo', payload: 1 }), text({ name: 'echo', payload: 2 }), frame(opcodes.ping, 'early')]);
    client.write(Buffer.concat([Buffer.from(upgradeRequest({ path: `/?wait=${mode}` })), early]));
    await helper.ask({ name: 'waiting', params: { connecting: 2 } });
    if (mode === 'held') await helper.ask({ name: 'letGo' });
    await client.upgraded();
    const frames = [await client.frame(), await client.frame(), await client.frame()];
    const bodies = frames.filter(({ opcode }) => opcode === opcodes.text).map(({ payload }) => JSON.parse(payload).body);
    assert.deepEqual(bodies, [1, 2]);
    assert.equal(frames.find(({ opcode }) => opcode === opcodes.pong).payload.toString(), 'early');
    await client.destroy();
  });
}

runnerTest('half a frame sent with the upgrade request', app, async (runner) => {
  const message = text({ name: 'echo', payload: 'in two halves' });
  for (const mode of ['none', 'timer']) {
    const client = await runner.connectRaw();
    await client.upgrade({ path: `/?wait=${mode}` }, message.subarray(0, 10));
    client.write(message.subarray(10));
    assert.equal((await client.next()).body, 'in two halves');
    await client.destroy();
  }
});

runnerTest('a megabyte sent while on_connect still waits', app, async (runner) => {
  const helper = await runner.connect();
  const client = await runner.connectRaw();
  const payload = 'x'.repeat(1_000_000);
  client.write(Buffer.concat([Buffer.from(upgradeRequest({ path: '/?wait=held' })), text({ name: 'echo', payload })]));
  await helper.ask({ name: 'waiting', params: { connecting: 2 } });
  await helper.ask({ name: 'letGo' });
  await client.upgraded();
  assert.equal((await client.next()).body.length, payload.length);
  await client.destroy();
});

runnerTest('pushes of on_connect come first, then the replies', app, async (runner) => {
  const client = await runner.connectRaw();
  await client.upgrade({ path: '/?wait=pushes' }, text({ name: 'echo', payload: 'reply' }));
  const frames = [await client.frame(), await client.frame(), await client.frame()].map(({ payload }) => payload.toString());
  assert.deepEqual(frames.slice(0, 2), ['one', 'two']);
  assert.equal(JSON.parse(frames[2]).body, 'reply');
  await client.destroy();
});

runnerTest('a refusal is a whole handshake and then 1008', app, async (runner) => {
  const client = await runner.connectRaw();
  const response = await client.upgrade({ path: '/?refuse=1' }, text({ name: 'echo', payload: 'never answered' }));
  assert.equal(response.status, 101);
  const { opcode, payload } = await client.frame();
  assert.equal(opcode, opcodes.close);
  assert.deepEqual(payload, closePayload(1008, 'Policy Violation'));
  client.write(frame(opcodes.close, closePayload(1008)));
  await assert.rejects(client.frame(), /closed the socket/);
});

runnerTest('a refused client that does not answer the close is let go', { ...app, args: ['--handshake-timeout', '200ms', '--ping-interval', '100ms'] }, async (runner) => {
  const client = await runner.connectRaw();
  await client.upgrade({ path: '/?refuse=1' });
  assert.equal((await client.closeFrame()).code, 1008);
  await client.rest();
});

/** A client of that label does something and goes; what on_disconnect saw of it. */
async function seenOf(runner, go) {
  const watcher = await runner.connect();
  const client = await runner.connectRaw();
  await client.upgrade({ path: '/?label=it' });
  await go(client);
  const seen = await disconnects(watcher, 1, 'it');
  assert.equal(seen.length, 1);
  const { label, ...payload } = seen[0];
  return payload;
}

const goodbyes = [
  ['a code and a reason', (client) => client.write(frame(opcodes.close, closePayload(4001, 'bye, é'))), { code: 4001, reason: 'bye, é' }],
  ['a code', (client) => client.write(frame(opcodes.close, closePayload(1001))), { code: 1001, reason: '' }],
  ['a close without a code', (client) => client.write(frame(opcodes.close)), { code: 1005, reason: '' }],
  ['an end without a close', (client) => client.socket.end(), { code: 1006, reason: '' }],
  ['a reset', (client) => client.reset(), { code: 1006, reason: '' }],
  ['an end inside a frame', (client) => client.socket.end(text('x'.repeat(100)).subarray(0, 50)), { code: 1006, reason: '' }],
  ['an end inside a message', (client) => client.socket.end(frame(opcodes.text, 'x', { final: false })), { code: 1006, reason: '' }],
  ['a close and a reset', (client) => (client.write(frame(opcodes.close, closePayload(1000, 'and gone'))), client.closeFrame().then(() => client.reset())), { code: 1000, reason: 'and gone' }],
];
for (const [name, go, expected] of goodbyes) {
  runnerTest(`on_disconnect after ${name}`, app, async (runner) => {
    assert.deepEqual(await seenOf(runner, go), expected);
  });
}

runnerTest('on_disconnect runs once, after a protocol error too', app, async (runner) => {
  const watcher = await runner.connect();
  for (const label of ['a', 'b', 'c']) {
    const client = await runner.connectRaw();
    await client.upgrade({ path: `/?label=${label}` });
    client.write(frame(3, 'no such opcode'));
    assert.equal((await client.closeFrame()).code, 1002);
    client.write(frame(opcodes.close, closePayload(1002)));
    await client.rest();
  }
  assert.deepEqual((await disconnects(watcher, 3)).map(({ label }) => label), ['a', 'b', 'c']);
});

runnerTest('on_disconnect runs once for each of a hundred', app, async (runner) => {
  const watcher = await runner.connect();
  const clients = await Promise.all(Array.from({ length: 100 }, (_, i) => runner.connect({ path: `/?label=l${i}` })));
  await Promise.all(clients.map((client, i) => (i % 3 === 0 ? client.terminate() : client.close(i % 3 === 1 ? 1000 : undefined))));
  const seen = await disconnects(watcher, 100);
  assert.equal(seen.length, 100);
  assert.equal(new Set(seen.map(({ label }) => label)).size, 100);
  for (const { label, code } of seen) assert.equal(code, [1006, 1000, 1005][Number(label.slice(1)) % 3]);
});

// Clients that vanish with a reset, at every stage of a connection's life.

const message = text({ name: 'hold' });
const stages = {
  'before a byte': async () => {},
  'inside the request': async (client) => client.write(upgradeRequest().slice(0, 60)),
  'right behind the request': async (client) => client.write(upgradeRequest()),
  'while on_connect waits': async (client, helper, round) => {
    client.write(upgradeRequest({ path: '/?wait=held' }));
    await helper.ask({ name: 'waiting', params: { connecting: 2 + round } });
  },
  'while on_connect waits, with messages sent': async (client, helper, round) => {
    client.write(Buffer.concat([Buffer.from(upgradeRequest({ path: '/?wait=held' })), message, message]));
    await helper.ask({ name: 'waiting', params: { connecting: 2 + round } });
  },
  'behind the handshake': async (client) => client.upgrade(),
  'inside a frame header': async (client) => {
    await client.upgrade();
    client.write(message.subarray(0, 1));
  },
  'inside a frame': async (client) => {
    await client.upgrade();
    client.write(message.subarray(0, 10));
  },
  'inside a message': async (client) => {
    await client.upgrade();
    client.write(frame(opcodes.text, '{"name":', { final: false }));
  },
  'while a handler waits': async (client, helper, round) => {
    await client.upgrade();
    client.write(message);
    await helper.ask({ name: 'waiting', params: { holding: 1 + round } });
  },
  'while three handlers wait and a fourth message is half there': async (client, helper, round) => {
    await client.upgrade();
    client.write(Buffer.concat([message, message, message, message.subarray(0, 7)]));
    await helper.ask({ name: 'waiting', params: { holding: 3 * (1 + round) } });
  },
  'with a megabyte of replies unread': async (client) => {
    await client.upgrade();
    client.socket.pause();
    client.write(text({ name: 'big' }));
  },
  'behind its close': async (client) => {
    await client.upgrade();
    client.write(frame(opcodes.close, closePayload(1000)));
  },
  'refused': async (client) => client.upgrade({ path: '/?refuse=1' }),
};

for (const [name, reach] of Object.entries(stages)) {
  runnerTest(`resets: ${name}`, app, async (runner) => {
    const helper = await runner.connect();
    const bystander = await runner.connect();
    for (let round = 0; round < 10; round++) {
      const client = await runner.connectRaw();
      await reach(client, helper, round);
      await client.reset();
      assert.equal((await bystander.ask({ name: 'echo', payload: round })).body, round);
    }
    await helper.ask({ name: 'letGo' });
    for (let i = 0; i < 20; i++) assert.equal((await bystander.ask({ name: 'echo', payload: i })).body, i);
    assert.equal((await runner.ask({ name: 'echo', payload: 'a new one' })).body, 'a new one');
  });
}

runnerTest('1,000 connections', echoApp, async (runner) => {
  const clients = [];
  for (let i = 0; i < 1000; i += 50) clients.push(...(await Promise.all(Array.from({ length: 50 }, () => runner.connect()))));
  for (let round = 0; round < 2; round++) {
    const replies = await Promise.all(clients.map((client, i) => client.ask({ name: 'echo', payload: i, headers: { 'message-id': i } })));
    replies.forEach((reply, i) => assert.deepEqual(reply, { statusCode: 200, headers: { 'message-id': i }, body: i }));
  }
  await Promise.all(clients.map((client) => client.close()));
  assert.equal((await runner.ask({ name: 'echo', payload: 'one more' })).body, 'one more');
});

const oddApp = {
  routes: { on_connect: 'oddHandler', odd: 'oddHandler', echo: 'echoHandler' },
  handlers: {
    oddHandler(event) {
      const { odd } = event.params;
      if (odd) event.response = { statusCode: 200, headers: { toJSON: () => JSON.parse(odd) }, body: 'b' };
    },
    echoHandler(event) {
      event.response = new Response(event.payload);
    },
  },
};

runnerTest('headers that are no object when they are written', oddApp, async (runner) => {
  for (const odd of ['null', '[]', '"x"', '7']) {
    const refused = await runner.connectRaw();
    await refused.upgrade({ path: `/?odd=${encodeURIComponent(odd)}` });
    assert.equal((await refused.closeFrame()).code, 1008, odd);
    await refused.destroy();
    const client = await runner.connect();
    const reply = await client.ask({ name: 'odd', params: { odd }, headers: { 'message-id': 1 } });
    assert.deepEqual([reply.statusCode, reply.headers['message-id']], [500, 1], odd);
    assert.equal((await client.ask({ name: 'echo', payload: 'alive' })).body, 'alive');
    await client.close();
  }
  const good = await runner.ask({ name: 'odd', params: { odd: '{"a":"b"}' }, headers: { 'message-id': 1 } });
  assert.deepEqual(good, { statusCode: 200, headers: { 'message-id': 1, a: 'b' }, body: 'b' });
});

runnerTest("a Close that came with what made us close is the peer's own", {
  args: ['--max-buffered', '64k'],
  routes: { flood: 'floodHandler', on_disconnect: 'goneHandler' },
  handlers: {
    floodHandler(event) {
      for (let i = 0; i < 40; i++) event.request.headers['push-function']('x'.repeat(10_000)).catch(() => {});
    },
    goneHandler(event) {
      console.log('gone', event.payload.code, event.payload.reason);
    },
  },
}, async (runner) => {
  const client = await runner.connectRaw();
  await client.upgrade();
  client.write(Buffer.concat([text({ name: 'flood' }), frame(opcodes.close, closePayload(4321, 'enough'))]));
  assert.equal((await client.closeFrame()).code, 1013);
  await client.rest(); // at once: there is no answer to wait for
  await runner.output('stdout', /^gone 4321 enough$/m);
});

// The kernel tells of the bytes, of room and of the reset in one.
const lastWords = {
  routes: { fill: 'fillHandler', block: 'blockHandler', note: 'noteHandler', noted: 'notedHandler', on_disconnect: 'endHandler' },
  prelude: 'const noted = [];',
  handlers: {
    async fillHandler(event) {
      event.request.headers['push-function']('x'.repeat(32 << 20)).catch(() => {});
    },
    blockHandler(event) {
      for (const end = Date.now() + event.payload; Date.now() < end; );
    },
    noteHandler() {
      noted.push('last');
    },
    endHandler(event) {
      noted.push(event.payload.code);
    },
    notedHandler(event) {
      event.response = new Response(noted);
    },
  },
};
runnerTest('what a client said last is heard, though it has read nothing and is reset', { ...lastWords, args: ['--high-water-mark', '256m', '--max-buffered', '256m'] }, async (runner) => {
  const other = await runner.connect();
  const client = await runner.connectRaw();
  await client.upgrade();
  client.socket.pause();
  client.write(text({ name: 'fill' }));
  await other.ask({ name: 'noted' });
  await new Promise((resolve) => setTimeout(resolve, 200)); // the kernel's buffers are full, and more waits
  other.send({ name: 'block', payload: 400 });
  await new Promise((resolve) => setTimeout(resolve, 100));
  client.write(Buffer.concat([text({ name: 'note' }), frame(opcodes.close, closePayload(1000, ''))]));
  await new Promise((resolve) => setTimeout(resolve, 50));
  client.reset();
  await other.next();
  const due = Date.now() + 5000;
  let noted = [];
  while (noted.length < 2 && Date.now() < due) noted = (await other.ask({ name: 'noted' })).body;
  assert.deepEqual(noted, ['last', 1000]);
});
