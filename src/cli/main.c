#include "cli/environment.h"
#include "cli/options.h"
#include "cli/systemd.h"
#include "runner/runner.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <uv.h>

enum { EXIT_BAD_START = 2 };

/* One line on stderr, whatever the message is made of. It begins with the place it is about, where it has
 * one, so that editors find it. */
static int complain(const struct buffer *error, enum status status)
{
    if (error->length == 0)
        fputs(status_name(status), stderr);
    for (size_t i = 0; i < error->length; i++)
        fputc(error->data[i] == '\n' ? ' ' : error->data[i], stderr);
    fputc('\n', stderr);
    return EXIT_BAD_START;
}

struct program {
    uv_loop_t loop;
    uv_signal_t terminate;
    uv_signal_t interrupt;
    uv_signal_t hang_up;
    uv_timer_t watchdog;
    struct runner *runner;
    struct management *management; /* NULL with --no-management */
};

static void on_signal(uv_signal_t *handle, int number)
{
    struct program *program = handle->data;

    (void)number;
    systemd_notify("STOPPING=1");
    runner_stop(program->runner);
}

static void on_hang_up(uv_signal_t *handle, int number)
{
    struct program *program = handle->data;
    struct buffer error;

    (void)number;
    buffer_init(&error, BUFFER_UNLIMITED);
    enum status status = runner_reload(program->runner, &error);
    if (status == STATUS_OK)
        log_write(&program->runner->log, LOG_INFO, "Reloaded");
    else
        log_write(&program->runner->log, LOG_ERROR, "Not reloaded, all stays as it was: %.*s",
                  TEXT_ARGS(error.length ? buffer_text(&error) : text_from_cstr(status_name(status))));
    buffer_deinit(&error);
}

/* The loop turns: that is what the service manager's watchdog wants to hear. */
static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    systemd_notify("WATCHDOG=1");
}

static void watch_the_watchdog(struct program *program)
{
    uint64_t interval_ms = systemd_watchdog_ms() / 2;

    uv_timer_init(&program->loop, &program->watchdog);
    if (interval_ms)
        uv_timer_start(&program->watchdog, on_watchdog, interval_ms, interval_ms);
}

static void stop_watching(struct program *program)
{
    uv_close((uv_handle_t *)&program->watchdog, NULL);
    uv_close((uv_handle_t *)&program->hang_up, NULL);
    uv_close((uv_handle_t *)&program->terminate, NULL);
    uv_close((uv_handle_t *)&program->interrupt, NULL);
}

static void on_stopped(struct runner *runner)
{
    struct program *program = runner->owner;

    uv_stop(&program->loop);
}

static void watch(struct program *program, uv_signal_t *handle, int number, uv_signal_cb on_it)
{
    uv_signal_init(&program->loop, handle);
    handle->data = program;
    uv_signal_start(handle, on_it, number);
}

/* The token that the command line does not say comes from the environment, .env included. */
static enum status manage(struct program *program, const struct command_line *line, struct buffer *error)
{
    struct management_options options = line->management;
    const char *token = getenv("CONFIGURAPI_MANAGEMENT_TOKEN");

    if (line->no_management)
        return STATUS_OK;
    if (!options.token && token && *token)
        options.token = token;
    enum status status = management_open(&program->management, program->runner, &options, error);
    if (status != STATUS_OK)
        return status;
    const struct socket_address *address = management_address(program->management);
    log_write(&program->runner->log, LOG_INFO, "Management on http://%s:%u", address->host, address->port);
    return STATUS_OK;
}

static void take_sockets(struct command_line *line)
{
    struct systemd_sockets sockets = systemd_take_sockets();

    line->options.descriptor = sockets.plain;
    line->options.secure_descriptor = sockets.secure;
    line->management.descriptor = sockets.management;
}

static int serve(struct program *program, struct command_line *line, struct buffer *error)
{
    if (!line->check)
        take_sockets(line);
    enum status status = runner_create(&program->runner, &program->loop, &line->options, error);

    if (status != STATUS_OK)
        return complain(error, status);
    if (line->check) {
        printf("%s: good\n", line->options.config_path);
        if (!runner_destroy(program->runner)) { /* what a handler began as it was loaded is still at it */
            fflush(stdout);
            _Exit(EXIT_SUCCESS);
        }
        return EXIT_SUCCESS;
    }
    program->runner->owner = program;
    program->runner->on_stopped = on_stopped;
    /* First: whoever reads the start line may send a signal at once. */
    watch(program, &program->terminate, SIGTERM, on_signal);
    watch(program, &program->interrupt, SIGINT, on_signal);
    watch(program, &program->hang_up, SIGHUP, on_hang_up);
    watch_the_watchdog(program);
    int code = EXIT_SUCCESS;
    status = manage(program, line, error);
    if (status == STATUS_OK)
        status = runner_start(program->runner, error);
    if (status == STATUS_OK) {
        systemd_notify("READY=1");
        uv_run(&program->loop, UV_RUN_DEFAULT);
    } else if (status != STATUS_CLOSED) {
        code = complain(error, status);
    }
    stop_watching(program);
    management_close(program->management);
    if (!runner_destroy(program->runner))
        _Exit(code); /* handlers that never ended, or threads, go with the process */
    return code;
}

/* As many descriptors as the system lets us have: every connection is one. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int count, char **arguments)
{
    struct program program = {0};
    struct command_line line;
    struct buffer error;

    signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    setvbuf(stdout, NULL, _IOLBF, 0);
    buffer_init(&error, BUFFER_UNLIMITED);
    enum status status = command_line_parse(&line, count, arguments, &error);
    if (status == STATUS_OK && line.help) {
        fputs(command_line_help, stdout);
        return EXIT_SUCCESS;
    }
    if (status == STATUS_OK && line.version) {
        puts(CONFIGURAPI_VERSION);
        return EXIT_SUCCESS;
    }
    if (status == STATUS_OK)
        status = environment_load(".env", &error);
    if (status != STATUS_OK) {
        int code = complain(&error, status);
        buffer_deinit(&error);
        return code;
    }
    uv_loop_init(&program.loop);
    int code = serve(&program, &line, &error);
    uv_run(&program.loop, UV_RUN_DEFAULT);
    uv_loop_close(&program.loop);
    buffer_deinit(&error);
    return code;
}
