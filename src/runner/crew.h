#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * The runners that serve as one: the workers of --workers, each with a loop, a thread, connections and a
 * JavaScript world of its own. A runner by itself is a crew of one. `count` and `members` are set before any
 * of them listens, and then only read. What another member's runner holds is its own thread's, but for
 * roster_has(): everything else is asked of it by c_host_mail().
 */

struct runner;

struct crew {
    size_t count;
    struct runner **members;
    atomic_size_t connections; /* that count towards --max-connections, of all members */
};

/* Counts one more connection, unless there are `most` (0: as many as come). */
static inline bool crew_admit(struct crew *crew, size_t most)
{
    if (atomic_fetch_add_explicit(&crew->connections, 1, memory_order_relaxed) < most || most == 0)
        return true;
    atomic_fetch_sub_explicit(&crew->connections, 1, memory_order_relaxed);
    return false;
}

static inline void crew_leave(struct crew *crew)
{
    atomic_fetch_sub_explicit(&crew->connections, 1, memory_order_relaxed);
}
