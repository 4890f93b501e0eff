#include "library/serve.h"
#include "handlers/c_host.h"
#include "library/environment.h"
#include "library/parts.h"
#include "library/team.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST_WORKERS = 256 };

/* ---- errors and log lines ---- */

void serve_fail(configurapi_runner *runner, enum status status, struct text error)
{
    if (error.length == 0)
        error = text_from_cstr(status_name(status));
    buffer_clear(&runner->error);
    if (buffer_append_text(&runner->error, error) != STATUS_OK ||
        buffer_append(&runner->error, "", 1) != STATUS_OK) {
        buffer_clear(&runner->error);
        return;
    }
    for (size_t i = 0; i + 1 < runner->error.length; i++)
        if (runner->error.data[i] == '\n')
            runner->error.data[i] = ' ';
}

static void on_log(void *owner, enum log_level level, const char *event_id, const char *correlation_id,
                   const char *message)
{
    configurapi_runner *runner = owner;
    struct configurapi_log_line line = {
        .level = (enum configurapi_level)level,
        .event_id = event_id,
        .correlation_id = correlation_id,
        .message = message,
    };

    if (!(runner->heard & 1u << level)) {
        struct log printing;
        log_init(&printing, level);
        printing.format = (enum log_format)runner->options.log_format;
        log_event(&printing, level, text_from_cstr(event_id), text_from_cstr(correlation_id),
                  text_from_cstr(message));
        return;
    }
    pthread_mutex_lock(&runner->log_mutex);
    if (!runner->destroyed)
        runner->options.on_log(runner, &line, runner->options.data);
    pthread_mutex_unlock(&runner->log_mutex);
}

static void set_sink(configurapi_runner *runner, struct runner *made)
{
    made->log.sink = runner->options.on_log && runner->heard ? on_log : NULL;
    made->log.sink_owner = runner;
}

void serve_listen(configurapi_runner *runner, unsigned levels)
{
    runner->heard = levels;
    if (runner->runner)
        set_sink(runner, runner->runner);
}

/* ---- making ---- */

static enum status refuse(struct buffer *error, const char *why)
{
    enum status status = buffer_printf(error, "%s", why);

    return status == STATUS_OK ? STATUS_INVALID : status;
}

static enum status check_options(const configurapi_runner *runner, struct buffer *error)
{
    const struct configurapi_runner_options *options = &runner->options;
    bool configured = options->config_path || options->config_text;

    if (!runner->has_options)
        return refuse(error, "the options have no defaults: configurapi_runner_options_init() sets them");
    if (configured && runner->handlers.has_events)
        return refuse(error, "a configuration and handlers of events do not go together: register those "
                             "handlers under names and let the configuration say them");
    if (!configured && !runner->handlers.has_events)
        return refuse(error,
                      "there is nothing to serve: no config_path, no config_text, no handler of an event");
    if (options->config_path && options->config_text)
        return refuse(error, "config_path and config_text do not go together");
    if (options->workers == 0 || options->workers > MOST_WORKERS)
        return refuse(error, "workers must be from 1 to 256");
    if (options->max_payload == 0)
        return refuse(error, "max_payload must be at least 1");
    if (options->max_buffered == 0)
        return refuse(error, "max_buffered must be at least 1");
    if (options->max_in_flight == 0)
        return refuse(error, "max_in_flight must be at least 1");
    if (options->key_path && options->key_text)
        return refuse(error, "key_path and key_text do not go together");
    if (options->certificate_path && options->certificate_text)
        return refuse(error, "certificate_path and certificate_text do not go together");
    bool has_key = options->key_path || options->key_text;
    if (has_key != (options->certificate_path || options->certificate_text))
        return refuse(error, has_key ? "a key, and neither certificate_path nor certificate_text"
                                     : "a certificate, and neither key_path nor key_text");
    if (options->secure_descriptor >= 0 && !has_key)
        return refuse(error, "a socket for WSS was handed over, and there is no key for it");
    return STATUS_OK;
}

bool serve_prepare(configurapi_runner *runner)
{
    struct buffer error;

    buffer_init(&error, BUFFER_UNLIMITED);
    enum status status = check_options(runner, &error);
    if (status == STATUS_OK && runner->options.env_path)
        status = environment_load(runner->options.env_path, &error);
    if (status != STATUS_OK)
        serve_fail(runner, status, buffer_text(&error));
    buffer_deinit(&error);
    return status == STATUS_OK;
}

/* Without loading anything. */
static enum status make_empty(configurapi_runner *runner, struct runner **made, uv_loop_t *loop)
{
    struct configurapi_runner_options options = runner->options;
    enum status status = STATUS_OK;

    options.descriptor = options.secure_descriptor = -1;
    if (runner->handlers.has_events)
        status = handlers_config(&runner->handlers, &options.config_text);
    if (status != STATUS_OK)
        return status;
    *made = runner_create(loop, &options);
    if (!*made)
        return STATUS_NO_MEMORY;
    (*made)->owner = runner;
    (*made)->place = loop == &runner->own_loop ? NET_AROUND_LOOP : NET_IN_LOOP;
    set_sink(runner, *made);
    return STATUS_OK;
}

static enum status make(configurapi_runner *runner, struct runner **made, uv_loop_t *loop,
                        struct buffer *error)
{
    enum status status = make_empty(runner, made, loop);

    if (status != STATUS_OK)
        return status;
    return runner_load(*made, runner->handlers.entries, runner->handlers.count, error);
}

struct check {
    uv_loop_t loop;
    bool unclean; /* a thread is still at what a handler began as it was loaded */
};

static void on_checked(void *owner, bool clean)
{
    struct check *check = owner;

    check->unclean = !clean;
    if (!clean)
        uv_stop(&check->loop);
}

bool serve_check(configurapi_runner *runner)
{
    struct check *check = calloc(1, sizeof *check);
    struct runner *made = NULL;
    struct buffer error;

    if (!check || uv_loop_init(&check->loop) != 0) {
        free(check);
        serve_fail(runner, STATUS_NO_MEMORY, TEXT(""));
        return false;
    }
    buffer_init(&error, BUFFER_UNLIMITED);
    enum status status = make(runner, &made, &check->loop, &error);
    if (made) {
        made->owner = check;
        runner_close(made, on_checked);
    }
    uv_run(&check->loop, UV_RUN_DEFAULT);
    runner->unclean |= check->unclean;
    if (!check->unclean) { /* otherwise the thread will look for its loop */
        uv_loop_close(&check->loop);
        free(check);
    }
    if (status != STATUS_OK)
        serve_fail(runner, status, buffer_text(&error));
    buffer_deinit(&error);
    return status == STATUS_OK;
}

/* ---- ending ---- */

static void on_mail_closed(uv_handle_t *handle)
{
    configurapi_runner *runner = handle->data;

    runner->ended = true;
    if (runner->unclean && runner->loop == &runner->own_loop)
        uv_stop(runner->loop); /* it may have a request that never ends */
    if (runner->destroyed) {
        if (!runner->unclean)
            api_free(runner);
        return;
    }
    if (!runner->refused && runner->options.on_stopped)
        runner->options.on_stopped(runner, runner->options.data); /* which may destroy it */
}

static void close_mail(configurapi_runner *runner)
{
    pthread_mutex_lock(&runner->mutex);
    runner->takes_mail = false;
    pthread_mutex_unlock(&runner->mutex);
    uv_close((uv_handle_t *)&runner->mail, on_mail_closed);
}

static void on_runner_closed(void *owner, bool clean)
{
    configurapi_runner *runner = owner;

    runner->runner = NULL;
    runner->unclean |= !clean;
    if (runner->team)
        runner->unclean |= !team_is_clean(runner->team);
    if (!runner->unclean)
        team_destroy(runner->team);
    runner->team = NULL;
    close_mail(runner);
}

static void set_ports(configurapi_runner *runner, struct serve_ports ports)
{
    pthread_mutex_lock(&runner->mutex);
    runner->ports = ports;
    pthread_mutex_unlock(&runner->mutex);
}

static void close_runner(configurapi_runner *runner)
{
    if (runner->runner)
        runner_close(runner->runner, on_runner_closed);
    else
        close_mail(runner);
}

/* Closes whatever there is, also after a start that has failed half way. The management server first, for it
 * asks the team's runners; then the team, for its runners know the first one; that one last. */
static void serve_close(configurapi_runner *runner)
{
    runner->closing = true;
    pthread_mutex_lock(&runner->mutex);
    runner->takes_posts = false;
    pthread_mutex_unlock(&runner->mutex);
    set_ports(runner, (struct serve_ports){0});
    management_close(runner->management);
    runner->management = NULL;
    while (runner->open_signals > 0)
        uv_close((uv_handle_t *)&runner->signals[--runner->open_signals], NULL);
    if (runner->team && !team_is_closed(runner->team))
        team_close(runner->team);
    else
        close_runner(runner);
}

/* All of it has stopped, or a part that the others still wait for. */
static void end_stop(configurapi_runner *runner)
{
    if (runner->stopped && !runner->closing && (!runner->team || team_has_stopped(runner->team)))
        serve_close(runner);
}

static void on_runner_stopped(struct runner *stopped)
{
    configurapi_runner *runner = stopped->owner;

    runner->stopped = true;
    end_stop(runner);
}

void serve_stop(configurapi_runner *runner)
{
    if (runner->closing)
        return;
    if (!runner->stopping && !runner->destroyed && runner->options.on_stopping)
        runner->options.on_stopping(runner, runner->options.data);
    runner->stopping = true;
    runner_stop(runner->runner);
    set_ports(runner, (struct serve_ports){.management = runner->ports.management});
    if (runner->team)
        team_stop(runner->team);
}

void serve_end(configurapi_runner *runner)
{
    pthread_mutex_lock(&runner->mutex);
    bool is_asked = runner->stops_asked > 0; /* that comes yet */
    pthread_mutex_unlock(&runner->mutex);
    if (!runner->stopping && !is_asked)
        serve_stop(runner);
}

/* ---- what is asked of it ---- */

static void reload(configurapi_runner *runner)
{
    if (!runner->closing)
        runner_reload(runner->runner);
}

static void on_mail(uv_async_t *async)
{
    configurapi_runner *runner = async->data;

    pthread_mutex_lock(&runner->mutex);
    unsigned stops = runner->stops_asked;
    bool wants_reload = runner->reload_asked;
    bool wants_end = runner->end_asked;
    runner->stops_asked = 0;
    runner->end_asked = false;
    runner->reload_asked = false;
    pthread_mutex_unlock(&runner->mutex);
    if (wants_reload)
        reload(runner);
    while (stops-- > 0)
        serve_stop(runner);
    if (wants_end)
        serve_end(runner);
}

static void on_signal(uv_signal_t *handle, int number)
{
    if (number == SIGHUP)
        reload(handle->data);
    else
        serve_stop(handle->data);
}

static void watch_signals(configurapi_runner *runner)
{
    static const int numbers[SERVE_SIGNALS] = {SIGTERM, SIGINT, SIGHUP};

    for (size_t i = 0; i < SERVE_SIGNALS; i++) {
        uv_signal_t *handle = &runner->signals[i];
        uv_signal_init(runner->loop, handle);
        handle->data = runner;
        runner->open_signals++;
        uv_signal_start(handle, on_signal, numbers[i]);
        uv_unref((uv_handle_t *)handle);
    }
}

/* ---- starting ---- */

/* A socket that was handed over goes to who listens on it. api_free() closes those that nobody has taken. */
static int take(int *descriptor)
{
    int taken = *descriptor;

    *descriptor = -1;
    return taken;
}

/* The token that nobody says comes from the environment. */
static enum status manage(configurapi_runner *runner, struct buffer *error)
{
    struct configurapi_runner_options *options = &runner->options;
    const char *token = getenv("CONFIGURAPI_MANAGEMENT_TOKEN");
    struct management_options wanted = {
        .host = options->management_host,
        .port = options->management_port,
        .descriptor = -1,
        .token = options->management_token ? options->management_token
                 : token && *token         ? token
                                           : NULL,
    };

    if (!options->management)
        return STATUS_OK;
    wanted.descriptor = take(&options->management_descriptor);
    enum status status = management_open(&runner->management, runner->runner, &wanted, error);
    if (status != STATUS_OK)
        return status;
    const struct socket_address *address = management_address(runner->management);
    set_ports(runner, (struct serve_ports){.management = address->port});
    log_write(&runner->runner->log, LOG_INFO, "Management on http://%s:%u", address->host, address->port);
    return STATUS_OK;
}

static void tell_started(configurapi_runner *runner, const char *error)
{
    if (runner->options.on_started && !runner->destroyed)
        runner->options.on_started(runner, error, runner->options.data);
}

static void fail_start(configurapi_runner *runner, enum status status, struct text error)
{
    serve_fail(runner, status, error);
    runner->failed = true;
    /* On a loop of its own the call that starts it is still to return. */
    runner->refused = runner->starting || runner->loop == &runner->own_loop;
    if (!runner->refused)
        tell_started(runner, configurapi_runner_error(runner));
    serve_close(runner);
}

static void announce(configurapi_runner *runner)
{
    runner_say_listening(runner->runner);
    tell_started(runner, NULL);
    pthread_mutex_lock(&runner->mutex);
    runner->answered = runner->serves = true;
    pthread_cond_signal(&runner->changed);
    pthread_mutex_unlock(&runner->mutex);
}

static void on_runner_started(struct runner *started, enum status status, struct text failure)
{
    configurapi_runner *runner = started->owner;
    struct buffer error;

    buffer_init(&error, BUFFER_UNLIMITED);
    if (status == STATUS_OK) {
        status = runner_listen(started, &error);
        failure = buffer_text(&error);
    }
    if (status != STATUS_OK) {
        fail_start(runner, status, failure);
    } else {
        set_ports(runner, (struct serve_ports){
                              .plain = started->listener.address.port,
                              .secure = started->tls ? started->secure_listener.address.port : 0,
                              .management = runner->ports.management,
                          });
        if (runner->team)
            team_listen(runner->team);
        else
            announce(runner);
    }
    buffer_deinit(&error);
}

static void on_team_news(configurapi_runner *runner, enum team_news news, struct text error)
{
    switch (news) {
    case TEAM_READY:
        if (!runner->stopping)
            runner_start(runner->runner, on_runner_started);
        break;
    case TEAM_LISTENING:
        if (!runner->stopping)
            announce(runner);
        break;
    case TEAM_FAILED:
        if (!runner->stopping && !runner->closing)
            fail_start(runner, STATUS_NO_MEMORY, error);
        break;
    case TEAM_STOPPED: end_stop(runner); break;
    case TEAM_CLOSED:
        if (runner->closing)
            close_runner(runner);
        break;
    }
}

static void on_runner_reloaded(struct runner *reloaded)
{
    configurapi_runner *runner = reloaded->owner;

    if (runner->team)
        team_reload(runner->team);
}

/* Where there are other workers they begin, and the first one's on_start follows theirs. */
static enum status start_all(configurapi_runner *runner)
{
    if (runner->options.workers == 1) {
        runner_start(runner->runner, on_runner_started);
        return STATUS_OK;
    }
    enum status status = team_create(&runner->team, runner, runner->options.workers - 1, on_team_news);
    if (status == STATUS_OK)
        team_begin(runner->team);
    return status;
}

/* What is loaded gets its sockets and its management server. */
static enum status equip(configurapi_runner *runner, struct buffer *error)
{
    runner->runner->on_stopped = on_runner_stopped;
    runner->runner->on_reloaded = on_runner_reloaded;
    runner->adopted = runner->options.descriptor >= 0;
    runner->adopted_secure = runner->options.secure_descriptor >= 0;
    runner->runner->options.descriptor = take(&runner->options.descriptor);
    runner->runner->options.secure_descriptor = take(&runner->options.secure_descriptor);
    pthread_mutex_lock(&runner->mutex);
    runner->takes_posts = true;
    pthread_mutex_unlock(&runner->mutex);
    /* First: whoever reads the start line may send a signal at once. */
    if (runner->options.signals)
        watch_signals(runner);
    return manage(runner, error);
}

static enum status start(configurapi_runner *runner, struct buffer *error)
{
    enum status status = make(runner, &runner->runner, runner->loop, error);

    return status == STATUS_OK ? equip(runner, error) : status;
}

/* False: the runner's error says why. */
static bool open_mail(configurapi_runner *runner, uv_loop_t *loop)
{
    runner->loop = loop;
    int failure = uv_async_init(loop, &runner->mail, on_mail);
    if (failure != 0) {
        serve_fail(runner, STATUS_SYSTEM, text_from_cstr(uv_strerror(failure)));
        runner->failed = runner->refused = runner->ended = true;
        return false;
    }
    runner->mail.data = runner;
    uv_unref((uv_handle_t *)&runner->mail); /* until all is loaded: a wait for nothing is to be seen as one */
    pthread_mutex_lock(&runner->mutex);
    runner->takes_mail = true;
    pthread_mutex_unlock(&runner->mutex);
    return true;
}

bool serve_start(configurapi_runner *runner, uv_loop_t *loop)
{
    struct buffer error;

    if (!open_mail(runner, loop))
        return false;
    runner->starting = true;
    buffer_init(&error, BUFFER_UNLIMITED);
    enum status status = start(runner, &error);
    if (status == STATUS_OK) {
        uv_ref((uv_handle_t *)&runner->mail); /* it keeps the loop alive */
        status = start_all(runner);
    }
    if (status != STATUS_OK) {
        serve_fail(runner, status,
                   status == STATUS_CLOSED ? TEXT("it was stopped before it listened") : buffer_text(&error));
        runner->failed = runner->refused = true;
        serve_close(runner);
    }
    buffer_deinit(&error);
    runner->starting = false;
    return !runner->refused;
}

/* ---- in a script's world ---- */

static void on_runner_loaded(struct runner *loaded, enum status status, struct text failure)
{
    configurapi_runner *runner = loaded->owner;
    struct buffer error;

    if (status != STATUS_OK) {
        fail_start(runner, status, failure);
        return;
    }
    buffer_init(&error, BUFFER_UNLIMITED);
    status = equip(runner, &error);
    if (status == STATUS_OK) {
        uv_ref((uv_handle_t *)&runner->mail); /* it keeps the loop alive */
        status = start_all(runner);
    }
    if (status != STATUS_OK)
        fail_start(runner, status, buffer_text(&error));
    buffer_deinit(&error);
}

bool serve_start_in(configurapi_runner *runner, uv_loop_t *loop, struct js_loop *world)
{
    if (!serve_prepare(runner) || !open_mail(runner, loop))
        return false;
    runner->begun = true;
    enum status status = make_empty(runner, &runner->runner, loop);
    if (status == STATUS_OK) {
        runner->runner->on_stopped = on_runner_stopped; /* it may be stopped before it is loaded */
        runner_load_in(runner->runner, world, on_runner_loaded);
    } else {
        fail_start(runner, status, TEXT(""));
    }
    return true;
}

bool serve_is_loading(const configurapi_runner *runner)
{
    return runner->runner && runner->runner->on_loaded;
}

void serve_refuse_waiting(configurapi_runner *runner)
{
    if (serve_is_loading(runner))
        runner_refuse_waiting(runner->runner);
}
