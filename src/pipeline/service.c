#include "pipeline/service.h"
#include "base/clock.h"
#include "base/zero.h"
#include "json/scan.h"
#include "pipeline/registry.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Unused events: how many there may be, and how many of them stay for good. */
enum { MAX_UNUSED_EVENTS = 1024, KEPT_EVENTS = 64 };

/* ---- routes ---- */

const struct service_route *service_route_named(const struct service *service, struct text name)
{
    for (size_t at = text_hash(name);; at++) {
        const struct service_route *route = service->table[at & (service->table_size - 1)];
        if (!route || text_equal(route->config->name, name))
            return route;
    }
}

static enum status build_table(struct service *service)
{
    service->table_size = 16;
    while (service->table_size < 2 * service->config->route_count)
        service->table_size *= 2;
    service->table = calloc(service->table_size, sizeof *service->table);
    if (!service->table)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < service->config->route_count; i++) {
        struct service_route *route = &service->routes[i];
        size_t at = text_hash(route->config->name);
        while (service->table[at & (service->table_size - 1)])
            at++;
        service->table[at & (service->table_size - 1)] = route;
    }
    service->on_start = service_route_named(service, TEXT("on_start"));
    service->on_first_request = service_route_named(service, TEXT("on_first_request"));
    service->on_before_request = service_route_named(service, TEXT("on_before_request"));
    service->on_success = service_route_named(service, TEXT("on_success"));
    service->on_error = service_route_named(service, TEXT("on_error"));
    service->on_after_request = service_route_named(service, TEXT("on_after_request"));
    service->on_connect = service_route_named(service, TEXT("on_connect"));
    service->on_disconnect = service_route_named(service, TEXT("on_disconnect"));
    service->catchall = service_route_named(service, TEXT("catchall"));
    return STATUS_OK;
}

static enum status unknown_handler(const struct config *config, const struct config_route *route,
                                   const struct config_policy *policy, struct buffer *error)
{
    enum status status = buffer_printf(
        error, "%.*s:%u:%u: no handler is named '%.*s' (policy of event '%.*s')", TEXT_ARGS(config->path),
        policy->position.line, policy->position.column, TEXT_ARGS(policy->name), TEXT_ARGS(route->name));

    return status == STATUS_OK ? STATUS_NOT_FOUND : status;
}

/* Cuts a route's policies into chains of one language each. *language: the last policy's that there was, NULL
 * at first. */
static enum status build_chains(struct service *service, struct service_route *route,
                                const struct registry *registry, const struct language **language,
                                struct buffer *error)
{
    const struct config_route *config = route->config;

    if (config->policy_count == 0)
        return STATUS_OK;
    route->chains = calloc(config->policy_count, sizeof *route->chains);
    if (!route->chains)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < config->policy_count; i++) {
        const struct config_policy *policy = &config->policies[i];
        const struct handler *handler = registry_find(registry, policy->name);
        if (!handler)
            return unknown_handler(service->config, config, policy, error);
        service->mixed |= *language && *language != handler->language;
        *language = handler->language;
        struct chain *last = route->chain_count ? &route->chains[route->chain_count - 1] : NULL;
        if (last && last->language == handler->language)
            last->count++;
        else
            route->chains[route->chain_count++] = (struct chain){
                .language = handler->language, .route = config, .policies = policy, .count = 1};
    }
    for (size_t i = 0; i < route->chain_count; i++) {
        struct chain *chain = &route->chains[i];
        enum status status = chain->language->prepare(chain->language, chain, registry, error);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status service_create(struct service **service, const struct config *config,
                           const struct registry *registry, const struct log *log, struct buffer *error)
{
    struct service *made = calloc(1, sizeof *made);
    if (!made)
        return STATUS_NO_MEMORY;
    made->config = config;
    made->log = log;
    uuid_source_init(&made->uuids);
    list_init(&made->waiting);

    const struct language *language = NULL;
    enum status status = STATUS_NO_MEMORY;
    made->routes = calloc(config->route_count + 1, sizeof *made->routes);
    if (!made->routes)
        goto out;
    for (size_t i = 0; i < config->route_count; i++) {
        made->routes[i].config = &config->routes[i];
        status = build_chains(made, &made->routes[i], registry, &language, error);
        if (status != STATUS_OK)
            goto out;
    }
    made->defers = language && language->defers && !made->mixed;
    status = build_table(made);
out:
    if (status != STATUS_OK) {
        service_destroy(made);
        return status;
    }
    *service = made;
    return STATUS_OK;
}

static void free_chains(struct service_route *route)
{
    for (size_t i = 0; i < route->chain_count; i++) {
        struct chain *chain = &route->chains[i];
        if (chain->language->forget_chain)
            chain->language->forget_chain(chain->language, chain);
    }
    free(route->chains);
}

void service_destroy(struct service *service)
{
    if (!service)
        return;
    assert(service->event_count == 0);
    while (service->unused) {
        struct event *next = service->unused->next;
        free(service->unused);
        service->unused = next;
    }
    for (size_t i = 0; service->routes && i < service->config->route_count; i++)
        free_chains(&service->routes[i]);
    free(service->routes);
    free(service->table);
    free(service);
}

/* ---- events ---- */

struct event *service_event(struct service *service)
{
    struct event *event = service->unused;

    if (event) {
        service->unused = event->next;
        if (--service->unused_count < service->unused_least)
            service->unused_least = service->unused_count;
    } else if (!(event = malloc(sizeof *event))) {
        return NULL;
    }
    zero(event, offsetof(struct event, arena));
    event->service = service;
    event->id[0] = '\0';
    list_init(&event->node);
    arena_init(&event->arena, event->storage, sizeof event->storage);
    service->event_count++;
    return event;
}

void service_discard(struct event *event)
{
    struct service *service = event->service;

    arena_deinit(&event->arena);
    service->event_count--;
    if (service->unused_count >= MAX_UNUSED_EVENTS) {
        free(event);
        return;
    }
    event->next = service->unused;
    service->unused = event;
    service->unused_count++;
}

bool service_has_spares(const struct service *service)
{
    return service->unused_count > KEPT_EVENTS;
}

void service_trim(struct service *service)
{
    for (size_t i = 0; i < service->unused_least && service_has_spares(service); i++) {
        struct event *event = service->unused;
        service->unused = event->next;
        service->unused_count--;
        free(event);
    }
    service->unused_least = service->unused_count;
}

/* ---- the pipeline ---- */

static void enter(struct event *event, enum event_stage stage, const struct service_route *route)
{
    event->stage = stage;
    event->route = route;
    event->chain = 0;
}

/* The event's own route: its name's, else its method's, else catchall. */
static const struct service_route *route_of(const struct event *event)
{
    const struct service *service = event->service;
    const struct service_route *route = event->named;

    if (!route)
        route = service_route_named(service, event->method);
    return route ? route : service->catchall;
}

/* A name may hold anything, a NUL too: printf would end there. */
static enum status append_around(struct buffer *out, struct text before, struct text name, struct text behind)
{
    enum status status = buffer_append_text(out, before);

    if (status == STATUS_OK)
        status = buffer_append_text(out, name);
    return status == STATUS_OK ? buffer_append_text(out, behind) : status;
}

static void log_failure(struct event *event)
{
    struct buffer line;

    if (!log_enabled(event->service->log, LOG_ERROR))
        return;
    buffer_init(&line, BUFFER_UNLIMITED);
    if (append_around(&line, TEXT("Failed to handle "), event->name, TEXT(": ")) == STATUS_OK &&
        buffer_append_text(&line, event->failure) == STATUS_OK)
        event_log(event, LOG_ERROR, buffer_text(&line));
    buffer_deinit(&line);
}

static void log_handled(struct event *event)
{
    struct buffer line;

    if (!log_enabled(event->service->log, LOG_TRACE))
        return;
    const struct service_route *route = event->named;
    if (!route || route->config->log_level < LOG_TRACE)
        return;
    buffer_init(&line, BUFFER_UNLIMITED);
    if (append_around(&line, TEXT("Handled "), event->name, TEXT(" [")) == STATUS_OK &&
        buffer_printf(&line, "%llums]",
                      (unsigned long long)((clock_now_ns() - event->started_ns) / 1000000)) == STATUS_OK)
        event_log(event, LOG_TRACE, buffer_text(&line));
    buffer_deinit(&line);
}

static void not_implemented(struct event *event)
{
    struct buffer details;
    struct text kept = {NULL, 0};

    buffer_init(&details, BUFFER_UNLIMITED);
    /* The stray quote at its end is 1.9.0's: clients may compare it. */
    if (append_around(&details, TEXT("Route for '"), event->name, TEXT("' event could not be found.'")) !=
            STATUS_OK ||
        arena_copy(&event->arena, buffer_text(&details), &kept) != STATUS_OK)
        kept = (struct text){NULL, 0};
    buffer_deinit(&details);
    event_set_error(event, 501, TEXT("Not Implemented."), kept);
}

/* on_error, if there is one; afterwards the event goes on where its failure lets it. */
static void handle_failure(struct event *event)
{
    event->failed = true;
    if (event->kind == EVENT_START) {
        enter(event, STAGE_REPLY, NULL); /* whoever starts the service reports it */
        return;
    }
    log_failure(event);
    bool last = event->stage == STAGE_FIRST_REQUEST || event->stage == STAGE_AFTER_REQUEST;
    event->after_error = last ? STAGE_REPLY : STAGE_AFTER_REQUEST;
    enter(event, STAGE_ERROR, event->service->on_error);
}

/* Whether the reply can be made as soon as the chain that runs now has succeeded, or failed. */
static bool nothing_follows(const struct event *event, bool success)
{
    const struct service *service = event->service;
    bool last = event->chain == event->route->chain_count;

    if (event->stage == STAGE_AFTER_REQUEST)
        return success ? last : !service->on_error;
    if (event->stage == STAGE_ROUTE && !service->on_after_request)
        return success ? last && !service->on_success : !service->on_error;
    return false;
}

static unsigned flags_of(const struct event *event)
{
    unsigned flags = 0;

    if (event->stage == STAGE_ROUTE && event->chain == event->route->chain_count)
        flags |= CHAIN_ENDS_ROUTE;
    if (nothing_follows(event, true))
        flags |= CHAIN_REPLY_ON_SUCCESS;
    if (nothing_follows(event, false))
        flags |= CHAIN_REPLY_ON_FAILURE;
    if (event->stage == STAGE_ERROR)
        flags |= CHAIN_KEEPS_RESPONSE;
    return flags;
}

static enum verdict run_chain(struct event *event)
{
    const struct chain *chain = &event->route->chains[event->chain++];

    event->has_reply = false; /* it may lie where the texts of what comes of this chain will */
    return chain->language->run(chain->language, event, chain, flags_of(event));
}

/* The current route has ended well (or there was none): on to the next stage. */
static void leave(struct event *event)
{
    const struct service *service = event->service;

    switch (event->stage) {
    case STAGE_FIRST_REQUEST:
        event->service->ready = true;
        enter(event, STAGE_BEFORE_REQUEST, service->on_before_request);
        break;
    case STAGE_BEFORE_REQUEST:
        enter(event, STAGE_ROUTE, route_of(event));
        event->taken = event->route;
        if (!event->route) {
            not_implemented(event);
            handle_failure(event);
        }
        break;
    case STAGE_ROUTE:
        if (event->response_is_error)
            handle_failure(event);
        else
            enter(event, STAGE_SUCCESS, service->on_success);
        break;
    case STAGE_SUCCESS: enter(event, STAGE_AFTER_REQUEST, service->on_after_request); break;
    case STAGE_ERROR:
        enter(event, event->after_error,
              event->after_error == STAGE_AFTER_REQUEST ? service->on_after_request : NULL);
        break;
    case STAGE_AFTER_REQUEST: enter(event, STAGE_REPLY, NULL); break;
    case STAGE_REPLY: break;
    }
}

static void finish(struct event *event)
{
    list_remove(&event->node);
    if (event->kind != EVENT_START)
        log_handled(event);
    /* First: what on_connect leaves behind must be known when on_done lets the next event start. */
    if (event->holder)
        event->holder->release(event->holder, event);
    if (event->view)
        event->view->functions->release(event);
    event->on_done(event);
    service_discard(event);
}

static enum verdict make_reply(struct event *event)
{
    /* Without a holder the reply is the pipeline's own error, or the default response. */
    if (event->has_reply || !event->holder || event->kind == EVENT_START)
        return VERDICT_CONTINUE;
    return event->holder->reply(event->holder, event);
}

/* From its first wait to its end an event is in the list, so that those are in order that began in order. */
static void wait(struct event *event)
{
    struct service *service = event->service;

    if (service->timeout_ms == 0 || event->expires_ns || event->kind == EVENT_START)
        return;
    event->expires_ns = event->started_ns + service->timeout_ms * UINT64_C(1000000);
    list_append(&service->waiting, &event->node);
}

/* Takes the event on from a verdict to the next wait or its end. */
static void advance(struct event *event, enum verdict verdict)
{
    for (;;) {
        if (verdict == VERDICT_PENDING) {
            wait(event);
            return;
        }
        if (event->stage == STAGE_REPLY) {
            finish(event);
            return;
        }
        if (verdict == VERDICT_FAILED) {
            if (event->stage == STAGE_ERROR) {
                log_failure(event); /* a failing on_error changes nothing more, as in 1.9.0 */
                leave(event);
            } else {
                handle_failure(event);
            }
        } else if (verdict == VERDICT_COMPLETE || !event->route ||
                   event->chain == event->route->chain_count) {
            leave(event);
        }
        if (event->stage == STAGE_REPLY)
            verdict = make_reply(event);
        else if (event->route && event->chain < event->route->chain_count)
            verdict = run_chain(event);
        else
            verdict = VERDICT_CONTINUE;
    }
}

void service_process(struct event *event)
{
    const struct service *service = event->service;

    if (event->started_ns == 0)
        event->started_ns = clock_now_ns();
    if (event->kind == EVENT_START) /* nothing comes before its route, and nothing behind it */
        enter(event, STAGE_AFTER_REQUEST, service->on_start);
    else if (!service->ready)
        enter(event, STAGE_FIRST_REQUEST, service->on_first_request);
    else
        enter(event, STAGE_BEFORE_REQUEST, service->on_before_request);
    /* An empty stage leads on by itself; otherwise the first chain runs now. */
    if (event->route && event->route->chain_count > 0)
        advance(event, run_chain(event));
    else
        advance(event, VERDICT_CONTINUE);
}

void service_resume(struct event *event, enum verdict verdict)
{
    assert(verdict != VERDICT_PENDING);
    advance(event, verdict);
}

/* ---- time that is over ---- */

static void expire(struct event *event)
{
    if (event->stage == STAGE_REPLY)
        return;
    struct language *language = event->route->chains[event->chain - 1].language;
    if (language->expire)
        language->expire(language, event);
}

uint64_t service_expire(struct service *service)
{
    uint64_t now_ns = clock_now_ns();

    while (!list_is_empty(&service->waiting)) {
        struct event *event = LIST_ENTRY(service->waiting.next, struct event, node);
        if (event->expires_ns > now_ns)
            return 1 + (event->expires_ns - now_ns) / 1000000;
        /* What comes behind the failure gets as long; so does a stream, to be asked again. */
        event->expires_ns = now_ns + service->timeout_ms * UINT64_C(1000000);
        list_remove(&event->node);
        list_append(&service->waiting, &event->node);
        expire(event);
    }
    return 0;
}

/* Copies what may lie in the old one's memory. */
static enum status own_texts(struct event *event)
{
    struct text *texts[] = {&event->name,          &event->method,        &event->message_id,
                            &event->error_message, &event->error_details, &event->failure};

    event->message_owned = false;
    enum status status = event_own_message(event);
    for (size_t i = 0; i < sizeof texts / sizeof *texts && status == STATUS_OK; i++)
        status = arena_copy(&event->arena, *texts[i], texts[i]);
    return status;
}

struct event *service_replace(struct event *event)
{
    struct event *heir = service_event(event->service);

    if (!heir)
        return NULL;
    memcpy(heir, event, offsetof(struct event, arena));
    memcpy(heir->id, event_id(event).data, sizeof heir->id);
    list_init(&heir->node);
    heir->view = NULL;
    if (own_texts(heir) != STATUS_OK) {
        service_discard(heir);
        return NULL;
    }
    list_append(&event->node, &heir->node); /* in its place */
    list_remove(&event->node);
    if (heir->holder && heir->holder->follow)
        heir->holder->follow(heir->holder, heir);
    event->peer = NULL;
    event->holder = NULL;
    event->language_slot = 0;
    return heir;
}
