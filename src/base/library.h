#pragma once

#include "base/buffer.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A shared library that is opened when it is first wanted: a process that does without never maps it, nor
 * those behind it. What it is called by is a table of function pointers, filled once and then only read.
 */

struct library {
    const char *file;
    const char *purpose; /* for messages: "HTTP requests need libcurl (install Debian package libcurl4)" */
    char failure[256];   /* why it could not be opened; empty until then */
};

struct library_symbol {
    const char *name;
    void *slot; /* a function pointer, which is filled */
    bool optional;
};

/* Opens it and fills all slots, those of optional symbols that it lacks with NULL. False where it is missing
 * or lacks another one, with library->failure set; it then stays open. Once for each library. */
bool library_open(struct library *library, const struct library_symbol *symbols, size_t count);

/* STATUS_OK, or STATUS_SYSTEM with library->failure appended to `error`. */
NODISCARD enum status library_status(const struct library *library, struct buffer *error);
