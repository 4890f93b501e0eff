#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * How the process's descriptors (`ulimit -n`) are shared out. A part is kept back from connections: for files
 * that handlers read, the engine's pipes (it aborts without them), requests going out, and, half of it, for
 * the management server's own connections.
 */

size_t descriptors_kept_back(void);
/* For connections, by what is open now: SIZE_MAX where there is no limit, at least 1. */
size_t descriptors_for_connections(void);
/* Whether the rest of the process has taken so much that connections must not take more, however few they
 * are. */
bool descriptors_are_short(void);
/* The same told by a descriptor that was just opened, for systems give the lowest that is free: whether it is
 * as high as this, by the limit as it is now. SIZE_MAX where there is none. */
size_t descriptors_short_from(void);
