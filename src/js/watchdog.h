#pragma once

#include "base/status.h"
#include "js/engine.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*
 * Ends JavaScript that does not return: an endless loop, in a call or in a promise's job; and an endless
 * chain of such jobs that is run within a call (engine_run_jobs()). One that the engine runs behind a call,
 * each of which returns, is not ended (see watchdog.c).
 *
 * The engine has a time limit of its own, and its compiled code looks for it at no cost. But as long as one
 * is set, each call and each promise's job asks the kernel what the thread has used of the processor, which
 * takes longer than most handlers. So one is set only when JavaScript has run for too long already:
 *
 * - The world's thread counts its calls into JavaScript and its returns: an odd count says that it is there.
 * - The watchdog's thread sleeps until the world's has used the processor for a while. Where the count is the
 * same odd one for as long as the limit is, it sends that thread a signal.
 * - The signal's handler, on the world's thread, tells the engine that time is up; but only where it has
 *   interrupted compiled code, in which the thread can hold no lock. Elsewhere the next signal, soon, tries
 * again.
 * - The engine ends what runs: no `catch` and no `finally` of a script sees it.
 *
 * What counts is the processor's time. Neither a thread that sleeps in the kernel is ended, nor, before it
 * returns, what the engine does in one piece of its own (a regular expression that backtracks).
 */

enum { WATCHDOG_RANGES = 64 };

struct watchdog {
    atomic_ulong calls; /* odd while JavaScript runs */
    unsigned depth;     /* of calls in each other */
    bool ended;         /* what runs was ended */
    JSContextGroupRef group;
    uint32_t limit_ms;
    void (*on_end)(void *owner);
    void *owner;
    pthread_t world;
    pthread_t thread;
    clockid_t clock; /* what the world's thread has used */
    pthread_mutex_t mutex;
    pthread_cond_t stop;
    bool stopping; /* guarded by the mutex */
    /* A signal's affairs: the watchdog's thread writes them while none is under way. */
    struct watchdog_range {
        uintptr_t start;
        uintptr_t end;
    } ranges[WATCHDOG_RANGES]; /* of compiled code */
    size_t range_count;
    unsigned long suspect; /* the call that is to be ended */
    atomic_bool asked;     /* a signal is under way */
    atomic_bool told;      /* the engine knows */
};

/* Of a world, on its thread. `on_end` is called there when JavaScript is being ended, and may run some to see
 * where. *watchdog is NULL where the limit is 0, or the engine or the system lack what it takes. */
NODISCARD enum status watchdog_create(struct watchdog **watchdog, JSContextGroupRef group, uint32_t limit_ms,
                                      void (*on_end)(void *owner), void *owner);
void watchdog_destroy(struct watchdog *watchdog); /* NULL is fine */

/* For watchdog_leave(): takes back what the engine was told too late. */
void watchdog_calm(struct watchdog *watchdog);
/* The same: lets the engine note when it runs JavaScript, as it does from when it has had a limit to the next
 * end.
 */
void watchdog_prepare(struct watchdog *watchdog);

static inline void watchdog_count(struct watchdog *watchdog)
{
    unsigned long calls = atomic_load_explicit(&watchdog->calls, memory_order_relaxed);

    atomic_store_explicit(&watchdog->calls, calls + 1, memory_order_relaxed);
}

/* Around each call into the engine that may run scripts; NULL is fine. Calls may stand in each other. */
static inline void watchdog_enter(struct watchdog *watchdog)
{
    if (watchdog && watchdog->depth++ == 0)
        watchdog_count(watchdog);
}

/* True where the outermost call was ended, or one of the promises' jobs behind it: the other jobs are lost
 * then. */
static inline bool watchdog_leave(struct watchdog *watchdog)
{
    if (!watchdog || --watchdog->depth > 0)
        return false;
    watchdog_count(watchdog);
    if (atomic_load_explicit(&watchdog->told, memory_order_relaxed))
        watchdog_calm(watchdog);
    if (!watchdog->ended)
        return false;
    watchdog->ended = false;
    watchdog_prepare(watchdog);
    return true;
}
