#include "cli/options.h"
#include "cli/scripting.h"
#include "cli/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

enum { EXIT_BAD_START = 2 };

static const char env_path[] = ".env";

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
    uv_timer_t watchdog;
    struct systemd systemd;
    bool watched;
};

/* The loop turns: that is what the service manager's watchdog wants to hear. */
static void on_watchdog(uv_timer_t *timer)
{
    const struct program *program = timer->data;

    systemd_notify(&program->systemd, "WATCHDOG=1");
}

static void watch_the_watchdog(struct program *program, uv_loop_t *loop)
{
    uint64_t interval_ms = program->systemd.watchdog_ms / 2;

    if (!interval_ms)
        return;
    uv_timer_init(loop, &program->watchdog);
    program->watchdog.data = program;
    uv_unref((uv_handle_t *)&program->watchdog); /* it is no reason to go on */
    uv_timer_start(&program->watchdog, on_watchdog, interval_ms, interval_ms);
    program->watched = true;
}

static void tell_serving(void *data, uv_loop_t *loop)
{
    struct program *program = data;

    systemd_notify(&program->systemd, "READY=1");
    watch_the_watchdog(program, loop);
}

static void tell_stopping(void *data)
{
    const struct program *program = data;

    systemd_notify(&program->systemd, "STOPPING=1");
}

static void leave_loop(void *data)
{
    struct program *program = data;

    if (program->watched)
        uv_close((uv_handle_t *)&program->watchdog, NULL);
}

static void on_started(configurapi_runner *runner, const char *error, void *data)
{
    if (!error) /* configurapi_runner_run() says so too */
        tell_serving(data, configurapi_runner_loop(runner));
}

static void on_stopping(configurapi_runner *runner, void *data)
{
    (void)runner;
    tell_stopping(data);
}

static void on_stopped(configurapi_runner *runner, void *data)
{
    (void)runner;
    leave_loop(data);
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

/* Where the standard descriptors were closed, sockets and pipes would get their numbers, and log lines. */
static bool fill_standard_descriptors(void)
{
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) != descriptor)
            return false;
    return true;
}

/* Handlers that never ended, or threads, go with the process. */
static int end(int code, bool clean)
{
    if (clean)
        return code;
    fflush(stdout);
    _Exit(code);
}

static int run_config(struct command_line *line, struct program *program)
{
    int code = EXIT_SUCCESS;
    struct configurapi_runner_options *options = &line->options;

    options->env_path = env_path;
    options->signals = true;
    options->data = program;
    options->on_started = on_started;
    options->on_stopping = on_stopping;
    options->on_stopped = on_stopped;
    configurapi_runner *runner = configurapi_runner_create(options);
    if (!runner)
        return complain(configurapi_runner_error(runner));
    if (line->check)
        code = check(runner, options->config_path);
    else if (!configurapi_runner_run(runner))
        code = complain(configurapi_runner_error(runner));
    return end(code, configurapi_runner_destroy(runner));
}

static int run_script(struct command_line *line, struct program *program)
{
    const struct scripting scripting = {.line = line,
                                        .env_path = env_path,
                                        .on_serving = tell_serving,
                                        .on_stopping = tell_stopping,
                                        .on_end = leave_loop,
                                        .data = program};
    int code = EXIT_SUCCESS;
    bool clean;
    struct buffer error;

    buffer_init(&error, BUFFER_UNLIMITED);
    if (scripting_run(&scripting, &code, &clean, &error) != STATUS_OK)
        code = complain(error.length > 0 ? error.data : "out of memory");
    buffer_deinit(&error);
    return end(code, clean);
}

static void on_early_stop(int number)
{
    (void)number;
    _exit(EXIT_SUCCESS);
}

static void on_early_end(int number)
{
    _exit(128 + number); /* as shells say it; a check that has found nothing yet is not good */
}

static void on_early_reload(int number)
{
    (void)number; /* it is being loaded */
}

/* Until there is a loop that watches signals, which takes as long as handlers load. The system's own ways
 * would be that SIGHUP ends the process, and that SIGTERM does not, where it is a container's first. */
static void handle_early_signals(bool check)
{
    struct sigaction action = {.sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    action.sa_handler = check ? on_early_end : on_early_stop;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    action.sa_handler = on_early_reload;
    sigaction(SIGHUP, &action, NULL);
}

static int run(struct command_line *line)
{
    struct program program = {.watched = false};

    handle_early_signals(line->check);
    systemd_take(&program.systemd);
    if (!line->check)
        use_sockets(&line->options, &program.systemd.sockets);
    return line->script ? run_script(line, &program) : run_config(line, &program);
}

int main(int count, char **arguments)
{
    struct command_line line;
    struct buffer error;

    if (!fill_standard_descriptors())
        return complain("/dev/null cannot be opened, and is needed where a standard descriptor is closed");
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
