#include "runner/application.h"
#include "config/config.h"
#include "js/host.h"
#include "pipeline/service.h"
#include "runner/close.h"
#include "runner/js_loop.h"
#include "runner/load.h"
#include "runner/runner.h"

#include <stdlib.h>
#include <string.h>

enum {
    SLOW_START_MS = 5000,
    LAST_MOMENT_MS = 10 * 1000, /* without a --drain-timeout */
    TRIM_INTERVAL_MS = 1000,
};

/* ---- on_start ---- */

/* What a handler waits for may be another thread's affair, or the engine's own: nobody can tell that it will
 * never come. But nobody shall have to guess why nothing is served. */
static void on_slow_start(struct deadline *deadline)
{
    struct application *application = LIST_ENTRY(deadline, struct application, start_deadline);
    struct runner *runner = application->runner;

    log_write(&runner->log, LOG_INFO,
              application->state == APPLICATION_LOADING
                  ? "a module's top-level await has not ended: nothing is reloaded before it has"
              : runner->started ? "on_start has not ended: what was there before the reload serves on"
                                : "on_start has not ended: nothing is served before it has");
    deadline_set(&runner->deadlines, deadline, SLOW_START_MS);
}

void application_note_waiting(struct application *application)
{
    if (list_is_empty(&application->start_deadline.node))
        deadline_set(&application->runner->deadlines, &application->start_deadline, SLOW_START_MS);
}

/* From within a handler's last word: the turn goes on from there. */
static void on_start_done(struct event *event)
{
    struct application *application = event->owner;

    application->start_failed = event->failed;
    if (event->failed)
        application->start_failure = strndup(event->failure.data, event->failure.length);
    application->start_event = NULL;
    application->start_ended = true;
}

void application_start(struct application *application,
                       void (*on_started)(struct application *application, enum status status,
                                          struct text error))
{
    struct service *service = application->service;

    application->state = APPLICATION_STARTING;
    application->on_started = on_started;
    application->start_ended = !service->on_start;
    if (application->start_ended)
        return;
    struct event *event = service_event(service);
    if (!event) {
        application->start_ended = application->start_failed = true;
        return;
    }
    event->kind = EVENT_START;
    event->name = TEXT("on_start");
    event->named = service->on_start;
    event->owner = application;
    event->on_done = on_start_done;
    application->start_event = event;
    deadline_set(&application->runner->deadlines, &application->start_deadline, SLOW_START_MS);
    service_process(event);
}

static enum status explain_failure(const struct application *application, struct buffer *error)
{
    const char *failure = application->start_failure ? application->start_failure : "out of memory";
    enum status status = buffer_printf(error, "on_start failed: %s", failure);

    return status == STATUS_OK ? STATUS_INVALID : status;
}

/* on_start has ended, or the configuration has none. */
static void end_start(struct application *application)
{
    enum status status = STATUS_OK;
    struct buffer error;

    application->start_ended = false;
    deadline_cancel(&application->runner->deadlines, &application->start_deadline);
    if (application->state != APPLICATION_STARTING || application->runner->stopping)
        return;
    buffer_init(&error, BUFFER_UNLIMITED);
    if (application->start_failed)
        status = explain_failure(application, &error);
    application->on_started(application, status, buffer_text(&error));
    buffer_deinit(&error);
}

/* ---- a turn of the loop ---- */

static void on_expiry(struct deadline *deadline)
{
    struct application *application = LIST_ENTRY(deadline, struct application, expiry);
    uint64_t again_ms = service_expire(application->service);

    if (again_ms)
        deadline_set(&application->runner->deadlines, deadline, again_ms);
}

static void on_trimming(struct deadline *deadline)
{
    service_trim(LIST_ENTRY(deadline, struct application, trimming)->service); /* the turn sets it again */
}

/* Events have begun to wait, or to be kept, while there were none. */
static void watch_events(struct application *application)
{
    const struct service *service = application->service;

    if (!service || application->state == APPLICATION_CLOSING)
        return;
    if (!list_is_empty(&service->waiting) && list_is_empty(&application->expiry.node))
        deadline_set(&application->runner->deadlines, &application->expiry, service->timeout_ms);
    if (service_has_spares(service) && list_is_empty(&application->trimming.node))
        deadline_set(&application->runner->deadlines, &application->trimming, TRIM_INTERVAL_MS);
}

static bool is_through(const struct application *application)
{
    const struct js_loop *js = application->js;

    if (application->service && application->service->event_count > 0)
        return false;
    return !js || !js_loop_is_busy(js) || (application->hurries && list_is_empty(&js->works));
}

void application_turn(struct application *application)
{
    if (application_has_work(application)) {
        application->js->turns++;
        js_host_turn(application->js->host);
    }
    if (application->start_ended)
        end_start(application);
    watch_events(application);
    if (application->state == APPLICATION_RETIRED && is_through(application))
        application_close(application);
}

bool application_has_work(const struct application *application)
{
    return application->js && js_host_has_work(application->js->host);
}

/* ---- its end ---- */

static void on_last_moment(struct deadline *deadline)
{
    LIST_ENTRY(deadline, struct application, last_moment)->hurries = true; /* the turn sees it */
}

/* Nobody waits for an on_start any more that has not ended. What handlers in C hold on to stays until they
 * let it go. */
static void drop_start(struct application *application)
{
    struct event *event = application->start_event;

    deadline_cancel(&application->runner->deadlines, &application->start_deadline);
    if (!event || event->view)
        return;
    application->start_event = NULL;
    if (event->holder)
        event->holder->release(event->holder, event);
    service_discard(event);
}

void application_retire(struct application *application)
{
    struct runner *runner = application->runner;
    uint32_t window_ms = runner->options.drain_timeout_ms;

    application->state = APPLICATION_RETIRED;
    drop_start(application);
    if (application->service)
        application->service->retired = true;
    deadline_set(&runner->deadlines, &application->last_moment, window_ms ? window_ms : LAST_MOMENT_MS);
}

static void on_closed(void *owner)
{
    struct application *application = owner;

    if (application->runner->closing)
        close_handle_closed(application->runner);
    else
        application_destroy(application);
}

void application_close(struct application *application)
{
    struct runner *runner = application->runner;
    bool owns_js = application->js && !runner->world;

    /* on_closed() takes it off again, also where this was closed before the runner and has yet to hear it. */
    if (runner->closing && owns_js)
        runner->open_handles++;
    if (application->state == APPLICATION_CLOSING)
        return;
    application->state = APPLICATION_CLOSING;
    drop_start(application);
    deadline_cancel(&runner->deadlines, &application->last_moment);
    deadline_cancel(&runner->deadlines, &application->expiry);
    deadline_cancel(&runner->deadlines, &application->trimming);
    if (owns_js)
        js_loop_close(application->js, on_closed, application);
    else if (!runner->closing)
        application_destroy(application);
}

void application_destroy(struct application *application)
{
    list_remove(&application->node);
    service_destroy(application->service);
    js_host_leave(application->guest);
    if (!application->runner->world)
        js_loop_destroy(application->js);
    registry_deinit(&application->registry);
    directory_deinit(&application->directory);
    config_destroy(application->config);
    free(application->start_failure);
    free(application);
}

bool application_is_clean(const struct application *application)
{
    return (!application->service || application->service->event_count == 0) &&
           (!application->js || application->runner->world || list_is_empty(&application->js->works));
}

/* ---- making ---- */

struct application *application_create(struct runner *runner)
{
    struct application *application = calloc(1, sizeof *application);

    if (!application)
        return NULL;
    application->runner = runner;
    registry_init(&application->registry);
    deadline_init(&application->start_deadline, on_slow_start);
    deadline_init(&application->last_moment, on_last_moment);
    deadline_init(&application->expiry, on_expiry);
    deadline_init(&application->trimming, on_trimming);
    list_append(&runner->applications, &application->node);
    return application;
}

enum status application_load(struct application *application, bool *waits, struct buffer *error)
{
    const struct runner *runner = application->runner;
    enum status status = STATUS_OK;

    *waits = false;
    if (!application->config)
        status = load_begin(application, error);
    if (status == STATUS_OK)
        status = load_go_on(application, waits, error);
    if (status != STATUS_OK || *waits)
        return status;
    if (application->js && runner->postback_base)
        status = js_host_set_postback_base(application->guest, text_from_cstr(runner->postback_base),
                                           text_from_cstr(runner->postback_token));
    if (status == STATUS_OK)
        status = service_create(&application->service, application->config, &application->registry,
                                &runner->log, error);
    if (status == STATUS_OK)
        application->service->timeout_ms = runner->options.handler_timeout_ms;
    return status;
}
