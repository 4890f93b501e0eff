// RFC 6455 behind the handshake: messages in pieces, control frames, and everything that is against the rules.

import assert from 'node:assert/strict';
import { echoApp } from './support/app.mjs';
import { closePayload, frame, opcodes, text } from './support/raw.mjs';
import { runnerTest } from './support/runner.mjs';

const { continuation, binary, close, ping, pong } = opcodes;
const hello = { name: 'echo', payload: 'hello, é 😀', headers: { 'message-id': 1 } };
const helloText = Buffer.from(JSON.stringify(hello));

/** The reply to `hello`. */
function assertHello(reply) {
  assert.deepEqual(reply, { statusCode: 200, headers: { 'message-id': 1 }, body: hello.payload });
}

async function open(runner) {
  const client = await runner.connectRaw();
  await client.upgrade();
  return client;
}

/** Frames that together are `hello`, cut at those places. */
function fragments(...cuts) {
  const ends = [...cuts, helloText.length];
  return ends.map((end, i) => frame(i === 0 ? opcodes.text : continuation, helloText.subarray(i === 0 ? 0 : ends[i - 1], end), { final: i === ends.length - 1 }));
}

runnerTest('a message cut at every byte', echoApp, async (runner) => {
  const client = await open(runner);
  const message = text(hello);
  for (let cut = 1; cut < message.length; cut++) {
    await client.writePieces([message.subarray(0, cut), message.subarray(cut)]);
    assertHello(await client.next());
  }
  await client.destroy();
});

runnerTest('a message byte by byte', echoApp, async (runner) => {
  const client = await open(runner);
  await client.writePieces([...text(hello)].map((byte) => Buffer.from([byte])));
  assertHello(await client.next());
  await client.destroy();
});

runnerTest('two messages cut at every byte', echoApp, async (runner) => {
  const client = await open(runner);
  const messages = Buffer.concat([text(hello), text(hello)]);
  for (let cut = 1; cut < messages.length; cut++) {
    await client.writePieces([messages.subarray(0, cut), messages.subarray(cut)]);
    assertHello(await client.next());
    assertHello(await client.next());
  }
  await client.destroy();
});

runnerTest('a hundred messages in one write', echoApp, async (runner) => {
  const client = await open(runner);
  client.write(Buffer.concat(Array.from({ length: 100 }, () => text(hello))));
  for (let i = 0; i < 100; i++) assertHello(await client.next());
  await client.destroy();
});

runnerTest('a message in two fragments, cut at every byte', echoApp, async (runner) => {
  const client = await open(runner);
  for (let cut = 0; cut <= helloText.length; cut++) {
    client.write(Buffer.concat(fragments(cut)));
    assertHello(await client.next());
  }
  await client.destroy();
});

runnerTest('a message in fragments of one byte, with pings between', echoApp, async (runner) => {
  const client = await open(runner);
  const cuts = Array.from({ length: helloText.length - 1 }, (_, i) => i + 1);
  const pieces = fragments(...cuts).flatMap((fragment, i) => [fragment, frame(ping, String(i))]);
  client.write(Buffer.concat(pieces));
  const frames = [];
  while (frames.length <= pieces.length / 2) frames.push(await client.frame());
  const pongs = frames.filter(({ opcode }) => opcode === pong).map(({ payload }) => payload.toString());
  assert.deepEqual(pongs, Array.from({ length: pieces.length / 2 }, (_, i) => String(i)));
  assertHello(JSON.parse(frames.find(({ opcode }) => opcode === opcodes.text).payload));
  await client.destroy();
});

runnerTest('empty fragments', echoApp, async (runner) => {
  const client = await open(runner);
  client.write(Buffer.concat(fragments(0, 0, 5, 5, helloText.length)));
  assertHello(await client.next());
  await client.destroy();
});

runnerTest('empty messages', echoApp, async (runner) => {
  const client = await open(runner);
  client.write(Buffer.concat([text(''), frame(binary), text(hello)]));
  assert.equal((await client.next()).statusCode, 501);
  assert.equal((await client.next()).statusCode, 501);
  assertHello(await client.next());
  await client.destroy();
});

runnerTest('what the server sends: one frame a message, no mask, no reserved bits', echoApp, async (runner) => {
  const client = await open(runner);
  for (const length of [0, 1, 60, 125, 126, 127, 1000, 65_400, 65_535, 65_536, 300_000]) {
    client.write(text({ name: 'echo', payload: 'x'.repeat(length) }));
    const reply = await client.frame();
    assert.deepEqual({ ...reply, payload: undefined }, { final: true, reserved: 0, opcode: opcodes.text, masked: false, payload: undefined });
    assert.equal(JSON.parse(reply.payload).body.length, length);
  }
  await client.destroy();
});

runnerTest('a 200 KB message, slowly', echoApp, async (runner) => {
  const client = await open(runner);
  const message = text({ name: 'echo', payload: 'é'.repeat(100_000) });
  const pieces = [];
  for (let at = 0; at < message.length; at += 4096) pieces.push(message.subarray(at, at + 4096));
  await client.writePieces(pieces);
  assert.equal((await client.next()).body, 'é'.repeat(100_000));
  await client.destroy();
});

runnerTest('ping and pong', echoApp, async (runner) => {
  const client = await open(runner);
  for (const payload of ['', 'x', 'é 😀', '\0\xff', 'p'.repeat(125)]) {
    client.write(frame(ping, payload));
    const answer = await client.frame();
    assert.equal(answer.opcode, pong);
    assert.deepEqual(answer.payload, Buffer.from(payload));
  }
  client.write(Buffer.concat([frame(pong), frame(pong, 'unasked'), text(hello)]));
  assertHello(await client.next());
  await client.destroy();
});

runnerTest('a ping byte by byte', echoApp, async (runner) => {
  const client = await open(runner);
  await client.writePieces([...frame(ping, 'slowly')].map((byte) => Buffer.from([byte])));
  assert.equal((await client.frame()).payload.toString(), 'slowly');
  await client.destroy();
});

/** Bytes that break the rules: the server closes with `code`, then the socket; others are served. */
const broken = (name, bytes, code, args = []) =>
  runnerTest(name, { ...echoApp, args }, async (runner) => {
    const bystander = await runner.connect();
    const whole = [bytes].flat();
    for (const pieces of [whole, [...Buffer.concat(whole)].map((byte) => Buffer.from([byte]))]) {
      const client = await open(runner);
      await client.writePieces(pieces.slice(0, 2000));
      if (pieces.length > 2000) client.write(Buffer.concat(pieces.slice(2000)));
      assert.equal((await client.closeFrame()).code, code);
      // The server waits for our answer before it closes the socket, or does not; both are right.
      client.write(frame(close, closePayload(code)));
      await client.rest();
      await client.destroy();
    }
    assert.equal((await bystander.ask({ name: 'echo', payload: 'still served' })).body, 'still served');
  });

broken('no mask', frame(opcodes.text, 'x', { masked: false }), 1002);
broken('no mask on a ping', frame(ping, 'x', { masked: false }), 1002);
for (const bit of [1, 2, 4]) broken(`reserved bit ${bit}`, frame(opcodes.text, 'x', { reserved: bit }), 1002);
for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) broken(`opcode ${opcode}`, frame(opcode, 'x'), 1002);
broken('a ping in fragments', frame(ping, 'x', { final: false }), 1002);
broken('a close in fragments', frame(close, closePayload(1000), { final: false }), 1002);
broken('a ping that is too long', frame(ping, 'x'.repeat(126)), 1002);
broken('a continuation of nothing', frame(continuation, 'x'), 1002);
broken('a continuation behind a whole message', [frame(opcodes.text, '5'), frame(continuation, 'x')], 1002);
broken('a message inside a message', [frame(opcodes.text, 'a', { final: false }), frame(opcodes.text, 'b')], 1002);
broken('a binary message inside a text message', [frame(opcodes.text, 'a', { final: false }), frame(binary, 'b')], 1002);
broken('a length written longer than needed', frame(opcodes.text, 'abc', { lengthBytes: 2 }), 1002);
broken('a length written in eight bytes without need', frame(opcodes.text, 'x'.repeat(200), { lengthBytes: 8 }), 1002);
broken('a length of 2^63', frame(opcodes.text, '', { length: 1n << 63n, lengthBytes: 8 }), 1002);

broken('text that is no UTF-8', frame(opcodes.text, Buffer.from([0x22, 0xff, 0x22])), 1007);
broken('text with an overlong form', frame(opcodes.text, Buffer.from([0xc0, 0xaf])), 1007);
broken('text with a surrogate', frame(opcodes.text, Buffer.from([0xed, 0xa0, 0x80])), 1007);
broken('text above U+10FFFF', frame(opcodes.text, Buffer.from([0xf4, 0x90, 0x80, 0x80])), 1007);
broken('text that ends inside a character', frame(opcodes.text, Buffer.from([0x22, 0xe2, 0x82])), 1007);
broken('text in fragments that ends inside a character', [frame(opcodes.text, Buffer.from([0xe2]), { final: false }), frame(continuation, Buffer.from([0x82]))], 1007);
broken('text that goes wrong in an unfinished message', [frame(opcodes.text, Buffer.from([0x61]), { final: false }), frame(continuation, Buffer.from([0xff]), { final: false })], 1007);
broken('text that goes wrong in an unfinished frame', frame(opcodes.text, Buffer.from([0x61, 0xff]), { length: 10 }), 1007);

broken('a message that is too long', text('x'.repeat(1025)), 1009, ['--max-payload', '1k']);
broken('a message that says it will be too long', frame(opcodes.text, 'x', { length: 1 << 30 }), 1009, ['--max-payload', '1k']);
broken('a message of 2^63 - 1', frame(opcodes.text, 'x', { length: (1n << 63n) - 1n, lengthBytes: 8 }), 1009);
broken('a message too long in its fragments', [frame(opcodes.text, 'x'.repeat(1000), { final: false }), frame(continuation, 'y'.repeat(25), { final: false })], 1009, ['--max-payload', '1k']);
broken('a message just above the default of 16 MiB', frame(binary, '', { length: 16 * 1024 * 1024 + 1 }), 1009);

broken('a close of one byte', frame(close, 'x'), 1002);
for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535]) broken(`a close with ${code}`, frame(close, closePayload(code)), 1002);
broken('a close whose reason is no UTF-8', frame(close, Buffer.concat([closePayload(1000), Buffer.from([0xff])])), 1007);

runnerTest('a character cut by fragments and by the network', echoApp, async (runner) => {
  const client = await open(runner);
  const at = helloText.indexOf(Buffer.from('😀'));
  const pieces = Buffer.concat(fragments(at + 1, at + 2, at + 3));
  await client.writePieces([...pieces].map((byte) => Buffer.from([byte])));
  assertHello(await client.next());
  await client.destroy();
});

for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]) {
  runnerTest(`a close with ${code} is answered in kind`, echoApp, async (runner) => {
    const client = await open(runner);
    client.write(frame(close, closePayload(code, 'a reason, é')));
    assert.equal((await client.closeFrame()).code, code);
    await client.rest();
  });
}

runnerTest('a close without a code is answered', echoApp, async (runner) => {
  const client = await open(runner);
  client.write(frame(close));
  assert.ok([1000, 1005].includes((await client.closeFrame()).code));
  await client.rest();
});

runnerTest('nothing counts behind a close', echoApp, async (runner) => {
  const client = await open(runner);
  client.write(Buffer.concat([frame(close, closePayload(1000)), text(hello), frame(ping, 'x'), Buffer.from('garbage')]));
  assert.equal((await client.frame()).opcode, close);
  await assert.rejects(client.frame(), /closed the socket/);
});

runnerTest('nothing goes out behind a close', echoApp, async (runner) => {
  const client = await open(runner);
  client.write(Buffer.concat([text(hello), text(hello), frame(close, closePayload(1000))]));
  const frames = [];
  do frames.push(await client.frame());
  while (frames.at(-1).opcode !== close);
  assert.ok(frames.length <= 3);
  await assert.rejects(client.frame(), /closed the socket/);
});

runnerTest('a half-closed socket', echoApp, async (runner) => {
  const client = await open(runner);
  client.socket.end(text(hello));
  await client.rest();
  assert.equal((await runner.ask(hello)).statusCode, 200);
});

runnerTest('a silent peer is pinged, and dropped when it stays silent', { ...echoApp, args: ['--ping-interval', '100ms'] }, async (runner) => {
  const answers = await runner.connect(); // npm ws answers pings by itself
  const silent = await open(runner);
  assert.equal((await silent.frame()).opcode, ping);
  await silent.rest();
  assert.equal((await answers.ask(hello)).statusCode, 200);
});
