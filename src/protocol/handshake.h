#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"

/* The server's side of the opening handshake (RFC 6455, section 4.2.2). */

enum { HANDSHAKE_ACCEPT_LENGTH = 28 };

/* Sec-WebSocket-Accept for a checked Sec-WebSocket-Key: base64(SHA-1(key + GUID)), with a NUL behind it. */
NODISCARD enum status handshake_accept(char out[HANDSHAKE_ACCEPT_LENGTH + 1], struct text key);

/* Appends the whole 101 response. `extension` is what deflate_answer() gives, empty for none; `protocol` is
 * the chosen subprotocol, empty for none; one that is no HTTP token is STATUS_INVALID, so that nothing can be
 * smuggled into the response. */
NODISCARD enum status handshake_append_response(struct buffer *out, struct text key, struct text protocol,
                                                struct text extension);

/* Appends a whole refusal: `status` with its reason phrase, Connection: close, a text/plain body of `reason`
 * (NULL: none, for a HEAD), and what HTTP wants with that status (426: Upgrade and Sec-WebSocket-Version;
 * 405: Allow; 503: Retry-After). */
NODISCARD enum status handshake_append_refusal(struct buffer *out, int status, const char *reason);
