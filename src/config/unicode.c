#include "config/unicode.h"

/* How many bytes follow a first one, 0 where it is not one that others follow; the bounds of the second byte
 * keep out overlong forms, surrogates and what lies beyond U+10FFFF. */
static int followers(unsigned char first, unsigned char *lowest, unsigned char *highest)
{
    *lowest = 0x80;
    *highest = 0xBF;
    if (first >= 0xC2 && first <= 0xDF)
        return 1;
    if (first >= 0xE0 && first <= 0xEF) {
        if (first == 0xE0)
            *lowest = 0xA0;
        if (first == 0xED)
            *highest = 0x9F;
        return 2;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if (first == 0xF0)
            *lowest = 0x90;
        if (first == 0xF4)
            *highest = 0x8F;
        return 3;
    }
    return 0;
}

uint32_t unicode_next(const char **at, const char *end)
{
    unsigned char lowest, highest;
    unsigned char first = (unsigned char)*(*at)++;

    if (first < 0x80)
        return first;
    int left = followers(first, &lowest, &highest);
    if (left == 0)
        return UNICODE_REPLACEMENT;
    uint32_t character = first & (0x3Fu >> left);
    for (; left > 0; left--) {
        if (*at == end || (unsigned char)**at < lowest || (unsigned char)**at > highest)
            return UNICODE_REPLACEMENT;
        character = character << 6 | ((unsigned char)*(*at)++ & 0x3Fu);
        lowest = 0x80;
        highest = 0xBF;
    }
    return character;
}
