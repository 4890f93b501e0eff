// RFC 7692: messages under every set of parameters, a hundred in a row of each size.

import assert from 'node:assert/strict';
import { opcodes } from '../e2e/support/raw.mjs';
import { COMPRESSED, compressed, deflate, inflate, offering } from './support/deflate.mjs';
import { json, noise } from './support/payloads.mjs';
import { fragments } from './support/peer.mjs';
import { suite } from './support/suite.mjs';

const KiB = 1 << 10;
const sizes = [16, 64, 256, KiB, 4 * KiB, 8 * KiB, 16 * KiB, 32 * KiB, 64 * KiB, 128 * KiB];

/** By the server's window: the offers with which it is agreed on. */
const parameters = [
  [15, 'permessage-deflate'],
  [15, 'permessage-deflate; client_max_window_bits'],
  [15, 'permessage-deflate; client_max_window_bits=9'],
  [9, 'permessage-deflate; server_max_window_bits=9'],
  [15, 'permessage-deflate; server_max_window_bits=15; client_max_window_bits'],
  [15, 'permessage-deflate; client_no_context_takeover'],
  [15, 'permessage-deflate; server_no_context_takeover'],
  [9, 'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=9'],
  [15, 'x-unknown', 'permessage-deflate; server_max_window_bits=8', 'permessage-deflate; mode=fast', 'permessage-deflate'],
];

/** What does not compress takes the longest, and is sent as it is whatever was agreed on. */
const withNoise = new Set([parameters[0][1], parameters[3][1], parameters[8][1]]);

const kinds = [
  ['text of JSON', opcodes.text, json],
  ['incompressible bytes', opcodes.binary, noise],
];

/** Ten messages of a size, plain, deflated and as frames, made once for all cases. */
const messages = new Map();
function messagesOf(make, size) {
  const key = `${make.name} ${size}`;
  if (!messages.has(key)) {
    const made = Array.from({ length: 10 }, (_, seed) => {
      const plain = make(size, seed);
      const payload = deflate(plain);
      return { plain, payload, whole: compressed(make === json ? opcodes.text : opcodes.binary, payload) };
    });
    messages.set(key, made);
  }
  return messages.get(key);
}

/** The next message is this one, compressed where that makes it smaller. */
async function echoed(peer, opcode, plain, windowBits) {
  const { opcode: kind, reserved, payload } = await peer.message();
  assert.equal(kind, opcode);
  assert.ok([0, COMPRESSED].includes(reserved), `reserved bits ${reserved}`);
  const message = reserved ? inflate(payload, windowBits) : payload;
  assert.ok(message.equals(plain), `${message.length} bytes, where ${plain.length} others were expected`);
  if (reserved) assert.ok(payload.length < plain.length, 'compressed, and not smaller');
  return reserved !== 0;
}

suite(
  12,
  'Compressed messages',
  (group) => {
    for (const [windowBits, ...offers] of parameters) {
      for (const [kind, opcode, make] of kinds) {
        if (make === noise && !withNoise.has(offers[0])) continue;
        const check = group(`${offers.join(', ')}: 100 times ${kind}`, { args: ['--compress-above', '0'], headers: offering(...offers) });
        for (const size of sizes) {
          check(`${size} bytes`, async (peer) => {
            const ten = messagesOf(make, size);
            for (let i = 0; i < 10; i++) {
              peer.send(...ten.map(({ whole }) => whole));
              for (const { plain } of ten) {
                const smaller = await echoed(peer, opcode, plain, windowBits);
                if (make === json && size >= 256) assert.ok(smaller, 'not compressed');
              }
            }
          });
        }
      }
    }

    const offer = { args: ['--compress-above', '0'], headers: offering('permessage-deflate; client_max_window_bits') };
    for (const [kind, opcode, make] of kinds) {
      const cut = group(`${kind} of 128 KiB, compressed, in frames`, offer);
      for (const size of [64, 256, KiB, 4 * KiB, 32 * KiB]) {
        cut(`of ${size} bytes`, async (peer) => {
          for (const { plain, payload } of messagesOf(make, 128 * KiB)) {
            peer.send(...fragments(opcode, payload, size, { reserved: COMPRESSED }));
            await echoed(peer, opcode, plain, 15);
          }
        });
      }

      const windows = group(`${kind} of 8 KiB with a window of the client's`, offer);
      for (const windowBits of [9, 10, 12, 15]) {
        for (const level of [1, 6, 9]) {
          windows(`of ${windowBits} bits, level ${level}`, async (peer) => {
            for (const { plain } of messagesOf(make, 8 * KiB)) {
              peer.send(compressed(opcode, deflate(plain, { windowBits, level })));
              await echoed(peer, opcode, plain, 15);
            }
          });
        }
      }
    }
    for (let bits = 9; bits <= 15; bits++) {
      const check = group(`server_max_window_bits=${bits}`, { args: offer.args, headers: offering(`permessage-deflate; server_max_window_bits=${bits}`) });
      check('what repeats only farther away than that', async (peer) => {
        const far = noise((1 << bits) + 100);
        const plain = Buffer.concat([far, far, Buffer.alloc(5000, 'x')]);
        peer.send(compressed(opcodes.binary, deflate(plain)));
        assert.ok(await echoed(peer, opcodes.binary, plain, bits));
      });
    }
  },
  { concurrency: 4 },
);
