/* Log lines as a program gets them. */

#include "support/app.h"
#include "support/client.h"
#include "support/cmocka_all.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct lines {
    char text[16 * 1024]; /* "level event message\n" each */
};

static void on_log(configurapi_runner *runner, const struct configurapi_log_line *line, void *data)
{
    struct lines *lines = data;
    size_t length = strlen(lines->text);

    (void)runner;
    bool about_event = strlen(line->event_id) == 36;
    snprintf(lines->text + length, sizeof lines->text - length, "%d %s %s %s\n", (int)line->level,
             about_event ? "event" : line->event_id, line->correlation_id, line->message);
}

/* Everything that is written to standard output and standard error while `body` runs. */
static void capture(void (*body)(struct lines *lines), struct lines *lines, char *written, size_t size)
{
    char path[] = "/tmp/library-XXXXXX";
    int file = mkstemp(path);
    int kept[] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};

    fflush(stdout);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    body(lines);
    fflush(stdout);
    dup2(kept[0], STDOUT_FILENO);
    dup2(kept[1], STDERR_FILENO);
    ssize_t length = pread(file, written, size - 1, 0);
    written[length > 0 ? length : 0] = '\0';
    close(file);
    close(kept[0]);
    close(kept[1]);
    unlink(path);
}

static enum configurapi_result log_something(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    configurapi_log(event, CONFIGURAPI_LOG_INFO, "two\nlines");
    configurapi_log(event, CONFIGURAPI_LOG_DEBUG, "not let through");
    configurapi_log(event, CONFIGURAPI_LOG_NONE, "not let through");
    return configurapi_fail(event, 500, "bad luck", "");
}

static void serve_once(struct configurapi_runner_options *options)
{
    struct client client;
    configurapi_runner *runner = configurapi_runner_create(options);

    configurapi_runner_on(runner, "a", log_something, NULL);
    if (!configurapi_runner_start_thread(runner))
        abort();
    client_connect(&client, configurapi_runner_port(runner));
    client_ask(&client, "{\"name\":\"a\",\"headers\":{\"correlation-id\":\"c-1\"}}");
    client_close(&client);
    configurapi_runner_reload(runner);
    configurapi_runner_destroy(runner);
}

static void serve_with_sink(struct lines *lines)
{
    struct configurapi_runner_options options = quiet_options();

    options.log_level = CONFIGURAPI_LOG_TRACE;
    options.management = true;
    options.data = lines;
    options.on_log = on_log;
    serve_once(&options);
}

static void serve_without_sink(struct lines *lines)
{
    struct configurapi_runner_options options = quiet_options();

    (void)lines;
    options.log_level = CONFIGURAPI_LOG_INFO;
    serve_once(&options);
}

static void hands_lines_to_the_program(void **state)
{
    static struct lines lines;
    char written[4096];

    (void)state;
    capture(serve_with_sink, &lines, written, sizeof written);
    assert_string_equal(written, "");
    assert_non_null(strstr(lines.text, "2 configurapi  Management on http://127.0.0.1:"));
    assert_non_null(strstr(lines.text, "2 configurapi  Listening on ws://127.0.0.1:"));
    assert_non_null(strstr(lines.text, "2 event c-1 two lines\n"));
    assert_non_null(strstr(lines.text, "3 event c-1 Executed a policy ["));
    assert_non_null(strstr(lines.text, "1 event c-1 "));
    assert_non_null(strstr(lines.text, "bad luck"));
    assert_non_null(strstr(lines.text, "2 configurapi  Nothing is there to be reloaded: no config file, no "
                                       "key and no certificate in files\n"));
    assert_null(strstr(lines.text, "not let through"));
}

static void writes_lines_without_one(void **state)
{
    struct lines lines = {""};
    char written[4096];

    (void)state;
    capture(serve_without_sink, &lines, written, sizeof written);
    assert_non_null(strstr(written, " Info: configurapi -  - Listening on ws://127.0.0.1:"));
    assert_non_null(strstr(written, " - c-1 - two lines\n"));
    assert_null(strstr(written, "Executed"));
    assert_null(strstr(written, "not let through"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_lines_to_the_program),
        cmocka_unit_test(writes_lines_without_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
