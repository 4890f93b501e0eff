// RFC 6455, section 5.2: the opcodes that are kept for later.

import { frame, opcodes, text } from '../e2e/support/raw.mjs';
import { deliveries, suite } from './support/suite.mjs';

suite(4, 'Opcodes', (group) => {
  for (const [how, deliver] of Object.entries(deliveries)) {
    const alone = group(`alone ${how}`);
    const behind = group(`behind a message that was answered ${how}`);
    const right = group(`right behind a message ${how}`);
    const amid = group(`amid a fragmented message ${how}`);
    for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
      for (const [words, payload] of [['no payload', ''], ['a payload', 'reserved'], ['126 bytes', 'x'.repeat(126)]]) {
        for (const final of [true, false]) {
          alone(`opcode ${opcode} with ${words}${final ? '' : ', not final'}`, async (peer) => {
            await deliver(peer, [frame(opcode, payload, { final })]);
            await peer.failed(1002);
          });
        }
        behind(`opcode ${opcode} with ${words}`, async (peer) => {
          peer.send(text('first'));
          await peer.text('first');
          await deliver(peer, [frame(opcode, payload), frame(opcodes.ping)]);
          await peer.failed(1002);
        });
        amid(`opcode ${opcode} with ${words}`, async (peer) => {
          await deliver(peer, [text('first ', { final: false }), frame(opcode, payload), frame(opcodes.continuation, 'last')]);
          await peer.failed(1002);
        });
      }
      right(`opcode ${opcode}`, async (peer) => {
        await deliver(peer, [text('first'), frame(opcode, 'reserved'), frame(opcodes.ping)]);
        await peer.text('first');
        await peer.failed(1002);
      });
    }
  }
});
