#include "runner/stop.h"
#include "protocol/close.h"
#include "runner/accept.h"
#include "runner/connection.h"
#include "runner/runner.h"

enum {
    SPREAD_INTERVAL_MS = 100,
    LEAST_BATCH = 100, /* connections closed at once */
    LAST_MOMENT_MS = 500,
};

static void end(struct runner *runner)
{
    void (*on_stopped)(struct runner *) = runner->on_stopped;

    runner->on_stopped = NULL;
    uv_timer_stop(&runner->drain_timer);
    uv_timer_stop(&runner->spread_timer);
    if (on_stopped)
        on_stopped(runner);
}

void stop_check(struct runner *runner)
{
    if (!runner->stopping || runner->closing)
        return;
    if (runner->started && (runner->connection_count > 0 || runner_events(runner) > 0))
        return;
    if (runner_closing_sources(runner) == 0)
        end(runner);
}

void stop_drop_all(struct runner *runner)
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

    if (runner->drained_once) {
        end(runner);
        return;
    }
    /* Those that are left are dropped; their on_disconnect gets a moment. */
    runner->drained_once = true;
    stop_drop_all(runner);
    uv_timer_start(timer, on_drain_timeout, LAST_MOMENT_MS, 0);
}

/* Closes the next of those that are open. */
static void on_spread(uv_timer_t *timer)
{
    struct runner *runner = timer->data;
    size_t closed = 0;
    struct list *next;
    struct list *node;

    for (node = runner->connections.next; node != &runner->connections && closed < runner->close_batch;
         node = next) {
        struct connection *connection = LIST_ENTRY(node, struct connection, node);
        next = node->next;
        if (connection->state > CONNECTION_OPEN)
            continue;
        connection_close(connection, CLOSE_GOING_AWAY, TEXT("Going away"));
        closed++;
    }
    if (node == &runner->connections)
        uv_timer_stop(timer);
}

void runner_stop(struct runner *runner)
{
    uint32_t window_ms = runner->options.drain_timeout_ms;
    size_t batches = 1 + window_ms / 2 / SPREAD_INTERVAL_MS;

    if (runner->stopping) {
        runner->drained_once = true;
        on_drain_timeout(&runner->drain_timer);
        return;
    }
    runner->stopping = true;
    reload_cancel(runner);
    accept_close(runner);
    runner->close_batch = (runner->connection_count + batches - 1) / batches;
    if (runner->close_batch < LEAST_BATCH)
        runner->close_batch = LEAST_BATCH;
    if (window_ms) /* or else it takes what it takes */
        uv_timer_start(&runner->drain_timer, on_drain_timeout, window_ms, 0);
    uv_timer_start(&runner->spread_timer, on_spread, SPREAD_INTERVAL_MS, SPREAD_INTERVAL_MS);
    on_spread(&runner->spread_timer);
}
