#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"
#include "library/parts.h"

/*
 * The other workers of --workers: each has a thread, a loop and a runner of its own, and does in step what
 * the first one, on the caller's loop, does.
 *
 *   team_begin()         team_listen()                team_stop()            team_close()
 *       |                     |                           |                      |
 *    load, on_start --> TEAM_READY --> listen --> TEAM_LISTENING --> drain --> TEAM_STOPPED --> TEAM_CLOSED
 *       +----------------- TEAM_FAILED ---------------------+
 *
 * Orders go to a worker, and news come back, over an async handle each. All here is for the first one's
 * thread.
 */

struct team;

enum team_news {
    TEAM_READY,     /* every on_start has ended */
    TEAM_LISTENING, /* every one serves */
    TEAM_FAILED,    /* one of them will not: told once, with its line; close them */
    TEAM_STOPPED,   /* after team_stop(), or where one failed: none has anything more to do */
    TEAM_CLOSED,    /* their threads have ended */
};

/* Makes `count` workers besides the first. `on_news` is called from the loop, never from within a call. */
NODISCARD enum status team_create(struct team **team, configurapi_runner *owner, size_t count,
                                  void (*on_news)(configurapi_runner *owner, enum team_news news,
                                                  struct text error));
/* Starts the threads: they load what the first one has loaded, and run on_start. */
void team_begin(struct team *team);
/* Has them listen where the first one does. */
void team_listen(struct team *team);
/* As the first one has reloaded. */
void team_reload(struct team *team);
void team_stop(struct team *team); /* a second time: at once */
bool team_has_stopped(const struct team *team);
bool team_is_closed(const struct team *team);
/* Ends what is left; the management server is closed already. */
void team_close(struct team *team);
bool team_is_clean(const struct team *team); /* once it is closed */
/* Once it is closed, or was never begun. NULL is fine. */
void team_destroy(struct team *team);
