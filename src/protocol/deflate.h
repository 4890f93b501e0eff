#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"

#include <stddef.h>

/*
 * The payload of compressed messages (RFC 7692, section 7.2), each by itself: no context lasts from one
 * message to the next, so that one of these serves all connections of a thread. It owns some hundred KB from
 * its first use on.
 */

struct deflate; /* opaque */

NODISCARD struct deflate *deflate_create(void); /* NULL when memory is out */
void deflate_destroy(struct deflate *codec);    /* NULL is fine */

/* Compresses a message with a window of 9 to 15 bits. *compressed is valid until the next call. STATUS_LIMIT
 * where it would not get smaller: then it is to be sent as it is. */
NODISCARD enum status deflate_compress(struct deflate *codec, unsigned window_bits, struct text message,
                                       struct text *compressed);

/* The message that a payload stands for; valid until the next call, and the caller's to overwrite.
 * STATUS_LIMIT where it is longer than `most` bytes, which never take more memory than that; STATUS_INVALID
 * where the bytes are not DEFLATE's. */
NODISCARD enum status deflate_expand(struct deflate *codec, struct text payload, size_t most,
                                     struct text *message);
