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
#include "runner/js_work.h"
#include "runner/load.h"
#include "runner/stop.h"

#include <stdlib.h>
#include <string.h>

enum { SLOW_START_MS = 5000 };

struct runner_options runner_default_options(void)
{
    return (struct runner_options){
        .config_path = "config.yaml",
        .port = 8000,
        .secure_port = 8443,
        .descriptor = -1,
        .secure_descriptor = -1,
        .max_payload = 16 * 1024 * 1024,
        .high_water_mark = 1024 * 1024,
        .max_buffered = 64 * 1024 * 1024,
        .max_in_flight = 256,
        .compress_above = 1024,
        .handshake_timeout_ms = 10 * 1000,
        .ping_interval_ms = 30 * 1000,
        .drain_timeout_ms = 10 * 1000,
        .log_level = LOG_TRACE,
    };
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
    runner->after_poll.data = runner->before_poll.data = runner;
    runner->js_timer.data = runner->idle_timer.data = runner->drain_timer.data = runner->spread_timer.data =
        runner->immediates.data = runner;
    uv_unref((uv_handle_t *)&runner->idle_timer);
    uv_check_start(&runner->after_poll, after_poll);
    uv_prepare_start(&runner->before_poll, before_poll);
    uv_unref((uv_handle_t *)&runner->after_poll);
    uv_unref((uv_handle_t *)&runner->before_poll);
    runner->handles_open = true;
}

static enum status load_certificate(struct runner *runner, struct buffer *error)
{
    const struct runner_options *options = &runner->options;
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

enum status runner_create(struct runner **runner, uv_loop_t *loop, const struct runner_options *options,
                          struct buffer *error)
{
    struct runner *made = calloc(1, sizeof *made);

    if (!made)
        return STATUS_NO_MEMORY;
    made->options = *options;
    made->loop = loop;
    log_init(&made->log, options->log_level);
    list_init(&made->connections);
    buffer_init(&made->scratch, BUFFER_UNLIMITED);
    list_init(&made->left);
    list_init(&made->requests);
    list_init(&made->postings);
    list_init(&made->works);
    open_handles(made);

    enum status status = net_init(&made->net, loop, options->high_water_mark);
    if (status != STATUS_OK)
        goto out;
    made->net_ready = true;
    status = http_client_create(&made->http, loop);
    if (status == STATUS_OK)
        status = c_loop_open(made);
    if (status != STATUS_OK)
        goto out;
    made->languages[made->language_count++] = c_host_language(made->c);
    status = load_certificate(made, error);
    if (status != STATUS_OK)
        goto out;
    status = config_load(&made->config, options->config_path, getenv("NODE_ENV"), error);
    if (status != STATUS_OK)
        goto out;
    status = STATUS_NO_MEMORY;
    made->registry = calloc(1, sizeof *made->registry);
    if (!made->registry)
        goto out;
    registry_init(made->registry);
    status = load_handlers(made, error);
    if (status != STATUS_OK)
        goto out;
    status = service_create(&made->service, made->config, made->registry, &made->log, error);
    if (status == STATUS_OK)
        status = metrics_init(&made->metrics, made->service);
out:
    if (status != STATUS_OK) {
        runner_destroy(made);
        return status;
    }
    *runner = made;
    return STATUS_OK;
}

/* ---- starting ---- */

enum status runner_set_postback_base(struct runner *runner, struct text base, struct text token)
{
    enum status status = c_host_set_postback_base(runner->c, base, token);

    if (status == STATUS_OK && runner->js)
        status = js_host_set_postback_base(runner->js, base, token);
    return status;
}

static void on_start_done(struct event *event)
{
    struct runner *runner = event->owner;

    runner->start_failed = event->failed;
    if (event->failed)
        runner->start_failure = strndup(event->failure.data, event->failure.length);
    runner->start_event = NULL;
}

static enum status run_on_start(struct runner *runner, struct buffer *error)
{
    struct event *event = service_event(runner->service);

    if (!event)
        return STATUS_NO_MEMORY;
    event->kind = EVENT_START;
    event->name = TEXT("on_start");
    event->owner = runner;
    event->on_done = on_start_done;
    runner->start_event = event;
    service_process(event);
    turn(runner);
    deadline_set(&runner->deadlines, &runner->start_deadline, SLOW_START_MS); /* keeps the loop alive, too */
    while (runner->start_event && !runner->stopping)
        uv_run(runner->loop, UV_RUN_ONCE);
    deadline_cancel(&runner->deadlines, &runner->start_deadline);
    if (runner->stopping)
        return STATUS_CLOSED;
    if (!runner->start_failed)
        return STATUS_OK;
    const char *failure = runner->start_failure ? runner->start_failure : "out of memory";
    enum status status = buffer_printf(error, "on_start failed: %s", failure);
    return status == STATUS_OK ? STATUS_INVALID : status;
}

enum status runner_start(struct runner *runner, struct buffer *error)
{
    enum status status = STATUS_OK;

    if (runner->service->on_start)
        status = run_on_start(runner, error);
    if (status != STATUS_OK)
        return status;
    status = accept_open(runner, error);
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

size_t runner_open_streams(const struct runner *runner)
{
    return c_host_open_streams(runner->c) + (runner->js ? js_host_open_streams(runner->js) : 0);
}

/* ---- ending ---- */

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void close_handles(struct runner *runner)
{
    listener_close(&runner->listener);
    listener_close(&runner->secure_listener);
    stop_drop_all(runner);
    if (runner->js)
        js_loop_stop(runner);
    c_loop_stop(runner);
    http_client_destroy(runner->http);
    js_requests_forget(runner);
    close_handle((uv_handle_t *)&runner->after_poll);
    close_handle((uv_handle_t *)&runner->before_poll);
    close_handle((uv_handle_t *)&runner->js_timer);
    close_handle((uv_handle_t *)&runner->idle_timer);
    close_handle((uv_handle_t *)&runner->drain_timer);
    close_handle((uv_handle_t *)&runner->spread_timer);
    close_handle((uv_handle_t *)&runner->immediates);
    deadlines_close(&runner->deadlines, NULL);
}

bool runner_destroy(struct runner *runner)
{
    if (!runner)
        return true;
    runner->closing = true;
    close_handles(runner);
    if (!js_work_finish(runner))
        return false;
    uv_run(runner->loop, UV_RUN_DEFAULT);
    if (runner->service && runner->service->event_count > 0)
        return false; /* handlers that never ended still hold their events */
    if (runner->js)
        js_host_destroy(runner->js);
    c_host_destroy(runner->c);
    metrics_deinit(&runner->metrics);
    roster_deinit(&runner->roster);
    service_destroy(runner->service);
    if (runner->registry)
        registry_deinit(runner->registry);
    free(runner->registry);
    config_destroy(runner->config);
    tls_context_destroy(runner->tls);
    deflate_destroy(runner->deflate);
    buffer_deinit(&runner->scratch);
    if (runner->net_ready)
        net_deinit(&runner->net);
    free(runner->start_failure);
    free(runner);
    return true;
}
