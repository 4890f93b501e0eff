#pragma once

#include "base/buffer.h"
#include "base/list.h"
#include "base/status.h"
#include "base/text.h"
#include "js/engine.h"
#include "js/litter.h"
#include "js/work.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * One JavaScript world: a JavaScriptCore context with the globals and modules that handlers expect. Used from
 * one thread only, the one that made it.
 */

/* An HTTP request; the texts are gone when the call returns. */
struct world_request {
    uint32_t id; /* for its response */
    struct text method;
    struct text url;
    struct text headers; /* a line each: a name, its value, the next name … */
    struct text body;
    bool has_body;
    /* Of one that streams: world_request_told() is to be called for it instead of world_request_done(). */
    bool streams;
    bool body_follows;   /* request_write() gets it */
    int64_t body_length; /* then; below 0 where it is not known */
};

/* What came of it. */
struct world_response {
    const char *error; /* NULL, or why there is none */
    int status;
    struct text headers; /* as the request's */
    struct text body;
};

/* What there is to say of one that streams, the texts gone when the call returns (see struct
 * http_stream_functions of net/http_client.h, where it comes from). The numbers are lib/requests.js's. */
struct world_news {
    enum { NEWS_OF_HEAD = 1, NEWS_OF_CHUNK, NEWS_OF_BODY_TAKEN, NEWS_OF_END } kind;
    int status; /* of the head */
    struct text reason;
    struct text headers; /* as the request's; any bytes */
    struct text chunk;
    const char *error; /* of the end; NULL where all came */
};

/* What the world asks of whoever runs it; called from within JavaScript. */
struct world_functions {
    /* `slot` is the number of the event that it is about, 0 where that is none of C's: it has its log. */
    void (*log)(void *owner, int level, uint32_t slot, struct text message);
    void (*log_event)(void *owner, int level, uint32_t slot, struct text event_id, struct text correlation_id,
                      struct text message);
    /* What a script writes to its standard output or standard error. */
    void (*output)(void *owner, bool is_error, struct text text);
    /* An error that no handler's caller can be told: thrown in a timer, or a rejection nobody awaits. */
    void (*uncaught)(void *owner, struct text description);
    /* To call world_run_timers() in so many milliseconds; -1: not at all. A new request replaces the last.
     * `holds`: as long as that is to come, the loop is not to end. */
    void (*set_timer)(void *owner, int64_t delay_ms, bool holds);
    void (*want_immediates)(void *owner); /* to call world_run_immediates() soon */
    void (*exit)(void *owner, int code);
    /* The id of an event under way, empty where there is none of that number. */
    struct text (*event_id)(void *owner, uint32_t slot);
    /* From now on messages are to come with their events' ids, as far as that is possible. */
    void (*want_ids)(void *owner);
    /* The event's message-id as JSON text, empty where the client gave none. */
    struct text (*message_id)(void *owner, uint32_t slot);
    /* Starts an HTTP request; world_request_done() is to be called for it, later. Otherwise `error` gets a
     * line.
     */
    enum status (*request)(void *owner, const struct world_request *request, struct buffer *error);
    /* Has work->run() called on another thread, and then work_end() on this one, later. STATUS_CLOSED where
     * the runner is stopping. */
    enum status (*work)(void *owner, struct work *work);
    /* Of one that streams and is under way; no harm where it is not any more. */
    void (*request_read)(void *owner, uint32_t id);
    NODISCARD enum status (*request_write)(void *owner, uint32_t id, struct text bytes);
    void (*request_finish)(void *owner, uint32_t id); /* that was all of its body */
    void (*request_cancel)(void *owner, uint32_t id); /* nothing more is told of it */
    /* A connection's id, empty where there is none of that number. */
    struct text (*peer_id)(void *owner, uint32_t peer_slot);
    /* 0 there is room, 1 more is unsent than the high-water mark, 2 the same before the handshake's end, -1
     * the connection is gone. Who is told 1 or 2 is told the end of it, too. */
    int (*congestion)(void *owner, uint32_t peer_slot);
    /* Queues a message, and says what congestion() would then; -2: there is too much to be sent, -3: out of
     * memory, -4: it was to be queued only if there is room, and there is none. */
    int (*push)(void *owner, uint32_t peer_slot, struct text data, bool binary, bool if_room);
    /* Memory is out for a message that the client waits for: ends the connection. */
    void (*give_up)(void *owner, uint32_t peer_slot);
    /* A buffer for what is pushed, empty; kept from one push to the next. */
    struct buffer *(*push_buffer)(void *owner);
};

enum world_entry {
    WORLD_ATTACH,
    WORLD_DISPATCH,
    WORLD_COLLECT,
    WORLD_REFILL,
    WORLD_LOAD,
    WORLD_LOADED,
    WORLD_PREPARE,
    WORLD_CORRELATION_ID,
    WORLD_PEER_IDENTITY,
    WORLD_OPEN_STREAMS,
    WORLD_CLOSING_SOURCES,
    WORLD_READ,
    WORLD_SWEEP,
    WORLD_FILES,
    WORLD_REQUEST_DONE,
    WORLD_WORK_DONE,
    WORLD_REQUEST_TOLD,
    WORLD_SET_POSTBACK_BASE,
    WORLD_RUN_TIMERS,
    WORLD_RUN_IMMEDIATES,
    WORLD_DESCRIBE,
    WORLD_REJECTED,
    WORLD_RUN_SCRIPT,
    WORLD_TELL_RUNNER,
    WORLD_BEFORE_EXIT,
    WORLD_INTERRUPTING,
    WORLD_INTERRUPTED,
    WORLD_RUN_JOBS,
    WORLD_END,
    WORLD_ENTRY_COUNT,
};

struct world {
    JSContextGroupRef group;
    JSGlobalContextRef context;
    void *main_context;                     /* of its thread, for world_idle() */
    JSObjectRef entries[WORLD_ENTRY_COUNT]; /* protected functions of bootstrap.js's exports */
    const struct world_functions *functions;
    void *owner;
    struct list works;                        /* under way for it */
    const struct js_script_functions *script; /* NULL but for a script's, see js/script.h */
    void *script_owner;
    struct watchdog *watchdog; /* NULL where nothing is ended */
    unsigned depth;            /* of calls into it, in each other */
    struct litter litter;
    enum world_entry ended; /* the call that was ended last, see watchdog.h */
};

/* Opens the engine where it is not yet, makes the world and runs its bootstrap. `error` gets one line on
 * failure. */
NODISCARD enum status world_create(struct world **world, const struct world_functions *functions, void *owner,
                                   struct buffer *error);
void world_destroy(struct world *world); /* NULL is fine */

/* From now on scripts that do not return in so many milliseconds of the processor's time are ended. What
 * calls them goes on as if they had thrown, and events that they are at fail (lib/dispatch.js). 0: never. */
NODISCARD enum status world_limit(struct world *world, uint32_t limit_ms);

/* Calls an entry; NULL where it threw, with its error described in `error` where that is not NULL. */
JSValueRef world_call(struct world *world, enum world_entry entry, const JSValueRef *arguments, size_t count,
                      struct buffer *error);
void world_request_done(struct world *world, uint32_t id, const struct world_response *response);
void world_request_told(struct world *world, uint32_t id, const struct world_news *news);
void world_run_timers(struct world *world);
void world_run_immediates(struct world *world);
/* Tells its scripts that it will be destroyed; what they begin then goes nowhere. */
void world_end(struct world *world);
/* Lets the engine do what it deferred (collection, compiled code's end); never blocks. */
void world_idle(struct world *world);

/* What the heap holds; 0 where the engine does not say. */
size_t world_heap_bytes(struct world *world);

/* An error's description: its message and stack. */
void world_describe(struct world *world, JSValueRef error, struct buffer *out);

/* The world that a function of native_world.c belongs to. */
struct world *world_of(JSObjectRef function);
