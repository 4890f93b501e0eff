// RFC 6455, section 5.2: the reserved bits, of which none means anything where no extension was agreed on.

import { closePayload, frame, opcodes, text } from '../e2e/support/raw.mjs';
import { deliveries, suite } from './support/suite.mjs';

const kinds = Object.entries(opcodes).filter(([kind]) => kind !== 'continuation');
const payloadOf = (kind) => (kind === 'close' ? closePayload(1000) : 'Hello');

suite(3, 'Reserved bits', (group) => {
  for (const [how, deliver] of Object.entries(deliveries)) {
    const alone = group(`alone ${how}`);
    const behind = group(`behind a message that was answered ${how}`);
    const right = group(`right behind a message ${how}`);
    const amid = group(`amid a fragmented message ${how}`);
    for (let reserved = 1; reserved < 8; reserved++) {
      for (const [kind, opcode] of kinds) {
        alone(`RSV ${reserved} on a ${kind}`, async (peer) => {
          await deliver(peer, [frame(opcode, payloadOf(kind), { reserved })]);
          await peer.failed(1002);
        });
        alone(`RSV ${reserved} on an empty ${kind}`, async (peer) => {
          await deliver(peer, [frame(opcode, '', { reserved })]);
          await peer.failed(1002);
        });
        behind(`RSV ${reserved} on a ${kind}`, async (peer) => {
          peer.send(text('first'));
          await peer.text('first');
          await deliver(peer, [frame(opcode, payloadOf(kind), { reserved }), frame(opcodes.ping)]);
          await peer.failed(1002);
        });
        amid(`RSV ${reserved} on a ${kind}`, async (peer) => {
          const last = opcode === opcodes.text || opcode === opcodes.binary ? opcodes.continuation : opcode;
          await deliver(peer, [text('first ', { final: false }), frame(last, payloadOf(kind), { reserved }), frame(opcodes.ping)]);
          await peer.failed(1002);
        });
      }
      right(`RSV ${reserved}`, async (peer) => {
        await deliver(peer, [text('first'), text('second', { reserved }), frame(opcodes.ping)]);
        await peer.text('first');
        await peer.failed(1002);
      });
      alone(`RSV ${reserved} on a first fragment`, async (peer) => {
        await deliver(peer, [text('first', { reserved, final: false }), frame(opcodes.continuation, 'second')]);
        await peer.failed(1002);
      });
    }
  }
});
