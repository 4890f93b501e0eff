// RFC 7692, sections 5 and 7.1: what is offered, and what is agreed on.

import assert from 'node:assert/strict';
import { opcodes, text } from '../e2e/support/raw.mjs';
import { COMPRESSED, compressed, deflate, inflate, withoutContexts } from './support/deflate.mjs';
import { letters } from './support/payloads.mjs';
import { suite } from './support/suite.mjs';

const base = 'permessage-deflate';

suite(13, 'Compression offers', (group) => {
  /** Offers as header lines; `answer` is what the server says, undefined where it declines. */
  const offers = (words, options = {}) => {
    const check = group(words, { args: ['--compress-above', '0'], ...options, upgrade: false });
    return (lines, answer) =>
      check([lines].flat().join(' | '), async (peer) => {
        const { headers } = await peer.upgrade({ headers: { 'Sec-WebSocket-Extensions': [lines].flat().join('\r\nSec-WebSocket-Extensions: ') } });
        assert.equal(headers['sec-websocket-extensions'], answer);
        if (answer === undefined) {
          peer.send(text('plain'));
          await peer.text('plain');
          peer.send(compressed(opcodes.text, deflate('compressed')));
          await peer.failed(1002);
          return;
        }
        peer.send(compressed(opcodes.text, deflate(letters(5000))));
        const { reserved, payload } = await peer.message();
        assert.equal(reserved, COMPRESSED);
        assert.ok(inflate(payload, Number(/server_max_window_bits=(\d+)/.exec(answer)?.[1] ?? 15)).equals(letters(5000)));
      });
  };

  const taken = offers('taken');
  taken(base, withoutContexts);
  taken(`${base}; client_max_window_bits`, withoutContexts);
  for (let bits = 8; bits <= 15; bits++) taken(`${base}; client_max_window_bits=${bits}`, withoutContexts);
  for (let bits = 9; bits <= 15; bits++) taken(`${base}; server_max_window_bits=${bits}`, `${withoutContexts}; server_max_window_bits=${bits}`);
  taken(`${base}; client_no_context_takeover`, withoutContexts);
  taken(`${base}; server_no_context_takeover`, withoutContexts);
  taken(`${base}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits`, `${withoutContexts}; server_max_window_bits=10`);
  taken(`${base}; client_max_window_bits=11; server_max_window_bits=12`, `${withoutContexts}; server_max_window_bits=12`);

  const spelled = offers('spellings');
  spelled('permessage-deflate;client_max_window_bits', withoutContexts);
  spelled('permessage-deflate ; client_max_window_bits ; server_max_window_bits = 9', `${withoutContexts}; server_max_window_bits=9`);
  spelled('permessage-deflate; server_max_window_bits="9"', `${withoutContexts}; server_max_window_bits=9`);
  spelled('permessage-deflate; client_max_window_bits="12"', withoutContexts);
  spelled(', permessage-deflate', withoutContexts);
  spelled('permessage-deflate,', withoutContexts);
  spelled('x-unknown, , permessage-deflate', withoutContexts);

  const declined = offers('declined (section 7.1)');
  for (const value of ['7', '8', '16', '0', '09', '15.0', '-9', '9x', 'x', '100', '+9']) declined(`${base}; server_max_window_bits=${value}`, undefined);
  for (const value of ['7', '16', '0', '08', '15.0', '-9', 'x', '255']) declined(`${base}; client_max_window_bits=${value}`, undefined);
  declined(`${base}; server_max_window_bits`, undefined);
  declined(`${base}; server_no_context_takeover=1`, undefined);
  declined(`${base}; client_no_context_takeover=true`, undefined);
  declined(`${base}; server_no_context_takeover; server_no_context_takeover`, undefined);
  declined(`${base}; client_no_context_takeover; client_no_context_takeover`, undefined);
  declined(`${base}; client_max_window_bits; client_max_window_bits`, undefined);
  declined(`${base}; client_max_window_bits=9; client_max_window_bits`, undefined);
  declined(`${base}; server_max_window_bits=9; server_max_window_bits=9`, undefined);
  declined(`${base}; mode=fast`, undefined);
  declined(`${base}; x-unknown`, undefined);
  declined('permessage-deflated', undefined);
  declined('x-webkit-deflate-frame', undefined);
  declined('perframe-deflate', undefined);

  const several = offers('several offers: the first that can be held to');
  several(`${base}; server_max_window_bits=8, ${base}`, withoutContexts);
  several(`${base}; mode=fast, ${base}; server_max_window_bits=9, ${base}`, `${withoutContexts}; server_max_window_bits=9`);
  several(`${base}; server_max_window_bits=11, ${base}; server_max_window_bits=12`, `${withoutContexts}; server_max_window_bits=11`);
  several(`x-unknown; a="b", ${base}; client_max_window_bits=7, ${base}; client_no_context_takeover`, withoutContexts);
  several(`${base}, x-unknown`, withoutContexts);
  several(`${base}; mode=fast, ${base}; server_max_window_bits=16`, undefined);
  several([base, 'x-unknown'], withoutContexts);
  several(['x-unknown', base], withoutContexts);
  several([`${base}; server_max_window_bits=8`, `${base}; server_max_window_bits=13`], `${withoutContexts}; server_max_window_bits=13`);
  several([`${base}; server_max_window_bits=14`, `${base}; server_max_window_bits=13`], `${withoutContexts}; server_max_window_bits=14`);

  const off = offers('--no-compression', { args: ['--no-compression'] });
  off(base, undefined);
  off(`${base}; server_max_window_bits=9, ${base}`, undefined);

  const beside = group('what is not compressed', { upgrade: false });
  beside('no offer, no answer', async (peer) => {
    const { headers } = await peer.upgrade();
    assert.equal(headers['sec-websocket-extensions'], undefined);
    peer.send(text('x'.repeat(5000)));
    await peer.text('x'.repeat(5000));
  });
  beside('messages of up to --compress-above', async (peer) => {
    await peer.upgrade({ headers: { 'Sec-WebSocket-Extensions': base } });
    peer.send(text('x'.repeat(1024)));
    await peer.text('x'.repeat(1024));
    peer.send(text('x'.repeat(1025)));
    assert.equal((await peer.message()).reserved, COMPRESSED);
  });
});
