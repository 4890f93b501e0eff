#include "runner/runner.h"
#include "config/config.h"
#include "js/host.h"
#include "pipeline/registry.h"
#include "pipeline/service.h"
#include "protocol/close.h"
#include "runner/connection.h"
#include "runner/js_loop.h"
#include "runner/load.h"

#include <stdlib.h>
#include <string.h>

struct runner_options runner_default_options(void)
{
    return (struct runner_options){
        .config_path = "config.yaml",
        .port = 8000,
        .max_payload = 16 * 1024 * 1024,
        .high_water_mark = 1024 * 1024,
        .max_buffered = 64 * 1024 * 1024,
        .max_in_flight = 256,
        .handshake_timeout_ms = 10 * 1000,
        .ping_interval_ms = 30 * 1000,
        .drain_timeout_ms = 10 * 1000,
        .log_level = LOG_TRACE,
    };
}

/* ---- a turn of the loop ---- */

static void check_stopped(struct runner *runner)
{
    if (!runner->stopping || !runner->on_stopped || runner->connection_count > 0 ||
        runner->service->event_count > 0)
        return;
    void (*on_stopped)(struct runner *) = runner->on_stopped;
    runner->on_stopped = NULL;
    uv_timer_stop(&runner->drain_timer);
    on_stopped(runner);
}

/* Deals with all that came, then writes: what is written may let something go on, so both until nothing is
 * left. */
static void turn(struct runner *runner)
{
    for (;;) {
        bool worked = runner->js && js_host_turn(runner->js);
        net_flush(&runner->net);
        if (!worked)
            break;
    }
    check_stopped(runner);
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

static void open_handles(struct runner *runner)
{
    uv_loop_t *loop = runner->loop;

    uv_check_init(loop, &runner->after_poll);
    uv_prepare_init(loop, &runner->before_poll);
    uv_timer_init(loop, &runner->js_timer);
    uv_timer_init(loop, &runner->idle_timer);
    uv_timer_init(loop, &runner->drain_timer);
    uv_idle_init(loop, &runner->immediates);
    deadlines_init(&runner->deadlines, loop);
    runner->after_poll.data = runner->before_poll.data = runner;
    runner->js_timer.data = runner->idle_timer.data = runner->drain_timer.data = runner->immediates.data =
        runner;
    uv_unref((uv_handle_t *)&runner->idle_timer);
    uv_check_start(&runner->after_poll, after_poll);
    uv_prepare_start(&runner->before_poll, before_poll);
    uv_unref((uv_handle_t *)&runner->after_poll);
    uv_unref((uv_handle_t *)&runner->before_poll);
    runner->handles_open = true;
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
    open_handles(made);

    enum status status = net_init(&made->net, loop, options->high_water_mark);
    if (status != STATUS_OK)
        goto out;
    made->net_ready = true;
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
out:
    if (status != STATUS_OK) {
        runner_destroy(made);
        return status;
    }
    *runner = made;
    return STATUS_OK;
}

/* ---- starting ---- */

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
    while (runner->start_event && !runner->stopping && uv_run(runner->loop, UV_RUN_ONCE))
        ;
    if (runner->stopping)
        return STATUS_CLOSED;
    if (!runner->start_event && !runner->start_failed)
        return STATUS_OK;
    const char *failure = runner->start_event     ? "it waits for what will never come"
                          : runner->start_failure ? runner->start_failure
                                                  : "out of memory";
    enum status status = buffer_printf(error, "on_start failed: %s", failure);
    return status == STATUS_OK ? STATUS_INVALID : status;
}

static void on_connection(struct listener *listener)
{
    struct runner *runner = LIST_ENTRY(listener, struct runner, listener);

    if (connection_accept(runner, (uv_stream_t *)&listener->tcp) != STATUS_OK)
        log_write(&runner->log, LOG_ERROR, "a connection could not be accepted");
}

enum status runner_start(struct runner *runner, struct buffer *error)
{
    enum status status = STATUS_OK;

    if (runner->service->on_start)
        status = run_on_start(runner, error);
    if (status != STATUS_OK)
        return status;
    runner->listener.on_connection = on_connection;
    status =
        listener_open(&runner->listener, runner->loop, runner->options.host, runner->options.port, error);
    if (status != STATUS_OK)
        return status;
    runner->started = true;
    log_write(&runner->log, LOG_INFO, "Listening on ws://%s:%u", runner->listener.address,
              runner->listener.port);
    return STATUS_OK;
}

/* ---- stopping ---- */

static void drop_all(struct runner *runner)
{
    struct list *next;

    for (struct list *node = runner->connections.next; node != &runner->connections; node = next) {
        next = node->next;
        connection_drop(LIST_ENTRY(node, struct connection, node));
    }
}

static void on_drain_timeout(uv_timer_t *timer)
{
    struct runner *runner = timer->data;

    if (runner->drained_once && runner->on_stopped) {
        void (*on_stopped)(struct runner *) = runner->on_stopped;
        runner->on_stopped = NULL;
        on_stopped(runner);
        return;
    }
    /* Those that are left are dropped; their on_disconnect gets a moment. */
    runner->drained_once = true;
    drop_all(runner);
    uv_timer_start(timer, on_drain_timeout, 500, 0);
}

void runner_stop(struct runner *runner)
{
    struct list *next;

    if (runner->stopping) {
        runner->drained_once = true;
        on_drain_timeout(&runner->drain_timer);
        return;
    }
    runner->stopping = true;
    listener_close(&runner->listener);
    for (struct list *node = runner->connections.next; node != &runner->connections; node = next) {
        next = node->next;
        connection_close(LIST_ENTRY(node, struct connection, node), CLOSE_GOING_AWAY, TEXT("Going away"));
    }
    uv_timer_start(&runner->drain_timer, on_drain_timeout, runner->options.drain_timeout_ms, 0);
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void close_handles(struct runner *runner)
{
    listener_close(&runner->listener);
    drop_all(runner);
    if (runner->js)
        js_loop_stop(runner);
    close_handle((uv_handle_t *)&runner->after_poll);
    close_handle((uv_handle_t *)&runner->before_poll);
    close_handle((uv_handle_t *)&runner->js_timer);
    close_handle((uv_handle_t *)&runner->idle_timer);
    close_handle((uv_handle_t *)&runner->drain_timer);
    close_handle((uv_handle_t *)&runner->immediates);
    deadlines_close(&runner->deadlines, NULL);
}

bool runner_destroy(struct runner *runner)
{
    if (!runner)
        return true;
    runner->closing = true;
    close_handles(runner);
    uv_run(runner->loop, UV_RUN_DEFAULT);
    if (runner->service && runner->service->event_count > 0)
        return false; /* handlers that never ended still hold their events */
    if (runner->js)
        js_host_destroy(runner->js);
    service_destroy(runner->service);
    if (runner->registry)
        registry_deinit(runner->registry);
    free(runner->registry);
    config_destroy(runner->config);
    if (runner->net_ready)
        net_deinit(&runner->net);
    free(runner->start_failure);
    free(runner);
    return true;
}
