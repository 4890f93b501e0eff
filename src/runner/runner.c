#include "runner/runner.h"
#include "config/config.h"
#include "handlers/c_host.h"
#include "js/host.h"
#include "net/http_client.h"
#include "pipeline/service.h"
#include "protocol/deflate.h"
#include "runner/accept.h"
#include "runner/application.h"
#include "runner/c_loop.h"
#include "runner/connection.h"
#include "runner/js_loop.h"
#include "runner/load.h"
#include "runner/reload.h"
#include "runner/stop.h"

#include <stdlib.h>
#include <string.h>

/* ---- a turn of the loop ---- */

void runner_settle(struct runner *runner)
{
    while (!list_is_empty(&runner->left))
        connection_settle(LIST_ENTRY(runner->left.next, struct connection, left));
}

static bool has_work(const struct runner *runner)
{
    if (!list_is_empty(&runner->left) || c_host_has_work(runner->c))
        return true;
    for (struct list *node = runner->applications.next; node != &runner->applications; node = node->next)
        if (application_has_work(LIST_ENTRY(node, struct application, node)))
            return true;
    return false;
}

static void turn_applications(struct runner *runner)
{
    struct list *next;

    for (struct list *node = runner->applications.next; node != &runner->applications; node = next) {
        next = node->next; /* one that has retired may go, but not another */
        application_turn(LIST_ENTRY(node, struct application, node));
    }
}

/* ---- loading in a script's world ---- */

static void end_load(struct runner *runner, enum status status, struct text error)
{
    void (*on_loaded)(struct runner *, enum status, struct text) = runner->on_loaded;

    runner->on_loaded = NULL;
    if (status == STATUS_OK)
        status = metrics_add(&runner->metrics, runner->application->service);
    on_loaded(runner, status, error);
}

static void go_on_loading(struct runner *runner)
{
    struct buffer error;
    bool waits = false;

    if (!runner->on_loaded || runner->stopping)
        return;
    buffer_init(&error, BUFFER_UNLIMITED);
    enum status status = application_load(runner->application, &waits, &error);
    if (status != STATUS_OK || !waits)
        end_load(runner, status, buffer_text(&error));
    buffer_deinit(&error);
}

void runner_refuse_waiting(struct runner *runner)
{
    struct buffer error;

    if (!runner->on_loaded)
        return;
    buffer_init(&error, BUFFER_UNLIMITED);
    enum status status = load_refuse_waiting(runner->application, &error);
    end_load(runner, status, buffer_text(&error));
    buffer_deinit(&error);
}

/* Deals with all that came, then writes: what is written may let something go on, so both until nothing is
 * left. Who sends much ends that: streams rest then (see streams.js), and handlers in C (c_host_is_spent()).
 */
static void turn(struct runner *runner)
{
    c_host_begin_turn(runner->c);
    go_on_loading(runner);
    reload_turn(runner);
    do {
        turn_applications(runner);
        if (c_host_has_work(runner->c))
            c_host_turn(runner->c);
        runner_settle(runner);
        net_flush(&runner->net);
    } while (has_work(runner));
    accept_go_on(runner);
    stop_check(runner);
}

/* Runners of one world take their turns together: what crosses for one may be another's. */
static void turn_together(struct js_loop *world)
{
    struct list *next;
    size_t turns;

    do {
        turns = world->turns;
        for (struct list *node = world->runners.next; node != &world->runners; node = next) {
            next = node->next; /* one that has stopped leaves, but not another */
            turn(LIST_ENTRY(node, struct runner, sharing));
        }
    } while (world->turns != turns);
}

static void take_turn(void *owner)
{
    struct runner *runner = owner;

    if (!runner->world)
        turn(runner);
    else if (runner->world->runners.next == &runner->sharing) /* the first takes it for all */
        turn_together(runner->world);
}

static void after_poll(uv_check_t *check)
{
    take_turn(check->data);
}

static void before_poll(uv_prepare_t *prepare)
{
    struct runner *runner = prepare->data;

    take_turn(runner);
    if (runner->place == NET_AROUND_LOOP && runner->net_ready)
        net_wait(&runner->net, take_turn, runner);
}

/* ---- making ---- */

static void open_handles(struct runner *runner)
{
    uv_loop_t *loop = runner->loop;

    uv_check_init(loop, &runner->after_poll);
    uv_prepare_init(loop, &runner->before_poll);
    uv_timer_init(loop, &runner->drain_timer);
    uv_timer_init(loop, &runner->spread_timer);
    deadlines_init(&runner->deadlines, loop);
    accept_init(runner);
    c_loop_init(runner);
    runner->after_poll.data = runner->before_poll.data = runner;
    runner->drain_timer.data = runner->spread_timer.data = runner;
    uv_check_start(&runner->after_poll, after_poll);
    uv_prepare_start(&runner->before_poll, before_poll);
    uv_unref((uv_handle_t *)&runner->after_poll);
    uv_unref((uv_handle_t *)&runner->before_poll);
}

struct runner *runner_create(uv_loop_t *loop, const struct configurapi_runner_options *options)
{
    struct runner *runner = calloc(1, sizeof *runner);

    if (!runner)
        return NULL;
    runner->options = *options;
    runner->loop = loop;
    runner->itself = runner;
    runner->alone = (struct crew){.count = 1, .members = &runner->itself};
    runner->crew = &runner->alone;
    log_init(&runner->log, (enum log_level)options->log_level);
    runner->log.format = (enum log_format)options->log_format;
    list_init(&runner->connections);
    buffer_init(&runner->scratch, BUFFER_UNLIMITED);
    list_init(&runner->left);
    list_init(&runner->postings);
    list_init(&runner->applications);
    list_init(&runner->sharing);
    open_handles(runner);
    return runner;
}

/* ---- loading ---- */

enum status runner_read_certificate(const struct runner *runner, struct tls_context **tls,
                                    struct buffer *error)
{
    const struct configurapi_runner_options *options = &runner->options;

    struct tls_pem key = {options->key_text ? "key" : options->key_path, options->key_text};
    struct tls_pem certificate = {options->certificate_text ? "cert" : options->certificate_path,
                                  options->certificate_text};

    *tls = NULL;
    if (!key.name)
        return STATUS_OK;
    return tls_context_create(tls, key, certificate, error);
}

static enum status open_parts(struct runner *runner)
{
    enum status status = net_init(&runner->net, runner->loop, runner->place, runner->options.high_water_mark);

    if (status != STATUS_OK)
        return status;
    runner->net_ready = true;
    status = http_client_create(&runner->http, runner->loop);
    return status == STATUS_OK ? c_loop_open(runner) : status;
}

/* Where a module's top-level `await` waits for something, the loop is turned until it has come. */
static enum status load_application(struct runner *runner, struct buffer *error)
{
    bool waits;
    bool more = true;

    runner->application = application_create(runner);
    if (!runner->application)
        return STATUS_NO_MEMORY;
    enum status status = application_load(runner->application, &waits, error);
    while (status == STATUS_OK && waits) {
        if (!more)
            return load_refuse_waiting(runner->application, error);
        more = uv_run(runner->loop, UV_RUN_ONCE);
        status = runner->stopping ? STATUS_CLOSED : application_load(runner->application, &waits, error);
    }
    return status;
}

enum status runner_load(struct runner *runner, const struct configurapi_entry *handlers, size_t handler_count,
                        struct buffer *error)
{
    runner->handlers = handlers;
    runner->handler_count = handler_count;
    enum status status = open_parts(runner);
    if (status == STATUS_OK)
        status = runner_read_certificate(runner, &runner->tls, error);
    if (status == STATUS_OK)
        status = load_application(runner, error);
    if (status == STATUS_OK)
        status = metrics_add(&runner->metrics, runner->application->service);
    return status;
}

void runner_load_in(struct runner *runner, struct js_loop *world,
                    void (*on_loaded)(struct runner *runner, enum status status, struct text error))
{
    struct buffer error;

    buffer_init(&error, BUFFER_UNLIMITED);
    runner->on_loaded = on_loaded;
    runner->world = world;
    list_append(&world->runners, &runner->sharing);
    enum status status = open_parts(runner);
    if (status == STATUS_OK)
        status = runner_read_certificate(runner, &runner->tls, &error);
    if (status == STATUS_OK && !(runner->application = application_create(runner)))
        status = STATUS_NO_MEMORY;
    if (status == STATUS_OK)
        go_on_loading(runner);
    else
        end_load(runner, status, buffer_text(&error));
    buffer_deinit(&error);
}

/* ---- starting ---- */

enum status runner_set_postback_base(struct runner *runner, struct text base, struct text token)
{
    const struct application *application = runner->application;

    runner->postback_base = strndup(base.data, base.length);
    runner->postback_token = strndup(token.length ? token.data : "", token.length);
    if (!runner->postback_base || !runner->postback_token)
        return STATUS_NO_MEMORY;
    enum status status = c_host_set_postback_base(runner->c, base, token);
    if (status == STATUS_OK && application->js)
        status = js_host_set_postback_base(application->guest, base, token);
    return status;
}

static void on_application_started(struct application *application, enum status status, struct text error)
{
    struct runner *runner = application->runner;

    if (status == STATUS_OK)
        application->state = APPLICATION_SERVING;
    runner->on_started(runner, status, error);
}

void runner_start(struct runner *runner,
                  void (*on_started)(struct runner *runner, enum status status, struct text error))
{
    runner->on_started = on_started;
    application_start(runner->application, on_application_started);
    if (!runner->world) /* there, its turn comes */
        turn(runner);
}

enum status runner_listen(struct runner *runner, struct buffer *error)
{
    enum status status = accept_open(runner, error);

    if (status != STATUS_OK)
        return status;
    runner->started = true;
    watch_open(runner);
    return STATUS_OK;
}

void runner_say_listening(const struct runner *runner)
{
    if (runner->tls)
        log_write(&runner->log, LOG_INFO, "Listening on wss://%s:%u", runner->secure_listener.address.host,
                  runner->secure_listener.address.port);
    log_write(&runner->log, LOG_INFO, "Listening on ws://%s:%u", runner->listener.address.host,
              runner->listener.address.port);
}

/* ---- what is asked of it ---- */

size_t runner_events(const struct runner *runner)
{
    size_t count = 0;

    for (struct list *node = runner->applications.next; node != &runner->applications; node = node->next) {
        const struct application *application = LIST_ENTRY(node, struct application, node);
        count += application->service ? application->service->event_count : 0;
    }
    return count;
}

/* The sum of what each JavaScript world says. */
static size_t ask_worlds(const struct runner *runner, size_t (*ask)(struct js_host *host))
{
    size_t sum = 0;

    for (struct list *node = runner->applications.next; node != &runner->applications; node = node->next) {
        const struct application *application = LIST_ENTRY(node, struct application, node);
        sum += application->js ? ask(application->js->host) : 0;
    }
    return sum;
}

size_t runner_open_streams(const struct runner *runner)
{
    return c_host_open_streams(runner->c) + ask_worlds(runner, js_host_open_streams);
}

size_t runner_closing_sources(const struct runner *runner)
{
    return ask_worlds(runner, js_host_closing_sources);
}

size_t runner_heap_bytes(const struct runner *runner)
{
    return ask_worlds(runner, js_host_heap_bytes);
}
