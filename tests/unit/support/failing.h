#pragma once

#include <stdbool.h>

/*
 * Allocations that fail, one after another. A test target of failing_test() in CMake has malloc, calloc,
 * realloc, strdup, strndup and vasprintf, as our own code calls them, go through here; jansson's too, after
 * failing_begin(). What libraries allocate by themselves does not fail: some of them do not survive it.
 */

/* From here on the allocation number `index`, counted from 0, fails; those before and behind it do not. */
void failing_begin(long index);
/* Whether there was an allocation of that number. Nothing fails any more. */
bool failing_end(void);
