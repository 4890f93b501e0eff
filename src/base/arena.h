#pragma once

#include "base/status.h"
#include "base/text.h"

#include <stddef.h>

/*
 * Memory that is freed all at once. The first bytes come from a block its owner embeds, so that a small user
 * never calls the allocator; larger needs get blocks of their own. Addresses stay valid until arena_deinit().
 */
struct arena {
    char *start; /* the embedded block; not owned */
    size_t size;
    size_t used;
    struct arena_block *blocks;
};

/* `start` is aligned for any object; NULL with size 0 for an arena that has no block of its own. */
void arena_init(struct arena *arena, void *start, size_t size);
/* Frees the blocks; the embedded one is its owner's, and the arena may be used again. */
void arena_deinit(struct arena *arena);

/* `size` bytes aligned for any object, not zeroed; NULL when memory is out. */
NODISCARD void *arena_alloc(struct arena *arena, size_t size);
/* A copy of `source`; *copy is unchanged where memory is out. */
NODISCARD enum status arena_copy(struct arena *arena, struct text source, struct text *copy);
/* The same with a NUL behind it, which its length leaves out; its data is never NULL. */
NODISCARD enum status arena_copy_terminated(struct arena *arena, struct text source, struct text *copy);
