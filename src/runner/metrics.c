#include "runner/metrics.h"
#include "pipeline/event.h"
#include "pipeline/service.h"

#include <stdlib.h>
#include <string.h>

const double metrics_bounds[METRICS_BUCKETS] = {0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05,
                                                0.1,    0.25,   0.5,   1,     2.5,  5,     10};

/* Mostly a route stands where it stood before. */
static struct route_metrics *find(const struct metrics *metrics, struct text name, size_t likely)
{
    if (likely < metrics->route_count && text_equal(metrics->routes[likely]->name, name))
        return metrics->routes[likely];
    for (size_t i = 0; i < metrics->route_count; i++)
        if (text_equal(metrics->routes[i]->name, name))
            return metrics->routes[i];
    return NULL;
}

static struct route_metrics *add(struct metrics *metrics, struct text name)
{
    struct route_metrics **routes =
        realloc(metrics->routes, (metrics->route_count + 1) * sizeof *metrics->routes);
    if (!routes)
        return NULL;
    metrics->routes = routes;
    struct route_metrics *route = calloc(1, sizeof *route);
    if (!route)
        return NULL;
    char *copy = strndup(name.length ? name.data : "", name.length);
    if (!copy) {
        free(route);
        return NULL;
    }
    route->name = (struct text){copy, name.length};
    routes[metrics->route_count++] = route;
    return route;
}

static enum status find_or_add(struct metrics *metrics, struct text name, size_t likely,
                               struct route_metrics **route)
{
    *route = find(metrics, name, likely);
    if (!*route)
        *route = add(metrics, name);
    return *route ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status metrics_add(struct metrics *metrics, struct service *service)
{
    const struct config *config = service->config;
    bool is_first = metrics->route_count == 0; /* a configuration names no route twice */
    enum status status = STATUS_OK;

    for (size_t i = 0; i < config->route_count && status == STATUS_OK; i++) {
        struct route_metrics **route = &service->routes[i].metrics;
        if (!is_first) {
            status = find_or_add(metrics, config->routes[i].name, i, route);
            continue;
        }
        *route = add(metrics, config->routes[i].name);
        status = *route ? STATUS_OK : STATUS_NO_MEMORY;
    }
    if (status != STATUS_OK)
        return status;
    return find_or_add(metrics, TEXT(""), config->route_count, &metrics->unrouted);
}

void metrics_deinit(struct metrics *metrics)
{
    for (size_t i = 0; i < metrics->route_count; i++) {
        free((char *)metrics->routes[i]->name.data);
        free(metrics->routes[i]);
    }
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

static void count_status(struct route_metrics *route, int status, uint64_t count)
{
    size_t i = find_status(route, status);

    if (i >= METRICS_STATUSES) {
        status = 0;
        i = find_status(route, status);
    }
    if (i == route->status_count)
        route->statuses[route->status_count++] = (struct status_count){.status = status};
    route->statuses[i].count += count;
}

static void merge_route(struct route_metrics *route, const struct route_metrics *other)
{
    for (size_t i = 0; i < other->status_count; i++)
        count_status(route, other->statuses[i].status, other->statuses[i].count);
    for (size_t i = 0; i <= METRICS_BUCKETS; i++)
        route->buckets[i] += other->buckets[i];
    route->duration_ns += other->duration_ns;
    route->count += other->count;
}

enum status metrics_merge(struct metrics *metrics, const struct metrics *others)
{
    enum status status = STATUS_OK;

    metrics->connections += others->connections;
    metrics->messages_in += others->messages_in;
    metrics->messages_out += others->messages_out;
    metrics->bytes_in += others->bytes_in;
    metrics->bytes_out += others->bytes_out;
    for (size_t i = 0; i < REJECTION_COUNT; i++)
        metrics->rejected[i] += others->rejected[i];
    for (size_t i = 0; i < others->route_count && status == STATUS_OK; i++) {
        struct route_metrics *route;
        status = find_or_add(metrics, others->routes[i]->name, i, &route);
        if (status == STATUS_OK)
            merge_route(route, others->routes[i]);
    }
    return status;
}

uint64_t metrics_event(struct metrics *metrics, const struct event *event)
{
    const struct service_route *taken = event->taken;
    struct route_metrics *route = taken ? taken->metrics : metrics->unrouted;
    uint64_t now_ns = event->resumed_ns ? event->resumed_ns : clock_recent_ns(&metrics->clock);
    uint64_t duration_ns = now_ns > event->started_ns ? now_ns - event->started_ns : 0;
    size_t bucket = 0;

    while (bucket < METRICS_BUCKETS && (double)duration_ns > metrics_bounds[bucket] * 1e9)
        bucket++;
    route->buckets[bucket]++;
    route->duration_ns += duration_ns;
    route->count++;
    count_status(route, status_of(event), 1);
    return now_ns;
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
