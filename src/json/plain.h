#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * The bytes that lie in a JSON string as they are, and how to get past many of them at once: everything but
 * the quote, the backslash and the control characters below 0x20. The same three are what a writer has to
 * escape.
 */
static inline bool json_is_plain(char c)
{
    return (unsigned char)c >= 0x20 && c != '"' && c != '\\';
}

/* A word with `byte` in each of its eight places. */
#define JSON_EACH(byte) ((uint64_t)(byte)*UINT64_C(0x0101010101010101))

/* Past the plain bytes: on the first other one, or at the end. Reads nothing outside of [at, end). */
static inline const char *json_skip_plain(const char *at, const char *end)
{
    for (; end - at >= 8; at += 8) {
        uint64_t bytes;
        memcpy(&bytes, at, sizeof bytes);
        if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
            bytes = __builtin_bswap64(bytes);
        /* In each place, x - n borrows from the high bit where x < n; a byte from 0x80 up is no match. A
         * borrow that runs on disturbs only places above one that matched: the lowest match is right. */
        uint64_t quote = (bytes ^ JSON_EACH('"')) - JSON_EACH(1);
        uint64_t backslash = (bytes ^ JSON_EACH('\\')) - JSON_EACH(1);
        uint64_t control = bytes - JSON_EACH(0x20);
        uint64_t found = (quote | backslash | control) & ~bytes & JSON_EACH(0x80);
        if (found)
            return at + __builtin_ctzll(found) / 8;
    }
    while (at < end && json_is_plain(*at))
        at++;
    return at;
}
