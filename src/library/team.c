#include "library/team.h"
#include "net/tls.h"
#include "runner/crew.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum stage {
    STAGE_LOADING,
    STAGE_READY,
    STAGE_LISTENING,
    STAGE_STOPPED,
    STAGE_CLOSED,
};

enum order {
    ORDER_LISTEN = 1,
    ORDER_RELOAD = 2,
    ORDER_CLOSE = 4,
};

struct worker {
    struct team *team;
    pthread_t thread;
    bool has_thread;

    /* Its thread's. */
    uv_loop_t loop;
    uv_async_t door; /* orders; it keeps the loop alive */
    struct configurapi_runner_options options;
    struct runner *runner;
    bool is_loading;
    bool is_closing;
    bool is_clean; /* for others once the thread has ended */

    /* Guarded by the team's mutex. */
    bool takes_orders; /* its door is open */
    enum stage stage;
    char *failure; /* why it will not serve */
    bool has_failed;
    unsigned orders;
    unsigned stops;
    struct tls_context *tls; /* with ORDER_LISTEN and ORDER_RELOAD; owned */
};

struct team {
    configurapi_runner *owner;
    void (*on_news)(configurapi_runner *owner, enum team_news news, struct text error);
    uv_async_t news;
    bool is_open; /* `news` is */
    bool told[TEAM_CLOSED + 1];
    struct crew crew;
    pthread_mutex_t mutex;
    size_t count;
    struct worker workers[];
};

/* ---- a worker's side ---- */

static void report(struct worker *worker, enum stage stage)
{
    struct team *team = worker->team;

    pthread_mutex_lock(&team->mutex);
    worker->stage = stage;
    uv_async_send(&team->news); /* still open: who closes it has to have the mutex first */
    pthread_mutex_unlock(&team->mutex);
}

static void fail(struct worker *worker, enum status status, struct text error)
{
    struct team *team = worker->team;
    struct text why = error.length ? error : text_from_cstr(status_name(status));

    pthread_mutex_lock(&team->mutex);
    worker->has_failed = true;
    worker->failure = strndup(why.data, why.length);
    pthread_mutex_unlock(&team->mutex);
    report(worker, STAGE_STOPPED);
}

static void on_started(struct runner *runner, enum status status, struct text error)
{
    struct worker *worker = runner->owner;

    if (status == STATUS_OK)
        report(worker, STAGE_READY);
    else
        fail(worker, status, error);
}

static void on_stopped(struct runner *runner)
{
    report(runner->owner, STAGE_STOPPED);
}

static void on_closed(void *owner, bool clean)
{
    struct worker *worker = owner;

    worker->runner = NULL;
    worker->is_clean = clean;
    uv_close((uv_handle_t *)&worker->door, NULL);
    if (!clean)
        uv_stop(&worker->loop); /* it may have a request that never ends */
}

static void listen_now(struct worker *worker, struct tls_context *tls)
{
    struct configurapi_runner_options *options = &worker->runner->options;
    struct buffer error;

    worker->runner->tls = tls;
    options->port = worker->options.port; /* as the first one has got them, since it was made */
    options->secure_port = worker->options.secure_port;
    options->descriptor = worker->options.descriptor;
    options->secure_descriptor = worker->options.secure_descriptor;
    buffer_init(&error, BUFFER_UNLIMITED);
    enum status status = runner_listen(worker->runner, &error);
    if (status == STATUS_OK)
        report(worker, STAGE_LISTENING);
    else
        fail(worker, status, buffer_text(&error));
    buffer_deinit(&error);
}

static void close_now(struct worker *worker)
{
    if (worker->is_closing)
        return;
    worker->is_closing = true;
    pthread_mutex_lock(&worker->team->mutex);
    worker->takes_orders = false;
    pthread_mutex_unlock(&worker->team->mutex);
    if (worker->runner)
        runner_close(worker->runner, on_closed);
    else
        on_closed(worker, true);
}

static void on_door(uv_async_t *door)
{
    struct worker *worker = door->data;
    struct team *team = worker->team;

    pthread_mutex_lock(&team->mutex);
    unsigned orders = worker->is_loading ? 0 : worker->orders;
    unsigned stops = worker->stops;
    struct tls_context *tls = orders ? worker->tls : NULL;
    bool ends = stops > 0 || worker->orders & ORDER_CLOSE;
    worker->orders &= ~orders;
    worker->stops = 0;
    if (orders)
        worker->tls = NULL;
    pthread_mutex_unlock(&team->mutex);
    if (worker->is_loading) { /* which turns the loop while a module waits: it is to give up, then */
        worker->runner->stopping |= ends;
        return;
    }
    if (orders & ORDER_LISTEN)
        listen_now(worker, tls ? tls_context_ref(tls) : NULL);
    if (orders & ORDER_RELOAD && worker->runner->started)
        runner_reload_after(worker->runner, tls);
    else
        tls_context_destroy(tls);
    while (stops-- > 0)
        runner_stop(worker->runner);
    if (orders & ORDER_CLOSE)
        close_now(worker);
}

static enum status make_runner(struct worker *worker, struct buffer *error)
{
    configurapi_runner *owner = worker->team->owner;
    const struct runner *first = owner->runner;

    worker->runner = runner_create(&worker->loop, &worker->options);
    if (!worker->runner)
        return STATUS_NO_MEMORY;
    worker->runner->owner = worker;
    worker->runner->place = NET_AROUND_LOOP;
    worker->runner->on_stopped = on_stopped;
    worker->runner->crew = &worker->team->crew;
    worker->runner->log.sink = first->log.sink;
    worker->runner->log.sink_owner = first->log.sink_owner;
    enum status status = runner_load(worker->runner, owner->handlers.entries, owner->handlers.count, error);
    if (status == STATUS_OK && first->postback_base)
        status = runner_set_postback_base(worker->runner, text_from_cstr(first->postback_base),
                                          text_from_cstr(first->postback_token));
    return status;
}

static void load(struct worker *worker)
{
    struct buffer error;

    buffer_init(&error, BUFFER_UNLIMITED);
    worker->is_loading = true;
    enum status status = make_runner(worker, &error);
    worker->is_loading = false;
    uv_ref((uv_handle_t *)&worker->door);
    uv_async_send(&worker->door); /* what was ordered meanwhile */
    if (status == STATUS_OK) {
        runner_start(worker->runner, on_started);
    } else {
        fail(worker, status, buffer_text(&error));
        close_now(worker);
    }
    buffer_deinit(&error);
}

static void *work(void *argument)
{
    struct worker *worker = argument;

    load(worker);
    uv_run(&worker->loop, UV_RUN_DEFAULT);
    uv_loop_close(&worker->loop);
    report(worker, STAGE_CLOSED);
    return NULL;
}

/* ---- the first one's side ---- */

static bool all_are(const struct team *team, enum stage stage)
{
    for (size_t i = 0; i < team->count; i++)
        if (team->workers[i].stage < stage)
            return false;
    return true;
}

static void tell(struct team *team, enum team_news news, struct text error)
{
    if (team->told[news])
        return;
    team->told[news] = true;
    team->on_news(team->owner, news, error);
}

static void on_news_closed(uv_handle_t *handle)
{
    struct team *team = handle->data;

    for (size_t i = 0; i < team->count; i++)
        if (team->workers[i].has_thread)
            pthread_join(team->workers[i].thread, NULL);
    tell(team, TEAM_CLOSED, TEXT(""));
}

/* All are there and stay until they are told to close: from now on the management server may ask them. */
static void gather(struct team *team)
{
    for (size_t i = 0; i < team->count; i++)
        team->crew.members[i + 1] = team->workers[i].runner;
    team->owner->runner->crew = &team->crew;
}

static void on_news(uv_async_t *async)
{
    struct team *team = async->data;
    const char *failure = NULL;
    bool has_failed = false;

    pthread_mutex_lock(&team->mutex);
    for (size_t i = 0; i < team->count; i++) {
        has_failed |= team->workers[i].has_failed;
        if (!failure)
            failure = team->workers[i].failure;
    }
    bool are_ready = all_are(team, STAGE_READY);
    bool listen = all_are(team, STAGE_LISTENING);
    bool have_stopped = all_are(team, STAGE_STOPPED);
    bool are_closed = all_are(team, STAGE_CLOSED);
    if (are_ready && !has_failed && !have_stopped && !team->told[TEAM_READY])
        gather(team);
    pthread_mutex_unlock(&team->mutex);
    if (has_failed)
        tell(team, TEAM_FAILED, text_from_cstr(failure));
    else if (listen && !have_stopped)
        tell(team, TEAM_LISTENING, TEXT(""));
    else if (are_ready && !have_stopped)
        tell(team, TEAM_READY, TEXT(""));
    if (have_stopped)
        tell(team, TEAM_STOPPED, TEXT(""));
    if (are_closed && team->is_open) {
        team->is_open = false;
        uv_close((uv_handle_t *)&team->news, on_news_closed);
    }
}

static void order(struct team *team, unsigned orders, unsigned stops)
{
    struct tls_context *tls = team->owner->runner->tls;

    pthread_mutex_lock(&team->mutex);
    for (size_t i = 0; i < team->count; i++) {
        struct worker *worker = &team->workers[i];
        if (!worker->takes_orders)
            continue;
        worker->orders |= orders;
        worker->stops += stops;
        if (orders & (ORDER_LISTEN | ORDER_RELOAD)) {
            tls_context_destroy(worker->tls);
            worker->tls = tls ? tls_context_ref(tls) : NULL;
        }
        uv_async_send(&worker->door);
    }
    pthread_mutex_unlock(&team->mutex);
}

/* A socket that was handed over is everybody's; otherwise each binds one of its own. */
static int shared_descriptor(const struct listener *listener, bool adopted)
{
    return adopted && listener->open ? fcntl(listener->descriptor, F_DUPFD_CLOEXEC, 0) : -1;
}

/* Nobody looks at these before the order is there. */
void team_listen(struct team *team)
{
    const configurapi_runner *owner = team->owner;

    for (size_t i = 0; i < team->count; i++) {
        struct configurapi_runner_options *options = &team->workers[i].options;
        options->port = owner->ports.plain;
        options->secure_port = owner->ports.secure;
        options->descriptor = shared_descriptor(&owner->runner->listener, owner->adopted);
        options->secure_descriptor =
            shared_descriptor(&owner->runner->secure_listener, owner->adopted_secure);
    }
    order(team, ORDER_LISTEN, 0);
}

void team_reload(struct team *team)
{
    order(team, ORDER_RELOAD, 0);
}

void team_stop(struct team *team)
{
    order(team, 0, 1);
}

void team_close(struct team *team)
{
    order(team, ORDER_CLOSE, 0);
}

bool team_is_closed(const struct team *team)
{
    return team->told[TEAM_CLOSED];
}

bool team_has_stopped(const struct team *team)
{
    return team->told[TEAM_STOPPED];
}

bool team_is_clean(const struct team *team)
{
    for (size_t i = 0; i < team->count; i++)
        if (!team->workers[i].is_clean)
            return false;
    return true;
}

/* ---- life ---- */

/* One that could not even begin is closed already. */
static void begin(struct worker *worker)
{
    int failure = uv_loop_init(&worker->loop);

    worker->is_clean = true;
    if (failure == 0)
        failure = uv_async_init(&worker->loop, &worker->door, on_door);
    if (failure == 0) {
        worker->door.data = worker;
        uv_unref((uv_handle_t *)&worker->door);
        worker->takes_orders = true;
        failure = api_create_thread(&worker->thread, work, worker) == 0 ? 0 : UV_EAGAIN;
    }
    worker->has_thread = failure == 0;
    if (worker->has_thread)
        return;
    if (worker->takes_orders) {
        worker->takes_orders = false;
        uv_close((uv_handle_t *)&worker->door, NULL);
        uv_run(&worker->loop, UV_RUN_DEFAULT);
        uv_loop_close(&worker->loop);
    }
    fail(worker, STATUS_SYSTEM, text_from_cstr(uv_strerror(failure)));
    report(worker, STAGE_CLOSED);
}

void team_begin(struct team *team)
{
    team->crew.members[0] = team->owner->runner;
    for (size_t i = 0; i < team->count; i++)
        begin(&team->workers[i]);
}

/* What the first one does for all of them is not the others'. */
static void set_options(struct worker *worker, const struct configurapi_runner_options *options)
{
    worker->options = *options;
    worker->options.descriptor = worker->options.secure_descriptor = -1;
    worker->options.key_path = worker->options.certificate_path = NULL;
    worker->options.key_text = worker->options.certificate_text = NULL;
    worker->options.watch = false;
}

enum status team_create(struct team **team, configurapi_runner *owner, size_t count,
                        void (*on_team_news)(configurapi_runner *owner, enum team_news news,
                                             struct text error))
{
    struct team *made = calloc(1, sizeof *made + count * sizeof *made->workers);

    if (!made)
        return STATUS_NO_MEMORY;
    made->owner = owner;
    made->on_news = on_team_news;
    made->count = count;
    made->crew.count = count + 1;
    made->crew.members = calloc(count + 1, sizeof(struct runner *));
    if (!made->crew.members || uv_async_init(owner->loop, &made->news, on_news) != 0) {
        free(made->crew.members);
        free(made);
        return STATUS_NO_MEMORY;
    }
    made->news.data = made;
    made->is_open = true;
    pthread_mutex_init(&made->mutex, NULL);
    for (size_t i = 0; i < count; i++) {
        struct worker *worker = &made->workers[i];
        worker->team = made;
        set_options(worker, &owner->runner->options);
    }
    *team = made;
    return STATUS_OK;
}

void team_destroy(struct team *team)
{
    if (!team)
        return;
    for (size_t i = 0; i < team->count; i++) {
        free(team->workers[i].failure);
        tls_context_destroy(team->workers[i].tls);
    }
    pthread_mutex_destroy(&team->mutex);
    free(team->crew.members);
    free(team);
}
