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

size_t text_hash(struct text t)
{
    uint64_t value = 0xCBF29CE484222325u;

    for (size_t i = 0; i < t.length; i++)
        value = (value ^ (unsigned char)t.data[i]) * 0x100000001B3u;
    return (size_t)(value ^ value >> 32);
}

int text_hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
