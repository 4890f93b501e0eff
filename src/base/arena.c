#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *next;
    alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *arena, void *start, size_t size)
{
    *arena = (struct arena){.start = start, .size = size};
}

void arena_deinit(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
    arena->used = 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t at = (arena->used + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);

    if (arena->start && at <= arena->size && size <= arena->size - at) {
        arena->used = at + size;
        return arena->start + at;
    }
    if (size > SIZE_MAX - sizeof(struct arena_block))
        return NULL;
    struct arena_block *block = malloc(sizeof *block + size);
    if (!block)
        return NULL;
    block->next = arena->blocks;
    arena->blocks = block;
    return block->bytes;
}

enum status arena_copy(struct arena *arena, struct text source, struct text *copy)
{
    if (source.length == 0) {
        *copy = (struct text){NULL, 0};
        return STATUS_OK;
    }
    char *bytes = arena_alloc(arena, source.length);
    if (!bytes)
        return STATUS_NO_MEMORY;
    memcpy(bytes, source.data, source.length);
    *copy = (struct text){bytes, source.length};
    return STATUS_OK;
}

enum status arena_copy_terminated(struct arena *arena, struct text source, struct text *copy)
{
    char *bytes = arena_alloc(arena, source.length + 1);

    if (!bytes)
        return STATUS_NO_MEMORY;
    if (source.length > 0)
        memcpy(bytes, source.data, source.length);
    bytes[source.length] = '\0';
    *copy = (struct text){bytes, source.length};
    return STATUS_OK;
}
