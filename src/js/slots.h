#pragma once

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Small numbers for pointers, so that JavaScript can name C's objects: an index into an array on both sides.
 * A number that was given back is used again only after slots_reclaim(), when JavaScript has heard of its
 * end; until then it leads to NULL. Number 0 is never given.
 */
struct slots {
    void **pointers;
    uint32_t *unused;  /* a stack of numbers to give */
    uint32_t *retired; /* given back since the last slots_reclaim() */
    uint32_t size;     /* of each of the three */
    uint32_t unused_count;
    uint32_t retired_count;
};

void slots_init(struct slots *slots);
void slots_deinit(struct slots *slots);
NODISCARD enum status slots_take(struct slots *slots, void *pointer, uint32_t *number);
void slots_give_back(struct slots *slots, uint32_t number);
void slots_reclaim(struct slots *slots);
/* NULL for a number that stands for nothing. */
void *slots_get(const struct slots *slots, uint32_t number);
