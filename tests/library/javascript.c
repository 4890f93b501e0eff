/* JavaScript beside the program's own handlers, in two runners on two threads. */

#include "support/app.h"
#include "support/client.h"
#include "support/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/library-XXXXXX";

static void write_file(const char *name, const char *text)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int make_application(void **state)
{
    char path[128];

    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/handlers", directory);
    mkdir(path, 0700);
    write_file("handlers/app.js", "let count = 0;\n"
                                  "exports.countHandler = async function (event) {\n"
                                  "  await null;\n"
                                  "  console.log('counted\\n', ++count);\n"
                                  "  console.error('twice');\n"
                                  "  event.response.body = { ...event.response.body, count };\n"
                                  "};\n");
    write_file("config.yaml",
               "api:\n  events:\n    - name: a\n      policies: [mineHandler, countHandler]\n");
    return 0;
}

static int remove_application(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -r %s", directory);
    return system(command);
}

static void on_log(configurapi_runner *runner, const struct configurapi_log_line *line, void *data)
{
    (void)runner;
    if (strcmp(line->event_id, "console") == 0)
        snprintf((char *)data + strlen(data), 256, "%d %s;", (int)line->level, line->message);
}

static void mixes_with_handlers_of_the_program(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    char paths[2][64];
    char console[2][1024] = {"", ""};
    configurapi_runner *runners[2];
    struct client client;

    (void)state;
    snprintf(paths[0], sizeof paths[0], "%s/config.yaml", directory);
    for (size_t i = 0; i < 2; i++) {
        options.config_path = paths[0];
        options.on_log = on_log;
        options.data = console[i];
        runners[i] = configurapi_runner_create(&options);
        assert_true(
            configurapi_runner_handler(runners[i], "mineHandler", say, i ? "{\"r\":1}" : "{\"r\":0}"));
        if (!configurapi_runner_start_thread(runners[i]))
            fail_msg("%s", configurapi_runner_error(runners[i]));
    }
    client_connect(&client, configurapi_runner_port(runners[0]));
    assert_string_equal(client_ask(&client, ASK("a")), REPLY("{\"r\":0,\"count\":1}"));
    assert_string_equal(client_ask(&client, ASK("a")), REPLY("{\"r\":0,\"count\":2}"));
    client_close(&client);
    client_connect(&client, configurapi_runner_port(runners[1]));
    assert_string_equal(client_ask(&client, ASK("a")), REPLY("{\"r\":1,\"count\":1}"));
    client_close(&client);
    for (size_t i = 0; i < 2; i++)
        assert_true(configurapi_runner_destroy(runners[i]));
    assert_string_equal(console[0], "2 counted 1;1 twice;2 counted 2;1 twice;");
    assert_string_equal(console[1], "2 counted 1;1 twice;");
}

static void looks_up_handlers_beside_a_text(void **state)
{
    struct configurapi_runner_options options = quiet_options();

    (void)state;
    options.config_text = "api: {events: [{name: a, policies: [countHandler]}]}";
    options.directory = directory;
    configurapi_runner *runner = configurapi_runner_create(&options);
    assert_true(configurapi_runner_check(runner));
    assert_true(configurapi_runner_destroy(runner));
    options.directory = NULL;
    runner = configurapi_runner_create(&options);
    assert_false(configurapi_runner_check(runner));
    assert_non_null(strstr(configurapi_runner_error(runner), "no handler is named 'countHandler'"));
    assert_true(configurapi_runner_destroy(runner));
}

static void says_what_a_module_waits_for_in_vain(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    char path[128];

    (void)state;
    write_file("waits.mjs", "await new Promise(() => {});\n");
    snprintf(path, sizeof path, "%s", directory);
    options.directory = path;
    options.config_text = "import: [./waits.mjs]\napi: {events: []}";
    configurapi_runner *runner = configurapi_runner_create(&options);
    assert_false(configurapi_runner_check(runner));
    assert_false(configurapi_runner_start_thread(runner));
    assert_non_null(
        strstr(configurapi_runner_error(runner), "its top-level await waits for what will never come"));
    assert_true(configurapi_runner_destroy(runner));
}

static void *stop_soon(void *runner)
{
    usleep(50 * 1000);
    configurapi_runner_stop(runner);
    return NULL;
}

static void stops_while_a_module_waits(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    pthread_t thread;

    (void)state;
    write_file("sleeps.mjs", "await new Promise((resolve) => setTimeout(resolve, 1e9));\n");
    options.directory = directory;
    options.config_text = "import: [./sleeps.mjs]\napi: {events: []}";
    configurapi_runner *runner = configurapi_runner_create(&options);
    pthread_create(&thread, NULL, stop_soon, runner);
    assert_false(configurapi_runner_run(runner));
    assert_string_equal(configurapi_runner_error(runner), "it was stopped before it listened");
    pthread_join(thread, NULL);
    assert_true(configurapi_runner_destroy(runner));
}

/* Has a handler begin to read a pipe, and ends the runner; whether all of it could be freed. */
static bool read_and_destroy(void)
{
    struct configurapi_runner_options options = quiet_options();
    struct client client;

    options.directory = directory;
    options.config_text = "import: [./reads.js]\napi: {events: [{name: read, policies: [readHandler]}]}";
    configurapi_runner *runner = configurapi_runner_create(&options);
    if (!configurapi_runner_start_thread(runner))
        fail_msg("%s", configurapi_runner_error(runner));
    client_connect(&client, configurapi_runner_port(runner));
    assert_string_equal(client_ask(&client, ASK("read")), REPLY("\"reading\""));
    client_close(&client);
    return configurapi_runner_destroy(runner);
}

/* A thread of the pool opens a pipe that nobody writes to: the end does not wait for it. */
static void ends_without_work_that_does_not(void **state)
{
    char pipe[128];
    int writer;

    (void)state;
    snprintf(pipe, sizeof pipe, "%s/pipe", directory);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    write_file("reads.js", "exports.readHandler = (event) => {\n"
                           "  require('fs').readFile(require('path').join(__dirname, 'pipe'), () => {});\n"
                           "  event.response.body = 'reading';\n"
                           "};\n");
    for (int i = 0; read_and_destroy(); i++) /* its thread had not begun: that is taken back */
        assert_true(i < 100);
    while ((writer = open(pipe, O_WRONLY | O_NONBLOCK)) < 0)
        assert_int_equal(errno, ENXIO);
    close(writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mixes_with_handlers_of_the_program),
        cmocka_unit_test(looks_up_handlers_beside_a_text),
        cmocka_unit_test(says_what_a_module_waits_for_in_vain),
        cmocka_unit_test(stops_while_a_module_waits),
        cmocka_unit_test(ends_without_work_that_does_not),
    };

    return cmocka_run_group_tests(tests, make_application, remove_application);
}
