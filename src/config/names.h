#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

#include <stddef.h>

/* A hash table from names to pointers. Its memory is an arena's; the names and what they point to are not
 * owned. */
struct names {
    struct arena *arena;
    struct names_slot *slots; /* NULL while nothing was put */
    size_t capacity;          /* a power of two */
    size_t count;
};

void names_init(struct names *names, struct arena *arena);
/* What the name stands for, NULL where it was never put. */
void *names_find(const struct names *names, struct text name);
/* Sets the name; a value it had is replaced. */
NODISCARD enum status names_put(struct names *names, struct text name, void *value);
