// RFC 6455, sections 5.5.2 and 5.5.3: pings and pongs.

import { frame, opcodes, text } from '../e2e/support/raw.mjs';
import { noise } from './support/payloads.mjs';
import { framesOf } from './support/peer.mjs';
import { deliveries, suite } from './support/suite.mjs';

const { ping, pong } = opcodes;

const payloads = {
  'no payload': '',
  text: 'Hello, world!',
  'text beyond ASCII': 'κόσμε ☃ 😀',
  'bytes that are no UTF-8': Buffer.from([0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff]),
  'one byte': 'x',
  '124 bytes': noise(124),
  '125 bytes': noise(125),
};

suite(2, 'Pings and pongs', (group) => {
  for (const [how, deliver] of Object.entries(deliveries)) {
    const pings = group(`a ping ${how}`);
    for (const [words, payload] of Object.entries(payloads)) {
      pings(words, async (peer) => {
        await deliver(peer, [frame(ping, payload)]);
        await peer.pong(payload);
      });
    }

    const pongs = group(`an unsolicited pong ${how}`);
    for (const [words, payload] of Object.entries(payloads)) {
      pongs(words, async (peer) => {
        await deliver(peer, [frame(pong, payload)]);
        await peer.alive();
      });
      pongs(`${words}, then a ping`, async (peer) => {
        await deliver(peer, [frame(pong, payload), frame(ping, 'and a ping')]);
        await peer.pong('and a ping');
      });
    }

    const rows = group(`rows ${how}`);
    rows('ten pings', async (peer) => {
      await deliver(peer, Array.from({ length: 10 }, (_, i) => frame(ping, `payload-${i}`)));
      for (let i = 0; i < 10; i++) await peer.pong(`payload-${i}`);
    });
    rows('ten pongs, then a ping', async (peer) => {
      await deliver(peer, [...Array.from({ length: 10 }, (_, i) => frame(pong, `payload-${i}`)), frame(ping)]);
      await peer.pong();
    });
    rows('pings of every length', async (peer) => {
      await deliver(peer, Array.from({ length: 126 }, (_, size) => frame(ping, noise(size))));
      for (let size = 0; size <= 125; size++) await peer.pong(noise(size));
    });
    rows('pings and pongs by turns', async (peer) => {
      await deliver(peer, Array.from({ length: 20 }, (_, i) => frame(i % 2 ? pong : ping, String(i))));
      for (let i = 0; i < 20; i += 2) await peer.pong(String(i));
    });
    rows('a ping and a pong before every fragment of a message', async (peer) => {
      const message = framesOf(opcodes.text, ['one ', 'two ', '', 'three']);
      await deliver(peer, message.flatMap((fragment, i) => [frame(ping, `ping ${i}`), frame(pong, `pong ${i}`), fragment]));
      for (let i = 0; i < 4; i++) await peer.pong(`ping ${i}`);
      await peer.text('one two three');
    });

    const wrong = group(`control frames that are too long ${how}`);
    for (const [kind, opcode] of [['ping', ping], ['pong', pong]]) {
      for (const size of [126, 127, 1000, 65536]) {
        wrong(`a ${kind} of ${size} bytes`, async (peer) => {
          await deliver(peer, [frame(opcode, noise(size))]);
          await peer.failed(1002);
        });
      }
      wrong(`a ${kind} of 126 bytes behind one of 125`, async (peer) => {
        await deliver(peer, [frame(ping, noise(125)), frame(opcode, noise(126))]);
        await peer.pong(noise(125));
        await peer.failed(1002);
      });
      for (const lengthBytes of [2, 8]) {
        wrong(`a ${kind} of 5 bytes with a length of ${lengthBytes}`, async (peer) => {
          await deliver(peer, [frame(opcode, '12345', { lengthBytes })]);
          await peer.failed(1002);
        });
      }
    }
  }

  const beside = group('beside messages');
  beside('a ping right behind the upgrade', async (peer, connect) => {
    const other = await connect({ upgrade: false });
    await other.upgrade({}, frame(ping, 'early'));
    await other.pong('early');
  });
  beside('a ping, a message, a ping', async (peer) => {
    for (let i = 0; i < 5; i++) {
      await peer.alive(`before ${i}`);
      peer.send(text(`message ${i}`));
      await peer.text(`message ${i}`);
    }
    await peer.alive('behind');
  });
});
