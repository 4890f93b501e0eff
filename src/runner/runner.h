#pragma once

#include "base/buffer.h"
#include "base/list.h"
#include "base/log.h"
#include "base/status.h"
#include "net/deadline.h"
#include "net/listener.h"
#include "net/net.h"

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
    const char *host;              /* NULL: every address */
    uint16_t port;                 /* 0: a free one */
    size_t max_payload;            /* bytes of a message */
    size_t high_water_mark;        /* unsent bytes above which a connection is not read and pushes wait */
    size_t max_buffered;           /* unsent bytes that close a connection 1013 */
    uint32_t max_in_flight;        /* events of one connection */
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
    struct js_host *js; /* NULL where no JavaScript is configured */

    struct net net;
    struct deadlines deadlines;
    struct listener listener;
    struct list connections;
    size_t connection_count;

    uv_check_t after_poll; /* handles what came, then flushes */
    uv_prepare_t before_poll;
    uv_timer_t js_timer;
    uv_timer_t idle_timer; /* the engine's own deferred work */
    uv_idle_t immediates;  /* keeps the loop from sleeping while there are some */
    uv_timer_t drain_timer;
    struct event *start_event;
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

/* Runs on_start, then listens; turns the loop while on_start waits. The start line goes to the log.
 * STATUS_CLOSED where runner_stop() was called meanwhile. */
NODISCARD enum status runner_start(struct runner *runner, struct buffer *error);

/* Stops accepting, closes every connection with 1001, lets events and on_disconnect end within the drain
 * timeout, then calls on_stopped; a second call does not wait any more. */
void runner_stop(struct runner *runner);

/* After on_stopped, or where runner_start was never called or failed. Turns the loop until its handles are
 * closed. NULL is fine. False, with the runner's memory left as it is, where handlers never ended their
 * events: what they hold can not be taken from them. */
bool runner_destroy(struct runner *runner);
