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

/* Sixteen bytes that are looked at at once, and eight. */
typedef unsigned char json_bytes __attribute__((vector_size(16)));
typedef unsigned char json_half __attribute__((vector_size(8)));
typedef uint64_t json_words __attribute__((vector_size(16)));

/* The first place of a word, as it lies in memory, that is not zero; there is one. */
static inline int json_first_place(uint64_t word)
{
    return (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_clzll(word) : __builtin_ctzll(word)) / 8;
}

/* Past the plain bytes: on the first other one, or at the end. Reads nothing outside of [at, end). */
static inline const char *json_skip_plain(const char *at, const char *end)
{
    for (; end - at >= 16; at += 16) {
        json_bytes bytes;
        memcpy(&bytes, at, sizeof bytes);
        json_words found = (json_words)((bytes == '"') | (bytes == '\\') | (bytes < 0x20));
        if (found[0])
            return at + json_first_place(found[0]);
        if (found[1])
            return at + 8 + json_first_place(found[1]);
    }
    if (end - at >= 8) {
        json_half bytes;
        memcpy(&bytes, at, sizeof bytes);
        uint64_t found = (uint64_t)((bytes == '"') | (bytes == '\\') | (bytes < 0x20));
        if (found)
            return at + json_first_place(found);
        at += 8;
    }
    while (at < end && json_is_plain(*at))
        at++;
    return at;
}
