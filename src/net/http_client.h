#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/*
 * HTTP requests going out, over libcurl on the caller's loop. HTTP/1.1 over http and https, certificates
 * verified, connections kept open for the next request. A redirect is a response like any other; bodies come
 * as they were sent, whatever their Content-Encoding, where the request does not say that it wants them
 * decoded; cookies are nobody's.
 *
 * A request is answered as a whole (http_client_send()), or bit by bit, and may itself be sent so
 * (http_client_open()).
 *
 * The environment's proxies hold as for curl (http_proxy, https_proxy, all_proxy, no_proxy), but this machine
 * itself (localhost and names under it, 127.0.0.0/8, ::1) is never asked for through one.
 *
 * One a loop, used from its thread only. libcurl is opened by the first request. While no request is under
 * way the client does not keep the loop running; what connections it has stay open. The process ignores
 * SIGPIPE.
 */

enum {
    HTTP_CLIENT_REQUESTS = 1024,            /* under way, waiting ones too; more is STATUS_LIMIT */
    HTTP_CLIENT_CONNECTIONS = 128,          /* idle ones too; requests beyond wait for their turn, in order */
    HTTP_CLIENT_CONNECT_TIMEOUT_MS = 10000, /* name, TCP and TLS */
    HTTP_CLIENT_RESPONSE_HEAD = 64 * 1024,  /* bytes; a larger one is an error */
    HTTP_CLIENT_WINDOW = 64 * 1024,         /* of a stream: the server waits once so much has not been read */
};

struct http_client;
struct http_exchange; /* one request under way */

struct http_header {
    struct text name;
    struct text value;
};

/* Read during http_client_send() only: everything is copied. A header not given is not sent, but for Host,
 * an Accept of anything and, of a URL with a user in it, Authorization. */
struct http_request {
    struct text method; /* any token, as it is to be sent: "POST" */
    struct text url;    /* absolute; a fragment is not sent */
    const struct http_header *headers;
    size_t header_count;
    struct text body;
    bool has_body;       /* without one, POST and PUT say Content-Length: 0 */
    bool body_follows;   /* instead: it is what http_client_write() is given; of streams only */
    int64_t body_length; /* how long that will be; below 0 where nobody knows: then it is sent in chunks */
    bool decodes;        /* the response's body comes without its Content-Encoding (gzip, deflate, br) */
    /* Until the response's last byte; of a stream, as long as the server is waited for and nothing comes or
     * goes. Up to 200 ms late, never early. */
    uint32_t timeout_ms;
    size_t max_response; /* bytes of the response's body; a longer one is an error */
};

/* Views, gone when on_response returns. Where there is an error, nothing else is set. */
struct http_response {
    const char *error;  /* NULL, or why there is none: "... connection refused", "timed out after 100 ms" */
    int status;         /* 200, 404 ...; never an interim 1xx */
    struct text reason; /* "OK"; empty where the server says none */
    const struct http_header *headers; /* as they came and in their order; trailers are dropped */
    size_t header_count;
    struct text body;
};

/* Called once for every request that was sent and not cancelled, from the loop, never from within a call into
 * the client. It may send, cancel and destroy. */
typedef void http_response_function(void *owner, const struct http_response *response);

/* Never touches libcurl. */
NODISCARD enum status http_client_create(struct http_client **client, uv_loop_t *loop);

/* Cancels what is under way and frees the client when the loop has closed its handles: run the loop for that.
 * The client may not be used any more. NULL is fine. */
void http_client_destroy(struct http_client *client);

/*
 * Sends a request. *exchange (`exchange` may be NULL) names it until its on_response returns or it is
 * cancelled. Where it is not STATUS_OK, nothing was sent, on_response is not called, and `error` gets one
 * line, but for STATUS_NO_MEMORY.
 *
 * STATUS_INVALID: the method or a header's name is no token; a value has a line break or NUL in it; a header
 * is Content-Length, Transfer-Encoding or Expect, which are the client's; HEAD has a body; the URL is
 * malformed, or neither http nor https. STATUS_LIMIT: too many requests are under way. STATUS_SYSTEM: libcurl
 * is missing or refused.
 */
NODISCARD enum status http_client_send(struct http_client *client, const struct http_request *request,
                                       http_response_function *on_response, void *owner,
                                       struct http_exchange **exchange, struct buffer *error);

/* Drops a request: on_response, or whatever a stream's owner is told, is not called for it any more. Whether
 * the server has seen it stays unknown. Within its own on_response or on_end it does nothing. NULL is fine.
 */
void http_client_cancel(struct http_exchange *exchange);

/*
 * What the owner of a stream is told. From the loop, never from within a call into the client; each may send,
 * open, read, write, cancel and destroy.
 *
 *   on_head  (read -> on_chunk)*  on_end           what comes
 *   (write -> on_taken)*  finish                   what goes, where the body follows
 */
struct http_stream_functions {
    /* The head, without `body`; views, gone when it returns. At most once, and not behind on_end. */
    void (*on_head)(void *owner, const struct http_response *response);
    /* What has come of the body, never nothing; a view, gone when it returns. */
    void (*on_chunk)(void *owner, struct text chunk);
    /* All that was written is on its way: more is welcome. */
    void (*on_taken)(void *owner);
    /* The last call, when all of the body was read. `error` as in struct http_response. */
    void (*on_end)(void *owner, const char *error);
};

/* As http_client_send(), but for what is told of it. */
NODISCARD enum status http_client_open(struct http_client *client, const struct http_request *request,
                                       const struct http_stream_functions *functions, void *owner,
                                       struct http_exchange **exchange, struct buffer *error);

/* Asks for one on_chunk, once there is something. While nobody does, no more than HTTP_CLIENT_WINDOW and what
 * libcurl has in hand is kept, and the server waits. */
void http_client_read(struct http_exchange *exchange);

/* Of a request whose body follows: the next bytes of it, which are copied. Whoever writes before on_taken
 * makes the client keep more. STATUS_CLOSED behind http_client_finish(). */
NODISCARD enum status http_client_write(struct http_exchange *exchange, struct text bytes);
/* That was all of the body. */
void http_client_finish(struct http_exchange *exchange);
