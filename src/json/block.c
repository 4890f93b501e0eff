#include "json/block.h"
#include "json/plain.h"

#include <stddef.h>
#include <string.h>

/* Which of sixteen bytes are not plain: bit i for byte i. */
static uint64_t others_of(json_bytes bytes)
{
    json_bytes found = (json_bytes)((bytes == '"') | (bytes == '\\') | (bytes < 0x20));

#ifdef __SSE2__
    typedef char characters __attribute__((vector_size(16)));
    return (uint32_t)__builtin_ia32_pmovmskb128((characters)found);
#else
    const uint64_t ones = UINT64_C(0x0101010101010101), gather = UINT64_C(0x0102040810204080);
    json_words words = (json_words)found;
    if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
        words = (json_words){__builtin_bswap64(words[0]), __builtin_bswap64(words[1])};
    return ((words[0] & ones) * gather >> 56) | ((words[1] & ones) * gather >> 56 << 8);
#endif
}

/* Of the sixteen bytes at `at`. */
static uint64_t others_at(const char *at)
{
    json_bytes bytes;

    memcpy(&bytes, at, sizeof bytes);
    return others_of(bytes);
}

/* Of fewer than sixteen. */
static uint64_t others_of_few(const char *at, size_t length)
{
    json_words both;
    uint64_t others = 0;

    if (length >= 8) {
        memcpy(&both, at, 8);
        memcpy((char *)&both + 8, at + length - 8, 8); /* some of them again */
        others = others_of((json_bytes)both);
        return (others & 0xff) | others >> 8 << (length - 8);
    }
    for (size_t i = 0; i < length; i++)
        others |= (uint64_t)!json_is_plain(at[i]) << i;
    return others;
}

struct json_block json_block_at(const char *start, const char *end)
{
    struct json_block block = {start, 0};
    size_t length = (size_t)(end - start);

    if (length >= JSON_BLOCK) {
        for (size_t i = 0; i < JSON_BLOCK; i += 16)
            block.others |= others_at(start + i) << i;
    } else if (length >= 16) {
        for (size_t i = 0; i + 16 < length; i += 16)
            block.others |= others_at(start + i) << i;
        block.others |= others_at(start + length - 16) << (length - 16); /* some of them again */
    } else {
        block.others = others_of_few(start, length);
    }
    return block;
}
