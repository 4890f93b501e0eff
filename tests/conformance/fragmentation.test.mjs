// RFC 6455, section 5.4: messages in fragments, and what may stand between them.

import { closePayload, frame, opcodes, text } from '../e2e/support/raw.mjs';
import { noise } from './support/payloads.mjs';
import { fragments, framesOf } from './support/peer.mjs';
import { deliveries, suite } from './support/suite.mjs';

const { continuation, binary, close, ping, pong } = opcodes;
const more = { final: false };

suite(5, 'Fragmentation', (group) => {
  for (const [how, deliver] of Object.entries(deliveries)) {
    /** Frames in, and what has to come: payloads of pongs as {ping}, of messages as {text} or {binary}, or {fails}. */
    const checks = (words) => {
      const check = group(`${words} ${how}`);
      return (name, frames, ...expected) =>
        check(name, async (peer) => {
          await deliver(peer, frames);
          for (const one of expected) {
            if (one.fails) await peer.failed(one.fails);
            else if (one.ping !== undefined) await peer.pong(one.ping);
            else if (one.text !== undefined) await peer.text(one.text);
            else await peer.binary(one.binary);
          }
        });
    };
    const fails = { fails: 1002 };

    const control = checks('control frames in fragments');
    for (const [kind, opcode, payload] of [['ping', ping, 'frag'], ['pong', pong, 'frag'], ['close', close, closePayload(1000)]]) {
      control(`a ${kind} in two fragments`, [frame(opcode, payload, more), frame(continuation, 'ment')], fails);
      control(`a ${kind} that is not final`, [frame(opcode, payload, more)], fails);
      control(`an empty ${kind} that is not final`, [frame(opcode, '', more)], fails);
      control(`a ${kind} that is not final amid a message`, [text('first', more), frame(opcode, payload, more), frame(continuation, 'last')], fails);
    }

    const messages = checks('messages in fragments');
    messages('two', [text('frag', more), frame(continuation, 'ment')], { text: 'fragment' });
    messages('three', [text('fr', more), frame(continuation, 'agm', more), frame(continuation, 'ent')], { text: 'fragment' });
    messages('two, binary', [frame(binary, noise(10), more), frame(continuation, noise(20))], { binary: Buffer.concat([noise(10), noise(20)]) });
    messages('two of no bytes', [text('', more), frame(continuation)], { text: '' });
    messages('two of no bytes, binary', [frame(binary, '', more), frame(continuation)], { binary: '' });
    messages('the first of no bytes', [text('', more), frame(continuation, 'fragment')], { text: 'fragment' });
    messages('the last of no bytes', [text('fragment', more), frame(continuation)], { text: 'fragment' });
    messages('one in the middle of no bytes', [text('frag', more), frame(continuation, '', more), frame(continuation, 'ment')], { text: 'fragment' });
    messages('of one byte each', fragments(opcodes.text, 'all in fragments', 1), { text: 'all in fragments' });
    messages('of one byte each, binary', fragments(binary, noise(100), 1), { binary: noise(100) });
    messages('of 125, 126 and 127 bytes', framesOf(opcodes.text, ['a'.repeat(125), 'b'.repeat(126), 'c'.repeat(127)]), {
      text: 'a'.repeat(125) + 'b'.repeat(126) + 'c'.repeat(127),
    });
    messages(
      'three messages',
      [...framesOf(opcodes.text, ['a', 'b']), ...framesOf(binary, ['c', '', 'd']), ...framesOf(opcodes.text, ['e', 'f'])],
      { text: 'ab' },
      { binary: 'cd' },
      { text: 'ef' },
    );
    messages('fragmented and whole by turns', [text('a', more), frame(continuation, 'b'), text('c'), frame(binary, 'd', more), frame(continuation, 'e'), text('f')],
      { text: 'ab' }, { text: 'c' }, { binary: 'de' }, { text: 'f' });

    const between = checks('control frames between fragments');
    between('a ping', [text('frag', more), frame(ping, 'ping'), frame(continuation, 'ment')], { ping: 'ping' }, { text: 'fragment' });
    between('a ping without payload', [text('frag', more), frame(ping), frame(continuation, 'ment')], { ping: '' }, { text: 'fragment' });
    between('a ping of 125 bytes', [text('frag', more), frame(ping, noise(125)), frame(continuation, 'ment')], { ping: noise(125) }, { text: 'fragment' });
    between('a pong', [text('frag', more), frame(pong, 'pong'), frame(continuation, 'ment')], { text: 'fragment' });
    between('a ping behind an empty first fragment', [text('', more), frame(ping, 'ping'), frame(continuation, 'ment')], { ping: 'ping' }, { text: 'ment' });
    between('a ping that is too long', [text('frag', more), frame(ping, noise(126)), frame(continuation, 'ment')], fails);
    between(
      'pings between five fragments',
      [text('1', more), frame(continuation, '2', more), frame(ping, 'a'), frame(continuation, '3', more), frame(continuation, '4', more), frame(ping, 'b'), frame(continuation, '5')],
      { ping: 'a' },
      { ping: 'b' },
      { text: '12345' },
    );
    const bytes = fragments(opcodes.text, 'a message in fragments', 1);
    between('a ping behind each of many', bytes.flatMap((one, i) => (i < bytes.length - 1 ? [one, frame(ping, String(i))] : [one])),
      ...bytes.slice(1).map((_, i) => ({ ping: String(i) })), { text: 'a message in fragments' });
    between('ten pings at once', [text('frag', more), ...Array.from({ length: 10 }, (_, i) => frame(ping, String(i))), frame(continuation, 'ment')],
      ...Array.from({ length: 10 }, (_, i) => ({ ping: String(i) })), { text: 'fragment' });

    const nothing = checks('a continuation with nothing to continue');
    for (const final of [true, false]) {
      const words = final ? 'final' : 'not final';
      nothing(`${words}`, [frame(continuation, 'nothing', { final })], fails);
      nothing(`${words}, of no bytes`, [frame(continuation, '', { final })], fails);
      nothing(`${words}, then a message`, [frame(continuation, 'nothing', { final }), text('Hello')], fails);
      nothing(`${words}, then a fragmented message`, [frame(continuation, 'nothing', { final }), text('frag', more), frame(continuation, 'ment')], fails);
      nothing(`${words}, behind a ping`, [frame(ping, 'p'), frame(continuation, 'nothing', { final })], { ping: 'p' }, fails);
      nothing(`${words}, right behind a message`, [text('Hello'), frame(continuation, 'nothing', { final })], { text: 'Hello' }, fails);
      nothing(
        `${words}, right behind a fragmented message`,
        [text('frag', more), frame(continuation, 'ment'), frame(continuation, 'nothing', { final }), text('Hello')],
        { text: 'fragment' },
        fails,
      );
    }
    const begun = group(`a continuation behind messages that were answered ${how}`);
    for (const final of [true, false]) {
      begun(final ? 'final' : 'not final', async (peer) => {
        peer.send(...framesOf(opcodes.text, ['frag', 'ment']));
        await peer.text('fragment');
        await deliver(peer, [frame(continuation, 'nothing', { final }), text('Hello')]);
        await peer.failed(1002);
      });
    }

    const inside = checks('a message inside a fragmented one');
    for (const [outerWords, outer] of [['text', opcodes.text], ['binary', binary]]) {
      for (const [innerWords, inner] of [['text', opcodes.text], ['binary', binary]]) {
        inside(`${innerWords} inside ${outerWords}`, [frame(outer, 'frag', more), frame(inner, 'Hello'), frame(continuation, 'ment')], fails);
        inside(`${innerWords} in fragments inside ${outerWords}`, [frame(outer, 'frag', more), frame(inner, 'ment', more), frame(continuation)], fails);
        inside(`an empty ${innerWords} inside an empty ${outerWords}`, [frame(outer, '', more), frame(inner, '')], fails);
        inside(`${innerWords} behind two fragments of ${outerWords}`, [frame(outer, 'a', more), frame(continuation, 'b', more), frame(inner, 'c')], fails);
      }
    }
    inside('behind a ping', [text('frag', more), frame(ping, 'p'), text('Hello')], { ping: 'p' }, fails);
  }
});
