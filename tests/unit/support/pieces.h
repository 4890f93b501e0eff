#pragma once

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/*
 * How a protocol test feeds its bytes: whole, cut in two at every place, and byte by byte. Every piece lies
 * in a block of exactly its size, so that the sanitizers and valgrind see a read past its end.
 */
struct pieces_taker {
    void (*begin)(void *context);
    void (*take)(void *context, char *piece, size_t length); /* may change the piece */
    void (*end)(void *context);                              /* checks what has come of it */
    void *context;
};

enum {
    PIECES_SHORT =
        1024, /* bytes that are cut at every place; longer ones only near both ends and now and then */
    PIECES_NEAR = 48,
    PIECES_STRIDE = 9973,
};

static inline void pieces_give(const struct pieces_taker *taker, const char *data, size_t length)
{
    char *piece = malloc(length);

    if (length > 0)
        memcpy(piece, data, length);
    taker->take(taker->context, piece, length);
    free(piece);
}

static inline void pieces_cut(const struct pieces_taker *taker, const char *data, size_t length, size_t at)
{
    taker->begin(taker->context);
    pieces_give(taker, data, at);
    pieces_give(taker, data + at, length - at);
    taker->end(taker->context);
}

/* In pieces of `size` bytes. */
static inline void pieces_chop(const struct pieces_taker *taker, const char *data, size_t length, size_t size)
{
    taker->begin(taker->context);
    for (size_t at = 0; at < length; at += size)
        pieces_give(taker, data + at, length - at < size ? length - at : size);
    taker->end(taker->context);
}

static inline void pieces_run(const struct pieces_taker *taker, const void *bytes, size_t length)
{
    const char *data = bytes;

    for (size_t at = 0; at <= length; at++) /* at 0 and at the end: whole, with an empty piece beside it */
        if (length <= PIECES_SHORT || at < PIECES_NEAR || length - at < PIECES_NEAR ||
            at % PIECES_STRIDE == 0)
            pieces_cut(taker, data, length, at);
    pieces_chop(taker, data, length, 1);
    if (length > 0)
        pieces_chop(taker, data, length, length);
}
