// permessage-deflate as a client does it (RFC 7692).

import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { frame } from '../../e2e/support/raw.mjs';

export const COMPRESSED = 4; // RSV1 among the three reserved bits

/** What every flush ends with, and a message does not carry (section 7.2.1). */
export const tail = Buffer.from('0000ffff', 'hex');

/** A message as it is sent: deflated without a context, without the tail. */
export function deflate(data, options = {}) {
  const bytes = deflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH, ...options });
  return bytes.subarray(0, bytes.length - tail.length);
}

/** A message as it was: fails where it wants a larger window, or a context from before. */
export const inflate = (payload, windowBits = 15) => inflateRawSync(Buffer.concat([payload, tail]), { finishFlush: constants.Z_SYNC_FLUSH, windowBits });

/** A whole message of a payload that is deflated already. */
export const compressed = (opcode, payload, options = {}) => frame(opcode, payload, { reserved: COMPRESSED, ...options });

export const offering = (...offers) => ({ 'Sec-WebSocket-Extensions': offers.join(', ') });

/** What the server answers: no side keeps a context, whatever the client would have liked (sections 7.1.1.1 and 7.1.1.2). */
export const withoutContexts = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
