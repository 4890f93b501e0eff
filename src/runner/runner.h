#pragma once

#include "base/buffer.h"
#include "base/list.h"
#include "base/log.h"
#include "base/status.h"
#include "net/deadline.h"
#include "net/listener.h"
#include "net/net.h"
#include "runner/crew.h"
#include "runner/metrics.h"
#include "runner/reload.h"
#include "runner/roster.h"
#include "runner/watch.h"

#include <configurapi-runner-ws.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/*
 * The runner: a configuration, its handlers and the clients they serve, on a loop that its caller hands in.
 * Everything hangs off it. Used from the loop's thread only.
 */

struct runner {
    struct crew *crew; /* those that serve as one, with this one; `alone` where nobody else does */
    struct crew alone;
    struct runner *itself; /* its only member */
    struct configurapi_runner_options options;
    struct log log;
    uv_loop_t *loop;
    const struct configurapi_entry *handlers; /* the program's own */
    size_t handler_count;
    struct c_host *c;      /* the handlers in C, whatever is served */
    struct js_loop *world; /* a script's, which its handlers live in, too; NULL: they have their own */
    struct list sharing;   /* in world->runners */
    struct application *application; /* what is served */
    struct list applications;        /* with those that are not yet or no more */
    struct reload reload;
    struct watch watch;
    struct http_client *http; /* what handlers in C request goes out there */
    struct list postings;     /* such requests under way */
    char *postback_base;      /* NULL without a management server */
    char *postback_token;

    enum net_place place; /* NET_IN_LOOP where its maker says nothing else before it loads */
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
    uint64_t idle_since_ns;  /* when the last message's event ended, or began to wait for its handlers, if
                                nothing was done since but reading the next one; 0: not so */
    struct list left;        /* connections to be settled in this turn */
    size_t connection_count; /* those that have gone, too, until their last event has ended */
    size_t socket_count;     /* connections whose socket is open */
    size_t short_from;       /* a descriptor as high as this says that they are short */
    int last_descriptor;     /* of the connections that were accepted */
    size_t most_connections; /* that there are descriptors for: beyond, accepting waits until one has ended */
    bool waiting[2];         /* a connection waits to be accepted, of the listener and of the secure one */
    struct deadline try_again; /* to accept, where nothing else turns the loop meanwhile */
    uint64_t told_waiting_ms;  /* when that was logged last; 0: never */

    uv_check_t after_poll;    /* handles what came, then flushes */
    uv_prepare_t before_poll; /* the same, and where the net is around the loop it waits */
    uv_async_t c_mail;        /* something from another thread */
    uv_timer_t drain_timer;
    uv_timer_t spread_timer; /* while stopping: closes a batch of connections at a time */
    size_t close_batch;
    bool net_ready;
    bool drained_once; /* the drain timeout has passed */
    bool started;      /* it listens */
    bool stopping;
    bool closing;        /* our handles are being closed */
    bool clean;          /* when they were: nothing of it is left that nobody can take from handlers */
    size_t open_handles; /* that are not closed yet, channels' too */
    void (*on_loaded)(struct runner *runner, enum status status, struct text error); /* while it loads */
    void (*on_started)(struct runner *runner, enum status status, struct text error);
    void (*on_stopped)(struct runner *runner);
    void (*on_reloaded)(struct runner *runner); /* NULL: nobody is told */
    void (*on_closed)(void *owner, bool clean);
    void *owner;
};

/* Makes one that does nothing yet; `options` and their texts must outlive it. NULL when memory is out. What
 * follows goes in this order; whatever fails, runner_close() ends it. */
NODISCARD struct runner *runner_create(uv_loop_t *loop, const struct configurapi_runner_options *options);

/* Reads the configuration and loads every handler; `handlers` are the program's own, and must outlive it. On
 * failure `error` gets one line that names the place. Turns the loop while a JavaScript module's top-level
 * `await` waits; STATUS_CLOSED where runner_stop() is called meanwhile. */
NODISCARD enum status runner_load(struct runner *runner, const struct configurapi_entry *handlers,
                                  size_t handler_count, struct buffer *error);

/* The same where the handlers live in a script's world, which outlives the runner, and without turning the
 * loop: calls on_loaded, before it returns where nothing had to wait. All of one runner of a world is loaded
 * before the next begins. */
void runner_load_in(struct runner *runner, struct js_loop *world,
                    void (*on_loaded)(struct runner *runner, enum status status, struct text error));
/* Gives it up, where nothing is left that it could wait for; nothing happens where it does not load. */
void runner_refuse_waiting(struct runner *runner);

/* Where events' postback-url leads: this and the connection's id behind it; `token`, where it is not empty,
 * goes with what handlers post there. Before runner_start(); without it they have none. */
NODISCARD enum status runner_set_postback_base(struct runner *runner, struct text base, struct text token);

/* Runs on_start. Then calls on_started, before it returns where nothing had to wait; with a status and one
 * line where it has failed. Not at all where it is stopped meanwhile. */
void runner_start(struct runner *runner,
                  void (*on_started)(struct runner *runner, enum status status, struct text error));

/* Listens, once on_started was called. `error` gets one line. */
NODISCARD enum status runner_listen(struct runner *runner, struct buffer *error);
/* Says in the log where. */
void runner_say_listening(const struct runner *runner);

/* Reads key and certificate, the configuration and its handlers again, and serves those from when they are
 * ready: new connections get the new certificate, the next messages the new handlers. Events under way end
 * with the handlers that they began with; connections and their identities stay. The log says what came of
 * it: where something fails, all stays as it was. A second call begins anew. */
void runner_reload(struct runner *runner);
/* For another of a crew: as the first has reloaded, with its certificate (whose new owner this is; NULL for
 * none). Only a failure is said in the log. */
void runner_reload_after(struct runner *runner, struct tls_context *tls);

/* The key and certificate of the options; *tls is NULL where there are none. `error` gets one line. */
NODISCARD enum status runner_read_certificate(const struct runner *runner, struct tls_context **tls,
                                              struct buffer *error);

/* Events under way; responses that are being sent chunk by chunk; streams' sources that were told of their
 * end and are still at it; what JavaScript's heaps hold. */
size_t runner_events(const struct runner *runner);
/* Tells what has become of the connections that nothing can be sent to any more. */
void runner_settle(struct runner *runner);
size_t runner_open_streams(const struct runner *runner);
size_t runner_closing_sources(const struct runner *runner);
size_t runner_heap_bytes(const struct runner *runner);

/* Stops accepting, closes every connection with 1001 (a hundred at once, more of them spread over half of the
 * drain timeout, so that not all come back to another server in one moment), lets events and on_disconnect
 * end within it, then calls on_stopped; a second call does not wait any more, nor does one before it listens.
 */
void runner_stop(struct runner *runner);

/* Ends what is left without ceremony: after on_stopped, or where it has never been started or could not be.
 * Calls on_closed when the loop has nothing of it any more and its memory is gone. `clean` is false, and the
 * memory left as it is, where handlers never ended their events: what they hold can not be taken from them.
 */
void runner_close(struct runner *runner, void (*on_closed)(void *owner, bool clean));
