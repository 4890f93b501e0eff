#pragma once

#include "base/list.h"
#include "handlers/c_host.h"
#include "pipeline/event.h"

#include <pthread.h>
#include <stdatomic.h>

/*
 * What the parts of the host know of each other; nobody else includes this.
 *
 *   c_host.c       the language: chains, events that wait, what is due in a turn
 *   c_module.c     shared objects
 *   c_event.c      what came: reading an event, changing it
 *   c_response.c   what goes out
 *   c_format.c     configurapi_reply_printf()'s format
 *   c_resolve.c    $(…)
 *   c_client.c     connections: pushing, waiting for room
 *   c_postback.c   connections of any process
 *   c_stream.c     responses chunk by chunk
 */

/* One policy of a chain. */
struct c_policy {
    configurapi_handler handler;
    void *data;
    const json_t *parameters;
    struct text name;
    enum log_level emits; /* the most that its handler's lines may be */
    bool traced;
};

struct c_host {
    struct language language;
    const struct c_host_functions *functions;
    void *owner;
    const struct log *log;

    struct list modules;

    struct list due;       /* of this thread: tasks for the next turn */
    struct list resting;   /* likewise, of who has to wait for the loop's next turn: see `sent` */
    size_t sent;           /* bytes that handlers have sent in this turn of the loop */
    pthread_mutex_t mutex; /* guards `mail` */
    struct list mail;      /* tasks from any thread */
    bool closed;           /* nothing is taken any more; guarded likewise */

    struct uuid_source uuids;
    struct buffer scratch; /* the reply that is being sent */
    struct buffer body;    /* a reply's that a handler puts together */
    size_t open_streams;
    struct schemas *schemas; /* of the standard handlers; NULL without them */
    char *postback_base;     /* NULL without a management server */
    char *postback_token;
};

static inline struct c_host *c_host_of(struct language *language)
{
    return (struct c_host *)(void *)((char *)language - offsetof(struct c_host, language));
}

/* For the next turn of this thread. */
void c_host_call_soon(struct c_host *host, struct c_task *task);
/* Whether handlers have sent so much in this turn of the loop that those who can should let others have
 * theirs: a client may read as fast as it is written to. */
bool c_host_is_spent(const struct c_host *host);
/* A message of that length was sent. */
void c_host_spend(struct c_host *host, size_t length);
/* For the loop's next turn. */
void c_host_call_later(struct c_host *host, struct c_task *task);

/* ---- events ---- */

enum {
    C_PAYLOAD = 1,
    C_PARAMS = 2,
    C_QUERY = 4,
    C_HEADERS = 8,
    C_IDENTITY = 16,
};

enum body_kind {
    BODY_UNREAD, /* another language's */
    BODY_EMPTY,  /* "" */
    BODY_JSON,   /* `text` */
    BODY_VALUE,  /* `value` */
    BODY_BYTES,  /* `text`, a JSON string of base64 */
    BODY_STREAM, /* the event's `stream` */
    BODY_OTHER,  /* another language's, that is no JSON value: a stream, bytes */
};

struct c_response {
    bool known;   /* what follows is the response, but for BODY_UNREAD */
    bool is_new;  /* it was made here since another language was told last */
    bool nothing; /* there is none: nothing is sent */
    bool changed_status;
    bool changed_headers;
    bool changed_body;
    int status;
    json_t *headers; /* an object; NULL: empty */
    enum body_kind kind;
    struct text text; /* in the event's arena */
    json_t *value;
};

/* What the host keeps of an event from when it first ran a handler for it; in the event's arena. */
struct c_event {
    struct event_view view;
    struct event *event;
    struct c_host *host;

    const struct c_policy *policies; /* the chain under way, whose policies before `next` have run */
    size_t count;
    size_t next;
    unsigned flags;
    uint64_t policy_started_ns;
    bool has_said_why; /* the running handler has called configurapi_fail() */
    bool pending;      /* the handler has returned CONFIGURAPI_PENDING, and is not resumed yet */
    bool is_lost;      /* and there was no memory for the message to last until then: it will fail */
    /* Its time was over: another event goes on, and this one's handler has still to resume it. */
    bool over;
    struct configurapi_client *client; /* then: referenced, in place of the event's peer */

    struct c_task resumption; /* of configurapi_resume() */
    atomic_bool resuming;     /* it is on its way */
    enum configurapi_result (*then)(configurapi_event *event, void *data);
    void *then_data;

    unsigned known;   /* C_PAYLOAD and the like: read already */
    unsigned changed; /* and changed since another language was told last */
    json_t *payload;
    json_t *params;
    json_t *query;
    json_t *headers;
    json_t *identity;
    struct c_response response;
    struct configurapi_stream *stream; /* not started yet; another language may hold it as the response */
};

static inline struct event *c_event_of(const configurapi_event *event)
{
    return (struct event *)(void *)(uintptr_t)event;
}

/* The host's part of an event that it runs handlers for. */
static inline struct c_event *c_view(const configurapi_event *event)
{
    struct event_view *view = c_event_of(event)->view;

    return (struct c_event *)(void *)((char *)view - offsetof(struct c_event, view));
}

/* The policy whose handler runs. */
static inline const struct c_policy *c_policy_of(const struct c_event *c)
{
    return &c->policies[c->next - 1];
}

/* Whether another language holds the event, and has to be asked. */
static inline bool c_is_held_elsewhere(const struct c_event *c)
{
    return c->event->holder && c->event->holder != &c->host->language;
}

/* What a reply's statusCode may be. */
static inline bool c_is_status(int status)
{
    return status >= 100 && status <= 999;
}

static inline struct configurapi_text c_public(struct text text)
{
    return (struct configurapi_text){text.data, text.length};
}

static inline struct text c_private(struct configurapi_text text)
{
    return (struct text){text.data, text.length};
}

static inline json_t *c_mutable(const json_t *value)
{
    return (json_t *)(uintptr_t)value; /* jansson counts references in what it calls const elsewhere */
}

/* Makes an object ours to change, where somebody else holds it, too. False when memory is out. */
static inline bool c_unshare(json_t **object)
{
    if ((*object)->refcount == 1)
        return true;
    json_t *copy = json_copy(*object);
    if (!copy)
        return false;
    json_decref(*object);
    *object = copy;
    return true;
}

static inline enum configurapi_status c_status(enum status status)
{
    switch (status) {
    case STATUS_OK: return CONFIGURAPI_OK;
    case STATUS_CLOSED: return CONFIGURAPI_GONE;
    case STATUS_INVALID: return CONFIGURAPI_INVALID;
    default: return CONFIGURAPI_NO_MEMORY;
    }
}

/* ---- c_event.c ---- */

/* A part read out of the language that holds the event; NULL where there is none. The caller's. */
json_t *c_event_read(struct c_event *c, enum event_part part);
/* Appends the changes but the response's, each with a comma in front. */
NODISCARD enum status c_event_append_changes(struct c_event *c, struct buffer *out);
/* Drops what was read; with `all`, what was changed too. */
void c_event_forget(struct c_event *c, bool all);
/* The event ends: on_connect's identity is the connection's from here on. */
void c_event_keep_identity(struct c_event *c);
/* Reads all there is to read, while somebody is there who can be asked. */
void c_event_read_all(struct c_event *c);
/* What was changed of `c`, and nobody else was told, is `heir`'s too. */
void c_event_inherit(struct c_event *heir, const struct c_event *c);

/* ---- c_response.c ---- */

/* Appends "response":…, where it was changed, with a comma in front. */
NODISCARD enum status c_response_append_changes(struct c_event *c, struct buffer *out);
/* From then on nothing of it counts as changed. */
void c_response_told(struct c_response *response);
void c_response_forget(struct c_event *c, bool all);
/* The response of `c` is `heir`'s from here on. */
void c_response_inherit(struct c_event *heir, struct c_event *c);
/* The pipeline's error has become the event's response (event_set_error()). */
void c_response_failed(struct c_event *c);
/* Makes the response this stream, which is the event's from here on. */
void c_response_stream(struct c_event *c, int status, struct configurapi_stream *stream);
/* Appends the whole response as a message's text, with the client's message-id first in its headers; a
 * stream's is without, and its body empty. */
NODISCARD enum status c_response_append(struct c_event *c, struct buffer *out);

/* ---- c_format.c ---- */

/* Appends JSON text by configurapi_reply_printf()'s format. STATUS_INVALID where it is none, or the format is
 * wrong. */
NODISCARD enum status c_format(struct buffer *out, const char *format, va_list *arguments);

/* ---- c_client.c ---- */

/* The client of a connection, made at the first call; NULL when memory is out. */
struct configurapi_client *c_client_of(struct c_host *host, struct peer *peer);
void c_client_news(struct language *language, struct peer *peer, enum peer_news news);
/* Queues a message. CONFIGURAPI_WAIT: the client has more unread than the high-water mark. */
enum configurapi_status c_client_send(struct configurapi_client *client, struct text data, bool binary);
/* Ends its connection: memory is out for a message that it would wait for in vain. */
void c_client_give_up(struct configurapi_client *client);

/* Somebody who wants to be called when something becomes of a client. Embedded; in one of the client's lists.
 */
struct c_waiter {
    struct c_task task; /* its run() is the waiter's; `status` says what became of it */
    enum configurapi_status status;
    struct configurapi_client *client; /* referenced while it waits */
};

void c_client_wait_for_room(struct configurapi_client *client, struct c_waiter *waiter);
void c_client_wait_for_end(struct configurapi_client *client, struct c_waiter *waiter);
/* For one that waited for room and is called: false where those called before it have used what there was, so
 * that it waits again. */
bool c_waiter_goes_on(struct c_waiter *waiter);
/* Does not wait any more; does nothing for one that does not. */
void c_waiter_cancel(struct c_waiter *waiter);

/* ---- c_stream.c ---- */

/* Starts the stream that the event's response is. `reply` is the response's text with an empty body. */
enum verdict c_stream_start(struct c_event *c, struct text reply);
/* Another handler has replaced it before it was started. */
void c_stream_drop(struct configurapi_stream *stream);
