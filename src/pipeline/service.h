#pragma once

#include "base/list.h"
#include "base/log.h"
#include "base/status.h"
#include "base/uuid.h"
#include "config/config.h"
#include "pipeline/event.h"
#include "pipeline/handler.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Configurapi's Service (CONTRACT, section 5): takes events through the configured routes, as
 * configurapi 1.9.0 does.
 *
 *                       failed          failed        failed
 *   first_request -> before_request -> route -> success --> after_request -> reply
 *         |                |             |         |            |   ^
 *         |                +-------------+---------+--> error --+---+
 *         +-- failed --> error --> reply            (one route, on_error; then where it came from leads)
 *
 * One a worker, used from its thread only. It owns the events it makes; config, log and registry are its
 * caller's and must outlive it.
 */

struct registry;
struct route_metrics;

struct service_route {
    const struct config_route *config;
    struct chain *chains;
    size_t chain_count;
    struct route_metrics *metrics; /* the runner's */
};

struct service {
    const struct config *config;
    const struct log *log;
    struct uuid_source uuids;
    struct service_route *routes; /* in the order of config->routes */
    struct service_route **table; /* the same by text_hash() of the name, open addressing; never full */
    size_t table_size;            /* a power of two */
    /* The lifecycle's routes; NULL where the config has none. */
    const struct service_route *on_start;
    const struct service_route *on_first_request;
    const struct service_route *on_before_request;
    const struct service_route *on_success;
    const struct service_route *on_error;
    const struct service_route *on_after_request;
    const struct service_route *on_connect;
    const struct service_route *on_disconnect;
    const struct service_route *catchall;
    bool mixed;         /* there are chains of more than one language */
    bool defers;        /* the only language does */
    bool ready;         /* on_first_request has succeeded */
    bool retired;       /* another serves in its place: only events under way are still its own */
    size_t event_count; /* events under way */
    /* What the handlers of an event get together; where it was not enough, those of on_error and
     * on_after_request get as much again. 0: what they take. To be set before the first event. */
    uint32_t timeout_ms;
    struct list waiting; /* with such a limit: events that have had to wait, the next to expire first */
    struct event *unused;
    size_t unused_count;
    size_t unused_least; /* the fewest there have been since service_trim() */
};

/* Resolves every policy's handler. A policy without one: STATUS_NOT_FOUND, `error` names the place. */
NODISCARD enum status service_create(struct service **service, const struct config *config,
                                     const struct registry *registry, const struct log *log,
                                     struct buffer *error);
void service_destroy(struct service *service); /* only once no event is under way; NULL is fine */

/* The route of that name, NULL where there is none. */
const struct service_route *service_route_named(const struct service *service, struct text name);

/* A new event, zeroed but for its service and arena; NULL when memory is out. Give it to service_process() or
 * back to service_discard(). */
NODISCARD struct event *service_event(struct service *service);
void service_discard(struct event *event);

/* Whether there are more unused events than are kept whatever comes. */
bool service_has_spares(const struct service *service);
/* Frees those that nobody has wanted since the last call. */
void service_trim(struct service *service);

/*
 * Takes the event through the pipeline, to on_done() if nothing has to wait, else to the first wait. The
 * event is the service's from here on and gone when on_done() returns.
 */
void service_process(struct event *event);
/* A language's answer after VERDICT_PENDING. */
void service_resume(struct event *event, enum verdict verdict);

/* Fails the events whose time is over, with 504; on_start has no limit, nor has a stream that has begun.
 * Returns in how many milliseconds it is wanted again, 0: when an event waits. */
uint64_t service_expire(struct service *service);

/*
 * Another event that goes on in place of one that is pending in a handler which cannot be stopped: all that
 * the event is moves to it, but for its view. The old one stays as it was read, its texts too, without a peer
 * and a holder, until service_discard(). NULL when memory is out.
 */
NODISCARD struct event *service_replace(struct event *event);
