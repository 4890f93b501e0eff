#pragma once

#include "base/buffer.h"
#include "base/list.h"
#include "base/log.h"
#include "base/status.h"
#include "net/deadline.h"
#include "net/listener.h"
#include "net/net.h"
#include "runner/metrics.h"
#include "runner/roster.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/*
 * The runner: a configuration, its handlers and the clients they serve, on a loop that its caller hands in.
 * Everything hangs off it. Used from the loop's thread only.
 */

struct runner_options {
    const char *config_path;
    const char *host;     /* NULL: every address */
    uint16_t port;        /* 0: a free one */
    uint16_t secure_port; /* the same over TLS, where there is a key */
    int descriptor;       /* a listening socket to use for the port, and one for the secure port; -1: none */
    int secure_descriptor;
    const char *key_path;         /* PEM; NULL: no TLS */
    const char *certificate_path; /* PEM, with its chain behind it; NULL with the key */
    size_t max_payload;           /* bytes of a message */
    size_t high_water_mark;       /* unsent bytes above which a connection is not read and pushes wait */
    size_t max_buffered;          /* unsent bytes that close a connection 1013 */
    uint32_t max_in_flight;       /* events of one connection */
    size_t compress_above;        /* bytes; longer messages are compressed for clients that take it */
    bool no_compression;          /* permessage-deflate is not agreed on */
    uint32_t max_frame;           /* bytes of a data frame; 0: no limit, so too below */
    uint32_t max_connections;
    uint32_t idle_timeout_ms;   /* without a message either way */
    uint32_t max_lifetime_ms;   /* of a connection */
    const char *const *origins; /* patterns of those that may connect (see origin.h) */
    size_t origin_count;        /* 0: all may */
    bool api_gateway;           /* its manners: no binary messages, on_connect refuses the upgrade itself */
    uint32_t handshake_timeout_ms; /* 0: none; so too below */
    uint32_t ping_interval_ms;
    uint32_t drain_timeout_ms;
    enum log_level log_level;
};

struct runner_options runner_default_options(void);

struct runner {
    struct runner_options options;
    struct log log;
    uv_loop_t *loop;
    struct config *config;
    struct registry *registry;
    struct service *service;
    struct c_host *c;
    struct js_host *js;            /* NULL where no JavaScript is configured */
    struct language *languages[2]; /* theirs: all that has to hear what becomes of connections */
    size_t language_count;
    struct http_client *http; /* what they request goes out there */
    struct list requests;     /* JavaScript's under way */
    struct list postings;     /* C's */
    struct list works;        /* JavaScript's on other threads */

    struct net net;
    struct deadlines deadlines;
    struct listener listener;
    struct listener secure_listener;
    struct tls_context *tls; /* NULL where no certificate is configured */
    struct list connections;
    struct deflate *deflate; /* made when first wanted */
    struct buffer scratch;   /* a reply before it is compressed */
    struct roster roster;
    struct metrics metrics;
    struct list left; /* connections to be settled in this turn */
    size_t connection_count;
    size_t most_connections; /* that there are descriptors for: beyond, accepting waits until one has ended */
    bool waiting[2];         /* a connection waits to be accepted, of the listener and of the secure one */
    uint64_t told_full_ms;   /* when that was logged last; 0: never */

    uv_check_t after_poll; /* handles what came, then flushes */
    uv_prepare_t before_poll;
    uv_async_t c_mail; /* something from another thread */
    uv_timer_t js_timer;
    uv_timer_t idle_timer; /* the engine's own deferred work */
    uv_idle_t immediates;  /* keeps the loop from sleeping while there are some */
    uv_timer_t drain_timer;
    uv_timer_t spread_timer; /* while stopping: closes a batch of connections at a time */
    size_t close_batch;
    struct event *start_event; /* NULL unless on_start is under way */
    struct deadline start_deadline;
    bool handles_open;
    bool net_ready;
    bool start_failed;
    char *start_failure; /* in words; owned */
    bool drained_once;   /* the drain timeout has passed */
    bool started;
    bool stopping;
    bool closing; /* our handles are being closed */
    void (*on_stopped)(struct runner *runner);
    void *owner;
};

/* Reads the configuration and loads every handler. On failure `error` gets one line that names the place. */
NODISCARD enum status runner_create(struct runner **runner, uv_loop_t *loop,
                                    const struct runner_options *options, struct buffer *error);

/* Where events' postback-url leads: this and the connection's id behind it; `token`, where it is not empty,
 * goes with what handlers post there. Before runner_start(); without it they have none. */
NODISCARD enum status runner_set_postback_base(struct runner *runner, struct text base, struct text token);

/* Reads key and certificate again: new connections get them, those that are there keep theirs. On failure
 * what was there stays, and `error` gets one line. */
NODISCARD enum status runner_reload(struct runner *runner, struct buffer *error);

/* Runs on_start, then listens; turns the loop while on_start waits. The start line goes to the log.
 * STATUS_CLOSED where runner_stop() was called meanwhile. */
NODISCARD enum status runner_start(struct runner *runner, struct buffer *error);

/* Responses that are being sent chunk by chunk. */
size_t runner_open_streams(const struct runner *runner);

/* Stops accepting, closes every connection with 1001 (a hundred at once, more of them spread over half of the
 * drain timeout, so that not all come back to another server in one moment), lets events and on_disconnect
 * end within it, then calls on_stopped; a second call does not wait any more. */
void runner_stop(struct runner *runner);

/* After on_stopped, or where runner_start was never called or failed. Turns the loop until its handles are
 * closed. NULL is fine. False, with the runner's memory left as it is, where handlers never ended their
 * events (what they hold can not be taken from them) or a thread is still at work for them. */
bool runner_destroy(struct runner *runner);
