// RFC 6455, sections 5.1 and 5.3: masks.

import { closePayload, frame, opcodes, text } from '../e2e/support/raw.mjs';
import { letters, noise } from './support/payloads.mjs';
import { deliveries, suite } from './support/suite.mjs';

const { continuation, binary, close, ping, pong } = opcodes;
const bare = { masked: false };

/** A frame with this mask, where frame() takes one at random. */
function masked(key, opcode, payload, options = {}) {
  const bytes = Buffer.from(payload);
  const unmasked = frame(opcode, bytes, { ...options, masked: false });
  const head = Buffer.from(unmasked.subarray(0, unmasked.length - bytes.length));
  head[1] |= 0x80;
  return Buffer.concat([head, key, bytes.map((byte, i) => byte ^ key[i % 4])]);
}

suite(8, 'Masks', (group) => {
  const keys = ['00000000', 'ffffffff', '00000001', '01000000', '80000000', '00000080', '01020304', 'ff00ff00', '00ff0000'].map((hex) => Buffer.from(hex, 'hex'));
  for (const [how, deliver] of Object.entries(deliveries)) {
    const special = group(`the key ${how}`);
    for (const key of keys) {
      special(`${key.toString('hex')}`, async (peer) => {
        const payloads = [letters(0), letters(1), letters(2), letters(3), letters(4), letters(5), noise(8), noise(125), noise(130)];
        await deliver(peer, payloads.map((payload) => masked(key, binary, payload)));
        for (const payload of payloads) await peer.binary(payload);
        await deliver(peer, [masked(key, opcodes.text, 'a text', { final: false }), masked(key, ping, 'ping'), masked(key, continuation, ' in two')]);
        await peer.pong('ping');
        await peer.text('a text in two');
        await deliver(peer, [masked(key, close, closePayload(1001, 'bye'))]);
        await peer.closed(closePayload(1001, 'bye'));
      });
    }
    special('the payload itself: zeros on the wire', async (peer) => {
      await deliver(peer, [masked(Buffer.from('abcd'), opcodes.text, 'abcdabcdab')]);
      await peer.text('abcdabcdab');
    });
    special('another one for every fragment', async (peer) => {
      const payload = noise(keys.length * 7);
      await deliver(peer, keys.map((key, i) =>
        masked(key, i === 0 ? binary : continuation, payload.subarray(i * 7, i * 7 + 7), { final: i === keys.length - 1 })));
      await peer.binary(payload);
    });
  }

  const offsets = group('every offset');
  for (let octets = 1; octets <= 9; octets++) {
    offsets(`messages of 0 to 70 bytes in ${octets} octets each`, async (peer) => {
      const sizes = Array.from({ length: 71 }, (_, size) => size);
      await peer.chop(sizes.map((size) => frame(binary, noise(size))), octets);
      for (const size of sizes) await peer.binary(noise(size));
    });
    offsets(`5,000 bytes of text in ${octets} octets each`, async (peer) => {
      await peer.chop([text(letters(5000).toString())], octets);
      await peer.text(letters(5000));
    });
    offsets(`a first piece of ${octets} octets, and the rest`, async (peer) => {
      for (let size = 990; size < 1030; size++) {
        const bytes = frame(binary, noise(size));
        const at = bytes.length - size + octets;
        await peer.sendEach([bytes.subarray(0, at), bytes.subarray(at)]);
        await peer.binary(noise(size));
      }
    });
  }

  for (const [how, deliver] of Object.entries(deliveries)) {
    const none = group(`no mask ${how}`);
    for (const [kind, opcode] of [['text', opcodes.text], ['binary', binary], ['ping', ping], ['pong', pong]]) {
      for (const [words, payload] of [['of no bytes', ''], ['with a payload', 'Hello'], ['of 125 bytes', letters(125)]]) {
        none(`a ${kind} ${words}`, async (peer) => {
          await deliver(peer, [frame(opcode, payload, bare)]);
          await peer.failed(1002);
        });
      }
    }
    for (const size of [126, 65536]) {
      none(`a text of ${size} bytes`, async (peer) => {
        await deliver(peer, [frame(opcodes.text, letters(size), bare)]);
        await peer.failed(1002);
      });
    }
    none('an empty close', async (peer) => {
      await deliver(peer, [frame(close, '', bare)]);
      await peer.failed(1002);
    });
    none('a close with 1000', async (peer) => {
      await deliver(peer, [frame(close, closePayload(1000), bare)]);
      await peer.failed(1002);
    });
    none('behind a message that was answered', async (peer) => {
      peer.send(text('masked'));
      await peer.text('masked');
      await deliver(peer, [text('bare', bare)]);
      await peer.failed(1002);
    });
    none('on the last fragment', async (peer) => {
      await deliver(peer, [text('masked', { final: false }), frame(continuation, 'bare', bare)]);
      await peer.failed(1002);
    });
    none('on a ping amid a message', async (peer) => {
      await deliver(peer, [text('masked', { final: false }), frame(ping, 'bare', bare), frame(continuation, 'masked')]);
      await peer.failed(1002);
    });
  }
});
