#pragma once

#include "base/status.h"
#include "base/text.h"

#include <stddef.h>
#include <sys/uio.h>

/*
 * Bytes that wait to be sent, first in, first out. They lie in blocks, so that what has left is free although
 * more waits behind it, and nothing ever moves down:
 *
 *   first --> [ sent | waits ] --> [ waits ] --> [ waits | room ] <-- last
 *
 * An empty backlog owns no memory; any other at most two blocks more than its bytes need. Copies what it is
 * given. One thread's, with its pool.
 */

enum {
    BACKLOG_BLOCK = 8 * 1024 - 16, /* bytes in a block; with `next` and malloc's word it is a round size */
    BACKLOG_SPARE_BLOCKS = 128,    /* kept for the next backlog: 1 MiB */
    BACKLOG_TRIM_BLOCKS = 4096,    /* so many fewer than there were, and the system gets its memory back */
};

struct block {
    struct block *next;
    char data[BACKLOG_BLOCK];
};

/* Blocks that all backlogs of a thread share. Zeroed at first. */
struct block_pool {
    struct block *spare;
    size_t spare_count;
    size_t count; /* spare ones and those in use */
    size_t most;  /* the same at its highest since memory was last given back to the system */
};

struct backlog {
    struct block_pool *pool; /* outlives the backlog */
    struct block *first;     /* NULL where nothing waits */
    struct block *last;
    size_t start;  /* of what waits, in the first block */
    size_t end;    /* likewise in the last */
    size_t length; /* bytes that wait */
};

void block_pool_deinit(struct block_pool *pool); /* once every backlog is empty */

void backlog_init(struct backlog *backlog, struct block_pool *pool);
void backlog_deinit(struct backlog *backlog); /* drops what waits; the backlog is usable again */

/* STATUS_NO_MEMORY: only a part of it was appended, so nothing may follow. */
NODISCARD enum status backlog_append(struct backlog *backlog, struct text data);
/* The beginning of what waits, in at most `most` parts; returns how many. They stay where they are until they
 * are consumed, whatever is appended. */
size_t backlog_parts(const struct backlog *backlog, struct iovec *parts, size_t most);
/* Drops the first `count` bytes, of those that wait. */
void backlog_consume(struct backlog *backlog, size_t count);
