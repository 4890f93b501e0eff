#include "net/backlog.h"

#include <assert.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static struct block *take_block(struct block_pool *pool)
{
    struct block *block = pool->spare;

    if (block) {
        pool->spare = block->next;
        pool->spare_count--;
    } else {
        block = malloc(sizeof *block);
        if (!block)
            return NULL;
        if (++pool->count > pool->most)
            pool->most = pool->count;
    }
    block->next = NULL;
    return block;
}

/* malloc keeps what lies below anything that is still in use, which after a thousand slow readers is nearly
 * all. */
static void free_block(struct block_pool *pool, struct block *block)
{
    free(block);
    if (pool->most - --pool->count < BACKLOG_TRIM_BLOCKS)
        return;
    pool->most = pool->count;
    malloc_trim(0);
}

static void give_block(struct block_pool *pool, struct block *block)
{
    if (pool->spare_count == BACKLOG_SPARE_BLOCKS) {
        free_block(pool, block);
        return;
    }
    block->next = pool->spare;
    pool->spare = block;
    pool->spare_count++;
}

void block_pool_deinit(struct block_pool *pool)
{
    while (pool->spare)
        free(take_block(pool));
}

void backlog_init(struct backlog *backlog, struct block_pool *pool)
{
    *backlog = (struct backlog){.pool = pool};
}

void backlog_deinit(struct backlog *backlog)
{
    backlog_consume(backlog, backlog->length);
}

static bool add_block(struct backlog *backlog)
{
    struct block *block = take_block(backlog->pool);

    if (!block)
        return false;
    if (backlog->last)
        backlog->last->next = block;
    else
        backlog->first = block;
    backlog->last = block;
    backlog->end = 0;
    return true;
}

enum status backlog_append(struct backlog *backlog, struct text data)
{
    while (data.length > 0) {
        if ((!backlog->last || backlog->end == BACKLOG_BLOCK) && !add_block(backlog))
            return STATUS_NO_MEMORY;
        size_t room = BACKLOG_BLOCK - backlog->end;
        size_t count = data.length < room ? data.length : room;
        memcpy(backlog->last->data + backlog->end, data.data, count);
        backlog->end += count;
        backlog->length += count;
        data.data += count;
        data.length -= count;
    }
    return STATUS_OK;
}

/* What waits in the first block. */
static size_t first_length(const struct backlog *backlog)
{
    return (backlog->first == backlog->last ? backlog->end : BACKLOG_BLOCK) - backlog->start;
}

size_t backlog_parts(const struct backlog *backlog, struct iovec *parts, size_t most)
{
    size_t count = 0;

    for (struct block *block = backlog->first; block && count < most; block = block->next) {
        size_t start = block == backlog->first ? backlog->start : 0;
        size_t end = block == backlog->last ? backlog->end : BACKLOG_BLOCK;
        parts[count++] = (struct iovec){.iov_base = block->data + start, .iov_len = end - start};
    }
    return count;
}

static void drop_first(struct backlog *backlog)
{
    struct block *block = backlog->first;

    backlog->first = block->next;
    backlog->start = 0;
    if (!backlog->first)
        backlog->last = NULL;
    give_block(backlog->pool, block);
}

void backlog_consume(struct backlog *backlog, size_t count)
{
    assert(count <= backlog->length);
    backlog->length -= count;
    while (count > 0) {
        size_t length = first_length(backlog);
        if (count < length) {
            backlog->start += count;
            return;
        }
        count -= length;
        drop_first(backlog);
    }
}
