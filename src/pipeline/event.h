#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "base/list.h"
#include "base/status.h"
#include "base/text.h"
#include "base/uuid.h"
#include "json/envelope.h"
#include "pipeline/handler.h"
#include "pipeline/peer.h"
#include "pipeline/view.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * One event on its way through the pipeline: what came in, where it stands, and what goes out. Made by the
 * runner for every message and lifecycle step, owned by the service until its `on_done` was called.
 */

enum event_kind {
    EVENT_START,      /* on_start: no request; handlers get undefined for an event, as in 1.9.0 */
    EVENT_CONNECT,    /* message: {"headers":{…},"query":{…},"path":"…","pathAndQuery":"…"} */
    EVENT_MESSAGE,    /* message: what the client sent */
    EVENT_DISCONNECT, /* message: {"code":…,"reason":…}, the payload */
};

enum event_stage {
    STAGE_FIRST_REQUEST,
    STAGE_BEFORE_REQUEST,
    STAGE_ROUTE,
    STAGE_SUCCESS,
    STAGE_ERROR,
    STAGE_AFTER_REQUEST,
    STAGE_REPLY,
};

struct event {
    struct service *service;
    enum event_kind kind;
    struct peer *peer;                    /* NULL for EVENT_START */
    void (*on_done)(struct event *event); /* the pipeline has ended; the reply is in `reply` */
    void *owner;

    /* What came. `message` lies in the caller's memory while service_process() runs, see event_own_message().
     */
    struct text message;
    size_t weight;            /* its owner's: bytes that it counts for, whatever becomes of `message` */
    struct envelope envelope; /* EVENT_MESSAGE: spans of `message` */
    bool binary;              /* it came as a binary message */
    bool not_utf8;            /* a binary one that is no UTF-8: bytes, not text */
    bool message_owned;
    struct text name;                  /* the event's name now; a handler may change it */
    const struct service_route *named; /* the route of that name, NULL where there is none */
    struct text method;                /* likewise; "" at first */
    struct text message_id;            /* JSON text, in the arena; empty where the client gave none */

    /* Where it stands. */
    enum event_stage stage;
    enum event_stage after_error; /* where on_error leads back to */
    const struct service_route *route;
    size_t chain;                      /* the next chain of `route` */
    const struct service_route *taken; /* the event's own route, once it is known; NULL where it has none */
    uint64_t started_ns;               /* by clock_now_ns(); 0 until its maker or service_process() sets it */
    uint64_t resumed_ns;               /* likewise: when a language's word came; 0 where it may be long ago */
    uint64_t expires_ns;               /* likewise: when its handlers' time is over; 0 until it waits */
    struct list node;                  /* in service->waiting */

    /* What goes out. */
    struct language *holder; /* of the response; NULL: `error_*` below, or nothing at all */
    uint32_t language_slot;  /* the JavaScript host's own number for it; 0 while it has none */
    struct event_view *view; /* what handlers in C see of it; NULL while none has run */
    bool response_is_error;  /* the response is an ErrorResponse */
    bool error_is_new;       /* the pipeline itself failed the event, and `holder` has not been told yet */
    bool failed;             /* some step failed */
    bool has_reply;
    bool reply_has_id; /* the client's message-id is in it already */
    int reply_status;  /* the response's statusCode as a number; 0 where it is none */
    int error_status;
    struct text error_message; /* constant or in the arena */
    struct text error_details;
    struct text failure; /* the last failure in words, for the log; in the arena */
    struct text reply;   /* valid during on_done() */

    struct event *next; /* in the service's list of unused events */
    struct arena arena;
    char id[UUID_LENGTH + 1]; /* made when first looked at: "" until then */
    _Alignas(16) char storage[1024];
};

/* The event's id, made at the first call. */
struct text event_id(struct event *event);

/* Appends its correlation id as the handlers see it now; the id where it has none of its own. Nothing is
 * appended where memory is out. */
void event_append_correlation_id(struct event *event, struct buffer *out);

/* Copies the message into the event's own memory, so that it can be read after the call that delivered it. */
NODISCARD enum status event_own_message(struct event *event);
/* Where memory is out for that, or the message is gone: what came is forgotten, but for its message-id. */
void event_lose_message(struct event *event);

/* For a language: the failure in words, the changed name and method, the reply (only during service_resume or
 * run). */
NODISCARD enum status event_set_name(struct event *event, struct text name);
NODISCARD enum status event_set_method(struct event *event, struct text method);
void event_set_failure(struct event *event, struct text failure);
/* `reply` must stay valid until the verdict it belongs to has been dealt with. An empty one: nothing is to be
 * sent. */
void event_set_reply(struct event *event, struct text reply);

/* Makes the pipeline's own ErrorResponse the event's response. The texts are constants or live in the arena.
 */
void event_set_error(struct event *event, int status, struct text message, struct text details);

/* The response and the failure of one whose handler of that name has taken too long; `keeps_response`: only
 * the failure (CHAIN_KEEPS_RESPONSE). */
void event_expire(struct event *event, struct text handler, bool keeps_response);

/* Writes a log line about this event. */
void event_log(struct event *event, enum log_level level, struct text message);
