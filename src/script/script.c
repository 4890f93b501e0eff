#include "script/script.h"
#include "base/list.h"
#include "base/log.h"
#include "js/host.h"
#include "js/script.h"
#include "library/environment.h"
#include "library/serve.h"
#include "runner/js_loop.h"
#include "script/news.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

/*
 * What JavaScript asks for, and what it is to be told, waits for the loop to be between two things: `between`
 * runs then, and as long as something waits the loop does not sleep.
 *
 *     run() ---> WAITING ---> STARTING ---> SERVING ---> (told of its end)
 *                   (one loads at a time)
 */

enum { SIGNALS = 3 };

struct script {
    const struct script_functions *functions;
    void *owner;
    uv_loop_t loop;
    struct log log;
    struct js_loop *js;
    struct list runners; /* in the order in which run() was called */
    struct list news;
    uv_idle_t between;
    uv_signal_t signals[SIGNALS];
    bool has_served;
    bool stopping; /* a signal has said so */
    bool clean;
};

struct script_runner {
    struct list node; /* in script->runners */
    struct script *script;
    configurapi_runner *runner; /* NULL: waits to be started */
    struct buffer options;      /* its settings', until then */
    char *key;
    char *certificate;
    char *failure; /* why it never will listen; told when it has ended */
    uint32_t id;
    unsigned heard; /* the levels whose lines the script wants */
    bool ended;     /* `runner` is to be destroyed */
};

static void on_between(uv_idle_t *idle);

static void come_back(struct script *script)
{
    uv_idle_start(&script->between, on_between);
}

/* ---- a runner's life ---- */

static void forget(struct script_runner *one)
{
    list_remove(&one->node);
    buffer_deinit(&one->options);
    free(one->key);
    free(one->certificate);
    free(one->failure);
    free(one);
}

static void fail(struct script_runner *one, const char *failure)
{
    if (!one->failure)
        one->failure = strdup(failure);
}

static void on_log(configurapi_runner *runner, const struct configurapi_log_line *line, void *data)
{
    struct script_runner *one = data;

    (void)runner;
    news_add_line(&one->script->news, one->id, (int)line->level, text_from_cstr(line->event_id),
                  text_from_cstr(line->correlation_id), text_from_cstr(line->message));
    come_back(one->script);
}

static void on_started(configurapi_runner *runner, const char *error, void *data)
{
    struct script_runner *one = data;
    struct script *script = one->script;

    if (error) {
        fail(one, error);
        return;
    }
    const unsigned ports[3] = {configurapi_runner_port(runner), configurapi_runner_secure_port(runner),
                               configurapi_runner_management_port(runner)};
    news_add_started(&script->news, one->id, ports);
    come_back(script);
    if (!script->has_served)
        script->functions->on_serving(script->owner, &script->loop);
    script->has_served = true;
}

static void on_stopped(configurapi_runner *runner, void *data)
{
    struct script_runner *one = data;

    (void)runner;
    one->ended = true;
    come_back(one->script);
}

static enum status make(struct script_runner *one, struct buffer *error)
{
    struct script *script = one->script;
    struct script_settings settings = {buffer_text(&one->options), one->key, one->certificate};
    struct configurapi_runner_options functions;

    if (script->stopping) {
        enum status printed =
            buffer_append_text(error, TEXT("the process is stopping: no runner starts any more"));
        return printed == STATUS_OK ? STATUS_CLOSED : printed;
    }
    configurapi_runner_options_init(&functions, sizeof functions);
    functions.data = one;
    functions.on_log = on_log;
    functions.on_started = on_started;
    functions.on_stopped = on_stopped;
    return script->functions->create(script->owner, &settings, &functions, &one->runner, error);
}

static void start(struct script_runner *one)
{
    struct script *script = one->script;
    struct buffer error;

    buffer_init(&error, BUFFER_UNLIMITED);
    enum status status = make(one, &error);
    if (status == STATUS_OK) {
        serve_listen(one->runner, one->heard);
        one->ended = !serve_start_in(one->runner, &script->loop, script->js);
        if (one->ended)
            fail(one, configurapi_runner_error(one->runner));
    } else {
        bool said = error.length > 0 && buffer_append(&error, "", 1) == STATUS_OK;
        fail(one, said ? error.data : status_name(status));
        one->ended = true;
    }
    buffer_deinit(&error);
}

/* ---- between two things ---- */

static void end(struct script_runner *one)
{
    struct script *script = one->script;

    if (!configurapi_runner_destroy(one->runner)) {
        script->clean = false;
        serve_listen(one->runner, 0); /* its events may still end, and say so */
    }
    if (one->failure)
        news_add_failed(&script->news, one->id, one->failure);
    else
        news_add_stopped(&script->news, one->id);
    forget(one);
}

/* Whether one loads: another has to wait. */
static bool is_loading(const struct script *script)
{
    for (struct list *node = script->runners.next; node != &script->runners; node = node->next) {
        const struct script_runner *one = LIST_ENTRY(node, struct script_runner, node);
        if (one->runner && serve_is_loading(one->runner))
            return true;
    }
    return false;
}

static void start_and_end(struct script *script)
{
    struct list *next;

    for (struct list *node = script->runners.next; node != &script->runners; node = next) {
        struct script_runner *one = LIST_ENTRY(node, struct script_runner, node);
        next = node->next;
        if (!one->runner && !one->ended && !is_loading(script))
            start(one);
        if (one->ended)
            end(one);
    }
}

static void on_between(uv_idle_t *idle)
{
    struct script *script = idle->data;

    uv_idle_stop(idle); /* what follows may want it again */
    start_and_end(script);
    news_tell(&script->news, script->js->host);
    if (script->stopping && list_is_empty(&script->runners))
        uv_stop(&script->loop);
}

/* ---- what JavaScript asks for ---- */

static struct script_runner *find(struct script *script, uint32_t id)
{
    for (struct list *node = script->runners.next; node != &script->runners; node = node->next) {
        struct script_runner *one = LIST_ENTRY(node, struct script_runner, node);
        if (one->id == id)
            return one;
    }
    return NULL;
}

static void on_start_asked(void *owner, uint32_t id, const struct js_runner_settings *settings)
{
    struct script *script = owner;
    struct script_runner *one = calloc(1, sizeof *one);

    if (!one) {
        news_add_failed(&script->news, id, status_name(STATUS_NO_MEMORY));
        come_back(script);
        return;
    }
    one->script = script;
    one->id = id;
    one->heard = settings->heard;
    buffer_init(&one->options, BUFFER_UNLIMITED);
    list_append(&script->runners, &one->node);
    if (buffer_append_text(&one->options, settings->options) != STATUS_OK ||
        (settings->key && !(one->key = strdup(settings->key))) ||
        (settings->certificate && !(one->certificate = strdup(settings->certificate)))) {
        fail(one, status_name(STATUS_NO_MEMORY));
        one->ended = true;
    }
    come_back(script);
}

static void on_stop_asked(void *owner, uint32_t id)
{
    struct script *script = owner;
    struct script_runner *one = find(script, id);

    if (!one)
        return;
    if (one->runner)
        configurapi_runner_stop(one->runner); /* later, from its own loop */
    else
        one->ended = true;
    come_back(script);
}

static void on_listen(void *owner, uint32_t id, unsigned heard)
{
    struct script_runner *one = find(owner, id);

    if (!one)
        return;
    one->heard = heard;
    if (one->runner)
        serve_listen(one->runner, heard);
}

static const struct js_script_functions asked = {
    .start = on_start_asked, .stop = on_stop_asked, .listen = on_listen};

/* ---- signals ---- */

static void for_each(struct script *script, void (*act)(configurapi_runner *runner))
{
    for (struct list *node = script->runners.next; node != &script->runners; node = node->next) {
        struct script_runner *one = LIST_ENTRY(node, struct script_runner, node);
        if (one->runner)
            act(one->runner);
    }
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct script *script = handle->data;

    if (number == SIGHUP) {
        for_each(script, configurapi_runner_reload);
        return;
    }
    if (!script->stopping)
        script->functions->on_stopping(script->owner);
    script->stopping = true;
    for_each(script, configurapi_runner_stop);
    come_back(script);
}

/* ---- the whole ---- */

static void open_handles(struct script *script)
{
    static const int numbers[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};

    uv_idle_init(&script->loop, &script->between);
    script->between.data = script;
    for (size_t i = 0; i < SIGNALS; i++) {
        uv_signal_init(&script->loop, &script->signals[i]);
        script->signals[i].data = script;
        uv_signal_start(&script->signals[i], on_signal, numbers[i]);
        uv_unref((uv_handle_t *)&script->signals[i]);
    }
}

/* A module that a runner waits for, and nothing that it could wait for. */
static void refuse_waiting(struct script *script)
{
    for_each(script, serve_refuse_waiting);
}

/* Turns the loop until nothing is left on it, or a signal ends it. */
static void turn(struct script *script)
{
    do {
        uv_run(&script->loop, UV_RUN_DEFAULT);
        if (script->stopping && list_is_empty(&script->runners))
            return;
        refuse_waiting(script);
        if (!uv_loop_alive(&script->loop))
            js_script_idle(script->js->host);
    } while (uv_loop_alive(&script->loop));
}

static void on_js_closed(void *owner)
{
    (void)owner;
}

/* What is still on the loop, or in runners, goes with the process. */
static bool close_all(struct script *script)
{
    script->functions->on_end(script->owner);
    uv_close((uv_handle_t *)&script->between, NULL);
    for (size_t i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&script->signals[i], NULL);
    js_loop_close(script->js, on_js_closed, NULL);
    if (!script->clean || !list_is_empty(&script->runners))
        return false;
    uv_run(&script->loop, UV_RUN_DEFAULT);
    if (js_loop_is_busy(script->js))
        return false;
    js_loop_destroy(script->js);
    news_clear(&script->news);
    return uv_loop_close(&script->loop) == 0;
}

static enum status absolute_path(struct buffer *path, const char *given, struct buffer *error)
{
    char *working = *given == '/' ? strdup("") : getcwd(NULL, 0);

    if (!working) {
        enum status printed = buffer_printf(error, "the working directory is gone: %s", strerror(errno));
        return printed == STATUS_OK ? STATUS_SYSTEM : printed;
    }
    enum status status = buffer_printf(path, "%s%s%s", working, *working ? "/" : "", given);
    free(working);
    return status;
}

static enum status run(struct script *script, const struct script_options *options, int *code,
                       struct buffer *error)
{
    struct buffer path;

    buffer_init(&path, BUFFER_UNLIMITED);
    enum status status = absolute_path(&path, options->path, error);
    if (status == STATUS_OK)
        status = js_script_run(script->js->host, buffer_text(&path), options->arguments,
                               options->argument_count, error);
    buffer_deinit(&path);
    if (status == STATUS_OK) {
        turn(script);
        *code = js_script_end(script->js->host);
    }
    return status;
}

enum status script_run(const struct script_options *options, const struct script_functions *functions,
                       void *owner, int *code, bool *clean, struct buffer *error)
{
    struct script *script = calloc(1, sizeof *script);
    enum status status = options->env_path ? environment_load(options->env_path, error) : STATUS_OK;

    *clean = true;
    if (!script || uv_loop_init(&script->loop) != 0) {
        free(script);
        return STATUS_NO_MEMORY;
    }
    script->functions = functions;
    script->owner = owner;
    script->clean = true;
    list_init(&script->runners);
    list_init(&script->news);
    log_init(&script->log, (enum log_level)options->log_level);
    script->log.format = (enum log_format)options->format;
    if (status == STATUS_OK)
        status = js_loop_create(&script->js, &script->loop, &script->log, error);
    if (status != STATUS_OK) {
        uv_run(&script->loop, UV_RUN_DEFAULT); /* which forgets what js_loop_create() had opened */
        uv_loop_close(&script->loop);
        free(script);
        return status;
    }
    js_script_attach(script->js->host, &asked, script);
    open_handles(script);
    signal(SIGPIPE, SIG_IGN); /* as in Node; a client that vanishes while it is written to would end it */
    status = run(script, options, code, error);
    *clean = close_all(script);
    if (*clean)
        free(script);
    return status;
}
