#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Which of the brackets open around a point are braces: one bit a level, to any depth, in fixed 20 KiB. A
 * reader keeps the innermost levels in one word of its own, a guard bit above them (1 is the empty word), and
 * comes here only when 63 levels fill that word or when it has run empty:
 *
 *       words put away here                       the reader's own word
 *     |1ooaoaao…|1aaaaaaa…|1oaoaoao…|             0…01aoa         a = array, o = object
 *      0         1         2 = words - 1
 *
 * Only the newest words are kept as such, in a ring. An older one is found again in the text itself, by
 * reading once more the brackets that fill it. So that this costs no more than a second reading in all, the
 * text is cut into blocks; where a word begins in another block than the one before it, a mark remembers the
 * place, and with it the word before, the one that may reach across the cut. Words without a mark of their
 * own lie with the newest mark's in one block. (The compressed stack of Barba, Korman, Langerman, Sadakane
 * and Silveira.) The time is linear up to about 16 MiB of text; beyond, a text made to be slow takes longer
 * in proportion to its length over that.
 */

enum { NESTING_RING = 1024, NESTING_MARKS = 512, NESTING_LEVELS = 63 };

struct nesting {
    const char *start; /* the outermost bracket; the text is the caller's */
    size_t length;     /* of the text to its end, however far the value goes */
    size_t words;      /* put away */
    size_t kept;       /* from this one on they are in the ring */
    size_t mark_count;
    uint64_t ring[NESTING_RING]; /* word i at i % NESTING_RING */
    struct nesting_mark {
        const char *at;    /* the bracket that opened the word's first level; still open */
        size_t word;       /* its index */
        uint64_t previous; /* word - 1, whole */
    } marks[NESTING_MARKS];
};

/* Most of it is left as it is: it costs nothing until 63 levels are passed. */
static inline void nesting_init(struct nesting *nesting, const char *start, const char *end)
{
    nesting->start = start;
    nesting->length = (size_t)(end - start);
    nesting->words = nesting->kept = nesting->mark_count = 0;
}

/* Puts a full word away; `at` is the bracket that opens the level above it. */
void nesting_put(struct nesting *nesting, uint64_t word, const char *at);
/* Takes the newest word back; there must be one. `at` is the bracket that closed the level above it. */
uint64_t nesting_take(struct nesting *nesting, const char *at);
