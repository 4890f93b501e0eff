#include "runner/reload.h"
#include "config/config.h"
#include "handlers/standard.h"
#include "js/host.h"
#include "net/tls.h"
#include "pipeline/service.h"
#include "runner/application.h"
#include "runner/js_loop.h"
#include "runner/runner.h"

#include <stddef.h>

void reload_cancel(struct runner *runner)
{
    struct application *next = runner->reload.next;

    runner->reload.next = NULL;
    tls_context_destroy(runner->reload.tls);
    runner->reload.tls = NULL;
    if (next)
        application_retire(next);
}

static void use_certificate(struct runner *runner)
{
    if (!runner->reload.tls)
        return;
    tls_context_destroy(runner->tls);
    runner->tls = runner->reload.tls;
    runner->reload.tls = NULL;
}

static void give_up(struct runner *runner, enum status status, struct text error)
{
    if (error.length == 0)
        error = text_from_cstr(status_name(status));
    if (runner->crew->members[0] == runner) {
        log_write(&runner->log, LOG_ERROR, "Not reloaded, all stays as it was: %.*s", TEXT_ARGS(error));
    } else {
        log_write(&runner->log, LOG_ERROR, "Not reloaded by one of the workers, whose handlers stay: %.*s",
                  TEXT_ARGS(error));
        use_certificate(runner);
    }
    watch_renew(runner, runner->reload.next);
    reload_cancel(runner);
}

static void on_started(struct application *next, enum status status, struct text error)
{
    struct runner *runner = next->runner;
    struct application *last = runner->application;

    if (status == STATUS_OK)
        status = metrics_add(&runner->metrics, next->service);
    if (status != STATUS_OK) {
        give_up(runner, status, error);
        return;
    }
    if (last->js)
        js_host_leave_identities(last->js->host);
    standard_refresh(runner->c);
    runner->reload.next = NULL;
    runner->application = next;
    next->state = APPLICATION_SERVING;
    application_retire(last);
    use_certificate(runner);
    watch_renew(runner, NULL);
    if (runner->on_reloaded)
        runner->on_reloaded(runner);
    if (runner->crew->members[0] == runner)
        log_write(&runner->log, LOG_INFO, "Reloaded %.*s and its handlers%s", TEXT_ARGS(next->config->path),
                  runner->tls ? ", key and certificate" : "");
}

static void go_on(struct runner *runner)
{
    struct application *next = runner->reload.next;
    struct buffer error;
    bool waits;

    buffer_init(&error, BUFFER_UNLIMITED);
    enum status status = application_load(next, &waits, &error);
    if (status != STATUS_OK)
        give_up(runner, status, buffer_text(&error));
    else if (waits)
        application_note_waiting(next);
    else
        application_start(next, on_started);
    buffer_deinit(&error);
}

void reload_turn(struct runner *runner)
{
    struct application *next = runner->reload.next;

    if (next && next->state == APPLICATION_LOADING)
        go_on(runner);
}

static void begin(struct runner *runner)
{
    runner->reload.next = application_create(runner);
    if (runner->reload.next)
        go_on(runner);
    else
        give_up(runner, STATUS_NO_MEMORY, TEXT(""));
}

static void reload_certificate(struct runner *runner)
{
    static const char of_script[] =
        "what a script serves lives with it, and no key and certificate are in files";
    static const char of_program[] = "no config file, no key and no certificate in files";

    use_certificate(runner);
    if (runner->options.key_path)
        log_write(&runner->log, LOG_INFO, "Reloaded key and certificate");
    else
        log_write(&runner->log, LOG_INFO, "Nothing is there to be reloaded: %s",
                  runner->world ? of_script : of_program);
    if (runner->on_reloaded)
        runner->on_reloaded(runner);
}

void runner_reload(struct runner *runner)
{
    struct buffer error;

    if (runner->stopping)
        return;
    if (!runner->started) {
        log_write(&runner->log, LOG_ERROR, "Not reloaded: it has not started yet");
        return;
    }
    reload_cancel(runner);
    buffer_init(&error, BUFFER_UNLIMITED);
    enum status status = runner_read_certificate(runner, &runner->reload.tls, &error);
    if (status != STATUS_OK)
        give_up(runner, status, buffer_text(&error));
    else if (runner->options.config_path && !runner->world) /* what lives in a script's, stays */
        begin(runner);
    else
        reload_certificate(runner);
    buffer_deinit(&error);
}

void runner_reload_after(struct runner *runner, struct tls_context *tls)
{
    if (runner->stopping) {
        tls_context_destroy(tls);
        return;
    }
    reload_cancel(runner);
    runner->reload.tls = tls;
    if (runner->options.config_path)
        begin(runner);
    else
        use_certificate(runner);
}
