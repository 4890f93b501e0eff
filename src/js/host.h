#pragma once

#include "base/buffer.h"
#include "base/log.h"
#include "base/status.h"
#include "pipeline/handler.h"
#include "pipeline/peer.h"
#include "pipeline/registry.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The JavaScript host: a world behind the pipeline's handler interface. Chains and events that come during
 * one turn of the loop are gathered and cross into the engine together, when the runner calls js_host_turn();
 * so do their results on the way back. One a worker, used from its thread only.
 */

struct js_host;

/* What the host asks of the loop it runs on; called from within JavaScript, they may not call back. */
struct js_host_functions {
    /* js_host_fire_timers() is wanted in so many milliseconds; -1: not any more. A new request replaces the
     * last. */
    void (*set_timer)(void *owner, int64_t delay_ms);
    void (*want_immediates)(void *owner); /* js_host_run_immediates() is wanted in the next turn */
    void (*exit)(void *owner, int code);  /* process.exit(code) */
};

NODISCARD enum status js_host_create(struct js_host **host, const struct js_host_functions *functions,
                                     void *owner, const struct log *log, struct buffer *error);
void js_host_destroy(struct js_host *host); /* only once no event is under way; NULL is fine */

struct language *js_host_language(struct js_host *host);

/* Loads a module as require(name) in `directory` would and registers its handlers. `error` gets its message
 * and place. */
NODISCARD enum status js_host_load(struct js_host *host, struct text name, struct text directory,
                                   struct registry *registry, struct buffer *error);

/* Runs what was gathered and deals with all results that are there. Whether there was anything to do. */
bool js_host_turn(struct js_host *host);
void js_host_fire_timers(struct js_host *host);
void js_host_run_immediates(struct js_host *host);
/* To be called now and then when the loop has time: the engine's own deferred work. */
void js_host_idle(struct js_host *host);

/* The connection has ended: nothing can be pushed to it any more. For every peer that an event was run for.
 */
void js_host_forget_peer(struct js_host *host, struct peer *peer);
/* A congested connection has room again (see struct peer). */
void js_host_peer_drained(struct js_host *host, struct peer *peer);
