#ifndef CONFIGURAPI_H
#define CONFIGURAPI_H

/**
 * @file configurapi.h
 * Handlers in C for configurapi-runner-ws.
 *
 * A handler is a function that gets an event and the parameters its policy has in config.yaml, and says how
 * the event goes on. A module is a shared object with a table of handlers:
 *
 *     #include <configurapi.h>
 *
 *     static enum configurapi_result greet(configurapi_event *event, const json_t *parameters)
 *     {
 *         (void)parameters;
 *         return configurapi_reply_printf(event, 200, "{\"hello\":%j}", configurapi_event_payload(event));
 *     }
 *
 *     CONFIGURAPI_MODULE({"greetHandler", greet, NULL})
 *
 *     cc -shared -fPIC -o handlers/libgreet.so greet.c $(pkg-config --cflags configurapi)
 *
 * It is named in `import:` (`./libgreet.so`) or lies in `handlers/`. Its handlers and those in JavaScript
 * share one namespace and mix in one route: each sees what the others have done to the response, the
 * identity, the parameters and the payload.
 *
 * **Threads.** A handler runs on its runner's loop, and so do all callbacks. Every function here is for that
 * thread only, but for configurapi_resume() and configurapi_post(), and configurapi_json_member() and
 * configurapi_json_integer(), which touch nothing. A handler that would take long returns CONFIGURAPI_PENDING
 * and goes on later. With several workers (`--workers`) there are as many runtimes, loops
 * and threads: a module is opened once, `load` and `unload` are called for each of them, handlers run on all
 * of their threads at once, and what they share (static variables, `data`) is theirs to guard. A connection,
 * its events and all that is read from them stay with one.
 *
 * **Ownership.** An event is the runner's, and so is what is read from it. A text is valid until the handler
 * returns, also where it returns CONFIGURAPI_PENDING: who goes on later reads it again. A value (json_t) is
 * valid until the event ends or somebody changes it; take a reference to keep it longer. Texts are UTF-8, not
 * ended by a NUL, unless said otherwise. What is given to a function is copied, or, with json_t, referenced;
 * the caller keeps its own reference. While an event is pending nobody changes its values and the parameters:
 * another thread may read (not reference) those that the handler has got, until it calls
 * configurapi_resume().
 *
 * **NULL.** No pointer that is given to a function here may be NULL, unless it is said; `data`, which only
 * comes back, may be.
 *
 * **Errors.** A function that can fail returns an enum configurapi_status, or NULL. CONFIGURAPI_NO_MEMORY
 * leaves what was there unchanged.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The version of this interface. A module built for another one is refused at start. */
#define CONFIGURAPI_ABI 1

#if defined(__GNUC__)
#define CONFIGURAPI_API __attribute__((visibility("default")))
#define CONFIGURAPI_PRINTF_LIKE(index, first) __attribute__((__format__(__printf__, index, first)))
#else
#define CONFIGURAPI_API
#define CONFIGURAPI_PRINTF_LIKE(index, first)
#endif

/** An event on its way through its route: a message, or a step in a connection's life. */
typedef struct configurapi_event configurapi_event;
/** A connected client, which one can send to beyond the event; see configurapi_client_ref(). */
typedef struct configurapi_client configurapi_client;
/** A response that is sent chunk by chunk. */
typedef struct configurapi_stream configurapi_stream;
/** The loop that handlers run on, with all that belongs to it. */
typedef struct configurapi_runtime configurapi_runtime;

/** UTF-8, or bytes, that somebody else owns. `data` may be NULL only where `length` is 0. */
struct configurapi_text {
    const char *data;
    size_t length; /**< in bytes */
};

/** The text that a literal holds. */
#ifdef __cplusplus
#define CONFIGURAPI_TEXT(literal) (configurapi_text{"" literal, sizeof(literal) - 1})
#else
#define CONFIGURAPI_TEXT(literal) ((struct configurapi_text){"" literal, sizeof(literal) - 1})
#endif

/** How an event goes on behind a handler. */
enum configurapi_result {
    CONFIGURAPI_CONTINUE, /**< with the next handler, as JavaScript's this.continue() */
    CONFIGURAPI_COMPLETE, /**< the rest of the route is skipped, as with this.complete() */
    CONFIGURAPI_FAILED,   /**< on_error runs; configurapi_fail() said why, otherwise it is a 500 */
    CONFIGURAPI_PENDING,  /**< configurapi_resume() will say: exactly once */
};

/** How a call ended. */
enum configurapi_status {
    CONFIGURAPI_OK,
    CONFIGURAPI_WAIT, /**< done, but the client has more unread than the high-water mark, or handlers have
                         sent a megabyte in this turn of the loop: wait for room */
    CONFIGURAPI_GONE, /**< the client is gone; nothing was sent */
    CONFIGURAPI_NO_MEMORY, /**< nothing was changed */
    CONFIGURAPI_INVALID, /**< what was given is no JSON, no UTF-8, or out of its range; nothing was changed */
    CONFIGURAPI_FULL, /**< before the end of its on_connect a client may be sent no more than --max-buffered:
                         nothing was sent, and it is closed with 1013 */
};

/** A handler. `parameters` is an array, empty where the policy has none; it is the configuration's own: do
 * not change it (configurapi_resolve() gives a copy). What YAML has and JSON has not comes marked: timestamps
 * as {"$date": "<ISO 8601>"}, !!binary as {"$binary": "<base64>"}, .nan and its like as {"$number": "NaN"}.
 */
typedef enum configurapi_result (*configurapi_handler)(configurapi_event *event, const json_t *parameters);

/* ---- modules ---- */

/** One handler of a module. As in JavaScript its name is what config.yaml says; it need not end in `Handler`.
 */
struct configurapi_entry {
    const char *name;
    configurapi_handler handler;
    void *data; /**< for configurapi_data(); may be NULL */
};

/** What a module exports under the name `configurapi_module`. */
struct configurapi_module {
    uint32_t abi;                            /**< CONFIGURAPI_ABI */
    const struct configurapi_entry *entries; /**< the last one's name is NULL */
    /** Called once for each runner, or each worker of it, before any handler; may be NULL. Where it returns
     * false the runner does not start. `runtime` is there until `unload`. */
    bool (*load)(configurapi_runtime *runtime);
    /** Called at the runner's end, for every `load` that returned true; may be NULL. */
    void (*unload)(configurapi_runtime *runtime);
};

/** Defines the module's table: CONFIGURAPI_MODULE({"oneHandler", one, NULL}, {"otherHandler", other, NULL})
 */
#define CONFIGURAPI_MODULE(...) \
    static const struct configurapi_entry configurapi_module_entries[] = {__VA_ARGS__, {NULL, NULL, NULL}}; \
    CONFIGURAPI_API extern const struct configurapi_module configurapi_module; \
    const struct configurapi_module configurapi_module = {CONFIGURAPI_ABI, configurapi_module_entries, NULL, \
                                                          NULL};

/** The pointer that the running handler was registered with: struct configurapi_entry's `data`. */
CONFIGURAPI_API void *configurapi_data(const configurapi_event *event);

/* ---- what came ---- */

/** The event's name: that of the message, or `on_connect`, `on_disconnect`. `on_start` runs without a client.
 */
CONFIGURAPI_API struct configurapi_text configurapi_event_name(const configurapi_event *event);
/** A random UUID. */
CONFIGURAPI_API struct configurapi_text configurapi_event_id(configurapi_event *event);
/** The query's `correlationid`, the header `correlation-id`, or the event's id. */
CONFIGURAPI_API struct configurapi_text configurapi_event_correlation_id(configurapi_event *event);

/** The message as it came; `*binary`, where it is not NULL, says whether as a binary one. Of on_connect and
 * on_disconnect: a JSON text of what they tell. */
CONFIGURAPI_API struct configurapi_text configurapi_event_raw(const configurapi_event *event, bool *binary);
/** The payload as JSON text, as it came; all of the message where that is not JSON
 * (configurapi_event_payload() then gives it as a string). Empty where there is none. It does not show what
 * handlers have changed. Free of cost. */
CONFIGURAPI_API struct configurapi_text configurapi_event_payload_text(const configurapi_event *event);

/** The message's params as JSON text, as they came, without the query's; empty where there are none. Free of
 * cost. */
CONFIGURAPI_API struct configurapi_text configurapi_event_params_text(const configurapi_event *event);

/** A member of an object in JSON text, such as a payload's: as it lies there, a string with its quotes. Empty
 * where there is none, or where `object` is no object, or no JSON, as all of a message may be that came
 * instead of a payload. Nothing is copied. */
CONFIGURAPI_API struct configurapi_text configurapi_json_member(struct configurapi_text object,
                                                                const char *name);
/** Whether JSON text is a whole number that fits; *number is then set. */
CONFIGURAPI_API bool configurapi_json_integer(struct configurapi_text json, int64_t *number);

/** The payload; parsed at the first call. NULL where the message has none, where it is no UTF-8, or where it
 * is what jansson can not hold (nesting beyond 2,048, lone surrogates, numbers beyond a double): the text is
 * there all the same. */
CONFIGURAPI_API const json_t *configurapi_event_payload(configurapi_event *event);
/** Parameters: an object, the query's keys laid over the message's params. NULL when memory is out. */
CONFIGURAPI_API const json_t *configurapi_event_params(configurapi_event *event);
/** The message's query, on_connect's URL query; an object. NULL when memory is out. */
CONFIGURAPI_API const json_t *configurapi_event_query(configurapi_event *event);
/** The message's headers, on_connect's upgrade headers in lower case; an object. NULL when memory is out. */
CONFIGURAPI_API const json_t *configurapi_event_headers(configurapi_event *event);
/** What on_connect, or a handler of this event, set; NULL where nobody did. */
CONFIGURAPI_API const json_t *configurapi_event_identity(configurapi_event *event);

/** A parameter that is a string; empty where it is none. */
CONFIGURAPI_API struct configurapi_text configurapi_param(configurapi_event *event, const char *name);
/** A header of the request that is a string, by its name without regard to case; empty where it is none. */
CONFIGURAPI_API struct configurapi_text configurapi_header(configurapi_event *event, const char *name);

/** Changes what later handlers see, in whatever language. `value` NULL: there is none, undefined in
 * JavaScript, and a parameter is taken away. on_connect's identity is that of every later event of the
 * connection. CONFIGURAPI_INVALID for a name that is no UTF-8. */
CONFIGURAPI_API enum configurapi_status configurapi_set_payload(configurapi_event *event,
                                                                const json_t *value);
CONFIGURAPI_API enum configurapi_status configurapi_set_param(configurapi_event *event, const char *name,
                                                              const json_t *value);
CONFIGURAPI_API enum configurapi_status configurapi_set_identity(configurapi_event *event,
                                                                 const json_t *value);

/** A copy of `value` in which `$(name)`, `$(name.path[0])`, `$($event.payload.path)` and `$($env.NAME)` in
 * strings are replaced as by event.resolve() in JavaScript. The caller owns it. NULL when memory is out, and
 * where
 * `$` sequences in a value, which repeat what stands around the reference as in String.prototype.replace(),
 * would make a string more than a megabyte longer. */
CONFIGURAPI_API json_t *configurapi_resolve(configurapi_event *event, const json_t *value);

/* ---- the response ---- */

/** Replaces the response by a new one with this status and a body of JSON text, which must be valid. */
CONFIGURAPI_API enum configurapi_status configurapi_reply_text(configurapi_event *event, int status,
                                                               struct configurapi_text json);
/** The same with a value as the body; NULL: the empty string. */
CONFIGURAPI_API enum configurapi_status configurapi_reply(configurapi_event *event, int status,
                                                          const json_t *body);
/** The same with a body of JSON text that is put together as by printf: `%%`, `%d`, `%i`, `%u`, `%ld`, `%lu`,
 * `%lld`, `%llu`, `%zu`, `%zd`, `%g`, `%f`, `%.17g` and the like as there; `%s` (const char *) and `%t`
 * (struct configurapi_text) as JSON strings, quoted and escaped, `%s` of NULL as the empty one; `%j` (const
 * json_t *) as JSON, of NULL as null; `%r` (struct configurapi_text) as it is. Returns CONFIGURAPI_CONTINUE,
 * or CONFIGURAPI_FAILED with a 500 where the text is no JSON or memory is out, so that a handler can end with
 * it. */
CONFIGURAPI_API enum configurapi_result configurapi_reply_printf(configurapi_event *event, int status,
                                                                 const char *format, ...);
/** The same with bytes, which are sent as base64 with the header `content-transfer-encoding: base64`. `data`
 * may be NULL where `length` is 0. */
CONFIGURAPI_API enum configurapi_status configurapi_reply_bytes(configurapi_event *event, int status,
                                                                const void *data, size_t length);
/** The same with a string: UTF-8, quoted and escaped here. */
CONFIGURAPI_API enum configurapi_status configurapi_reply_string(configurapi_event *event, int status,
                                                                 struct configurapi_text text);
/** Nothing is sent for this event. */
CONFIGURAPI_API void configurapi_reply_nothing(configurapi_event *event);

/** The response as it stands, whoever made it: 200, no headers and the empty string where nobody did. */
CONFIGURAPI_API int configurapi_response_status(configurapi_event *event);
CONFIGURAPI_API const json_t *configurapi_response_headers(configurapi_event *event);
/** NULL where it is a stream, or bytes that JavaScript gave, or where memory is out. */
CONFIGURAPI_API const json_t *configurapi_response_body(configurapi_event *event);
/** Whether it is an ErrorResponse: what configurapi_fail() makes, or JavaScript's. */
CONFIGURAPI_API bool configurapi_response_is_error(const configurapi_event *event);

/** Change the response as it stands and leave the rest of it, a stream too. CONFIGURAPI_INVALID for a status
 * outside 100 to 999, and for a header that is no UTF-8. A header's `value` NULL takes it away; `body` NULL:
 * the empty string. */
CONFIGURAPI_API enum configurapi_status configurapi_set_status(configurapi_event *event, int status);
CONFIGURAPI_API enum configurapi_status configurapi_set_header(configurapi_event *event, const char *name,
                                                               const char *value);
CONFIGURAPI_API enum configurapi_status configurapi_set_header_value(configurapi_event *event,
                                                                     const char *name, const json_t *value);
CONFIGURAPI_API enum configurapi_status configurapi_set_body(configurapi_event *event, const json_t *body);

/** Makes the response an ErrorResponse with `statusCode`, `message` and `details` in its body, and returns
 * CONFIGURAPI_FAILED. Either text may be NULL, which is the empty one. A status outside 100 to 999 is 500. */
CONFIGURAPI_API enum configurapi_result configurapi_fail(configurapi_event *event, int status,
                                                         const char *message, const char *details);
/** The same with a message as by printf and no details. */
CONFIGURAPI_API enum configurapi_result configurapi_fail_printf(configurapi_event *event, int status,
                                                                const char *format, ...)
    CONFIGURAPI_PRINTF_LIKE(3, 4);

/* ---- later ---- */

/** Goes on with an event whose handler returned CONFIGURAPI_PENDING, soon and on the loop's thread: `then`
 * runs there, may read and answer the event as the handler might have, and says how it goes on (not
 * CONFIGURAPI_PENDING); NULL: CONFIGURAPI_CONTINUE. From any thread, once for each CONFIGURAPI_PENDING; it
 * may be called before the handler has returned. An event that is pending keeps its place among
 * --max-in-flight, and a stop waits for it until --drain-timeout.
 *
 * With --handler-timeout the event may have been answered with 504 meanwhile. It is still to be resumed, and
 * `then` still runs, so that it can free what it holds; but what it does to the event, and what it says, has
 * no effect any more: configurapi_event_is_over(). Until then all that can be read of the event stays as it
 * was when its time was over.
 *
 * A second call while the first is under way does nothing, and one for an event that is not pending leaves a
 * line in the log. An event that has gone on already must not be resumed again: its memory may be another
 * event's by then. */
CONFIGURAPI_API void configurapi_resume(configurapi_event *event,
                                        enum configurapi_result (*then)(configurapi_event *event, void *data),
                                        void *data);

/** Whether an event whose handler returned CONFIGURAPI_PENDING has gone on without it: its time was over
 * (--handler-timeout). It need not be worked on any more, only resumed. For the loop's thread, as all else:
 * `then` asks, or a timer or a posted function that works for the event. */
CONFIGURAPI_API bool configurapi_event_is_over(const configurapi_event *event);

/* ---- clients ---- */

/** The client an event came from; NULL for on_start, and when memory is out. To keep it beyond the event,
 * take a reference. */
CONFIGURAPI_API configurapi_client *configurapi_event_client(configurapi_event *event);
/** Takes a reference, and gives one back; NULL is fine for both, and gives NULL. A client is its loop's
 * thread's, as are these. */
CONFIGURAPI_API configurapi_client *configurapi_client_ref(configurapi_client *client);
CONFIGURAPI_API void configurapi_client_unref(configurapi_client *client);

/** The connection's id, a UUID, ended by a NUL; lasts as long as the client. */
CONFIGURAPI_API const char *configurapi_client_id(const configurapi_client *client);
/** Its postback URL; NULL without a management server, and when memory is out. Lasts as long as the client.
 */
CONFIGURAPI_API const char *configurapi_client_postback_url(configurapi_client *client);
/** Whether nothing can be sent to it any more. */
CONFIGURAPI_API bool configurapi_client_is_gone(const configurapi_client *client);

/** Sends a message of its own: a response of `status`, `headers` (an object, or NULL) and `body` (NULL: the
 * empty string). CONFIGURAPI_WAIT: it is queued, and further ones should wait for
 * configurapi_client_on_room(). */
CONFIGURAPI_API enum configurapi_status configurapi_push(configurapi_client *client, int status,
                                                         const json_t *headers, const json_t *body);
/** Sends one message as it is: text, which must be UTF-8, or bytes. For clients whose protocol is not
 * Configurapi's. `data` may be NULL where `length` is 0. */
CONFIGURAPI_API enum configurapi_status configurapi_push_text(configurapi_client *client,
                                                              struct configurapi_text text);
CONFIGURAPI_API enum configurapi_status configurapi_push_bytes(configurapi_client *client, const void *data,
                                                               size_t length);

/** Calls `on_room` once: soon, where the client has room already, else when less than half of the high-water
 * mark is unsent; `status` is CONFIGURAPI_OK, or CONFIGURAPI_GONE once the client is gone. The client is
 * referenced until then. */
CONFIGURAPI_API enum configurapi_status configurapi_client_on_room(
    configurapi_client *client,
    void (*on_room)(configurapi_client *client, enum configurapi_status status, void *data), void *data);
/** Calls `on_gone` once, when the client is gone; soon, where it is already. The client is referenced until
 * then. */
CONFIGURAPI_API enum configurapi_status configurapi_client_on_gone(
    configurapi_client *client, void (*on_gone)(configurapi_client *client, void *data), void *data);

/* ---- streams ---- */

/** What a stream asks of who makes it. Both are there. */
struct configurapi_stream_source {
    /** The client has room: write, until configurapi_stream_write() says CONFIGURAPI_WAIT, or what there is.
     * Called first when the event's last handler has run, and again when there is room after a
     * CONFIGURAPI_WAIT, for nothing else: who has no more to write yet writes later, from the loop's thread,
     * without being called. */
    void (*ready)(configurapi_stream *stream, void *data);
    /** The last call, exactly once: the stream has ended, its client is gone, or another handler has replaced
     * the response; of on_start, on_connect and on_disconnect, which send no stream, the only one. `data` may
     * be freed. The stream is valid until this returns, and until `ready` does, where that has ended it. */
    void (*ended)(configurapi_stream *stream, void *data);
};

/** Makes the response a stream with the status and headers that the response has when the event's last
 * handler has run: every chunk is a message with the headers `x-stream: chunk` and `x-stream-id`, the last
 * one says `done`. The event lasts until its end. `source` is copied. NULL when memory is out or the status
 * is not from 100 to 999; the response is then as it was, and `ended` is not called. */
CONFIGURAPI_API configurapi_stream *configurapi_reply_stream(configurapi_event *event, int status,
                                                             const struct configurapi_stream_source *source,
                                                             void *data);
/** Writes a chunk, from `ready` on until the end: bytes that are text by the response's `content-type`, or
 * without one, as the characters they are, however they were cut; others as base64. `data` may be NULL where
 * `length` is 0. CONFIGURAPI_WAIT: it is queued, `ready` says when to go on. CONFIGURAPI_NO_MEMORY: it is not
 * sent, and nobody calls for it: fail the stream, or it stays open until its client goes. CONFIGURAPI_GONE:
 * `ended` is called, or was. CONFIGURAPI_INVALID: `ready` was not called yet. */
CONFIGURAPI_API enum configurapi_status configurapi_stream_write(configurapi_stream *stream, const void *data,
                                                                 size_t length);
/** Writes a chunk that is a JSON value. */
CONFIGURAPI_API enum configurapi_status configurapi_stream_write_json(configurapi_stream *stream,
                                                                      const json_t *value);
/** Ends it, well, or with an error's status and body (`message` NULL: an empty one); `ended` is called before
 * it returns. Of no effect before the event's last handler has run, and after the end: who has nothing to
 * send ends it from `ready`. */
CONFIGURAPI_API void configurapi_stream_end(configurapi_stream *stream);
CONFIGURAPI_API void configurapi_stream_fail(configurapi_stream *stream, int status, const char *message);

/* ---- the runtime ---- */

/** The runtime of the worker that an event is handled by. */
CONFIGURAPI_API configurapi_runtime *configurapi_event_runtime(const configurapi_event *event);
/** The libuv loop that handlers run on: for timers, sockets and work of one's own. On a loop of the runner's
 * own, clients' messages need no turn of it: uv_prepare_t and uv_check_t do not count them. A module closes
 * its handles in `unload`: one that is left active keeps the runner's loop, and so its stop, from ending, and
 * calls code that is not there any more. */
CONFIGURAPI_API struct uv_loop_s *configurapi_loop(configurapi_runtime *runtime);
/** Calls `run` on the loop's thread, soon. From any thread, as long as the runtime is there: for a module
 * until its `unload`, for a program until its runner's stop begins (`on_stopping`). CONFIGURAPI_GONE behind
 * that, as far as the runtime is still there: `run` is not called. */
CONFIGURAPI_API enum configurapi_status configurapi_post(configurapi_runtime *runtime,
                                                         void (*run)(void *data), void *data);

/** POSTs `body` as JSON to a connection's postback URL, this process's or another's, as wsPostbackFunction()
 * in JavaScript does. `done` is called once, later, but not where this fails. It gets the answer's status, or
 * 0 where there was none, and what went wrong, or NULL for a status of 2xx. A runner that ends before the
 * answer has come calls it with 0. */
CONFIGURAPI_API enum configurapi_status configurapi_postback(
    configurapi_runtime *runtime, const char *url, const json_t *body,
    void (*done)(int status, const char *error, void *data), void *data);

/** A log level, as config.yaml's `logLevel`. */
enum configurapi_level {
    CONFIGURAPI_LOG_NONE,
    CONFIGURAPI_LOG_ERROR,
    CONFIGURAPI_LOG_INFO,
    CONFIGURAPI_LOG_TRACE,
    CONFIGURAPI_LOG_DEBUG,
};

/** Writes a log line about an event, where its policy's and the runner's level let it through;
 * CONFIGURAPI_LOG_NONE is no line's level: nothing is written. */
CONFIGURAPI_API void configurapi_log(configurapi_event *event, enum configurapi_level level,
                                     const char *format, ...) CONFIGURAPI_PRINTF_LIKE(3, 4);

#ifdef __cplusplus
}
#endif

#endif
