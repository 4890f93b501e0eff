#pragma once

#include <stddef.h>

/* The JavaScript under the world, in the program's read-only data: src/js/lib/<name>.js and the bundled
 * ports. */
struct embedded_module {
    const char *name;   /* without ".js" */
    const char *source; /* UTF-8 with a NUL behind it; plain ASCII for the bundles */
    size_t length;      /* without the NUL */
};

/* By name, ascending; an entry whose name is NULL ends the table. */
extern const struct embedded_module embedded_modules[];
