#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "library/handlers.h"
#include "management/server.h"
#include "runner/runner.h"

#include <configurapi-runner-ws.h>
#include <pthread.h>
#include <stdbool.h>
#include <uv.h>

/*
 * What is behind include/configurapi-runner-ws.h, which the program is built on too:
 *
 *   api.c       making, threads, destroying
 *   options.c   a copy of the options
 *   handlers.c  handlers that are functions of the program's, and the configuration made of them
 *   team.c      the other workers
 *   serve.c     the runner with all that belongs to it on a loop: management server, signals, stop
 */

enum { SERVE_SIGNALS = 3 };

/* Where it listens; 0 where it does not. */
struct serve_ports {
    uint16_t plain;
    uint16_t secure;
    uint16_t management;
};

struct configurapi_runner {
    struct configurapi_runner_options options; /* its texts are its own, see options.h */
    bool has_options;                          /* they were initialised */
    struct handlers handlers;
    struct buffer error; /* the last failure's line, ended by a NUL, or empty */
    unsigned heard;      /* the levels whose lines are on_log's, see serve_listen() */

    /* On a loop, from serve_start() on. */
    uv_loop_t *loop;
    struct runner *runner; /* NULL before, and when it is closed */
    struct team *team;     /* NULL where it has no other workers */
    struct management *management;
    uv_signal_t signals[SERVE_SIGNALS];
    size_t open_signals;
    uv_async_t mail; /* somebody has asked for something */
    bool begun;      /* it may be started once */
    bool starting;   /* within serve_start(): what fails now is its result */
    bool stopping;   /* on_stopping was called */
    bool stopped;    /* the runner has; its team perhaps not yet */
    bool adopted;    /* its socket was handed over */
    bool adopted_secure;
    bool closing;   /* serve_close() was */
    bool failed;    /* it could not be started */
    bool refused;   /* so the call that starts it returns false, and nothing is told */
    bool ended;     /* the loop has nothing of it any more */
    bool unclean;   /* handlers have never ended their events */
    bool destroyed; /* by its owner: freed at its end */

    pthread_mutex_t log_mutex; /* one line at a time */

    /* For any thread. */
    pthread_mutex_t mutex;  /* guards what follows */
    pthread_cond_t changed; /* `answered` was set */
    unsigned stops_asked;
    bool end_asked; /* to stop, unless it does so already */
    bool reload_asked;
    bool takes_mail;  /* `mail` is open */
    bool takes_posts; /* the runtime is there */
    bool answered;    /* its thread has started to serve, or never will */
    bool serves;      /* which of both */
    struct serve_ports ports;

    uv_loop_t own_loop; /* of a thread, or of configurapi_runner_run() */
    pthread_t thread;
    bool has_thread; /* that is to be joined */
};

/* Frees what is the runner's own, and closes the sockets that it was given and has not come to use. */
void api_free(configurapi_runner *runner);
/* A thread that the program's signals are kept away from; 0 or an errno. */
int api_create_thread(pthread_t *thread, void *(*run)(void *argument), void *argument);
