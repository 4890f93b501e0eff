#ifndef CONFIGURAPI_RUNNER_WS_H
#define CONFIGURAPI_RUNNER_WS_H

/**
 * @file configurapi-runner-ws.h
 * The WebSocket runner for Configurapi inside a program of one's own.
 *
 * A runner serves a configuration, or functions of the program's, to WebSocket clients:
 *
 *     #include <configurapi-runner-ws.h>
 *
 *     static enum configurapi_result get_data(configurapi_event *event, const json_t *parameters)
 *     {
 *         (void)parameters;
 *         return configurapi_reply_printf(event, 200, "{\"id\":%j}",
 *                                         json_object_get(configurapi_event_params(event), "id"));
 *     }
 *
 *     int main(void)
 *     {
 *         struct configurapi_runner_options options;
 *         configurapi_runner_options_init(&options, sizeof options);
 *         options.port = 8000;
 *         configurapi_runner *runner = configurapi_runner_create(&options);
 *         if (!runner || !configurapi_runner_on(runner, "getData", get_data, NULL) ||
 *             !configurapi_runner_run(runner))
 *             fprintf(stderr, "%s\n", configurapi_runner_error(runner));
 *         configurapi_runner_destroy(runner);
 *     }
 *
 *     cc -o server server.c $(pkg-config --cflags --libs configurapi-runner-ws)
 *
 * It is made, gets its handlers, and is started once: with configurapi_runner_run() on the calling thread,
 * with configurapi_runner_start_thread() on one of its own, or with configurapi_runner_start() on a libuv
 * loop that is there already. One process may have any number of them.
 *
 * **Threads.** Until it is started, a runner is for the thread that made it. From then on handlers and the
 * options' functions are called on its loop's thread, and the functions here are for that thread too, with
 * these exceptions: configurapi_runner_stop(), configurapi_runner_reload(), configurapi_runner_post() and
 * those that give its ports are for any thread, and who called configurapi_runner_start_thread() also waits
 * for it and destroys it. With more than one of `workers`, handlers are called on the workers' threads, and
 * so is `on_log`, though never twice at once; everything else is for the first worker's loop.
 *
 * **Ownership.** The options and their texts are copied. What `data` points to, theirs and that of handlers,
 * stays the program's.
 *
 * **Errors.** What can fail returns false; configurapi_runner_error() then has one line that begins with the
 * place it is about, where it has one (`config.yaml:7:11: …`). No pointer may be NULL, unless it is said;
 * `data` may be.
 *
 * **The process.** A runner changes nothing of the process but this: SIGPIPE is ignored where it had its
 * default action (not for configurapi_runner_start_thread(), which blocks it on its thread), SIGURG is
 * handled from when JavaScript has to be ended for the first time (`max_blocking_ms`; not where the program
 * handles it), `env_path` is read into the environment, and `signals` handles signals. `process.exit()` in
 * JavaScript ends the process, as it does in Node.
 */

#include <configurapi.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How log lines are written: as text for people, or an object of JSON a line for programs. */
enum configurapi_log_format {
    CONFIGURAPI_LOG_TEXT,
    CONFIGURAPI_LOG_JSON,
};

/** A runner: a configuration, its handlers and the clients they serve. */
typedef struct configurapi_runner configurapi_runner;

/** What `on_log` gets. The texts are ended by a NUL and gone when it returns. */
struct configurapi_log_line {
    enum configurapi_level level;
    const char *event_id; /**< "configurapi" where it is about the runner itself */
    const char *correlation_id;
    const char *message; /**< on one line */
};

/** How a runner is to be: configurapi_runner_options_init() sets each option to its default, which stands in
 * brackets. The names are those of the program's options. Sizes are bytes, times milliseconds. 0 turns a
 * timeout off; it turns a limit off only where that is said. */
struct configurapi_runner_options {
    size_t size; /**< of this struct, as the caller knows it: it may grow. 0, where nobody has set the
                      defaults, is an error */

    /* What is served. */
    const char *config_path; /**< the config file [NULL: none] */
    const char *config_text; /**< or this, YAML or JSON; errors call it `config` [NULL: none] */
    /** Where `config_text` would be if it were a file: what its imports are relative to, and where
     * `handlers/` is. [NULL: the working directory, and no `handlers/`] */
    const char *directory;
    const char *env_path; /**< a `.env` file, read into the environment; it need not be there [NULL: none] */

    /* Where. */
    /** Loops, each with its own thread, connections, JavaScript world and handlers' `on_start`; at most 256.
     * More than one: handlers in C run on several threads at once, one of them on the caller's, and so do
     * the functions registered here. [1] */
    uint32_t workers;
    const char *host;             /**< the address to listen on [NULL: every one] */
    uint16_t port;                /**< 0 picks a free one [8000] */
    uint16_t secure_port;         /**< for HTTPS and WSS, where there are key and certificate [8443] */
    const char *key_path;         /**< PEM [NULL: no TLS] */
    const char *certificate_path; /**< PEM, its chain behind it; goes with the key [NULL] */
    const char *key_text;         /**< or this, likewise; errors call it `key` [NULL] */
    const char *certificate_text; /**< or this; errors call it `cert` [NULL] */
    int descriptor;        /**< a listening socket instead of `port`; the runner closes it [-1: none] */
    int secure_descriptor; /**< the same instead of `secure_port` [-1] */

    /* The management server. */
    bool management;             /**< whether there is one [false] */
    const char *management_host; /**< [127.0.0.1] */
    uint16_t management_port;    /**< 0 picks a free one [9100] */
    int management_descriptor;   /**< a listening socket instead [-1: none] */
    /** What its requests must bring. [NULL: what CONFIGURAPI_MANAGEMENT_TOKEN in the environment says,
     * nothing without that] */
    const char *management_token;

    /* Limits. */
    size_t max_payload;            /**< of a message; a longer one closes with 1009, and while more than that
                                        is being handled the connection is not read; at least 1 [16 MiB] */
    uint32_t max_frame;            /**< of a data frame, likewise; 0: no limit of its own [0] */
    size_t high_water_mark;        /**< unsent, above which streams and pushes wait; 0: for each to leave
                                        [1 MiB] */
    size_t max_buffered;           /**< unsent, above which a connection is closed with 1013; at least 1
                                        [64 MiB] */
    uint32_t max_in_flight;        /**< events of one connection handled at once; at least 1 [256] */
    uint32_t max_connections;      /**< more are refused with 503; 0: no limit [0] */
    size_t compress_above;         /**< longer messages are compressed; 0: all [1 KiB] */
    bool no_compression;           /**< permessage-deflate is not agreed on [false] */
    const char *const *origins;    /**< patterns of the origins that may connect [NULL: all] */
    size_t origin_count;           /**< [0] */
    uint32_t handshake_timeout_ms; /**< [10,000] */
    uint32_t ping_interval_ms;     /**< a peer silent for two of them is dropped [30,000] */
    uint32_t idle_timeout_ms;      /**< without a message for so long: 1001 [0] */
    uint32_t max_lifetime_ms;      /**< open for so long: 1001 [0] */
    uint32_t handler_timeout_ms;   /**< the handlers of an event that take longer fail with 504 [0] */
    uint32_t max_blocking_ms;      /**< JavaScript that keeps the thread busy for longer is ended [10,000] */
    uint32_t drain_timeout_ms; /**< what a stop gives connections and events; 0: what they take [10,000] */
    bool api_gateway; /**< Amazon API Gateway's manners; configurapi_runner_options_api_gateway() sets its
                           limits too [false] */

    /* What it tells. */
    enum configurapi_level log_level;       /**< [CONFIGURAPI_LOG_TRACE] */
    enum configurapi_log_format log_format; /**< where there is no `on_log` [CONFIGURAPI_LOG_TEXT] */
    bool signals;                           /**< SIGTERM and SIGINT stop it, SIGHUP reloads it [false] */
    bool watch; /**< a change of `config_path` or of its handlers' files reloads it [false] */
    void *data; /**< for the functions below [NULL] */
    /** Gets log lines, and what JavaScript writes to its console, instead of standard output and standard
     * error. [NULL] */
    void (*on_log)(configurapi_runner *runner, const struct configurapi_log_line *line, void *data);
    /** It listens, or it never will: then `error` says why in one line, otherwise it is NULL. Called once,
     * but not where it is stopped before, nor where the call that starts it returns false, which says the
     * same; so with configurapi_runner_run() and configurapi_runner_start_thread() `error` is always NULL.
     * [NULL] */
    void (*on_started)(configurapi_runner *runner, const char *error, void *data);
    /** Its stop has begun. [NULL] */
    void (*on_stopping)(configurapi_runner *runner, void *data);
    /** It has stopped and left its loop. Called once, as the last of all, but not where the call that started
     * it returned false. A runner that configurapi_runner_start() has started may be destroyed here. [NULL]
     */
    void (*on_stopped)(configurapi_runner *runner, void *data);
};

/** Sets every option to its default. `size` is `sizeof *options`. */
CONFIGURAPI_API void configurapi_runner_options_init(struct configurapi_runner_options *options, size_t size);
/** Sets those that make a runner hold to Amazon API Gateway's limits and manners; they may be changed
 * afterwards. */
CONFIGURAPI_API void configurapi_runner_options_api_gateway(struct configurapi_runner_options *options);

/** Makes a runner, which does nothing yet. NULL when memory is out, or where `options` is NULL. */
CONFIGURAPI_API configurapi_runner *configurapi_runner_create(
    const struct configurapi_runner_options *options);

/** Registers a handler under a name that the configuration can say. `data` is for configurapi_data(). False
 * where name or handler is NULL, and once the runner was started, too. */
CONFIGURAPI_API bool configurapi_runner_handler(configurapi_runner *runner, const char *name,
                                                configurapi_handler handler, void *data);
/** Makes a handler the route of an event, without a configuration: of a message's name, or of `on_connect`,
 * `catchall` and their like. Those of the same event run in the order of their registration. A runner that
 * has such takes no `config_path` and no `config_text`. False as above. */
CONFIGURAPI_API bool configurapi_runner_on(configurapi_runner *runner, const char *event,
                                           configurapi_handler handler, void *data);

/** Whether it could be started, as far as that can be known: loads the configuration and every handler, and
 * lets them go again. It may be started afterwards. */
CONFIGURAPI_API bool configurapi_runner_check(configurapi_runner *runner);

/** Serves on this thread, until it is stopped. False where it could not be started. */
CONFIGURAPI_API bool configurapi_runner_run(configurapi_runner *runner);

/** Serves on a thread of its own. Returns when it listens; false where it never will. */
CONFIGURAPI_API bool configurapi_runner_start_thread(configurapi_runner *runner);
/** Waits until the thread's runner has stopped. */
CONFIGURAPI_API void configurapi_runner_wait(configurapi_runner *runner);

/** Serves on a libuv loop, which its owner turns, and on the thread that does. Where the handlers of
 * `on_start` have to wait for something, and with several `workers`, it listens later than this returns:
 * `on_started` says when, or why it does not. The loop must stay until `on_stopped`, and stays alive until
 * then. False: it could not be started; neither `on_started` nor `on_stopped` is called, and nothing is left
 * but handles that the loop must turn once more to forget. Not to be called from within a turn of the loop
 * where JavaScript modules have a top-level `await`: loading them turns it. */
CONFIGURAPI_API bool configurapi_runner_start(configurapi_runner *runner, struct uv_loop_s *loop);

/** Stops it, from any thread: nobody is accepted any more, connections are closed with 1001 and get
 * `drain_timeout_ms`, every on_disconnect runs. A second call does not wait any more. Nothing happens where
 * it does not run. It has stopped when `on_stopped` is called, configurapi_runner_run() or
 * configurapi_runner_wait() returns. */
CONFIGURAPI_API void configurapi_runner_stop(configurapi_runner *runner);
/** Reads the config file, every handler in JavaScript, key and certificate again, soon, from any thread.
 * New messages are the new handlers', new connections get the new certificate; events under way end with the
 * handlers that they began with, and connections and their identities stay. `on_start` runs for the new
 * handlers before they serve. Handlers in C and those registered here stay what they are; without a
 * `config_path` it is only key and certificate. A log line says what came of it: where something is wrong,
 * nothing changes. */
CONFIGURAPI_API void configurapi_runner_reload(configurapi_runner *runner);

/** Calls `run` on its loop's thread, soon; from any thread. There it may push to clients that a handler has
 * kept there. With several `workers` that is the first one's thread only, and a client is for the thread of
 * the worker that has its connection: what is for that one goes with configurapi_post() to the runtime that a
 * handler of its event got from configurapi_event_runtime(), and which is there until the runner's stop
 * begins (`on_stopping`). False where the runner does not run: `run` is not called then. */
CONFIGURAPI_API bool configurapi_runner_post(configurapi_runner *runner, void (*run)(void *data), void *data);

/** Frees it, stopping it first and waiting for that where it has a thread of its own. On a loop of the
 * program's that has still to turn for it, its memory goes when it has stopped, and none of the options'
 * functions is called any more. NULL is fine. False: handlers have never ended their events, or left work
 * on a thread that does not end, and the memory that these hold could not be freed. */
CONFIGURAPI_API bool configurapi_runner_destroy(configurapi_runner *runner);

/** What failed last, in one line; "out of memory" for NULL. The runner's, until the next call fails. */
CONFIGURAPI_API const char *configurapi_runner_error(const configurapi_runner *runner);

/** The loop that it serves on, for what is to be on it too, from `on_started` on and on its thread; NULL
 * before it is started. Handles there are to be closed by `on_stopped`. Where it is the runner's own,
 * uv_prepare_t and uv_check_t do not count clients' messages, see configurapi_loop(). */
CONFIGURAPI_API struct uv_loop_s *configurapi_runner_loop(const configurapi_runner *runner);

/** The ports it listens on, from then on until its stop has begun (the management server: has ended); 0
 * where it does not. For any thread. */
CONFIGURAPI_API uint16_t configurapi_runner_port(const configurapi_runner *runner);
CONFIGURAPI_API uint16_t configurapi_runner_secure_port(const configurapi_runner *runner);
CONFIGURAPI_API uint16_t configurapi_runner_management_port(const configurapi_runner *runner);

/** The library's version, "0.1.0". */
CONFIGURAPI_API const char *configurapi_runner_version(void);

#ifdef __cplusplus
}
#endif

#endif
