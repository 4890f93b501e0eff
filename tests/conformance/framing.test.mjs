// RFC 6455, section 5.2: payload lengths and their three forms.

import { frame, opcodes } from '../e2e/support/raw.mjs';
import { letters, noise } from './support/payloads.mjs';
import { suite } from './support/suite.mjs';

const MiB = 1 << 20;

suite(1, 'Framing', (group) => {
  for (const [kind, make] of [['text', letters], ['binary', noise]]) {
    const opcode = opcodes[kind];
    const whole = group(`${kind} messages`);
    for (const size of [0, 1, 2, 125, 126, 127, 128, 65534, 65535, 65536, 65537, MiB, 16 * MiB]) {
      whole(`of ${size} bytes`, async (peer) => {
        const payload = make(size);
        peer.send(frame(opcode, payload));
        await peer.expect(opcode, payload);
      });
    }
    whole('of 0 to 300 bytes, pipelined', async (peer) => {
      const payloads = Array.from({ length: 301 }, (_, size) => make(size));
      peer.send(...payloads.map((payload) => frame(opcode, payload)));
      for (const payload of payloads) await peer.expect(opcode, payload);
    });

    const chopped = group(`${kind} messages chopped`);
    for (const size of [0, 1, 125, 126, 127, 128, 1000]) {
      chopped(`${size} bytes, octet by octet`, async (peer) => {
        const payload = make(size);
        await peer.chop([frame(opcode, payload)], 1);
        await peer.expect(opcode, payload);
      });
    }
    for (const [size, octets] of [[65535, 997], [65536, 997], [65536, kind === 'text' ? 1 : 5], [MiB, 9973]]) {
      chopped(`${size} bytes in ${octets} octets each`, async (peer) => {
        const payload = make(size);
        await peer.chop([frame(opcode, payload)], octets);
        await peer.expect(opcode, payload);
      });
    }

    const cut = group(`${kind} messages cut once`);
    for (const size of [0, 10, 126, 65536]) {
      cut(`${size} bytes, at every octet of the header and the first of the payload`, async (peer) => {
        const payload = make(size);
        for (let at = 1; at <= Math.min(20, frame(opcode, payload).length - 1); at++) {
          const bytes = frame(opcode, payload);
          await peer.sendEach([bytes.subarray(0, at), bytes.subarray(at)]);
          await peer.expect(opcode, payload);
        }
      });
    }
  }

  const form = group('lengths that are not in their shortest form');
  for (const [length, lengthBytes] of [[0, 2], [1, 2], [125, 2], [0, 8], [125, 8], [126, 8], [65535, 8]]) {
    for (const kind of ['text', 'binary']) {
      form(`${kind} of ${length} bytes with a length of ${lengthBytes}`, async (peer) => {
        peer.send(frame(opcodes[kind], letters(length), { lengthBytes }));
        await peer.failed(1002);
      });
    }
  }
  for (const length of [1n << 63n, (1n << 63n) + 5n, (1n << 64n) - 1n]) {
    form(`a length of ${length}: its highest bit is set`, async (peer) => {
      peer.send(frame(opcodes.binary, '', { length, lengthBytes: 8 }));
      await peer.failed(1002);
    });
    form(`a length of ${length}, octet by octet`, async (peer) => {
      await peer.chop([frame(opcodes.binary, '', { length, lengthBytes: 8 })], 1);
      await peer.failed(1002);
    });
  }
});
