#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined __SSE2__ && !defined JSON_PORTABLE
#include <emmintrin.h>
#endif

/*
 * The bytes that lie in a JSON string as they are, and how to get past many of them at once: everything but the quote,
 * the backslash and the control characters below 0x20. The same three are what a writer has to escape.
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
#if defined __SSE2__ && !defined JSON_PORTABLE
    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
        __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
        __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
        int found = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control));
        if (found)
            return at + __builtin_ctz((unsigned)found);
    }
#endif
    for (; end - at >= 8; at += 8) {
        uint64_t bytes;
        memcpy(&bytes, at, sizeof bytes);
        /* x - n borrows through a place's high bit where x < n; bytes from 0x80 up are no match. A borrow that runs on
         * can only disturb places above one that matched. */
        uint64_t quote = (bytes ^ JSON_EACH('"')) - JSON_EACH(1);
        uint64_t backslash = (bytes ^ JSON_EACH('\\')) - JSON_EACH(1);
        uint64_t control = bytes - JSON_EACH(0x20);
        if ((quote | backslash | control) & ~bytes & JSON_EACH(0x80))
            break;
    }
    while (at < end && json_is_plain(*at))
        at++;
    return at;
}
