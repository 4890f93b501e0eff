// Messages that are large, many, or cut small; and --max-payload. Nothing is timed.

import { frame, opcodes } from '../e2e/support/raw.mjs';
import { letters, noise } from './support/payloads.mjs';
import { fragments, framesOf, pieces } from './support/peer.mjs';
import { suite } from './support/suite.mjs';

const KiB = 1 << 10;
const MiB = 1 << 20;
const nameOf = (size) => (size >= MiB ? `${size / MiB} MiB` : size >= KiB ? `${size / KiB} KiB` : `${size} bytes`);

suite(
  9,
  'Large and many messages',
  (group) => {
    for (const [kind, make] of [['text', letters], ['binary', noise]]) {
      const opcode = opcodes[kind];

      const whole = group(`${kind} messages in one frame`);
      for (const size of [64 * KiB, 256 * KiB, MiB, 4 * MiB, 8 * MiB, 16 * MiB]) {
        whole(nameOf(size), async (peer) => {
          const payload = make(size);
          peer.send(frame(opcode, payload));
          await peer.expect(opcode, payload);
        });
      }

      const cut = group(`${kind} messages of 4 MiB in fragments`);
      for (const size of [64, 256, KiB, 4 * KiB, 16 * KiB, 64 * KiB, 256 * KiB, MiB, 2 * MiB]) {
        cut(`of ${nameOf(size)}`, async (peer) => {
          const payload = make(4 * MiB);
          peer.send(...fragments(opcode, payload, size));
          await peer.expect(opcode, payload);
        });
      }

      const chopped = group(`${kind} messages of 1 MiB chopped`);
      for (const octets of kind === 'text' ? [64, 256, 1024, 4096] : [128, 512, 2048, 65536]) {
        chopped(`in ${octets} octets each`, async (peer) => {
          const payload = make(MiB);
          await peer.chop([frame(opcode, payload)], octets);
          await peer.expect(opcode, payload);
        });
      }
      chopped('in fragments of 1 KiB, in 333 octets each', async (peer) => {
        const payload = make(MiB);
        await peer.chop(fragments(opcode, payload, KiB), 333);
        await peer.expect(opcode, payload);
      });

      const row = group(`1,000 ${kind} messages`);
      for (const size of [0, 16, 64, 256, KiB, 4 * KiB, 16 * KiB]) {
        row(`of ${nameOf(size)}, pipelined`, async (peer) => {
          const payloads = Array.from({ length: 1000 }, (_, i) => Buffer.concat([Buffer.from(`${i} `), make(size)]).subarray(0, size));
          peer.send(...payloads.map((payload) => frame(opcode, payload)));
          for (const payload of payloads) await peer.expect(opcode, payload);
        });
      }
      for (const size of [0, 125, 126, KiB]) {
        row(`of ${nameOf(size)}, one by one`, async (peer) => {
          const payload = make(size);
          for (let i = 0; i < 1000; i++) {
            peer.send(frame(opcode, payload));
            await peer.expect(opcode, payload);
          }
        });
      }
      row('of 100 bytes, pipelined, in 17 octets each', async (peer) => {
        const payload = make(100);
        await peer.chop(Array.from({ length: 1000 }, () => frame(opcode, payload)), 17);
        for (let i = 0; i < 1000; i++) await peer.expect(opcode, payload);
      });
    }

    const limit = 64 * KiB;
    const limited = group('--max-payload 64k', { args: ['--max-payload', '64k'] });
    for (const [kind, opcode] of [['text', opcodes.text], ['binary', opcodes.binary]]) {
      limited(`${kind} of exactly so much`, async (peer) => {
        peer.send(frame(opcode, letters(limit)));
        await peer.expect(opcode, letters(limit));
      });
      limited(`${kind} of exactly so much in fragments, twice`, async (peer) => {
        for (let i = 0; i < 2; i++) {
          peer.send(...fragments(opcode, letters(limit), 1000));
          await peer.expect(opcode, letters(limit));
        }
      });
      limited(`${kind} of a byte more`, async (peer) => {
        peer.send(frame(opcode, letters(limit + 1)));
        await peer.failed(1009);
      });
      limited(`${kind} of a byte more, of which only the header has come`, async (peer) => {
        peer.send(frame(opcode, '', { length: limit + 1, lengthBytes: 8 }));
        await peer.failed(1009);
      });
      limited(`${kind} of a byte more in fragments`, async (peer) => {
        peer.send(...framesOf(opcode, [...pieces(letters(limit), 4096), 'x']));
        await peer.failed(1009);
      });
      limited(`${kind} of 2^63 - 1 bytes`, async (peer) => {
        peer.send(frame(opcode, 'x', { length: (1n << 63n) - 1n, lengthBytes: 8 }));
        await peer.failed(1009);
      });
    }
  },
  { concurrency: 4 },
);
