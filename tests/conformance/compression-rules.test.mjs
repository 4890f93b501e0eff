// RFC 7692, sections 6 and 7.2: frames of compressed messages, and the DEFLATE blocks (RFC 1951) in them.

import { constants, createDeflateRaw, deflateRawSync } from 'node:zlib';
import { closePayload, frame, opcodes, text } from '../e2e/support/raw.mjs';
import { COMPRESSED, compressed, deflate, offering, tail } from './support/deflate.mjs';
import { json, letters, noise } from './support/payloads.mjs';
import { fragments, framesOf, pieces } from './support/peer.mjs';
import { deliveries, suite } from './support/suite.mjs';

const { continuation, binary, close, ping, pong } = opcodes;
const hex = (digits) => Buffer.from(digits.replaceAll(' ', ''), 'hex');
// Nothing comes back compressed: what is to come is then known to the byte.
const agreed = { args: ['--max-payload', '1m', '--compress-above', '2m'], headers: offering('permessage-deflate') };

/** Blocks of the pieces, each behind the other, with what `flush` leaves between them. */
async function blocksOf(parts, flush, options = {}) {
  const stream = createDeflateRaw(options);
  const out = [];
  stream.on('data', (bytes) => out.push(bytes));
  for (const [i, part] of parts.entries()) {
    await new Promise((resolve) => stream.write(part, resolve));
    await new Promise((resolve) => stream.flush(i < parts.length - 1 ? flush : constants.Z_SYNC_FLUSH, resolve));
  }
  const bytes = Buffer.concat(out);
  return bytes.subarray(0, bytes.length - tail.length);
}

suite(14, 'Compression rules', (group) => {
  for (const [how, deliver] of Object.entries(deliveries)) {
    const examples = group(`the examples of RFC 7692, section 7.2.3, ${how}`, agreed);
    const takes = (check) => (name, payload, message) =>
      check(name, async (peer) => {
        await deliver(peer, [compressed(opcodes.text, payload)]);
        await peer.text(message);
        await deliver(peer, [compressed(binary, payload)]);
        await peer.binary(message);
      });
    const example = takes(examples);
    example('7.2.3.1, one compressed block', hex('f2 48 cd c9 c9 07 00'), 'Hello');
    examples('7.2.3.1, in two fragments', async (peer) => {
      await deliver(peer, framesOf(opcodes.text, [hex('f2 48 cd'), hex('c9 c9 07 00')], { reserved: COMPRESSED }));
      await peer.text('Hello');
    });
    examples('7.2.3.2, the same without a context', async (peer) => {
      await deliver(peer, [compressed(opcodes.text, hex('f2 48 cd c9 c9 07 00')), compressed(opcodes.text, hex('f2 48 cd c9 c9 07 00'))]);
      await peer.text('Hello');
      await peer.text('Hello');
    });
    example('7.2.3.3, a block without compression', hex('00 05 00 fa ff 48 65 6c 6c 6f 00'), 'Hello');
    example('7.2.3.4, a final block', hex('f3 48 cd c9 c9 07 00 00'), 'Hello');
    example('7.2.3.5, two blocks', hex('f2 48 05 00 00 00 ff ff ca c9 c9 07 00'), 'Hello');
    example('7.2.3.6, an empty message', hex('00'), '');

    const empty = takes(group(`empty messages ${how}`, agreed));
    empty('a fixed block', hex('02 00'), '');
    empty('a final fixed block', hex('03 00 00'), '');
    empty('a stored block', hex('00 00 00 ff ff 00'), '');
    empty('a final stored block', hex('01 00 00 ff ff 00'), '');
    empty('three stored blocks', hex('00 00 00 ff ff 00 00 00 ff ff 00'), '');
    const mixed = group(`empty fragments ${how}`, agreed);
    mixed('of an empty message', async (peer) => {
      await deliver(peer, framesOf(opcodes.text, ['', hex('00'), ''], { reserved: COMPRESSED }));
      await peer.text('');
    });
    mixed('of a message', async (peer) => {
      await deliver(peer, framesOf(opcodes.text, ['', hex('f2 48 cd'), '', hex('c9 c9 07 00'), ''], { reserved: COMPRESSED }));
      await peer.text('Hello');
    });

    const between = group(`between messages and fragments ${how}`, agreed);
    between('pings between the fragments of a compressed message', async (peer) => {
      const cut = fragments(opcodes.text, deflate(letters(200)), 7, { reserved: COMPRESSED });
      await deliver(peer, cut.flatMap((one, i) => [frame(ping, String(i)), frame(pong, 'unasked'), one]));
      for (const i of cut.keys()) await peer.pong(String(i));
      await peer.text(letters(200));
    });
    between('compressed and plain messages by turns', async (peer) => {
      const expected = Array.from({ length: 20 }, (_, i) => `message ${i}`);
      await deliver(peer, expected.map((message, i) => (i % 2 ? text(message) : compressed(opcodes.text, deflate(message)))));
      for (const message of expected) await peer.text(message);
    });
    between('a plain message in fragments', async (peer) => {
      await deliver(peer, framesOf(opcodes.text, ['frag', 'ment']));
      await peer.text('fragment');
    });
    between('a plain message of bytes that would be DEFLATE', async (peer) => {
      await deliver(peer, [frame(binary, deflate('Hello'))]);
      await peer.binary(deflate('Hello'));
    });
    between('a close amid a compressed message', async (peer) => {
      await deliver(peer, [compressed(opcodes.text, hex('f2 48 cd'), { final: false }), frame(close, closePayload(1000))]);
      await peer.closed(closePayload(1000));
    });
    between('characters cut by the fragments', async (peer) => {
      await deliver(peer, fragments(opcodes.text, deflate('é☃😀'.repeat(5), { level: 0 }), 1, { reserved: COMPRESSED }));
      await peer.text('é☃😀'.repeat(5));
    });

    const bits = group(`the reserved bits ${how}`, agreed);
    const fails = (check, code, name, ...frames) =>
      check(name, async (peer) => {
        await deliver(peer, frames);
        await peer.failed(code);
      });
    for (const [kind, opcode, payload] of [['ping', ping, 'x'], ['pong', pong, 'x'], ['close', close, closePayload(1000)], ['close of no bytes', close, '']]) {
      fails(bits, 1002, `RSV1 on a ${kind}`, frame(opcode, payload, { reserved: COMPRESSED }));
      fails(bits, 1002, `RSV1 on a ${kind} amid a compressed message`, compressed(opcodes.text, hex('f2 48 cd'), { final: false }), frame(opcode, payload, { reserved: COMPRESSED }));
    }
    for (const final of [true, false]) {
      fails(bits, 1002, `RSV1 on a ${final ? 'last ' : ''}continuation`, compressed(opcodes.text, hex('f2 48 cd'), { final: false }), frame(continuation, hex('c9 c9 07 00'), { final, reserved: COMPRESSED }));
      fails(bits, 1002, `RSV1 on a ${final ? 'last ' : ''}continuation of a plain message`, text('frag', { final: false }), frame(continuation, 'ment', { final, reserved: COMPRESSED }));
      fails(bits, 1002, `RSV1 on a ${final ? 'last ' : ''}continuation of nothing`, frame(continuation, hex('00'), { final, reserved: COMPRESSED }));
    }
    for (const reserved of [1, 2, 3, 5, 6, 7]) {
      for (const [kind, opcode] of [['text', opcodes.text], ['binary', binary]]) {
        fails(bits, 1002, `RSV ${reserved} on a ${kind}`, frame(opcode, deflate('x'), { reserved }));
      }
    }
    for (const opcode of [3, 7, 11, 15]) fails(bits, 1002, `RSV1 on opcode ${opcode}`, frame(opcode, deflate('x'), { reserved: COMPRESSED }));

    const broken = group(`payloads that are no DEFLATE ${how}`, agreed);
    for (const [kind, opcode] of [['text', opcodes.text], ['binary', binary]]) {
      fails(broken, 1007, `no bytes at all, as ${kind}`, compressed(opcode, ''));
      fails(broken, 1007, `a block of the kind that is none, as ${kind}`, compressed(opcode, hex('07 00')));
      fails(broken, 1007, `a stored block whose length is not confirmed, as ${kind}`, compressed(opcode, hex('00 05 00 fa fe 48 65 6c 6c 6f 00')));
      fails(broken, 1007, `a stored block that is too short, as ${kind}`, compressed(opcode, hex('00 ff 00 00 ff 48 65 6c 6c 6f')));
      fails(broken, 1007, `cut in a fixed block, as ${kind}`, compressed(opcode, hex('f2 48 cd')));
      fails(broken, 1007, `cut in a dynamic block, as ${kind}`, compressed(opcode, deflate(json(2000)).subarray(0, 100)));
      fails(broken, 1007, `garbage, as ${kind}`, compressed(opcode, Buffer.alloc(200, 0xff)));
      fails(broken, 1007, `text that is not compressed, as ${kind}`, compressed(opcode, 'Hello, world! This is not compressed.'));
      fails(broken, 1007, `garbage behind a final block, as ${kind}`, compressed(opcode, hex('f3 48 cd c9 c9 07 00 ff ff ff')));
      fails(broken, 1007, `a distance before the beginning, as ${kind}`, compressed(opcode, hex('02 13 00 00')));
      fails(broken, 1007, `zlib's header, as ${kind}`, compressed(opcode, hex('78 9c f2 48 cd c9 c9 07 00')));
      fails(broken, 1007, `gzip's header, as ${kind}`, compressed(opcode, hex('1f 8b 08 00 00 00 00 00 00 03 f2 48 cd c9 c9 07 00')));
    }

    // A server that has said client_no_context_takeover has forgotten the message before (7.1.1.2): what refers to it does not decode
    // (7.2.2), and that fails the connection. It must never become another message.
    const contexts = group(`a client that keeps its context although told not to ${how}`, agreed);
    contexts('the second message of section 7.2.3.2', async (peer) => {
      peer.send(compressed(opcodes.text, hex('f2 48 cd c9 c9 07 00')));
      await peer.text('Hello');
      await deliver(peer, [compressed(opcodes.text, hex('f2 00 11 00 00'))]);
      await peer.failed(1007);
    });
    contexts('of another connection neither', async (peer, connect) => {
      const other = await connect();
      other.send(compressed(opcodes.text, hex('f2 48 cd c9 c9 07 00')));
      await other.text('Hello');
      await deliver(peer, [compressed(opcodes.text, hex('f2 00 11 00 00'))]);
      await peer.failed(1007);
    });
    contexts('the same JSON twice', async (peer) => {
      const first = deflate(json(400));
      const both = (await blocksOf([json(400), json(400)], constants.Z_SYNC_FLUSH));
      const second = both.subarray(first.length + tail.length);
      peer.send(compressed(opcodes.text, first));
      await peer.text(json(400));
      await deliver(peer, [compressed(opcodes.text, second)]);
      await peer.failed(1007);
    });
    contexts('binary messages', async (peer) => {
      const first = deflate(noise(300));
      const both = await blocksOf([noise(300), noise(300)], constants.Z_SYNC_FLUSH);
      peer.send(compressed(binary, first));
      await peer.binary(noise(300));
      await deliver(peer, [compressed(binary, both.subarray(first.length + tail.length))]);
      await peer.failed(1007);
    });

    const utf8 = group(`compressed text that is no UTF-8 ${how}`, agreed);
    for (const [words, digits] of [['ff', 'ff'], ['an overlong form', 'c0 af'], ['a surrogate', 'ed a0 80'], ['above U+10FFFF', 'f4 90 80 80'], ['cut in a character', '61 e2 98']]) {
      fails(utf8, 1007, words, compressed(opcodes.text, deflate(hex(digits))));
      utf8(`${words}, as a binary message`, async (peer) => {
        await deliver(peer, [compressed(binary, deflate(hex(digits)))]);
        await peer.binary(hex(digits));
      });
    }
  }

  const plain = json(20_000);
  const dynamic = [json(3000, 1), json(5000, 2), json(7000, 3)];
  const kinds = {
    stored: [noise(20_000), { level: 0 }],
    'stored, 64 KiB and more': [noise(200_000), { level: 0 }],
    'stored, of what would compress': [plain, { level: 0 }],
    fixed: [plain, { strategy: constants.Z_FIXED }],
    dynamic: [plain, { level: 9 }],
    'dynamic, literals only': [plain, { strategy: constants.Z_HUFFMAN_ONLY }],
    'dynamic, runs only': [Buffer.alloc(50_000, 'aaaaaaab'), { strategy: constants.Z_RLE }],
    'dynamic, in many small ones': [plain, { memLevel: 1 }],
  };
  const blocks = group('kinds of blocks', agreed);
  for (const [words, [message, options]] of Object.entries(kinds)) {
    blocks(words, async (peer) => {
      peer.send(compressed(binary, deflate(message, options)));
      await peer.binary(message);
      peer.send(...fragments(binary, deflate(message, options), 100, { reserved: COMPRESSED }));
      await peer.binary(message);
    });
    blocks(`${words}, in 11 octets each`, async (peer) => {
      await peer.chop([compressed(binary, deflate(message, options))], 11);
      await peer.binary(message);
    });
    blocks(`${words}, the last one final`, async (peer) => {
      peer.send(compressed(binary, Buffer.concat([deflateRawSync(message, options), hex('00')])));
      await peer.binary(message);
    });
  }

  const several = group('several blocks', agreed);
  for (const [words, flush] of [['sync flush', constants.Z_SYNC_FLUSH], ['full flush', constants.Z_FULL_FLUSH], ['partial flush', constants.Z_PARTIAL_FLUSH], ['no flush, but ended', constants.Z_BLOCK]]) {
    several(`with a ${words} between them`, async (peer) => {
      const payload = await blocksOf(dynamic, flush);
      peer.send(compressed(opcodes.text, payload), ...fragments(opcodes.text, payload, 50, { reserved: COMPRESSED }));
      for (let i = 0; i < 2; i++) await peer.text(Buffer.concat(dynamic));
    });
  }
  several('stored, fixed and dynamic', async (peer) => {
    const parts = [deflate(dynamic[0], { level: 0 }), tail, deflate(dynamic[1], { strategy: constants.Z_FIXED }), tail, deflate(dynamic[2])];
    peer.send(compressed(opcodes.text, Buffer.concat(parts)));
    await peer.text(Buffer.concat(dynamic));
  });
  several('a hundred empty ones', async (peer) => {
    peer.send(compressed(opcodes.text, Buffer.concat([...Array.from({ length: 100 }, () => hex('00 00 00 ff ff')), deflate('Hello')])));
    await peer.text('Hello');
  });
  several('a final one, and more behind it', async (peer) => {
    peer.send(compressed(opcodes.text, Buffer.concat([deflateRawSync(dynamic[0]), deflate(dynamic[1])])));
    await peer.text(Buffer.concat(dynamic.slice(0, 2)));
  });
  several('three final ones', async (peer) => {
    peer.send(compressed(opcodes.text, Buffer.concat([...dynamic.map((part) => deflateRawSync(part)), hex('00')])));
    await peer.text(Buffer.concat(dynamic));
  });
  several('a block for every byte', async (peer) => {
    const payload = await blocksOf(pieces(letters(300), 1), constants.Z_FULL_FLUSH);
    peer.send(compressed(opcodes.text, payload));
    await peer.text(letters(300));
  });

  const limits = group('--max-payload 1m', agreed);
  limits('exactly so much', async (peer) => {
    peer.send(compressed(opcodes.text, deflate(Buffer.alloc(1 << 20, 'x'))));
    await peer.text(Buffer.alloc(1 << 20, 'x'));
  });
  limits('a byte more', async (peer) => {
    peer.send(compressed(opcodes.text, deflate(Buffer.alloc((1 << 20) + 1, 'x'))));
    await peer.failed(1009);
  });
  limits('a byte more in fragments', async (peer) => {
    peer.send(...fragments(opcodes.text, deflate(Buffer.alloc((1 << 20) + 1, 'x')), 100, { reserved: COMPRESSED }));
    await peer.failed(1009);
  });
  limits('a hundred times as much', async (peer) => {
    peer.send(compressed(binary, deflate(Buffer.alloc(100 << 20), { level: 9 })));
    await peer.failed(1009);
  });
  limits('a payload that is too long before it is expanded', async (peer) => {
    peer.send(compressed(binary, deflate(noise(1 << 20), { level: 0 })));
    await peer.failed(1009);
  });
  limits('the next connection is none the wiser', async (peer, connect) => {
    peer.send(compressed(binary, deflate(Buffer.alloc(2 << 20))));
    await peer.failed(1009);
    const other = await connect();
    other.send(compressed(binary, deflate(noise(1000))));
    await other.binary(noise(1000));
  });
});
