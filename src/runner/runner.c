#include "runner/runner.h"
#include "config/config.h"
#include "handlers/c_host.h"
#include "js/host.h"
#include "net/http_client.h"
#include "pipeline/registry.h"
#include "pipeline/service.h"
#include "protocol/deflate.h"
#include "runner/accept.h"
#include "runner/c_loop.h"
#include "runner/connection.h"
#include "runner/js_loop.h"
#include "runner/js_requests.h"
#include "runner/load.h"
#include "runner/stop.h"

#include <stdlib.h>
#include <string.h>

enum { SLOW_START_MS = 5000 };

/* ---- the start's end ---- */

static enum status listen_now(struct runner *runner, struct buffer *error)
{
    enum status status = accept_open(runner, error);

    if (status != STATUS_OK)
        return status;
    runner->started = true;
    if (runner->tls)
        log_write(&runner->log, LOG_INFO, "Listening on wss://%s:%u", runner->secure_listener.address.host,
                  runner->secure_listener.address.port);
    log_write(&runner->log, LOG_INFO, "Listening on ws://%s:%u", runner->listener.address.host,
              runner->listener.address.port);
    return STATUS_OK;
}

static enum status explain_failure(const struct runner *runner, struct buffer *error)
{
    const char *failure = runner->start_failure ? runner->start_failure : "out of memory";
    enum status status = buffer_printf(error, "on_start failed: %s", failure);

    return status == STATUS_OK ? STATUS_INVALID : status;
}

/* on_start has ended, or the configuration has none. */
static void end_start(struct runner *runner)
{
    struct buffer error;

    runner->start_ended = false;
    deadline_cancel(&runner->deadlines, &runner->start_deadline);
    if (runner->stopping)
        return;
    buffer_init(&error, BUFFER_UNLIMITED);
    enum status status = runner->start_failed ? explain_failure(runner, &error) : listen_now(runner, &error);
    runner->on_started(runner, status, buffer_text(&error));
    buffer_deinit(&error);
}

/* ---- a turn of the loop ---- */

static void settle_left(struct runner *runner)
{
    while (!list_is_empty(&runner->left))
        connection_settle(LIST_ENTRY(runner->left.next, struct connection, left));
}

/* Deals with all that came, then writes: what is written may let something go on, so both until nothing is
 * left. Streams end that: they rest when they have sent much (see streams.js). */
static void turn(struct runner *runner)
{
    do {
        if (runner->js)
            js_host_turn(runner->js);
        if (c_host_has_work(runner->c))
            c_host_turn(runner->c);
        settle_left(runner);
        net_flush(&runner->net);
    } while (!list_is_empty(&runner->left) || (runner->js && js_host_has_work(runner->js)) ||
             c_host_has_work(runner->c));
    accept_go_on(runner);
    if (runner->start_ended)
        end_start(runner);
    stop_check(runner);
}

static void after_poll(uv_check_t *check)
{
    turn(check->data);
}

static void before_poll(uv_prepare_t *prepare)
{
    turn(prepare->data);
}

/* ---- making ---- */

/* What a handler waits for may be another thread's affair, or the engine's own: nobody can tell that it will
 * never come. But nobody shall have to guess why nothing is served. */
static void on_slow_start(struct deadline *deadline)
{
    struct runner *runner = LIST_ENTRY(deadline, struct runner, start_deadline);

    log_write(&runner->log, LOG_INFO, "on_start has not ended: nothing is served before it has");
    deadline_set(&runner->deadlines, deadline, SLOW_START_MS);
}

static void open_handles(struct runner *runner)
{
    uv_loop_t *loop = runner->loop;

    uv_check_init(loop, &runner->after_poll);
    uv_prepare_init(loop, &runner->before_poll);
    uv_timer_init(loop, &runner->js_timer);
    uv_timer_init(loop, &runner->idle_timer);
    uv_timer_init(loop, &runner->drain_timer);
    uv_timer_init(loop, &runner->spread_timer);
    uv_idle_init(loop, &runner->immediates);
    deadlines_init(&runner->deadlines, loop);
    deadline_init(&runner->start_deadline, on_slow_start);
    c_loop_init(runner);
    runner->after_poll.data = runner->before_poll.data = runner;
    runner->js_timer.data = runner->idle_timer.data = runner->drain_timer.data = runner->spread_timer.data =
        runner->immediates.data = runner;
    uv_unref((uv_handle_t *)&runner->idle_timer);
    uv_check_start(&runner->after_poll, after_poll);
    uv_prepare_start(&runner->before_poll, before_poll);
    uv_unref((uv_handle_t *)&runner->after_poll);
    uv_unref((uv_handle_t *)&runner->before_poll);
}

struct runner *runner_create(uv_loop_t *loop, const struct configurapi_runner_options *options)
{
    struct runner *runner = calloc(1, sizeof *runner);

    if (!runner)
        return NULL;
    runner->options = *options;
    runner->loop = loop;
    log_init(&runner->log, (enum log_level)options->log_level);
    runner->log.format = (enum log_format)options->log_format;
    list_init(&runner->connections);
    buffer_init(&runner->scratch, BUFFER_UNLIMITED);
    list_init(&runner->left);
    list_init(&runner->requests);
    list_init(&runner->postings);
    list_init(&runner->works);
    open_handles(runner);
    return runner;
}

/* ---- loading ---- */

static enum status load_certificate(struct runner *runner, struct buffer *error)
{
    const struct configurapi_runner_options *options = &runner->options;
    struct tls_context *loaded;

    if (!options->key_path && !options->certificate_path)
        return STATUS_OK;
    if (!options->key_path || !options->certificate_path) {
        enum status printed = buffer_append_text(error, TEXT("--key and --cert go together"));
        return printed == STATUS_OK ? STATUS_INVALID : printed;
    }
    enum status status = tls_context_create(&loaded, options->key_path, options->certificate_path, error);
    if (status != STATUS_OK)
        return status;
    tls_context_destroy(runner->tls);
    runner->tls = loaded;
    return STATUS_OK;
}

enum status runner_reload(struct runner *runner, struct buffer *error)
{
    return load_certificate(runner, error);
}

static enum status open_parts(struct runner *runner)
{
    enum status status = net_init(&runner->net, runner->loop, runner->options.high_water_mark);

    if (status != STATUS_OK)
        return status;
    runner->net_ready = true;
    status = http_client_create(&runner->http, runner->loop);
    if (status == STATUS_OK)
        status = c_loop_open(runner);
    if (status != STATUS_OK)
        return status;
    runner->languages[runner->language_count++] = c_host_language(runner->c);
    runner->registry = calloc(1, sizeof *runner->registry);
    if (!runner->registry)
        return STATUS_NO_MEMORY;
    registry_init(runner->registry);
    return STATUS_OK;
}

enum status runner_load(struct runner *runner, const struct configurapi_entry *handlers, size_t handler_count,
                        struct buffer *error)
{
    enum status status = open_parts(runner);

    if (status == STATUS_OK)
        status = load_certificate(runner, error);
    if (status == STATUS_OK)
        status = load_config(runner, error);
    for (size_t i = 0; i < handler_count && status == STATUS_OK; i++)
        status = c_host_add(runner->c, runner->registry, &handlers[i], HANDLER_NATIVE, error);
    if (status == STATUS_OK)
        status = load_handlers(runner, error);
    if (status == STATUS_OK)
        status = service_create(&runner->service, runner->config, runner->registry, &runner->log, error);
    if (status == STATUS_OK)
        status = metrics_init(&runner->metrics, runner->service);
    return status;
}

/* ---- starting ---- */

enum status runner_set_postback_base(struct runner *runner, struct text base, struct text token)
{
    enum status status = c_host_set_postback_base(runner->c, base, token);

    if (status == STATUS_OK && runner->js)
        status = js_host_set_postback_base(runner->js, base, token);
    return status;
}

/* From within a handler's last word: the turn goes on from there. */
static void on_start_done(struct event *event)
{
    struct runner *runner = event->owner;

    runner->start_failed = event->failed;
    if (event->failed)
        runner->start_failure = strndup(event->failure.data, event->failure.length);
    runner->start_event = NULL;
    runner->start_ended = true;
}

void runner_start(struct runner *runner,
                  void (*on_started)(struct runner *runner, enum status status, struct text error))
{
    runner->on_started = on_started;
    if (!runner->service->on_start) {
        end_start(runner);
        return;
    }
    struct event *event = service_event(runner->service);
    if (!event) {
        on_started(runner, STATUS_NO_MEMORY, TEXT(""));
        return;
    }
    event->kind = EVENT_START;
    event->name = TEXT("on_start");
    event->owner = runner;
    event->on_done = on_start_done;
    runner->start_event = event;
    service_process(event);
    turn(runner);
    if (runner->start_event)
        deadline_set(&runner->deadlines, &runner->start_deadline, SLOW_START_MS);
}

size_t runner_open_streams(const struct runner *runner)
{
    return c_host_open_streams(runner->c) + (runner->js ? js_host_open_streams(runner->js) : 0);
}
