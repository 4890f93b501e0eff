// The wire: what is answered to requests, frames and closes of every kind, and what on_disconnect hears of it.

import assert from 'node:assert/strict';
import { echoApp } from './support/app.mjs';
import { closePayload, frame, opcodes, text, upgradeRequest } from './support/raw.mjs';
import { runnerTest } from './support/runner.mjs';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

async function answerTo(runner, request) {
  const client = await runner.connectRaw();
  client.write(request);
  const answer = await client.response();
  await client.rest();
  client.socket.destroy();
  return answer;
}

runnerTest('requests that are no upgrade', echoApp, async (runner) => {
  const plain = await answerTo(runner, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n');
  assert.equal(plain.status, 426);
  assert.equal(plain.headers.upgrade.toLowerCase(), 'websocket');

  const post = await answerTo(runner, 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n');
  assert.equal(post.status, 405);
  assert.equal(post.headers.allow, 'GET');

  for (const bad of ['nonsense\r\n\r\n', 'GET / HTTP/1.1\r\nHost : h\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n', 'GET / HTTP/1.1\nHost: h\n\n'])
    assert.equal((await answerTo(runner, bad)).status, 400, JSON.stringify(bad));

  assert.equal((await answerTo(runner, upgradeRequest({ headers: { 'Sec-WebSocket-Version': '12' } }))).headers['sec-websocket-version'], '13');
  assert.equal((await answerTo(runner, upgradeRequest({ headers: { 'Sec-WebSocket-Key': 'short' } }))).status, 400);
  assert.equal((await answerTo(runner, upgradeRequest({ path: `/${'x'.repeat(9000)}` }))).status, 414);
  assert.equal((await answerTo(runner, upgradeRequest({ headers: { 'X-Long': 'x'.repeat(17000) } }))).status, 431);
  assert.equal((await runner.ask({ name: 'echo', payload: 'alive' })).body, 'alive');
});

runnerTest(
  'every connection has an id of its own, the same for all its events',
  {
    routes: { id: 'idHandler' },
    handlers: {
      idHandler(event) {
        event.response = new Response(event.request.headers['connection-id']);
      },
    },
  },
  async (runner) => {
    const ids = [];
    for (let i = 0; i < 3; i++) {
      const client = await runner.connect();
      const [first, second] = [await client.ask({ name: 'id' }), await client.ask({ name: 'id', headers: { 'connection-id': 'mine' } })];
      assert.match(first.body, uuid);
      assert.equal(second.body, first.body);
      ids.push(first.body);
      await client.close();
    }
    assert.equal(new Set(ids).size, 3);
  },
);

runnerTest('a message cut at every byte, and in fragments', echoApp, async (runner) => {
  const message = JSON.stringify({ name: 'echo', payload: 'zwölf ☃ 𝄞' });
  const client = await runner.connectRaw();
  await client.upgrade();
  const bytes = text(message);
  for (let cut = 1; cut < bytes.length; cut++) {
    await client.writePieces([bytes.subarray(0, cut), bytes.subarray(cut)]);
    assert.equal(JSON.parse((await client.frame()).payload).body, 'zwölf ☃ 𝄞');
  }
  const half = Buffer.from(message);
  client.write(Buffer.concat([
    frame(opcodes.text, half.subarray(0, 30), { final: false }),
    frame(opcodes.ping, 'amid'),
    frame(opcodes.continuation, '', { final: false }),
    frame(opcodes.continuation, half.subarray(30)),
  ]));
  const pong = await client.frame();
  assert.equal(pong.opcode, opcodes.pong);
  assert.equal(pong.payload.toString(), 'amid');
  assert.equal(JSON.parse((await client.frame()).payload).body, 'zwölf ☃ 𝄞');
  client.socket.destroy();
});

runnerTest('frames in the same packet as the upgrade', echoApp, async (runner) => {
  const client = await runner.connectRaw();
  await client.upgrade({}, Buffer.concat([text({ name: 'echo', payload: 1 }), text({ name: 'echo', payload: 2 })]));
  assert.equal(JSON.parse((await client.frame()).payload).body, 1);
  assert.equal(JSON.parse((await client.frame()).payload).body, 2);
  client.socket.destroy();
});

runnerTest('what breaks the protocol is closed with its code', { ...echoApp, args: ['--max-payload', '1k'] }, async (runner) => {
  const cases = {
    'an unmasked frame': [frame(opcodes.text, 'x', { masked: false }), 1002],
    'a reserved bit': [frame(opcodes.text, 'x', { reserved: 4 }), 1002],
    'an unknown opcode': [frame(3, 'x'), 1002],
    'a fragmented ping': [frame(opcodes.ping, 'x', { final: false }), 1002],
    'a long ping': [frame(opcodes.ping, 'x'.repeat(126)), 1002],
    'a length in a longer form': [frame(opcodes.text, 'x', { lengthBytes: 2 }), 1002],
    'a continuation of nothing': [frame(opcodes.continuation, 'x'), 1002],
    'a close code that may not be sent': [frame(opcodes.close, closePayload(1005)), 1002],
    'half a close code': [frame(opcodes.close, 'x'), 1002],
    'text that is not UTF-8': [frame(opcodes.text, Buffer.from([0xc0, 0xaf])), 1007],
    'a close reason that is not UTF-8': [frame(opcodes.close, Buffer.from([0x03, 0xe8, 0xff])), 1007],
    'a message over the limit': [frame(opcodes.text, 'x'.repeat(1025)), 1009],
    'a length over the limit, before its bytes': [frame(opcodes.text, '', { length: 1n << 40n }), 1009],
  };
  for (const [name, [bytes, code]] of Object.entries(cases)) {
    const client = await runner.connectRaw();
    await client.upgrade();
    client.write(bytes);
    const close = await client.frame();
    assert.equal(close.opcode, opcodes.close, name);
    assert.equal(close.payload.readUInt16BE(), code, name);
    await client.rest();
    client.socket.destroy();
  }
  assert.equal((await runner.ask({ name: 'echo', payload: 'alive' })).body, 'alive');
});

const disconnectApp = {
  routes: { on_disconnect: 'goneHandler', ends: 'endsHandler', wait: 'waitHandler' },
  prelude: 'const ends = []; let wake = () => {};',
  handlers: {
    goneHandler(event) {
      ends.push([event.payload.code, event.payload.reason]);
      wake();
    },
    async endsHandler(event) {
      while (ends.length < event.payload) await new Promise((resolve) => (wake = resolve));
      event.response = new Response(ends.splice(0));
    },
    waitHandler() {
      return new Promise(() => {});
    },
  },
};

runnerTest('what on_disconnect hears', { ...disconnectApp, args: ['--drain-timeout', '100ms'] }, async (runner) => {
  const watcher = await runner.connect();
  const ended = async () => (await watcher.ask({ name: 'ends', payload: 1 })).body[0];

  await (await runner.connect()).close(4000, 'enough');
  assert.deepEqual(await ended(), [4000, 'enough']);

  const silent = await runner.connectRaw();
  await silent.upgrade();
  silent.write(frame(opcodes.close));
  assert.equal((await silent.frame()).payload.length, 0);
  assert.deepEqual(await ended(), [1005, '']);

  for (const vanish of [(socket) => socket.resetAndDestroy(), (socket) => socket.end()]) {
    const client = await runner.connectRaw();
    await client.upgrade();
    client.write(text({ name: 'wait' }));
    vanish(client.socket);
    assert.deepEqual(await ended(), [1006, '']);
  }
  await watcher.close();
});

runnerTest(
  'on_connect refuses with 1008, and its body is never sent',
  {
    routes: { on_connect: 'guardHandler', on_disconnect: 'goneHandler', count: 'countHandler' },
    prelude: 'let gone = 0;',
    handlers: {
      async guardHandler(event) {
        await null;
        if (event.request.query.token !== 'good') event.response = new ErrorResponse('no', 401);
      },
      goneHandler() {
        gone++;
      },
      countHandler(event) {
        event.response = new Response(gone);
      },
    },
  },
  async (runner) => {
    const refused = await runner.connectRaw();
    await refused.upgrade({ path: '/?token=bad' });
    const close = await refused.frame();
    assert.equal(close.opcode, opcodes.close);
    assert.deepEqual([close.payload.readUInt16BE(), close.payload.subarray(2).toString()], [1008, 'Policy Violation']);
    refused.write(frame(opcodes.close, closePayload(1008)));
    await refused.rest();

    const early = await runner.connectRaw();
    await early.upgrade({ path: '/?token=good' }, text({ name: 'count' }));
    assert.equal(JSON.parse((await early.frame()).payload).body, 0);
    early.socket.destroy();
  },
);

runnerTest(
  '--max-in-flight holds back what is above it, and starts in order',
  {
    args: ['--max-in-flight', '2'],
    routes: { hold: 'holdHandler', state: 'stateHandler', release: 'releaseHandler' },
    prelude: 'const started = []; const waiting = [];',
    handlers: {
      holdHandler(event) {
        started.push(event.payload);
        return new Promise((resolve) => waiting.push(resolve)).then(() => (event.response = new Response(event.payload)));
      },
      stateHandler(event) {
        event.response = new Response([...started]);
      },
      releaseHandler(event) {
        waiting.shift()();
      },
    },
  },
  async (runner) => {
    const other = await runner.connect();
    const client = await runner.connect();
    for (let i = 0; i < 5; i++) client.send({ name: 'hold', payload: i });
    let state = [];
    while (state.length < 2) state = (await other.ask({ name: 'state' })).body;
    for (let released = 0; released < 5; released++) {
      assert.deepEqual(state, [0, 1, 2, 3, 4].slice(0, Math.min(5, released + 2)));
      await other.ask({ name: 'release' });
      assert.equal((await client.next()).body, released);
      const expected = Math.min(5, released + 3);
      while (state.length < expected) state = (await other.ask({ name: 'state' })).body;
    }
    await client.close();
    await other.close();
  },
);

for (const signal of ['SIGTERM', 'SIGINT']) {
  runnerTest(
    `${signal}: 1001 to everybody, on_disconnect for each, exit 0`,
    {
      routes: { echo: 'echoHandler', on_disconnect: 'goneHandler' },
      handlers: {
        ...echoApp.handlers,
        async goneHandler(event) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          console.log('gone', event.payload.code);
        },
      },
    },
    async (runner) => {
      const clients = await Promise.all(Array.from({ length: 20 }, () => runner.connect()));
      await runner.stop(signal);
      for (const client of clients) assert.deepEqual(await client.closed, { code: 1001, reason: 'Going away' });
      assert.equal(runner.stdout.match(/gone 1001/g).length, 20);
    },
  );
}

runnerTest('a handler that never ends does not keep the program', { ...disconnectApp, args: ['--drain-timeout', '100ms'] }, async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'wait' });
  await client.ask({ name: 'ends', payload: 0 });
  await runner.stop();
});
