/* JavaScript beside the program's own handlers, in two runners on two threads. */

#include "support/app.h"
#include "support/client.h"
#include "support/cmocka_all.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mixes_with_handlers_of_the_program),
        cmocka_unit_test(looks_up_handlers_beside_a_text),
    };

    return cmocka_run_group_tests(tests, make_application, remove_application);
}
