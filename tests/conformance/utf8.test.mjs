// RFC 6455, sections 5.6 and 8.1, and RFC 3629: text is UTF-8, and what is not fails at its first wrong octet.

import { frame, opcodes } from '../e2e/support/raw.mjs';
import { fragments, framesOf } from './support/peer.mjs';
import { suite } from './support/suite.mjs';

const { continuation, binary, ping } = opcodes;
const more = { final: false };
const bytesOf = (hex) => Buffer.from(hex.replaceAll(/[ |]/g, ''), 'hex');
const nameOf = (codePoint) => `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;

const texts = {
  'no text': '',
  ASCII: 'Hello, world!',
  'Hello-µ@ßöäüàá-UTF-8!!': 'Hello-µ@ßöäüàá-UTF-8!!',
  Greek: 'κόσμε',
  'four octets each': '𝄞𝒳😀🏴',
  'combining marks': 'e\u0301 n\u0303',
  'of all lengths': 'aé☃😀😀☃éa',
};

const boundaries = [
  0x0000, 0x0001, 0x001f, 0x007f, 0x0080, 0x00ff, 0x07ff, 0x0800, 0x0fff, 0x1000, 0x2028, 0x2029, 0xcfff, 0xd000, 0xd7ff, 0xe000, 0xfeff, 0xfff9, 0xfffd,
  0x10000, 0x3ffff, 0x40000, 0xfffff, 0x100000, 0x10ffff,
];
const noncharacters = [
  ...Array.from({ length: 32 }, (_, i) => 0xfdd0 + i),
  ...Array.from({ length: 17 }, (_, plane) => [plane * 0x10000 + 0xfffe, plane * 0x10000 + 0xffff]).flat(),
];

/** '|' stands before the first wrong octet; where there is none, the text is wrong because it ends. */
const invalid = {
  'a lone continuation 80': '|80',
  'a lone continuation bf': '|bf',
  'two lone continuations': '|80 bf',
  'a lone continuation behind ASCII': '61 62 |80 63',
  'a continuation too many behind two octets': 'c3 a9 |a9',
  'a continuation too many behind three octets': 'e2 98 83 |80',
  'a continuation too many behind four octets': 'f0 9f 98 80 |80',
  'a lead of two octets and a blank': 'c3 |20',
  'a lead of three octets and a blank': 'e2 |20',
  'a lead of four octets and a blank': 'f0 |20',
  'three octets, the last missing': 'e2 98 |61',
  'four octets, the last missing': 'f0 9f 98 |61',
  'four octets, the last two missing': 'f0 9f |61',
  'a lead behind a lead': 'c3 |c3 a9',
  'three octets, the last missing, then the same': 'e2 98 |e2 98 83',
  'the octet fe': '|fe',
  'the octet ff': '|ff',
  'fe fe ff ff': '|fe fe ff ff',
  'ff behind text': 'ce ba e1 bd b9 |ff',
  'c0, overlong': '|c0 af',
  'c0 80, an overlong NUL': '|c0 80',
  'c1 bf, overlong': '|c1 bf',
  'e0 80 af, overlong': 'e0 |80 af',
  'e0 80 80, an overlong NUL': 'e0 |80 80',
  'e0 9f bf, overlong': 'e0 |9f bf',
  'f0 80 80 af, overlong': 'f0 |80 80 af',
  'f0 80 80 80, an overlong NUL': 'f0 |80 80 80',
  'f0 8f bf bf, overlong': 'f0 |8f bf bf',
  'five octets, overlong': '|f8 80 80 80 af',
  'six octets, overlong': '|fc 80 80 80 80 af',
  'five octets': '|f8 88 80 80 80',
  'six octets': '|fc 84 80 80 80 80',
  'the last of five octets': '|fb bf bf bf bf',
  'the last of six octets': '|fd bf bf bf bf bf',
  'the surrogate U+D800': 'ed |a0 80',
  'the surrogate U+DB7F': 'ed |ad bf',
  'the surrogate U+DB80': 'ed |ae 80',
  'the surrogate U+DBFF': 'ed |af bf',
  'the surrogate U+DC00': 'ed |b0 80',
  'the surrogate U+DF80': 'ed |be 80',
  'the surrogate U+DFFF': 'ed |bf bf',
  'the surrogates U+D800 U+DC00': 'ed |a0 80 ed b0 80',
  'the surrogates U+DBFF U+DFFF': 'ed |af bf ed bf bf',
  'a surrogate amid text': 'ce ba e1 bd b9 cf 83 ce bc ce b5 ed |a0 80 65 64 69 74 65 64',
  'U+110000': 'f4 |90 80 80',
  'U+13FFFF': 'f4 |bf bf bf',
  'U+140000': '|f5 80 80 80',
  'U+1FFFFF': '|f7 bf bf bf',
  'U+110000 amid text': 'ce ba e1 bd b9 cf 83 ce bc ce b5 f4 |90 80 80 65 64 69 74 65 64',
  'Latin-1': '64 e9 |6a e0',
  'UTF-16, little endian': '|ff fe 48 00',
  'two octets, cut behind the first': 'c3',
  'three octets, cut behind the first': 'e2',
  'three octets, cut behind the second': 'e2 98',
  'four octets, cut behind the first': 'f0',
  'four octets, cut behind the second': 'f0 9f',
  'four octets, cut behind the third': 'f0 9f 98',
  'text, cut in its last character': 'ce ba e1 bd b9 cf 83 ce bc ce',
  'U+D7FF, cut': 'ed 9f',
  'U+10FFFF, cut': 'f4 8f bf',
};

/** The octets that may stand behind a lead (RFC 3629, section 4); none where it is no lead. */
function seconds(lead) {
  if (lead < 0xc2 || lead > 0xf4) return undefined;
  return { 0xe0: [0xa0, 0xbf], 0xed: [0x80, 0x9f], 0xf0: [0x90, 0xbf], 0xf4: [0x80, 0x8f] }[lead] ?? [0x80, 0xbf];
}

suite(6, 'UTF-8', (group) => {
  const empty = group('fragments of no bytes');
  empty('three', async (peer) => {
    peer.send(...framesOf(opcodes.text, ['', '', '']));
    await peer.text('');
  });
  empty('the first and the last', async (peer) => {
    peer.send(...framesOf(opcodes.text, ['', 'middle', '']));
    await peer.text('middle');
  });
  empty('between the octets of characters', async (peer) => {
    peer.send(...framesOf(opcodes.text, [...Buffer.from('é☃😀')].flatMap((octet) => [Buffer.from([octet]), ''])));
    await peer.text('é☃😀');
  });

  const valid = (words) => {
    const check = group(words);
    return (name, string) => {
      const bytes = Buffer.from(string);
      check(name, async (peer) => {
        peer.send(frame(opcodes.text, bytes));
        await peer.text(bytes);
        peer.send(...fragments(opcodes.text, bytes, 1));
        await peer.text(bytes);
        for (let at = 1; at < bytes.length; at++) {
          peer.send(...framesOf(opcodes.text, [bytes.subarray(0, at), bytes.subarray(at)]));
          await peer.text(bytes);
        }
        await peer.chop([frame(opcodes.text, bytes)], 1);
        await peer.text(bytes);
        await peer.chop(fragments(opcodes.text, bytes, 1), 1);
        await peer.text(bytes);
        const octets = fragments(opcodes.text, bytes, 1);
        for (const [i, one] of octets.entries()) {
          peer.send(one);
          if (i < octets.length - 1) await peer.alive(String(i));
        }
        await peer.text(bytes);
      });
    };
  };
  const valids = valid('valid text');
  for (const [words, string] of Object.entries(texts)) valids(words, string);
  const points = valid('boundaries');
  for (const codePoint of boundaries) {
    const character = String.fromCodePoint(codePoint);
    points(nameOf(codePoint), character);
    points(`${nameOf(codePoint)} amid text`, `a${character}é${character}${character}😀`);
  }
  const nons = valid('noncharacters');
  for (const codePoint of noncharacters) nons(nameOf(codePoint), String.fromCodePoint(codePoint));

  const all = group('every character there is');
  for (const [words, size] of [['in one frame a plane', 1 << 20], ['in fragments of 1,000 bytes', 1000]]) {
    all(words, async (peer) => {
      for (let plane = 0; plane < 17; plane++) {
        const codePoints = Array.from({ length: 0x10000 }, (_, i) => plane * 0x10000 + i).filter((codePoint) => codePoint < 0xd800 || codePoint > 0xdfff);
        const payload = Buffer.from(codePoints.map((codePoint) => String.fromCodePoint(codePoint)).join(''));
        peer.send(...fragments(opcodes.text, payload, size));
        await peer.text(payload);
      }
    });
  }

  const whole = group('no UTF-8, in a whole message');
  const slowly = group('no UTF-8, octet by octet');
  const octets = group('no UTF-8, in fragments of one octet');
  const frames = group('no UTF-8: fails in an unfinished frame');
  const chopped = group('no UTF-8: fails in an unfinished frame, octet by octet');
  const unfinished = group('no UTF-8: fails in an unfinished message');
  const across = group('no UTF-8: fails across fragments, and no octet too early');
  const ends = group('no UTF-8: fails at the end, and not before');
  const bytesAnyway = group('no UTF-8, as a binary message');
  for (const [words, hex] of Object.entries(invalid)) {
    const bytes = bytesOf(hex);
    const wrong = hex.includes('|') ? bytesOf(hex.slice(0, hex.indexOf('|'))).length : undefined;

    whole(words, async (peer) => {
      peer.send(frame(opcodes.text, bytes));
      await peer.failed(1007);
    });
    whole(`${words}, behind 70,000 bytes`, async (peer) => {
      peer.send(frame(opcodes.text, Buffer.concat([Buffer.alloc(70_000, 'x'), bytes])));
      await peer.failed(1007);
    });
    slowly(words, async (peer) => {
      await peer.chop([frame(opcodes.text, bytes)], 1);
      await peer.failed(1007);
    });
    octets(words, async (peer) => {
      peer.send(...fragments(opcodes.text, bytes, 1));
      await peer.failed(1007);
    });
    bytesAnyway(words, async (peer) => {
      peer.send(frame(binary, bytes), ...fragments(binary, bytes, 1));
      await peer.binary(bytes);
      await peer.binary(bytes);
    });

    if (wrong === undefined) {
      ends(words, async (peer) => {
        peer.send(frame(opcodes.text, bytes, more));
        await peer.alive();
        peer.send(frame(continuation, '', more));
        await peer.alive();
        peer.send(frame(continuation));
        await peer.failed(1007);
      });
      continue;
    }
    const begun = bytes.subarray(0, wrong + 1);
    frames(words, async (peer) => {
      peer.send(frame(opcodes.text, begun, { length: begun.length + 1000 }));
      await peer.failed(1007);
    });
    frames(`${words}, in the second fragment`, async (peer) => {
      peer.send(frame(opcodes.text, 'good, ', more), frame(continuation, begun, { length: begun.length + 1000, final: false }));
      await peer.failed(1007);
    });
    chopped(words, async (peer) => {
      await peer.chop([frame(opcodes.text, begun, { length: begun.length + 1000 })], 1);
      await peer.failed(1007);
    });
    unfinished(words, async (peer) => {
      peer.send(frame(opcodes.text, bytes, more));
      await peer.failed(1007);
    });
    unfinished(`${words}, behind 70,000 bytes`, async (peer) => {
      peer.send(frame(opcodes.text, Buffer.alloc(70_000, 'x'), more), frame(continuation, bytes, more));
      await peer.failed(1007);
    });
    across(words, async (peer) => {
      peer.send(frame(opcodes.text, '', more));
      for (const octet of begun.subarray(0, wrong)) {
        peer.send(frame(continuation, Buffer.from([octet]), more), frame(ping, 'still good'));
        await peer.pong('still good');
      }
      peer.send(frame(continuation, begun.subarray(wrong), more));
      await peer.failed(1007);
    });
  }

  const pairs = group('every lead');
  for (let lead = 0x80; lead <= 0xff; lead++) {
    pairs(lead.toString(16), async (peer, connect) => {
      const range = seconds(lead);
      const unfinishedFrame = (octets) => frame(opcodes.text, Buffer.from(octets), { length: 100 });
      if (!range) {
        peer.send(unfinishedFrame([lead]));
        await peer.failed(1007);
        return;
      }
      for (const second of [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff]) {
        const fits = second >= range[0] && second <= range[1];
        const other = await connect();
        if (fits) {
          other.send(frame(opcodes.text, Buffer.from([lead, second]), more));
          await other.alive();
          const rest = Buffer.alloc(lead < 0xe0 ? 0 : lead < 0xf0 ? 1 : 2, 0x80);
          other.send(frame(continuation, rest));
          await other.text(Buffer.concat([Buffer.from([lead, second]), rest]));
        } else {
          other.send(unfinishedFrame([lead, second]));
          await other.failed(1007);
        }
      }
    });
  }
});
