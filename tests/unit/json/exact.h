#pragma once

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* A copy in a block of exactly its size, so that the sanitizers and valgrind see a read past its end. Freed
 * by exact_free. */
__attribute__((noinline, unused)) static struct text exact_copy(struct text source)
{
    char *copy = malloc(source.length);

    if (source.length > 0)
        memcpy(copy, source.data, source.length);
    return (struct text){copy, source.length};
}

static inline void exact_free(struct text copy)
{
    free((void *)copy.data);
}
