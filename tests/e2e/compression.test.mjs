// permessage-deflate: what is agreed on, what comes and goes compressed, and what means harm.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import WebSocket from 'ws';
import { echoApp } from './support/app.mjs';
import { frame, opcodes, upgradeRequest } from './support/raw.mjs';
import { runnerTest } from './support/runner.mjs';
import { clientOptions } from './support/transport.mjs';

const COMPRESSED = 4; // RSV1 among the three reserved bits

const pushApp = {
  ...echoApp,
  routes: { ...echoApp.routes, push: 'pushHandler', stream: 'streamHandler' },
  prelude: "const { StreamResponse } = require('configurapi-handler-ws');",
  handlers: {
    ...echoApp.handlers,
    async pushHandler(event) {
      const push = event.request.headers['push-function'];
      await push('t'.repeat(5000));
      await push(Buffer.alloc(5000, 1));
      await push(new Response('r'.repeat(5000)));
    },
    streamHandler(event) {
      event.response = new StreamResponse(['a'.repeat(5000), 'short', 'b'.repeat(5000)]);
    },
  },
};

/** A payload as it is sent: without the tail that every flush ends with. */
function deflate(data, options = {}) {
  const bytes = deflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH, ...options });
  return bytes.subarray(0, bytes.length - 4);
}

const inflate = (payload) => inflateRawSync(Buffer.concat([payload, Buffer.from([0, 0, 255, 255])]), { finishFlush: constants.Z_SYNC_FLUSH });

async function upgraded(runner, offer = 'permessage-deflate') {
  const client = await runner.connectRaw();
  const { headers } = await client.upgrade({ headers: { 'Sec-WebSocket-Extensions': offer } });
  return { client, answer: headers['sec-websocket-extensions'] };
}

const CONTEXTS = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';

for (const [offer, answer] of [
  ['permessage-deflate', CONTEXTS],
  ['permessage-deflate; client_max_window_bits', CONTEXTS],
  ['permessage-deflate; server_max_window_bits=9; client_max_window_bits=9', `${CONTEXTS}; server_max_window_bits=9`],
  ['permessage-deflate; server_max_window_bits=8', undefined],
  ['permessage-deflate; server_max_window_bits=8, permessage-deflate', CONTEXTS],
  ['permessage-deflate; what', undefined],
  ['x-other, permessage-deflate; client_no_context_takeover', CONTEXTS],
]) {
  runnerTest(`offered: ${offer}`, echoApp, async (runner) => {
    const { client, answer: said } = await upgraded(runner, offer);
    assert.equal(said, answer);
    await client.destroy();
  });
}

runnerTest('offers that are not well-formed are refused', echoApp, async (runner) => {
  for (const offer of ['permessage-deflate; server_max_window_bits=', 'permessage-deflate;', 'a b', 'a; "b"', 'permessage-deflate\r\nSec-WebSocket-Extensions: ;']) {
    const client = await runner.connectRaw();
    client.write(upgradeRequest({ headers: { 'Sec-WebSocket-Extensions': offer } }));
    assert.equal((await client.response()).status, 400, offer);
    await client.destroy();
  }
});

runnerTest('offers in two header lines', echoApp, async (runner) => {
  const { client, answer } = await upgraded(runner, 'x-other\r\nSec-WebSocket-Extensions: permessage-deflate');
  assert.equal(answer, CONTEXTS);
  await client.destroy();
});

runnerTest('--no-compression agrees on nothing', { ...echoApp, args: ['--no-compression'] }, async (runner) => {
  const { client, answer } = await upgraded(runner);
  assert.equal(answer, undefined);
  client.write(frame(opcodes.text, deflate('{}'), { reserved: COMPRESSED }));
  assert.equal((await client.closeFrame()).code, 1002);
  await client.destroy();
});

runnerTest('replies are compressed above the limit, where it pays', { ...echoApp, args: ['--compress-above', '100'] }, async (runner) => {
  const { client } = await upgraded(runner);
  const replyTo = async (payload) => {
    client.write(frame(opcodes.text, JSON.stringify({ name: 'echo', payload, headers: { 'message-id': 1.5 } })));
    return client.frame();
  };
  const short = await replyTo('x'.repeat(30));
  assert.equal(short.reserved, 0);
  assert.equal(JSON.parse(short.payload).body, 'x'.repeat(30));
  const long = await replyTo('x'.repeat(5000));
  assert.equal(long.reserved, COMPRESSED);
  assert.ok(long.payload.length < 100);
  assert.deepEqual(JSON.parse(inflate(long.payload)), { statusCode: 200, headers: { 'message-id': 1.5 }, body: 'x'.repeat(5000) });
  const again = await replyTo('x'.repeat(5000));
  assert.deepEqual(again.payload, long.payload, 'no context is kept');
  await client.destroy();
});

runnerTest('a client that offers nothing gets nothing compressed', pushApp, async (runner) => {
  const client = await runner.connectRaw();
  await client.upgrade();
  client.write(frame(opcodes.text, JSON.stringify({ name: 'echo', payload: 'x'.repeat(5000) })));
  assert.equal((await client.frame()).reserved, 0);
  await client.destroy();
});

runnerTest('messages come compressed, whole, in fragments and cut anywhere', echoApp, async (runner) => {
  const { client } = await upgraded(runner);
  const text = JSON.stringify({ name: 'echo', payload: 'zwölf ☃ 𝄞 '.repeat(40) });
  const payload = deflate(text);
  const expected = JSON.parse(text).payload;
  const next = async () => {
    const { reserved, payload: bytes } = await client.frame();
    return JSON.parse(reserved ? inflate(bytes) : bytes).body;
  };
  const whole = frame(opcodes.text, payload, { reserved: COMPRESSED });
  client.write(whole);
  assert.equal(await next(), expected);
  for (let cut = 1; cut < payload.length; cut += 3) {
    client.write(frame(opcodes.text, payload.subarray(0, cut), { final: false, reserved: COMPRESSED }));
    client.write(frame(opcodes.ping, 'amid'));
    client.write(frame(opcodes.continuation, payload.subarray(cut)));
    assert.equal((await client.frame()).opcode, opcodes.pong);
    assert.equal(await next(), expected);
  }
  for (let cut = 1; cut < whole.length; cut += 5) {
    await client.writePieces([whole.subarray(0, cut), whole.subarray(cut)]);
    assert.equal(await next(), expected);
  }
  client.write(frame(opcodes.text, text)); // one that is not compressed, between
  assert.equal(await next(), expected);
  for (const level of [0, 1, 9]) {
    client.write(frame(opcodes.binary, deflate(text, { level }), { reserved: COMPRESSED }));
    assert.equal(await next(), expected);
  }
  client.write(frame(opcodes.text, Buffer.concat([deflateRawSync(text), Buffer.from([0])]), { reserved: COMPRESSED })); // a final block
  assert.equal(await next(), expected);
  await client.destroy();
});

const broken = (name, bytes, code, args = []) =>
  runnerTest(name, { ...echoApp, args }, async (runner) => {
    const { client } = await upgraded(runner);
    client.write(Buffer.concat([bytes].flat()));
    assert.equal((await client.closeFrame()).code, code);
    await client.rest();
    assert.equal((await runner.ask({ name: 'echo', payload: 'alive' })).body, 'alive');
  });

const compressed = (payload, options) => frame(opcodes.text, payload, { reserved: COMPRESSED, ...options });
broken('a payload that is no DEFLATE', compressed(Buffer.from([0xff, 0xff, 0xff])), 1007);
broken('a payload that is cut', compressed(deflate('x'.repeat(1000) + Math.random()).subarray(0, 12)), 1007);
broken('compressed text that is no UTF-8', compressed(deflate(Buffer.from([0x22, 0xff, 0x22]))), 1007);
broken('a bomb', compressed(deflate(Buffer.alloc(64 << 20))), 1009);
broken('a bomb just above --max-payload', compressed(deflate(Buffer.alloc(1025, 'x'))), 1009, ['--max-payload', '1k']);
broken('a compressed payload above --max-payload', compressed(Buffer.alloc(1025)), 1009, ['--max-payload', '1k']);
broken('a compressed continuation', [compressed(deflate('x'), { final: false }), frame(opcodes.continuation, '', { reserved: COMPRESSED })], 1002);
broken('a compressed ping', frame(opcodes.ping, '', { reserved: COMPRESSED }), 1002);
broken('the other reserved bits', frame(opcodes.text, deflate('x'), { reserved: COMPRESSED | 1 }), 1002);
broken('bombs in a row', Array.from({ length: 20 }, () => compressed(deflate(Buffer.alloc(15 << 20)))), 1009, ['--max-payload', '14m']);

runnerTest('a message of exactly --max-payload', { ...echoApp, args: ['--max-payload', '1k'] }, async (runner) => {
  const { client } = await upgraded(runner);
  client.write(compressed(deflate(JSON.stringify('x'.repeat(1022)))));
  assert.equal((await client.next()).statusCode, 501);
  await client.destroy();
});

for (const perMessageDeflate of [
  { threshold: 0 },
  { threshold: 0, serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
  { threshold: 0, serverMaxWindowBits: 12 },
  { threshold: 0, clientMaxWindowBits: 10, clientNoContextTakeover: true },
  { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
]) {
  runnerTest(`the ws client with ${JSON.stringify(perMessageDeflate)}`, pushApp, async (runner) => {
    const socket = new WebSocket(runner.url, { perMessageDeflate, ...clientOptions });
    await once(socket, 'open');
    const next = async () => (await once(socket, 'message'))[0];
    for (const length of [0, 1, 1000, 1024, 5000, 200_000, 3_000_000]) {
      const payload = 'äöü☃ wörter '.repeat(length / 12);
      socket.send(JSON.stringify({ name: 'echo', payload }));
      assert.equal(JSON.parse(await next()).body, payload);
    }
    const messages = [];
    socket.on('message', (data, isBinary) => messages.push(isBinary ? data.length : String(data)));
    socket.send('{"name":"push"}');
    while (messages.length < 4) await once(socket, 'message');
    assert.equal(messages[0], 't'.repeat(5000));
    assert.equal(messages[1], 5000);
    assert.equal(JSON.parse(messages[2]).body, 'r'.repeat(5000));
    messages.length = 0;
    socket.send('{"name":"stream"}');
    while (messages.length < 4) await once(socket, 'message');
    assert.deepEqual(messages.map((message) => JSON.parse(message).body.length), [5000, 5, 5000, 0]);
    socket.close();
    await once(socket, 'close');
  });
}
