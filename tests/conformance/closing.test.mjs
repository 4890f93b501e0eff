// RFC 6455, sections 5.5.1 and 7: the close handshake.

import { closePayload, frame, opcodes, text } from '../e2e/support/raw.mjs';
import { letters } from './support/payloads.mjs';
import { framesOf } from './support/peer.mjs';
import { deliveries, suite } from './support/suite.mjs';

const { continuation, close, ping, pong } = opcodes;
const normal = closePayload(1000);

const valid = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3500, 3999, 4000, 4001, 4500, 4998, 4999];
const invalid = [0, 1, 255, 256, 500, 998, 999, 1004, 1005, 1006, 1015, 1016, 1017, 1100, 1999, 2000, 2500, 2998, 2999, 5000, 5001, 10000, 32768, 65534, 65535];

suite(7, 'Closing', (group) => {
  for (const [how, deliver] of Object.entries(deliveries)) {
    const large = how === 'octet by octet' ? 1 << 10 : 1 << 18;

    /** Frames in; then the server closes with exactly `answer`, or with its own words and the code `answer`. */
    const checks = (words) => {
      const check = group(`${words} ${how}`);
      return (name, frames, answer) =>
        check(name, async (peer) => {
          await deliver(peer, frames);
          await (typeof answer === 'number' ? peer.failed(answer) : peer.closed(answer));
        });
    };

    const codes = checks('codes that may be sent');
    for (const code of valid) {
      codes(`${code}`, [frame(close, closePayload(code))], closePayload(code));
      codes(`${code} with a reason`, [frame(close, closePayload(code, 'as it is, é'))], closePayload(code, 'as it is, é'));
    }
    const others = checks('codes that may not be sent');
    for (const code of invalid) {
      others(`${code}`, [frame(close, closePayload(code))], 1002);
      others(`${code} with a reason`, [frame(close, closePayload(code, 'whatever'))], 1002);
    }

    const payloads = checks('payloads');
    payloads('none', [frame(close)], '');
    payloads('one byte', [frame(close, 'x')], 1002);
    payloads('one byte, the first of 1000', [frame(close, normal.subarray(0, 1))], 1002);
    payloads('a reason of one byte', [frame(close, closePayload(1000, 'x'))], closePayload(1000, 'x'));
    payloads('a reason of 122 bytes', [frame(close, closePayload(1000, 'r'.repeat(122)))], closePayload(1000, 'r'.repeat(122)));
    payloads('a reason of 123 bytes: 125 in all', [frame(close, closePayload(1000, 'r'.repeat(123)))], closePayload(1000, 'r'.repeat(123)));
    payloads('a reason of 123 bytes that are no ASCII', [frame(close, closePayload(1000, '☃'.repeat(41)))], closePayload(1000, '☃'.repeat(41)));
    payloads('126 bytes', [frame(close, closePayload(1000, 'r'.repeat(124)))], 1002);
    payloads('1,000 bytes', [frame(close, closePayload(1000, 'r'.repeat(998)))], 1002);
    payloads('65,536 bytes', [frame(close, closePayload(1000, letters(65534)))], 1002);

    const reasons = checks('reasons that are no UTF-8');
    for (const [words, hex] of [
      ['an impossible byte', 'ff'],
      ['a lone continuation', '61 80 62'],
      ['an overlong form', 'c0 af'],
      ['a surrogate', 'ce ba e1 bd b9 ed a0 80 65 64'],
      ['above U+10FFFF', 'f4 90 80 80'],
      ['cut in a character', '61 e2 98'],
    ]) {
      reasons(words, [frame(close, closePayload(1000, Buffer.from(hex.replaceAll(' ', ''), 'hex')))], 1007);
    }

    const behind = checks('nothing counts behind a close');
    behind('another close', [frame(close, normal), frame(close, normal)], normal);
    behind('a close with another code', [frame(close, normal), frame(close, closePayload(3000, 'no'))], normal);
    behind('a close that is wrong', [frame(close, normal), frame(close, closePayload(999))], normal);
    behind('a text message', [frame(close, normal), text('late')], normal);
    behind('a binary message', [frame(close, normal), frame(opcodes.binary, 'late')], normal);
    behind('a ping', [frame(close, normal), frame(ping, 'late')], normal);
    behind('a pong', [frame(close, normal), frame(pong, 'late')], normal);
    behind('ten pings and ten messages', [frame(close, normal), ...Array.from({ length: 20 }, (_, i) => (i % 2 ? text('late') : frame(ping)))], normal);
    behind('a frame that is wrong', [frame(close, normal), text('late', { reserved: 7 })], normal);
    behind('no frame at all', [frame(close, normal), Buffer.from('GET / HTTP/1.1\r\n\r\n')], normal);
    behind('a message cut off', [frame(close, normal), text('late').subarray(0, 7)], normal);
    behind(`${large} bytes`, [frame(close, normal), text(letters(large).toString())], normal);
    behind('a message, behind an error', [text('first', { reserved: 1 }), text('late'), frame(close, normal)], 1002);

    const amid = checks('amid a fragmented message');
    amid('a close', [text('frag', { final: false }), frame(close, normal)], normal);
    amid('a close, and the rest of the message', [text('frag', { final: false }), frame(close, normal), frame(continuation, 'ment')], normal);
    amid('a close without a code', [text('frag', { final: false }), frame(close)], '');
    amid('a close with a reason, amid a character', [text(Buffer.from([0xe2]), { final: false }), frame(close, closePayload(4000, 'é'))], closePayload(4000, 'é'));
    amid('a close with a code that may not be sent', [text('frag', { final: false }), frame(close, closePayload(1005))], 1002);
    amid('a close of one byte', [text('frag', { final: false }), frame(close, 'x')], 1002);

    const last = group(`right behind messages ${how}`);
    last('one', async (peer) => {
      await deliver(peer, [text('Hello, world!'), frame(close, normal)]);
      await peer.text('Hello, world!');
      await peer.closed(normal);
    });
    last('one in fragments', async (peer) => {
      await deliver(peer, [...framesOf(opcodes.text, ['Hello, ', 'world!']), frame(close, normal)]);
      await peer.text('Hello, world!');
      await peer.closed(normal);
    });
    last('ten', async (peer) => {
      await deliver(peer, [...Array.from({ length: 10 }, (_, i) => text(`message ${i}`)), frame(close, normal)]);
      for (let i = 0; i < 10; i++) await peer.text(`message ${i}`);
      await peer.closed(normal);
    });
    last('a ping', async (peer) => {
      await deliver(peer, [frame(ping, 'last'), frame(close, normal)]);
      await peer.pong('last');
      await peer.closed(normal);
    });
    last(`one of ${large} bytes`, async (peer) => {
      const payload = letters(large);
      await deliver(peer, [text(payload.toString()), frame(close, normal)]);
      await peer.text(payload);
      await peer.closed(normal);
    });
  }

  const sockets = group('the socket');
  sockets('the server ends the stream first', async (peer) => {
    peer.send(frame(close, normal));
    await peer.closed(normal); // the client has ended nothing
  });
  sockets('the server ends the stream first where it has failed the connection, without the client\'s close', async (peer) => {
    peer.send(text('x', { reserved: 1 }));
    await peer.failed(1002);
  });
  sockets('a close behind messages that were answered', async (peer) => {
    for (const message of ['one', 'two', 'three']) {
      peer.send(text(message));
      await peer.text(message);
    }
    peer.send(frame(close, closePayload(1001)));
    await peer.closed(closePayload(1001));
  });
  sockets('a close right behind the upgrade', async (peer, connect) => {
    const other = await connect({ upgrade: false });
    await other.upgrade({}, frame(close, closePayload(1001)));
    await other.closed(closePayload(1001));
  });
  sockets('the end of the stream without a close', async (peer, connect) => {
    const other = await connect();
    peer.client.socket.end();
    await peer.gone();
    await other.alive();
  });
  sockets('the end of the stream amid a frame', async (peer, connect) => {
    const other = await connect();
    peer.client.socket.end(text('Hello').subarray(0, 8));
    await peer.gone();
    await other.alive();
  });
});
