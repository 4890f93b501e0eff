#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Incremental UTF-8 validation (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. A state
 * holds what one unfinished character needs, so that text may be cut anywhere; it fails at the first byte
 * that can not belong to any valid continuation.
 */
struct utf8 {
    uint32_t state; /* 0 between characters; the rest is utf8.c's own */
};

static inline void utf8_init(struct utf8 *utf8)
{
    utf8->state = 0;
}

/* False as soon as the bytes so far can not be the start of valid UTF-8; the state is then of no more use. */
bool utf8_feed(struct utf8 *utf8, const void *data, size_t length);

/* Whether what was fed ends at a character's end. */
static inline bool utf8_is_complete(const struct utf8 *utf8)
{
    return utf8->state == 0;
}

/* Whether the whole of `data` is valid UTF-8. Fast for ASCII. */
bool utf8_is_valid(const void *data, size_t length);

/*
 * How many bytes of `data` from its start are whole characters. *broken: how many bytes behind them begin a
 * character and do not go on so (to be replaced by one U+FFFD, as WHATWG's decoder does); 0 at the end of
 * `data`. *cut: they might have gone on, had `data` not ended.
 */
size_t utf8_prefix(const void *data, size_t length, size_t *broken, bool *cut);

/* Appends bytes as UTF-8: one U+FFFD stands for what utf8_prefix() calls broken, also where it is cut. */
NODISCARD enum status utf8_append_repaired(struct buffer *out, struct text bytes);

/*
 * How many bytes the character at `at` has, where it is one that others obey: a control character that is not
 * ASCII (U+0080 to U+009F), a separator of lines or paragraphs (U+2028, U+2029), or one that turns the
 * direction of text (U+202A to U+202E, U+2066 to U+2069). 0 for any other, and for half of one.
 */
static inline size_t utf8_control(const char *at, size_t left)
{
    const uint8_t *bytes = (const uint8_t *)at;

    if (left >= 2 && bytes[0] == 0xC2)
        return bytes[1] >= 0x80 && bytes[1] < 0xA0 ? 2 : 0;
    if (left < 3 || bytes[0] != 0xE2)
        return 0;
    return (bytes[1] == 0x80 && bytes[2] >= 0xA8 && bytes[2] <= 0xAE) ||
                   (bytes[1] == 0x81 && bytes[2] >= 0xA6 && bytes[2] <= 0xA9)
               ? 3
               : 0;
}

/* Writes a character's bytes, and says how many. It is up to U+10FFFF and no surrogate. */
static inline size_t utf8_encode(uint32_t character, char out[4])
{
    size_t length = 0;

    if (character < 0x80) {
        out[0] = (char)character;
        return 1;
    }
    if (character < 0x800) {
        out[length++] = (char)(0xC0 | character >> 6);
    } else if (character < 0x10000) {
        out[length++] = (char)(0xE0 | character >> 12);
        out[length++] = (char)(0x80 | (character >> 6 & 0x3F));
    } else {
        out[length++] = (char)(0xF0 | character >> 18);
        out[length++] = (char)(0x80 | (character >> 12 & 0x3F));
        out[length++] = (char)(0x80 | (character >> 6 & 0x3F));
    }
    out[length++] = (char)(0x80 | (character & 0x3F));
    return length;
}
