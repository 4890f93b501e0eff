#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"
#include "js/engine.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * One JavaScript world: a JavaScriptCore context with the globals and modules that handlers expect. Used from
 * one thread only, the one that made it.
 */

/* What the world asks of whoever runs it; called from within JavaScript. */
struct world_functions {
    void (*log)(void *owner, int level, struct text message);
    void (*log_event)(void *owner, int level, struct text event_id, struct text correlation_id,
                      struct text message);
    /* An error that no handler's caller can be told: thrown in a timer, or a rejection nobody awaits. */
    void (*uncaught)(void *owner, struct text description);
    /* To call world_run_timers() in so many milliseconds; -1: not at all. A new request replaces the last. */
    void (*set_timer)(void *owner, int64_t delay_ms);
    void (*want_immediates)(void *owner); /* to call world_run_immediates() soon */
    void (*exit)(void *owner, int code);
    /* The id of an event under way, empty where there is none of that number. */
    struct text (*event_id)(void *owner, uint32_t slot);
    /* 0 queued, 1 queued but wait, -1 the connection is gone. */
    int (*push)(void *owner, uint32_t peer_slot, struct text data, bool binary);
};

enum world_entry {
    WORLD_ATTACH,
    WORLD_DISPATCH,
    WORLD_COLLECT,
    WORLD_REFILL,
    WORLD_LOAD,
    WORLD_PREPARE,
    WORLD_CORRELATION_ID,
    WORLD_RUN_TIMERS,
    WORLD_RUN_IMMEDIATES,
    WORLD_DESCRIBE,
    WORLD_ENTRY_COUNT,
};

struct world {
    JSContextGroupRef group;
    JSGlobalContextRef context;
    JSObjectRef entries[WORLD_ENTRY_COUNT]; /* protected functions of bootstrap.js's exports */
    const struct world_functions *functions;
    void *owner;
};

/* Opens the engine where it is not yet, makes the world and runs its bootstrap. `error` gets one line on
 * failure. */
NODISCARD enum status world_create(struct world **world, const struct world_functions *functions, void *owner,
                                   struct buffer *error);
void world_destroy(struct world *world); /* NULL is fine */

/* Calls an entry; NULL where it threw, with its error described in `error` where that is not NULL. */
JSValueRef world_call(struct world *world, enum world_entry entry, const JSValueRef *arguments, size_t count,
                      struct buffer *error);
void world_run_timers(struct world *world);
void world_run_immediates(struct world *world);
/* Lets the engine do what it deferred (collection, compiled code's end); never blocks. */
void world_idle(struct world *world);

/* An error's description: its message and stack. */
void world_describe(struct world *world, JSValueRef error, struct buffer *out);

/* The world that a function of native_world.c belongs to. */
struct world *world_of(JSObjectRef function);
