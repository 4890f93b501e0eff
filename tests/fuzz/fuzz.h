#pragma once

#include "base/text.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What the targets share. A target is one LLVMFuzzerTestOneInput(): libFuzzer calls it with inputs it makes
 * up, replay.c with those of the corpus. It keeps nothing from one input to the next that could change a
 * verdict, and ends the program where something does not hold.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As assert(), but in every build. */
#define HOLDS(condition) ((condition) ? (void)0 : fuzz_failed(#condition, __FILE__, __LINE__))

__attribute__((noreturn, unused)) static void fuzz_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

/* A copy in a block of exactly its size, so that the sanitizers see a read past its end. Freed by
 * fuzz_free(). */
__attribute__((noinline, unused)) static struct text fuzz_copy(struct text source)
{
    char *copy = malloc(source.length);

    HOLDS(copy || source.length == 0);
    if (source.length > 0)
        memcpy(copy, source.data, source.length);
    return (struct text){copy, source.length};
}

static inline void fuzz_free(struct text copy)
{
    free((void *)(uintptr_t)copy.data);
}

static inline struct text fuzz_input(const uint8_t *data, size_t size)
{
    return (struct text){(const char *)data, size};
}

/* Takes a byte off the front of the input; 0 behind its end. */
static inline unsigned fuzz_take_byte(struct text *input)
{
    if (input->length == 0)
        return 0;
    unsigned byte = (unsigned char)*input->data;
    *input = (struct text){input->data + 1, input->length - 1};
    return byte;
}

/* Two bytes, the first one the lower. */
static inline unsigned fuzz_take_number(struct text *input)
{
    unsigned low = fuzz_take_byte(input);

    return low | fuzz_take_byte(input) << 8;
}

/* Takes what stands before the next `separator`, as a copy of its own. */
static inline struct text fuzz_take_piece(struct text *input, char separator)
{
    return fuzz_copy(text_split(*input, separator, input));
}

/* Whether `part` lies inside of `whole`; the empty text may lie anywhere. */
static inline bool fuzz_inside(struct text part, struct text whole)
{
    return part.length == 0 ||
           (part.data >= whole.data && part.data + part.length <= whole.data + whole.length);
}
