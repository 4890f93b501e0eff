#include "cli/options.h"
#include "cli/systemd.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <uv.h>

enum { EXIT_BAD_START = 2 };

/* One line on stderr, whatever the message is made of. It begins with the place it is about, where it has
 * one, so that editors find it. */
static int complain(const char *error)
{
    for (; *error; error++)
        fputc(*error == '\n' ? ' ' : *error, stderr);
    fputc('\n', stderr);
    return EXIT_BAD_START;
}

struct program {
    uv_loop_t loop;
    uv_timer_t watchdog;
    struct systemd systemd;
    int code;
};

static void on_started(configurapi_runner *runner, const char *error, void *data)
{
    struct program *program = data;

    (void)runner;
    if (error)
        program->code = complain(error);
    else
        systemd_notify(&program->systemd, "READY=1");
}

static void on_stopping(configurapi_runner *runner, void *data)
{
    const struct program *program = data;

    (void)runner;
    systemd_notify(&program->systemd, "STOPPING=1");
}

/* Threads that are still at work for handlers do not keep the program. */
static void on_stopped(configurapi_runner *runner, void *data)
{
    struct program *program = data;

    (void)runner;
    uv_stop(&program->loop);
}

/* The loop turns: that is what the service manager's watchdog wants to hear. */
static void on_watchdog(uv_timer_t *timer)
{
    const struct program *program = timer->data;

    systemd_notify(&program->systemd, "WATCHDOG=1");
}

static void watch_the_watchdog(struct program *program)
{
    uint64_t interval_ms = program->systemd.watchdog_ms / 2;

    uv_timer_init(&program->loop, &program->watchdog);
    uv_unref((uv_handle_t *)&program->watchdog);
    program->watchdog.data = program;
    if (interval_ms)
        uv_timer_start(&program->watchdog, on_watchdog, interval_ms, interval_ms);
}

static void serve(struct program *program, configurapi_runner *runner)
{
    uv_loop_init(&program->loop);
    watch_the_watchdog(program);
    if (!configurapi_runner_start(runner, &program->loop))
        program->code = complain(configurapi_runner_error(runner));
    uv_run(&program->loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&program->watchdog, NULL);
    uv_run(&program->loop, UV_RUN_NOWAIT);
    uv_loop_close(&program->loop); /* not, where a thread is still at work for a handler */
}

static int check(configurapi_runner *runner, const char *config_path)
{
    if (!configurapi_runner_check(runner))
        return complain(configurapi_runner_error(runner));
    printf("%s: good\n", config_path);
    return EXIT_SUCCESS;
}

static void use_sockets(struct configurapi_runner_options *options, const struct systemd_sockets *sockets)
{
    options->descriptor = sockets->plain;
    options->secure_descriptor = sockets->secure;
    options->management_descriptor = sockets->management;
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

static int run(struct command_line *line)
{
    struct program program = {.code = EXIT_SUCCESS};
    struct configurapi_runner_options *options = &line->options;

    options->env_path = ".env";
    options->signals = true;
    options->data = &program;
    options->on_started = on_started;
    options->on_stopping = on_stopping;
    options->on_stopped = on_stopped;
    systemd_take(&program.systemd);
    if (!line->check)
        use_sockets(options, &program.systemd.sockets);
    configurapi_runner *runner = configurapi_runner_create(options);
    if (!runner)
        return complain(configurapi_runner_error(runner));
    if (line->check)
        program.code = check(runner, options->config_path);
    else
        serve(&program, runner);
    if (!configurapi_runner_destroy(runner))
        _Exit(program.code); /* handlers that never ended go with the process */
    return program.code;
}

int main(int count, char **arguments)
{
    struct command_line line;
    struct buffer error;

    raise_descriptor_limit();
    setvbuf(stdout, NULL, _IOLBF, 0);
    buffer_init(&error, BUFFER_UNLIMITED);
    if (command_line_parse(&line, count, arguments, &error) != STATUS_OK) {
        int code = complain(error.length ? error.data : "out of memory");
        buffer_deinit(&error);
        return code;
    }
    if (line.help) {
        fputs(command_line_help, stdout);
        return EXIT_SUCCESS;
    }
    if (line.version) {
        puts(configurapi_runner_version());
        return EXIT_SUCCESS;
    }
    return run(&line);
}
