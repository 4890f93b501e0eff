#include "runner/metrics.h"
#include "base/clock.h"
#include "pipeline/event.h"
#include "pipeline/service.h"

#include <stdlib.h>

const double metrics_bounds[METRICS_BUCKETS] = {0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05,
                                                0.1,    0.25,   0.5,   1,     2.5,  5,     10};

enum status metrics_init(struct metrics *metrics, const struct service *service)
{
    const struct config *config = service->config;

    *metrics = (struct metrics){.route_count = config->route_count + 1, .unrouted = config->route_count};
    for (size_t i = 0; i < config->route_count; i++)
        if (config->routes[i].name.length == 0)
            metrics->unrouted = i;
    metrics->routes = calloc(metrics->route_count, sizeof *metrics->routes);
    return metrics->routes ? STATUS_OK : STATUS_NO_MEMORY;
}

void metrics_deinit(struct metrics *metrics)
{
    free(metrics->routes);
}

static int status_of(const struct event *event)
{
    if (event->has_reply)
        return event->reply_status;
    return event->response_is_error ? event->error_status : 200;
}

/* The entry of a status, or where it would be. */
static size_t find_status(const struct route_metrics *route, int status)
{
    size_t i = 0;

    while (i < route->status_count && route->statuses[i].status != status)
        i++;
    return i;
}

static void count_status(struct route_metrics *route, int status)
{
    size_t i = find_status(route, status);

    if (i >= METRICS_STATUSES) {
        status = 0;
        i = find_status(route, status);
    }
    if (i == route->status_count)
        route->statuses[route->status_count++] = (struct status_count){.status = status};
    route->statuses[i].count++;
}

void metrics_event(struct metrics *metrics, const struct event *event)
{
    const struct service_route *taken = event->taken;
    size_t index = taken ? (size_t)(taken - event->service->routes) : metrics->unrouted;
    struct route_metrics *route = &metrics->routes[index];
    uint64_t duration_ns = clock_now_ns() - event->started_ns;
    double seconds = (double)duration_ns / 1e9;
    size_t bucket = 0;

    while (bucket < METRICS_BUCKETS && seconds > metrics_bounds[bucket])
        bucket++;
    route->buckets[bucket]++;
    route->duration_ns += duration_ns;
    route->count++;
    count_status(route, status_of(event));
}

enum rejection metrics_rejection(int http_status)
{
    switch (http_status) {
    case 405: return REJECTED_METHOD;
    case 414:
    case 431: return REJECTED_TOO_LONG;
    case 426: return REJECTED_NO_UPGRADE;
    default: return REJECTED_BAD_REQUEST;
    }
}
