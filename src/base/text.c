#include "base/text.h"

#include <stdint.h>
#include <string.h>

struct text text_from_cstr(const char *cstr)
{
    return (struct text){cstr, cstr ? strlen(cstr) : 0};
}

bool text_equal(struct text a, struct text b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

char text_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool text_equal_ignore_case(struct text a, struct text b)
{
    if (a.length != b.length)
        return false;
    for (size_t i = 0; i < a.length; i++)
        if (a.data[i] != b.data[i] && text_lower(a.data[i]) != text_lower(b.data[i]))
            return false;
    return true;
}

bool text_starts_with(struct text t, struct text prefix)
{
    return t.length >= prefix.length && text_equal((struct text){t.data, prefix.length}, prefix);
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

struct text text_trim(struct text t)
{
    while (t.length > 0 && blank(t.data[0])) {
        t.data++;
        t.length--;
    }
    while (t.length > 0 && blank(t.data[t.length - 1]))
        t.length--;
    return t;
}

struct text text_split(struct text t, char separator, struct text *rest)
{
    const char *at = t.length ? memchr(t.data, separator, t.length) : NULL;

    if (!at) {
        *rest = (struct text){NULL, 0};
        return t;
    }
    size_t head = (size_t)(at - t.data);
    *rest = (struct text){at + 1, t.length - head - 1};
    return (struct text){t.data, head};
}

static uint64_t load(const char *at, size_t length)
{
    uint64_t word = 0;

    if (length >= 8) {
        memcpy(&word, at, 8);
    } else if (length >= 4) {
        uint32_t first;
        uint32_t last; /* some bytes are in both */
        memcpy(&first, at, 4);
        memcpy(&last, at + length - 4, 4);
        word = first | (uint64_t)last << 32;
    } else {
        for (size_t i = 0; i < length; i++)
            word = word << 8 | (unsigned char)at[i];
    }
    return word;
}

size_t text_hash(struct text t)
{
    uint64_t value = t.length;

    for (size_t at = 0; at < t.length; at += 8) {
        value = (value ^ load(t.data + at, t.length - at)) * 0x9E3779B97F4A7C15u;
        value ^= value >> 32;
    }
    return (size_t)value;
}

int text_hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
