#pragma once

#include "base/buffer.h"
#include "base/list.h"
#include "base/log.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

/*
 * A JavaScript world on a loop: its host, and what the loop does for it (timers, immediates, requests, work
 * on other threads, the engine's own idle work). Used from the loop's thread only.
 */

struct http_client;
struct js_host;

struct js_loop {
    struct js_host *host;
    uv_loop_t *loop;
    struct http_client *http; /* its scripts' requests */
    struct list requests;     /* under way */
    struct list works;        /* on other threads */
    struct list runners;      /* a script's, which share it */
    size_t turns;             /* in which something crossed, for these */
    uv_timer_t timer;         /* the scripts' timers */
    uv_timer_t idle_timer;    /* the engine's own deferred work */
    uv_timer_t end_timer;     /* while closing: the time that works have left */
    uv_idle_t immediates;     /* keeps the loop from sleeping while there are some */
    bool closing;
    size_t open_handles;
    void (*on_closed)(void *owner);
    void *owner;
};

/* `log` must outlive it. On failure `error` gets one line, and nothing is left but handles that the loop must
 * turn once more to forget. */
NODISCARD enum status js_loop_create(struct js_loop **js, uv_loop_t *loop, const struct log *log,
                                     struct buffer *error);

/* Whether something that its scripts have begun is still to come back to them, timers aside. */
bool js_loop_is_busy(const struct js_loop *js);

/* Ends what it does on the loop: requests are cancelled, work that has not begun is dropped. Then calls
 * on_closed, later; with work that does not end (a named pipe that nobody opens) not as late as that: then
 * js_loop_is_busy(), what is still at it goes on touching its own memory, and js_loop_destroy() must not be
 * called. No event may be under way, but for the last case. */
void js_loop_close(struct js_loop *js, void (*on_closed)(void *owner), void *owner);
/* For js_work.c: the last work has come back. */
void js_loop_works_ended(struct js_loop *js);
void js_loop_destroy(struct js_loop *js); /* once it is closed; NULL is fine */
