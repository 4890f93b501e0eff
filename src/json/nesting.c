#include "json/nesting.h"
#include "json/scan.h"

#include <assert.h>

static const uint64_t guard = UINT64_C(1) << NESTING_LEVELS;

static size_t block_size(const struct nesting *nesting)
{
    return nesting->length / NESTING_MARKS + 1;
}

/* At most NESTING_MARKS different ones, so the marks have room. */
static size_t block_of(const struct nesting *nesting, const char *at)
{
    return (size_t)(at - nesting->start) / block_size(nesting);
}

static struct nesting_mark newest_mark(const struct nesting *nesting)
{
    if (nesting->mark_count > 0)
        return nesting->marks[nesting->mark_count - 1];
    return (struct nesting_mark){.at = nesting->start, .word = 0};
}

void nesting_put(struct nesting *nesting, uint64_t word, const char *at)
{
    assert(word & guard);
    if (nesting->words - nesting->kept == NESTING_RING)
        nesting->kept++;
    nesting->ring[nesting->words++ % NESTING_RING] = word;
    if (block_of(nesting, at) != block_of(nesting, newest_mark(nesting).at))
        nesting->marks[nesting->mark_count++] = (struct nesting_mark){at, nesting->words, word};
}

/*
 * Fills the ring up to word `words` from the newest mark's block: all of them, or as many as leave room for
 * as much again to be put away before one of these has to be found a second time. A level's last opening
 * bracket in the block is the one that is open still.
 */
static void find_again(struct nesting *nesting, const char *at)
{
    struct nesting_mark mark = newest_mark(nesting);
    size_t block_end = (block_of(nesting, mark.at) + 1) * block_size(nesting);
    const char *stop = block_end < (size_t)(at - nesting->start) ? nesting->start + block_end : at;
    size_t first = mark.word;

    if (nesting->words - first >= NESTING_RING / 2)
        first = nesting->words - NESTING_RING / 2 + 1;
    for (size_t i = first; i <= nesting->words; i++)
        nesting->ring[i % NESTING_RING] = guard;
    nesting->kept = first;

    size_t level = mark.word * NESTING_LEVELS;
    for (const char *c = mark.at; c < stop; c++) {
        if (*c == '"') {
            c = json_skip_string(c, at, NULL) - 1;
        } else if (*c == '{' || *c == '[') {
            size_t word = level / NESTING_LEVELS;
            uint64_t bit = guard >> 1 >> level % NESTING_LEVELS;
            if (word >= first && word <= nesting->words) {
                uint64_t *kept = &nesting->ring[word % NESTING_RING];
                *kept = *c == '{' ? *kept | bit : *kept & ~bit;
            }
            level++;
        } else if (*c == '}' || *c == ']') {
            level--;
        }
    }
}

uint64_t nesting_take(struct nesting *nesting, const char *at)
{
    assert(nesting->words > 0);
    nesting->words--;
    if (newest_mark(nesting).word == nesting->words + 1) {
        if (nesting->kept > nesting->words)
            nesting->kept = nesting->words;
        return nesting->marks[--nesting->mark_count].previous;
    }
    if (nesting->words < nesting->kept)
        find_again(nesting, at);
    return nesting->ring[nesting->words % NESTING_RING];
}
