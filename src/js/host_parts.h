#pragma once

#include "base/buffer.h"
#include "js/engine.h"
#include "js/host.h"
#include "js/slots.h"
#include "js/world.h"

/*
 * What the parts of the host know of each other; nobody else includes this.
 *
 *   host.c         the crossing: the inbox, a turn; the host's life
 *   host_outbox.c  what comes back: results, and what they make of their events
 *   host_chains.c  modules and chains, before the service starts
 *   host_changes.c an event that handlers in C see too
 *   host_calls.c   what JavaScript asks of the runner
 *   host_asked.c   what the runner asks of JavaScript, or tells it, once
 *
 * The inbox and outbox are those of lib/dispatch.js, lib/inbox.js and lib/outbox.js, which describe them; the
 * numbers are the same there.
 *
 *   run() ... run() --inbox, texts, values--> dispatch()   one crossing for a turn's events
 *   service_resume() <--outbox, texts-- dispatch()         and for what comes of them at once;
 *   service_resume() <--outbox, texts-- collect()          another one for what comes later
 */

enum {
    ENTRY = 8,             /* integers an entry */
    INBOX_ENTRIES = 256,   /* what is dispatched at a time: its objects should fit the caches */
    OUTBOX_ENTRIES = 1024, /* the results of several inboxes of one turn */
    OUTBOX_LAST = 1 + OUTBOX_ENTRIES * ENTRY, /* whether more is waiting than fits */
    TEXTS_SOFT_LIMIT = 1 << 20,  /* units; beyond it the inbox is dispatched before the turn ends */
    MOST_UNHURRIED = 256 * 1024, /* bytes of messages whose end may wait to be told */
    MOST_APART = 16 * 1024, /* bytes; a longer message is parsed by itself, so that it is not held twice */
};

struct entry {
    uint32_t operation;
    uint32_t slot;
    uint32_t chain;
    uint32_t peer;
    uint32_t flags;
    uint32_t length; /* UTF-16 units of text */
    uint32_t guest;  /* js_guest's number */
    int32_t spare;
};

struct result {
    uint32_t slot;
    int32_t verdict;
    uint32_t flags;
    uint32_t reply_length;
    uint32_t message_length;
    uint32_t name_length;
    uint32_t method_length;
    int32_t status;
};

/* UTF-16 that grows. */
struct units {
    JSChar *data;
    size_t length;
    size_t capacity;
};

/* See js_host_join(). */
struct js_guest {
    struct language language;
    struct js_host *host;
    const struct log *log;
    uint32_t number; /* JavaScript's name for it */
};

struct js_host {
    struct js_guest guest; /* the one that has no other beside it */
    struct world *world;
    const struct js_host_functions *functions;
    void *owner;
    const struct log *log;

    uint32_t guest_count; /* that ever were */
    struct slots events;
    struct slots peers;

    struct entry inbox[INBOX_ENTRIES]; /* JavaScript reads it where it lies */
    uint32_t inbox_count;
    uint32_t unhurried;     /* entries of it that nobody waits for: ends of messages' events */
    size_t unhurried_bytes; /* of those messages */
    struct units texts;     /* of the entries, one behind another */
    struct units values; /* of messages that were taken apart: a JSON array, its last bracket still missing */

    int32_t outbox[OUTBOX_LAST + 1]; /* JavaScript writes it where it lies */
    struct result results[OUTBOX_ENTRIES];
    struct buffer scratch; /* a result's texts in UTF-8 */
    struct buffer message; /* what is pushed */
    bool collecting;
    bool wants_ids; /* JavaScript's events have their ids from the beginning (lib/own_events.js) */
};

static inline struct js_guest *guest_of(struct language *language)
{
    return (struct js_guest *)(void *)((char *)language - offsetof(struct js_guest, language));
}

static inline struct js_host *host_of(struct language *language)
{
    return guest_of(language)->host;
}

/* ---- host.c ---- */

/* Fails the event; its reply will be the pipeline's own. */
enum verdict host_out_of_memory(struct js_host *host, struct event *event);
/* JavaScript has let go of the event, or is told to. */
void host_forget(struct js_host *host, struct event *event);

/* ---- host_outbox.c ---- */

/* Goes on with all events that there are results of. `texts` is what dispatch() has returned; NULL: to be
 * asked for. */
void host_collect(struct js_host *host, JSValueRef texts);

/* ---- host_chains.c ---- */

NODISCARD enum status host_prepare(struct language *language, struct chain *chain,
                                   const struct registry *registry, struct buffer *error);

/* ---- host_changes.c ---- */

/* Whether something of the event was changed on this side since JavaScript was told last. */
bool host_has_changes(const struct event *event);
/* Appends it as an object (see pipeline/view.h), with the pipeline's own error in it: "error", the
 * ErrorResponse that the response is, the rest of the changes on top. */
NODISCARD enum status host_append_changes(struct buffer *out, struct event *event);
NODISCARD enum status host_read(struct language *language, struct event *event, enum event_part part,
                                struct buffer *out);
/* Keeps what a JavaScript on_connect has made the connection's identity, for handlers in C and for the world
 * that a reload has put in place of this one. */
void host_keep_identity(struct event *event);

/* ---- host_asked.c ---- */

/* A JavaScript string; NULL when memory is out. */
JSValueRef host_string(struct js_host *host, struct text text);

/* ---- host_calls.c ---- */

extern const struct world_functions host_calls;
