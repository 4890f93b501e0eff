#pragma once

#include "base/buffer.h"
#include "base/log.h"
#include "base/status.h"
#include "js/world.h"
#include "pipeline/handler.h"
#include "pipeline/peer.h"
#include "pipeline/registry.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The JavaScript host: a world behind the pipeline's handler interface. Chains and events that come during
 * one turn of the loop are gathered and cross into the engine together, when the runner calls js_host_turn();
 * so do their results on the way back. One a worker, used from its thread only.
 *
 * Whose handlers they are is a guest of the world: usually there is one, but the runners of a script share
 * its world.
 */

struct js_guest;
struct js_host;

/* What the host asks of the loop it runs on; called from within JavaScript, they may not call back. */
struct js_host_functions {
    /* js_host_fire_timers() is wanted in so many milliseconds; -1: not any more. A new request replaces the
     * last. `holds`: for that the loop is to stay alive. */
    void (*set_timer)(void *owner, int64_t delay_ms, bool holds);
    void (*want_immediates)(void *owner); /* js_host_run_immediates() is wanted in the next turn */
    void (*exit)(void *owner, int code);  /* process.exit(code) */
    /* Starts an HTTP request, for which js_host_request_done() is to be called, later and not from within.
     * Otherwise `error` gets a line. */
    enum status (*request)(void *owner, const struct world_request *request, struct buffer *error);
    /* Has work->run() called on another thread, and then work_end() on this one, later; js_host_turn() is
     * wanted after that. STATUS_CLOSED where the runner is stopping. */
    enum status (*work)(void *owner, struct work *work);
    /* As those of struct world_functions, for requests that stream: js_host_request_told() is called for
     * them. */
    void (*request_read)(void *owner, uint32_t id);
    NODISCARD enum status (*request_write)(void *owner, uint32_t id, struct text bytes);
    void (*request_finish)(void *owner, uint32_t id);
    void (*request_cancel)(void *owner, uint32_t id);
};

/* `functions` and `log` must outlive it. `error` gets one line on failure, but for STATUS_NO_MEMORY. */
NODISCARD enum status js_host_create(struct js_host **host, const struct js_host_functions *functions,
                                     void *owner, const struct log *log, struct buffer *error);
/* See world_limit(). The first that is not 0 holds. */
NODISCARD enum status js_host_limit(struct js_host *host, uint32_t limit_ms);
void js_host_destroy(struct js_host *host); /* only once no event is under way; NULL is fine */

/* The guest that a host comes with, for who has it for himself. */
struct js_guest *js_host_guest(struct js_host *host);
/* Another one, with a log of its own, which must outlive it. NULL when memory is out. */
NODISCARD struct js_guest *js_host_join(struct js_host *host, const struct log *log);
void js_host_leave(struct js_guest *guest); /* no event of it may be under way; NULL is fine */

/* Loads a module as require(name) in `directory` would and registers its handlers. `error` gets its message
 * and place. *waits: the module has top-level `await` that waits for timers or input; turn the loop and ask
 * js_host_loaded(), with the same name, until that is no longer so, before another is loaded. All modules of
 * one guest come before the first of another, and its chains are made before that, too. */
NODISCARD enum status js_host_load(struct js_guest *guest, struct text name, struct text directory,
                                   struct registry *registry, bool *waits, struct buffer *error);
NODISCARD enum status js_host_loaded(struct js_guest *guest, struct text name, struct registry *registry,
                                     bool *waits, struct buffer *error);

/* Runs what was gathered and deals with all results that are there. */
void js_host_turn(struct js_host *host);
/* Whether there is anything for it to do. */
bool js_host_has_work(const struct js_host *host);
void js_host_fire_timers(struct js_host *host);
void js_host_run_immediates(struct js_host *host);
/* To be called now and then when the loop has time: the engine's own deferred work. */
void js_host_idle(struct js_host *host);

void js_host_request_done(struct js_host *host, uint32_t id, const struct world_response *response);
void js_host_request_told(struct js_host *host, uint32_t id, const struct world_news *news);

/* Where events' postback-url leads: this and the connection's id behind it; `token`, where it is not empty,
 * goes with what handlers post there. Before the first event. */
NODISCARD enum status js_host_set_postback_base(struct js_guest *guest, struct text base, struct text token);

/* Leaves what its connections' identities are where another host finds it, which takes over: as JSON. */
void js_host_leave_identities(struct js_host *host);

/* Appends the paths of the application's own files that were loaded, or were to be; a NUL behind each. */
NODISCARD enum status js_host_append_files(struct js_host *host, struct buffer *out);

size_t js_host_open_streams(struct js_host *host);
/* Streams' sources that were told of their end and are still at it (their `finally`). */
size_t js_host_closing_sources(struct js_host *host);
/* What the engine's heap holds, as its last collection left it, with what it knows of memory outside. */
size_t js_host_heap_bytes(struct js_host *host);
