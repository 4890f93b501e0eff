#pragma once

#include "base/clock.h"
#include "base/status.h"
#include "base/text.h"

#include <stddef.h>
#include <stdint.h>

/* What the runner counts, for /metrics. Everything counts up from the start; what is so now, its reader asks
 * of the runner itself. */

struct event;
struct service;

/* Why somebody who wanted in was not let in. */
enum rejection {
    REJECTED_BAD_REQUEST,   /* 400 */
    REJECTED_METHOD,        /* 405 */
    REJECTED_NO_UPGRADE,    /* 426 */
    REJECTED_TOO_LONG,      /* 414, 431 */
    REJECTED_TOO_SLOW,      /* --handshake-timeout */
    REJECTED_ORIGIN,        /* 403, by --origin */
    REJECTED_FULL,          /* 503, by --max-connections */
    REJECTED_BY_ON_CONNECT, /* 1008; with --api-gateway its status */
    REJECTION_COUNT,
};

enum {
    METRICS_BUCKETS = 14,
    METRICS_STATUSES = 16, /* different ones of a route; what is more counts as 0 */
};

/* Upper bounds of the histogram's buckets, in seconds; one more has no bound. */
extern const double metrics_bounds[METRICS_BUCKETS];

struct status_count {
    int status;
    uint64_t count;
};

struct route_metrics {
    struct text name; /* owned; "" for events without a route */
    struct status_count statuses[METRICS_STATUSES + 1];
    size_t status_count;
    uint64_t buckets[METRICS_BUCKETS + 1]; /* each by itself, not summed up */
    uint64_t duration_ns;
    uint64_t count;
};

struct metrics {
    uint64_t connections; /* opened */
    uint64_t messages_in;
    uint64_t bytes_in; /* of messages' payloads, as is the next */
    uint64_t bytes_out;
    uint64_t messages_out;
    uint64_t rejected[REJECTION_COUNT];
    struct recent_clock clock;     /* says when events end; what they took is known to some 10 us */
    struct route_metrics **routes; /* in the order of the first configuration; later ones' behind them */
    size_t route_count;
    struct route_metrics *unrouted; /* the one of events without a route: that of a route without a name,
                                       where there is one, for Prometheus cannot tell the two apart */
};

/* Has the service's routes counted from now on; those of a service before it, by their names, go on. */
NODISCARD enum status metrics_add(struct metrics *metrics, struct service *service);
/* Adds what others have counted; routes by their names. */
NODISCARD enum status metrics_merge(struct metrics *metrics, const struct metrics *others);
void metrics_deinit(struct metrics *metrics);

/* An event has ended; returns when, by clock_now_ns(). */
uint64_t metrics_event(struct metrics *metrics, const struct event *event);

/* What an HTTP status that refuses an upgrade counts as. */
enum rejection metrics_rejection(int http_status);
