#pragma once

#include <stddef.h>
#include <string.h>

/*
 * memset(at, 0, length) of some hundred bytes, `length` being a constant and at least sixteen. The library's
 * stores are longer than these and lie across the cache's lines, so that whoever reads behind them waits; and
 * of a length that gcc knows it makes `rep stos`, which takes even longer.
 */
static inline void zero(void *at, size_t length)
{
#ifdef __SSE2__
    typedef long long bytes __attribute__((vector_size(16), aligned(1), may_alias));
    bytes none = {0};
    char *to = at;

    __asm__("" : "+x"(none)); /* or else gcc sees what they are */
#pragma GCC unroll 64
    for (size_t i = 0; i + sizeof none <= length; i += sizeof none)
        *(bytes *)(to + i) = none;
    *(bytes *)(to + length - sizeof none) = none;
#else
    memset(at, 0, length);
#endif
}
