#include "cli/environment.h"
#include "cli/options.h"
#include "runner/runner.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
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
    struct runner *runner;
};

static void on_signal(uv_signal_t *handle, int number)
{
    struct program *program = handle->data;

    (void)number;
    runner_stop(program->runner);
}

static void stop_watching(struct program *program)
{
    uv_close((uv_handle_t *)&program->terminate, NULL);
    uv_close((uv_handle_t *)&program->interrupt, NULL);
}

static void on_stopped(struct runner *runner)
{
    struct program *program = runner->owner;

    uv_stop(&program->loop);
}

static void watch(struct program *program, uv_signal_t *handle, int number)
{
    uv_signal_init(&program->loop, handle);
    handle->data = program;
    uv_signal_start(handle, on_signal, number);
}

static int serve(struct program *program, const struct command_line *line, struct buffer *error)
{
    enum status status = runner_create(&program->runner, &program->loop, &line->options, error);

    if (status != STATUS_OK)
        return complain(error, status);
    if (line->check) {
        if (!runner_destroy(program->runner))
            abort(); /* no event was ever made */
        printf("%s: good\n", line->options.config_path);
        return EXIT_SUCCESS;
    }
    program->runner->owner = program;
    program->runner->on_stopped = on_stopped;
    /* First: whoever reads the start line may send a signal at once. */
    watch(program, &program->terminate, SIGTERM);
    watch(program, &program->interrupt, SIGINT);
    int code = EXIT_SUCCESS;
    status = runner_start(program->runner, error);
    if (status == STATUS_OK)
        uv_run(&program->loop, UV_RUN_DEFAULT);
    else if (status != STATUS_CLOSED)
        code = complain(error, status);
    stop_watching(program);
    if (!runner_destroy(program->runner))
        _Exit(code); /* handlers that never ended go with the process */
    return code;
}

int main(int count, char **arguments)
{
    struct program program = {0};
    struct command_line line;
    struct buffer error;

    signal(SIGPIPE, SIG_IGN);
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
