#pragma once

#include "base/status.h"
#include "base/text.h"
#include "config/config.h"
#include "pipeline/peer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The one interface through which the pipeline sees handlers, whatever they are written in.
 *
 * What runs is not one handler but a chain: policies of one route that stand together and are written in the
 * same language. The language walks the chain by itself and reports its end, so a route of ten JavaScript
 * policies costs one crossing into the engine.
 */

struct buffer;
struct event;
struct language;
struct registry;

enum verdict {
    VERDICT_CONTINUE, /* the whole chain ran: go on behind it */
    VERDICT_COMPLETE, /* a handler completed the route: skip what is left of it */
    VERDICT_FAILED,   /* a handler failed: the event's response is the error's, event->failure tells it */
    VERDICT_PENDING,  /* not known yet: service_resume() will be called, once, from the loop's thread */
};

/* What the pipeline wants besides, so that the common event needs no second crossing. */
enum chain_flags {
    CHAIN_ENDS_ROUTE = 1,       /* the event's own route ends here: an ErrorResponse is a failure then */
    CHAIN_REPLY_ON_SUCCESS = 2, /* nothing runs after this: make the reply at once, unless it fails */
    CHAIN_REPLY_ON_FAILURE = 4, /* should it fail, nothing runs after it: make the reply then, too */
    CHAIN_KEEPS_RESPONSE = 8,   /* on_error's: should it fail, the response stays what it is */
};

/* What a view (pipeline/view.h) reads out of the language that holds an event. */
enum event_part {
    PART_PARAMS,        /* an object */
    PART_PAYLOAD,       /* any value */
    PART_IDENTITY,      /* any value */
    PART_RESPONSE_HEAD, /* {"statusCode":…,"headers":{…}} */
    PART_RESPONSE_BODY, /* any value; nothing for a stream and for bytes */
};

/* Whose a handler is, which says what happens where two have the same name. */
enum handler_rank {
    HANDLER_STANDARD, /* the runner's own: any other replaces it */
    HANDLER_SCRIPT,   /* a module's in JavaScript: a later one replaces it, as in 1.9.0 */
    HANDLER_NATIVE,   /* in C: with any but a standard one of the same name it is an error */
};

struct handler {
    struct text name; /* NUL-terminated; owned by the registry */
    struct language *language;
    enum handler_rank rank;
    const void *data; /* the language's own, which outlives the registry */
};

struct chain {
    struct language *language;
    const struct config_route *route;
    const struct config_policy *policies; /* `count` in a row, in the route's own array */
    size_t count;
    /* The language's own, made by prepare(). */
    uint32_t id;
    void *data;
};

struct language {
    const char *name; /* "JavaScript" */
    bool defers;      /* run() only takes note of what is to run, and takes no time by itself */

    /* Makes a chain ready to run, once, before the service starts; all its handlers are in the registry.
     * `error` gets one line on failure. */
    enum status (*prepare)(struct language *language, struct chain *chain, const struct registry *registry,
                           struct buffer *error);
    /* The service ends: the chain's own data goes. Also called where prepare() has failed. NULL where there
     * is none. */
    void (*forget_chain)(struct language *language, struct chain *chain);

    /* Runs a chain over an event. The event's message may be read only during this call (see
     * event_own_message). */
    enum verdict (*run)(struct language *language, struct event *event, const struct chain *chain,
                        unsigned flags);

    /* Writes the response that this language holds as the event's reply (event_set_reply). Any verdict but
     * PENDING means it is there; the reply of a response that can not be written is an error's. */
    enum verdict (*reply)(struct language *language, struct event *event);

    /* Appends a part of an event that this language holds, as JSON text (see pipeline/view.h); nothing where
     * there is none, or where it can not be written so. */
    enum status (*read)(struct language *language, struct event *event, enum event_part part,
                        struct buffer *out);

    /* The event's correlation id as the handlers see it now; nothing is appended where memory is out. NULL
     * for a language whose handlers see the message's own. */
    void (*append_correlation_id)(struct language *language, struct event *event, struct buffer *out);

    /* The event's time is over (service_expire()), and a chain of this language runs for it: where one of its
     * handlers has not ended, the event fails with event_expire()'s error, at once or by a later
     * service_resume(), and whatever that handler does from then on leads nowhere. NULL where handlers always
     * end. */
    void (*expire)(struct language *language, struct event *event);
    /* `heir` stands for an event that this language holds from here on (service_replace()). */
    void (*follow)(struct language *language, struct event *heir);

    /* The event has ended, though its reply is still to be sent; called once for every event this language
     * ever ran. */
    void (*release)(struct language *language, struct event *event);

    /* Tells what has become of a connection that the language knows (see peer_meet()). At PEER_GONE it ends
     * that by itself (peer_part()). */
    void (*peer_news)(struct language *language, struct peer *peer, enum peer_news news);
};
