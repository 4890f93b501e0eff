// Messages that a client cuts into frames by itself: of one size, or of any.

import { createHash } from 'node:crypto';
import { frame, opcodes } from '../e2e/support/raw.mjs';
import { json, letters, noise } from './support/payloads.mjs';
import { fragments, framesOf } from './support/peer.mjs';
import { suite } from './support/suite.mjs';

/** The payload in pieces of 0 to `most` bytes. */
function anySizes(payload, most, seed) {
  const draws = createHash('shake256', { outputLength: 20_000 }).update(`sizes ${seed}`).digest();
  const all = [];
  for (let at = 0, i = 0; at < payload.length; i += 2) {
    const size = draws.readUInt16BE(i % 20_000) % (most + 1);
    all.push(payload.subarray(at, at + size));
    at += size;
  }
  return all;
}

suite(10, 'Auto-fragmentation', (group) => {
  for (const [kind, make] of [['text', letters], ['text of JSON', json], ['binary', noise]]) {
    const opcode = kind === 'binary' ? opcodes.binary : opcodes.text;

    const even = group(`${kind} of 64 KiB in frames of one size`);
    for (const size of [1, 2, 3, 7, 125, 126, 127, 1300, 1400, 4096, 32_768, 65_535]) {
      even(`${size} bytes`, async (peer) => {
        const payload = make(65_536);
        peer.send(...fragments(opcode, payload, size));
        await peer.expect(opcode, payload);
      });
    }
    even('1300 bytes, ten messages', async (peer) => {
      const payload = make(65_536);
      peer.send(...Array.from({ length: 10 }, () => fragments(opcode, payload, 1300)).flat());
      for (let i = 0; i < 10; i++) await peer.expect(opcode, payload);
    });
    even('1300 bytes, a write each', async (peer) => {
      const payload = make(65_536);
      await peer.sendEach(fragments(opcode, payload, 1300));
      await peer.expect(opcode, payload);
    });

    const any = group(`${kind} in frames of any size`);
    for (const [most, size] of [[3, 2000], [10, 5000], [130, 20_000], [1000, 100_000], [60_000, 1_000_000]]) {
      for (let seed = 0; seed < 4; seed++) {
        any(`up to ${most} bytes, number ${seed}`, async (peer) => {
          const payload = make(size + seed);
          peer.send(...framesOf(opcode, anySizes(payload, most, seed)));
          await peer.expect(opcode, payload);
        });
      }
      any(`up to ${most} bytes, with pings between`, async (peer) => {
        const payload = make(size);
        const frames = framesOf(opcode, anySizes(payload, most, 'pings'));
        const pinged = frames.flatMap((one, i) => (i % 5 === 1 ? [frame(opcodes.ping, String(i)), one] : [one]));
        peer.send(...pinged);
        for (let i = 1; i < frames.length; i += 5) await peer.pong(String(i));
        await peer.expect(opcode, payload);
      });
      any(`up to ${most} bytes, in 211 octets each`, async (peer) => {
        const payload = make(size / 5);
        await peer.chop(framesOf(opcode, anySizes(payload, most, 'chopped')), 211);
        await peer.expect(opcode, payload);
      });
    }
  }
});
