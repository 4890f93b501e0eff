#pragma once

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* The handler files of a directory, as configurapi 1.9.0 picks them: plain files (no folders) whose name ends
 * in .js or .ts, without regard to case, and here .mjs, .cjs, .mts, .cts and .so besides; .d.ts and its like,
 * which only declare, are left out. Links to such files count too, which that passes over. */
struct directory {
    char **paths; /* absolute where `path` was, sorted by name */
    size_t count;
};

/* Whether a file of that name is one. */
bool directory_wants(const char *name);

/* STATUS_NOT_FOUND where there is no such directory; STATUS_SYSTEM, with errno, where it can not be read. */
NODISCARD enum status directory_list(struct directory *directory, const char *path);
void directory_deinit(struct directory *directory);
