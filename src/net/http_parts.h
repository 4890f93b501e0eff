#pragma once

#include "base/buffer.h"
#include "base/list.h"
#include "net/curl.h"
#include "net/deadline.h"
#include "net/http_client.h"

/*
 * What the parts of the HTTP client know of each other; nobody else includes this.
 *
 *   http_client.c    libcurl on the loop; an exchange's life; the queue
 *   http_request.c   what a request has to be, and how curl is told
 *   http_response.c  what comes, gathered while curl runs
 *   http_stream.c    what a stream's owner is told and asks for
 *
 * An exchange is in one list: waiting --start--> running (in curl's multi handle) --> its on_response. One
 * that cannot go on without curl saying so is in `ended` until its deadline, set to now, delivers it: so
 * on_response is never called from within a call into the client. A stream that has ended stays in `ended`
 * until its owner has read the rest.
 */
struct http_client {
    uv_loop_t *loop;
    uv_timer_t timer;           /* curl's */
    uv_timer_t soon;            /* when streams' owners are to be told something */
    struct deadlines deadlines; /* the requests' */
    CURLM *multi;               /* NULL before the first request, and after curl broke down */
    struct list sockets;
    struct list waiting;
    struct list running;
    struct list ended;
    struct list due; /* streams whose owners may have to be told something */
    size_t running_count;
    size_t count;   /* of all exchanges */
    size_t handles; /* of the loop's, not closed yet */
    bool closing;
};

/* What an exchange has besides when its owner is told bit by bit. */
struct http_stream {
    const struct http_stream_functions *functions; /* NULL: one on_response tells all */
    struct list due;                               /* in the client's */
    bool head_is_due;
    bool head_told;
    bool is_read;   /* a chunk was asked for */
    bool taken;     /* what was written; not told yet */
    bool finished;  /* nothing more will be written */
    bool has_ended; /* nothing more comes */
    int paused;     /* CURLPAUSE_RECV and CURLPAUSE_SEND: what curl was told to leave */
    struct buffer outgoing;
    size_t outgoing_sent;
};

/* Where certificates are not to be verified, by Node's variable. */
#define HTTP_UNVERIFIED_ADVICE \
    "NODE_TLS_REJECT_UNAUTHORIZED=0 has no effect here: name a file with the server's certificate, or its " \
    "authority's, in NODE_EXTRA_CA_CERTS"

struct http_exchange {
    struct list node;
    struct http_client *client;
    CURL *easy;
    struct curl_slist *headers;
    struct deadline deadline;
    uint32_t timeout_ms;
    bool running;
    bool delivered;
    bool head_ended;
    struct buffer head; /* the last head's lines, each ended by one '\n', the status line first */
    struct buffer body; /* a stream's: what was not read yet */
    size_t received;
    size_t max_response;
    const char *failure; /* what broke it, where that is not curl's to say */
    http_response_function *on_response;
    struct http_stream stream;
    void *owner;
    char words[CURL_ERROR_SIZE + 192]; /* the first CURL_ERROR_SIZE are curl's to write */
};

/* ---- http_client.c ---- */

/* Frees an exchange that is in no list and has no deadline. */
void http_exchange_release(struct http_exchange *exchange);
/* Ends one that cannot go on; it is told later. `failure` stays as long as the exchange. */
void http_exchange_fail(struct http_exchange *exchange, const char *failure);

/* ---- http_response.c ---- */

/* curl's callbacks. */
size_t http_response_on_head(char *data, size_t size, size_t count, void *exchange);
size_t http_response_on_body(char *data, size_t size, size_t count, void *exchange);

/* The response as its head says, without body; the caller frees *headers, which it views, afterwards. False
 * where memory is out. */
NODISCARD bool http_response_parse(struct http_exchange *exchange, struct http_response *response,
                                   struct http_header **headers);
/* What to say of a transfer that curl ended with an error. Once it is stopped. */
const char *http_response_failure(struct http_exchange *exchange, CURLcode code);

/* ---- http_stream.c ---- */

static inline bool http_exchange_streams(const struct http_exchange *exchange)
{
    return exchange->stream.functions != NULL;
}

/* The final head is there. */
void http_stream_head_came(struct http_exchange *exchange);
/* Whether curl is to keep what it would hand over. */
bool http_stream_is_full(struct http_exchange *exchange);
void http_stream_chunk_came(struct http_exchange *exchange);
/* curl's callback, for bytes to send. */
size_t http_stream_on_room(char *into, size_t size, size_t count, void *exchange);
/* Nothing more comes; `error` (see `failure`) may be NULL. Once it is stopped, and in `ended`. */
void http_stream_ended(struct http_exchange *exchange, const char *error);
/* Tells owners what is due. */
void http_stream_tell(struct http_client *client);
