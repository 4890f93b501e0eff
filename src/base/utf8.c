#include "base/utf8.h"

#include <string.h>

/*
 * Inside a character the state is what the next byte has to be; 0 is between characters:
 *
 *      bits  0-7    bytes still to come
 *      bits  8-15   the lowest value of the next one
 *      bits 16-23   the highest
 *
 * Only a second byte's range is ever narrower than 80-BF.
 */
static uint32_t expect(unsigned left, unsigned lowest, unsigned highest)
{
    return left | lowest << 8 | highest << 16;
}

/* The state behind a first byte that is not ASCII; 0 where no character starts so. */
static uint32_t begin(uint8_t first)
{
    if (first < 0xC2) /* a continuation, or an overlong form of ASCII */
        return 0;
    if (first < 0xE0)
        return expect(1, 0x80, 0xBF);
    if (first < 0xF0) /* E0: below A0 is overlong; ED: above 9F are the surrogates */
        return expect(2, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF);
    if (first < 0xF5) /* F0: below 90 is overlong; F4: above 8F is beyond U+10FFFF */
        return expect(3, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF);
    return 0;
}

static uint32_t proceed(uint32_t state)
{
    unsigned left = state & 0xFF;

    return left == 1 ? 0 : expect(left - 1, 0x80, 0xBF);
}

typedef uint64_t words __attribute__((vector_size(16)));

static words load(const uint8_t *at)
{
    words bytes;

    memcpy(&bytes, at, sizeof bytes);
    return bytes;
}

static bool is_ascii(words bytes)
{
    return !((bytes[0] | bytes[1]) & UINT64_C(0x8080808080808080));
}

static const uint8_t *skip_ascii(const uint8_t *at, const uint8_t *end)
{
    if (end - at >= 16) {
        while (end - at >= 64 && is_ascii(load(at) | load(at + 16) | load(at + 32) | load(at + 48)))
            at += 64;
        while (end - at >= 16 && is_ascii(load(at)))
            at += 16;
        if (end - at < 16 && is_ascii(load(end - 16)))
            return end; /* the last ones reach back over bytes that were seen */
    }
    while (at < end && *at < 0x80)
        at++;
    return at;
}

bool utf8_feed(struct utf8 *utf8, const void *data, size_t length)
{
    if (length == 0)
        return true;
    const uint8_t *at = data;
    const uint8_t *end = at + length;
    uint32_t state = utf8->state;

    for (;;) {
        for (; state && at < end; at++) {
            if (*at < (state >> 8 & 0xFF) || *at > state >> 16)
                return false;
            state = proceed(state);
        }
        at = skip_ascii(at, end);
        if (at == end)
            break;
        state = begin(*at++);
        if (!state)
            return false;
    }
    utf8->state = state;
    return true;
}

bool utf8_is_valid(const void *data, size_t length)
{
    struct utf8 utf8;

    utf8_init(&utf8);
    return utf8_feed(&utf8, data, length) && utf8_is_complete(&utf8);
}

/* How many bytes of a character there are at `at`, which is not ASCII, of how many that its first byte
 * promises. */
static size_t sequence(const uint8_t *at, size_t left, size_t *promised)
{
    uint8_t first = at[0];
    uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80; /* of the second byte */
    uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    size_t found = 1;

    *promised = first < 0xC2 || first > 0xF4 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    while (found < *promised && found < left && at[found] >= low && at[found] <= high) {
        found++;
        low = 0x80;
        high = 0xBF;
    }
    return found;
}

size_t utf8_prefix(const void *data, size_t length, size_t *broken, bool *cut)
{
    const uint8_t *bytes = data;
    size_t at = 0;

    while (at < length) {
        if (bytes[at] < 0x80) {
            at++;
            continue;
        }
        size_t promised;
        size_t found = sequence(bytes + at, length - at, &promised);
        if (found != promised) {
            *broken = found;
            *cut = promised > 0 && at + found == length;
            return at;
        }
        at += found;
    }
    *broken = 0;
    *cut = false;
    return at;
}

enum status utf8_append_repaired(struct buffer *out, struct text bytes)
{
    enum status status = STATUS_OK;

    while (bytes.length > 0 && status == STATUS_OK) {
        size_t broken;
        bool cut;
        size_t whole = utf8_prefix(bytes.data, bytes.length, &broken, &cut);
        status = buffer_append(out, bytes.data, whole);
        if (status == STATUS_OK && broken > 0)
            status = buffer_append_text(out, TEXT("\uFFFD"));
        bytes = (struct text){bytes.data + whole + broken, bytes.length - whole - broken};
    }
    return status;
}
