#include "management/server.h"
#include "base/clock.h"
#include "management/answer.h"
#include "management/errand.h"
#include "management/guard.h"
#include "management/head.h"
#include "management/microhttpd.h"
#include "management/visitors.h"
#include "runner/descriptors.h"
#include "runner/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

enum {
    MAX_CONNECTIONS = 256, /* where there are descriptors for them */
    IDLE_TIMEOUT_S = 10,
    PARTING_INTERVAL_MS = 1000,
    WORKERS_PATIENCE_MS = VISITORS_PATIENCE_MS - 5000, /* so that there is time to say so */
    HEAD_MEMORY = 32 * 1024,          /* bytes a connection may take for request head and response head */
    MAX_DISCARDED = 64 * 1024 * 1024, /* bytes of a body that is refused; beyond, the connection is closed */
};

struct management {
    struct runner *runner;
    struct management_options options;
    struct MHD_Daemon *daemon;
    int descriptor; /* the listening socket, the daemon's once there is one; -1: none */
    struct socket_address address;
    unsigned max_connections;
    uv_poll_t poll; /* of the daemon's epoll: whatever happened, it looks itself */
    uv_timer_t timer;
    uv_timer_t parting;
    struct visitors visitors;
    size_t held;         /* bytes of the bodies of all requests */
    struct list waiting; /* exchanges that wait for other workers */
    int open_handles;
};

/* One HTTP request, from its head to its answer. */
struct exchange {
    struct management *management;
    struct MHD_Connection *http;
    struct list node; /* in management->waiting */
    struct request request;
    struct buffer body;
    size_t held;           /* bytes of it that count */
    struct errand *errand; /* NULL unless it waits for other workers */
    uint64_t since_ms;     /* since when */
    struct answer answer;  /* once `refused` or `answered` is set */
    bool refused;
    bool unmeasured; /* nobody knows where it ends */
    bool answered;
    size_t discarded;
};

/* ---- the head ---- */

static struct text header(struct MHD_Connection *http, const char *name)
{
    return text_from_cstr(mhd.lookup_connection_value(http, MHD_HEADER_KIND, name));
}

static struct text argument(struct MHD_Connection *http, const char *name)
{
    return text_from_cstr(mhd.lookup_connection_value(http, MHD_GET_ARGUMENT_KIND, name));
}

/* Whether the request is refused for who sends it. */
static bool is_barred(const struct management *management, struct MHD_Connection *http,
                      const struct head *head, struct answer *answer)
{
    if (!guard_host(head->host, management->options.host) ||
        !guard_host(header(http, MHD_HTTP_HEADER_HOST), management->options.host)) {
        answer_error(answer, 403,
                     "The Host header does not name this server by an IP address, as localhost or "
                     "by its --management-host.");
        return true;
    }
    if (!head_is_own(head, http)) {
        answer_error(answer, 403, "Pages of other origins may not ask this server.");
        return true;
    }
    if (management->options.token &&
        !guard_token(header(http, MHD_HTTP_HEADER_AUTHORIZATION), management->options.token)) {
        answer_error(answer, 401, "The management token is missing or wrong.");
        answer->authenticate = "Bearer";
        return true;
    }
    return false;
}

static bool is_too_long(const struct management *management, struct MHD_Connection *http,
                        struct answer *answer)
{
    const char *length = mhd.lookup_connection_value(http, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

    if (!length || strtoull(length, NULL, 10) <= management->runner->options.max_payload)
        return false;
    answer_error(answer, 413, "The body is longer than --max-payload.");
    return true;
}

static void read_head(struct exchange *exchange, const char *url, const char *method)
{
    const struct management *management = exchange->management;
    struct MHD_Connection *http = exchange->http;
    struct request *request = &exchange->request;
    struct head head;
    unsigned status;

    head_read(&head, http, url);
    const char *refusal = head_refuses(&head, &status);
    if (refusal) {
        answer_error(&exchange->answer, status, refusal);
        exchange->refused = exchange->unmeasured = true;
        return;
    }
    request->route = route_of(head.path);
    request->method = route_method(text_from_cstr(method));
    request->id = request->route.target == ROUTE_POST ? argument(http, "id") : request->route.id;
    request->code = argument(http, "code");
    request->reason = argument(http, "reason");
    exchange->refused = is_barred(management, http, &head, &exchange->answer) ||
                        answer_refuses(&exchange->answer, management->runner, request) ||
                        is_too_long(management, http, &exchange->answer);
}

/* ---- the answer ---- */

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (value && mhd.add_response_header(response, name, value) != MHD_YES)
        return; /* out of memory: the response goes without it */
}

/* Takes over the answer's body. */
static enum MHD_Result send_answer(struct MHD_Connection *http, struct answer *answer)
{
    struct MHD_Response *response =
        answer->body.length > 0
            ? mhd.create_response_from_buffer(answer->body.length, answer->body.data, MHD_RESPMEM_MUST_FREE)
            : mhd.create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);

    if (!response || answer->body.length == 0)
        buffer_deinit(&answer->body);
    buffer_init(&answer->body, BUFFER_UNLIMITED);
    if (!response)
        return MHD_NO;
    add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type);
    add_header(response, "x-amzn-ErrorType", answer->error_type);
    add_header(response, MHD_HTTP_HEADER_ALLOW, answer->allowed);
    add_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, answer->authenticate);
    add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (answer->status == 503)
        add_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "5");
    enum MHD_Result result = mhd.queue_response(http, answer->status, response);
    mhd.destroy_response(response);
    return result;
}

static void drop_body(struct exchange *exchange)
{
    exchange->management->held -= exchange->held;
    exchange->held = 0;
    buffer_deinit(&exchange->body);
}

static void refuse(struct exchange *exchange, unsigned status, const char *message)
{
    answer_error(&exchange->answer, status, message);
    exchange->refused = true;
    drop_body(exchange);
}

/* What the bodies of all requests together may be: one of any length fits. */
static size_t most_held(const struct configurapi_runner_options *options)
{
    return options->max_buffered > options->max_payload ? options->max_buffered : options->max_payload;
}

/* Takes a piece of the body, or drops it where the request is refused: who is still sending would not hear
 * the answer. */
static enum MHD_Result take_body(struct exchange *exchange, struct text piece)
{
    struct management *management = exchange->management;
    const struct configurapi_runner_options *options = &management->runner->options;

    if (!exchange->refused && exchange->body.length + piece.length > options->max_payload)
        refuse(exchange, 413, "The body is longer than --max-payload.");
    if (!exchange->refused && management->held + piece.length > most_held(options))
        refuse(exchange, 503, "Too much is being sent to this server at once.");
    if (exchange->refused) {
        exchange->discarded += piece.length;
        return exchange->discarded > MAX_DISCARDED ? MHD_NO : MHD_YES;
    }
    if (buffer_append_text(&exchange->body, piece) != STATUS_OK)
        return MHD_NO;
    management->held += piece.length;
    exchange->held += piece.length;
    return MHD_YES;
}

static void work(struct management *management);

static void on_errand_done(void *owner, struct answer *answer)
{
    struct exchange *exchange = owner;
    struct management *management = exchange->management;

    list_remove(&exchange->node);
    exchange->errand = NULL;
    exchange->answer = *answer;
    exchange->answered = true;
    mhd.resume_connection(exchange->http); /* on_request() is called for it again */
    work(management);
}

/* Whether the answer is there at once. */
static bool answer_now(struct exchange *exchange)
{
    struct management *management = exchange->management;

    exchange->errand = errand_begin(&exchange->answer, management->runner, &exchange->request,
                                    &exchange->body, on_errand_done, exchange);
    exchange->answered = !exchange->errand;
    exchange->since_ms = clock_now_ms();
    if (exchange->errand)
        list_append(&management->waiting, &exchange->node);
    return exchange->answered;
}

/* The daemon's callback: first with the head, then with each piece of the body, at last without one; and
 * once more for one that had to wait. */
static enum MHD_Result on_request(void *owner, struct MHD_Connection *http, const char *url,
                                  const char *method, const char *version, const char *data, size_t *length,
                                  void **state)
{
    struct management *management = owner;
    struct exchange *exchange = *state;

    (void)version;
    if (!exchange) {
        exchange = calloc(1, sizeof *exchange);
        if (!exchange)
            return MHD_NO;
        *state = exchange;
        exchange->management = management;
        exchange->http = http;
        list_init(&exchange->node);
        buffer_init(&exchange->body, BUFFER_UNLIMITED);
        buffer_init(&exchange->answer.body, BUFFER_UNLIMITED);
        read_head(exchange, url, method);
        bool asks_first = header(http, MHD_HTTP_HEADER_EXPECT).length > 0;
        bool now = exchange->unmeasured || (exchange->refused && asks_first);
        return now ? send_answer(http, &exchange->answer) : MHD_YES;
    }
    if (*length > 0) {
        struct text piece = {data, *length};
        *length = 0;
        return take_body(exchange, piece);
    }
    visitors_asked(http);
    if (!exchange->refused && !exchange->answered && !answer_now(exchange)) {
        mhd.suspend_connection(http);
        return MHD_YES;
    }
    return send_answer(http, &exchange->answer);
}

static void on_completed(void *owner, struct MHD_Connection *http, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct exchange *exchange = *state;

    (void)owner, (void)code;
    visitors_answered(http);
    if (!exchange)
        return;
    drop_body(exchange);
    buffer_deinit(&exchange->answer.body);
    free(exchange);
    *state = NULL;
}

/* Texts end at a NUL here: one that is written as %00 stays as it is. */
static size_t on_unescape(void *owner, struct MHD_Connection *http, char *text)
{
    (void)owner, (void)http;
    return strstr(text, "%00") ? strlen(text) : mhd.http_unescape(text);
}

/* ---- the loop ---- */

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    work(poll->data);
}

static void on_timer(uv_timer_t *timer)
{
    work(timer->data);
}

static bool is_full(const struct management *management)
{
    const union MHD_DaemonInfo *info =
        mhd.get_daemon_info(management->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

    return info->num_connections >= management->max_connections;
}

/* Answers without waiting any longer for the workers. */
static void abandon(struct exchange *exchange, unsigned status, const char *words)
{
    list_remove(&exchange->node);
    errand_abandon(exchange->errand);
    exchange->errand = NULL;
    answer_error(&exchange->answer, status, words);
    exchange->answered = true;
    mhd.resume_connection(exchange->http);
}

static void on_parting(uv_timer_t *timer)
{
    struct management *management = timer->data;
    uint64_t now_ms = clock_now_ms();
    bool has_resumed = false;

    visitors_part(&management->visitors);
    while (!list_is_empty(&management->waiting)) {
        struct exchange *exchange = LIST_ENTRY(management->waiting.next, struct exchange, node);
        if (now_ms - exchange->since_ms < WORKERS_PATIENCE_MS)
            break; /* they are in order */
        abandon(exchange, 504, "A worker does not answer.");
        has_resumed = true;
    }
    if (has_resumed)
        work(management);
}

/* Lets the daemon deal with what came, and asks when it wants to look again. */
static void work(struct management *management)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;
    bool was_full;

    /* A full daemon does not listen, and begins to again in the run behind the one that made room. */
    do {
        was_full = is_full(management);
        mhd.run(management->daemon);
    } while (was_full && !is_full(management));
    if (!visitors_are_there(&management->visitors))
        uv_timer_stop(&management->parting);
    else if (!uv_is_active((uv_handle_t *)&management->parting))
        uv_timer_start(&management->parting, on_parting, PARTING_INTERVAL_MS, PARTING_INTERVAL_MS);
    if (mhd.get_timeout(management->daemon, &wait_ms) == MHD_YES)
        uv_timer_start(&management->timer, on_timer, wait_ms, 0);
    else
        uv_timer_stop(&management->timer);
}

static void on_closed(uv_handle_t *handle)
{
    struct management *management = handle->data;

    if (--management->open_handles == 0)
        free(management);
}

/* ---- life ---- */

/* Half of what is kept back from the runner's connections: what else needs descriptors still gets some. */
static unsigned count_connections(void)
{
    size_t half = descriptors_kept_back() / 2;

    return half > MAX_CONNECTIONS ? MAX_CONNECTIONS : half > 1 ? (unsigned)half : 1;
}

static enum status start_daemon(struct management *management, struct buffer *error)
{
    const struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, management->descriptor, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)management->max_connections, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, IDLE_TIMEOUT_S, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEAD_MEMORY, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_END, 0, NULL},
    };

    management->daemon =
        mhd.start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, management,
                         MHD_OPTION_ARRAY, options, MHD_OPTION_NOTIFY_CONNECTION, visitors_notify,
                         &management->visitors, MHD_OPTION_NOTIFY_COMPLETED, on_completed, management,
                         MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL, MHD_OPTION_END);
    if (management->daemon)
        return STATUS_OK;
    enum status status = buffer_append_text(error, TEXT("cannot start libmicrohttpd"));
    return status == STATUS_OK ? STATUS_SYSTEM : status;
}

static enum status listen_on(struct management *management, struct buffer *error)
{
    const struct management_options *options = &management->options;

    if (options->descriptor < 0)
        return socket_listen(&management->descriptor, &management->address, options->host, options->port,
                             SOCKET_ALONE, error);
    management->descriptor = options->descriptor;
    return socket_adopt(options->descriptor, &management->address, error);
}

static void open_handles(struct management *management)
{
    uv_loop_t *loop = management->runner->loop;
    const union MHD_DaemonInfo *epoll = mhd.get_daemon_info(management->daemon, MHD_DAEMON_INFO_EPOLL_FD);

    uv_poll_init(loop, &management->poll, epoll->epoll_fd);
    uv_timer_init(loop, &management->timer);
    uv_timer_init(loop, &management->parting);
    management->poll.data = management->timer.data = management->parting.data = management;
    management->open_handles = 3;
    uv_poll_start(&management->poll, UV_READABLE, on_poll);
}

static enum status set_postback_base(struct management *management)
{
    const struct socket_address *address = &management->address;
    char base[128];
    int length =
        snprintf(base, sizeof base, "http://%s:%u/@connections/", address->host, (unsigned)address->port);

    return runner_set_postback_base(management->runner, (struct text){base, (size_t)length},
                                    text_from_cstr(management->options.token));
}

enum status management_open(struct management **management, struct runner *runner,
                            const struct management_options *options, struct buffer *error)
{
    struct management *made = calloc(1, sizeof *made);

    if (!made)
        return STATUS_NO_MEMORY;
    *made = (struct management){
        .runner = runner, .options = *options, .descriptor = -1, .max_connections = count_connections()};
    visitors_init(&made->visitors);
    list_init(&made->waiting);
    enum status status = buffer_append_text(error, TEXT("management: "));
    if (status == STATUS_OK)
        status = mhd_open(error);
    if (status == STATUS_OK)
        status = listen_on(made, error);
    if (status == STATUS_OK)
        status = start_daemon(made, error);
    if (status != STATUS_OK)
        goto out;
    made->descriptor = -1;
    open_handles(made);
    buffer_clear(error);
    status = set_postback_base(made);
out:
    if (status != STATUS_OK) {
        management_close(made);
        return status;
    }
    *management = made;
    return STATUS_OK;
}

const struct socket_address *management_address(const struct management *management)
{
    return &management->address;
}

/* None may be waiting when the daemon stops. */
static void abandon_errands(struct management *management)
{
    while (!list_is_empty(&management->waiting)) {
        struct exchange *exchange = LIST_ENTRY(management->waiting.next, struct exchange, node);
        abandon(exchange, 503, "This server is stopping.");
    }
}

void management_close(struct management *management)
{
    if (!management)
        return;
    if (management->open_handles > 0)
        uv_poll_stop(&management->poll); /* before its descriptor goes */
    abandon_errands(management);
    if (management->daemon)
        mhd.stop_daemon(management->daemon);
    if (management->descriptor >= 0)
        close(management->descriptor);
    if (management->open_handles == 0) {
        free(management);
        return;
    }
    uv_close((uv_handle_t *)&management->poll, on_closed);
    uv_close((uv_handle_t *)&management->timer, on_closed);
    uv_close((uv_handle_t *)&management->parting, on_closed);
}
