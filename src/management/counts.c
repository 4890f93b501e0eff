#include "management/counts.h"
#include "runner/connection.h"
#include "runner/runner.h"

static size_t buffered_bytes(const struct runner *runner)
{
    size_t sum = 0;

    for (const struct list *node = runner->connections.next; node != &runner->connections;
         node = node->next) {
        const struct connection *connection = LIST_ENTRY(node, struct connection, node);
        sum += connection_held(connection);
    }
    return sum;
}

enum status counts_add_runner(struct counts *counts, const struct runner *runner)
{
    counts->connections += runner->socket_count;
    counts->events += runner_events(runner);
    counts->streams += runner_open_streams(runner);
    counts->buffered_bytes += buffered_bytes(runner);
    counts->heap_bytes += runner_heap_bytes(runner);
    return metrics_merge(&counts->metrics, &runner->metrics);
}

enum status counts_add(struct counts *counts, const struct counts *other)
{
    counts->connections += other->connections;
    counts->events += other->events;
    counts->streams += other->streams;
    counts->buffered_bytes += other->buffered_bytes;
    counts->heap_bytes += other->heap_bytes;
    return metrics_merge(&counts->metrics, &other->metrics);
}

void counts_deinit(struct counts *counts)
{
    metrics_deinit(&counts->metrics);
}
