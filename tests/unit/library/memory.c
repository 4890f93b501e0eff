/* A whole runner, whose allocations fail one after another: whoever waits gets an answer or is closed, and
 * the next one is served as if nothing had been. What JavaScriptCore, OpenSSL and libcurl allocate does not
 * fail. */

#include <configurapi-runner-ws.h>

#include "support/client.h"
#include "support/cmocka_all.h"
#include "support/failing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ALLOCATIONS = 5000 };

/* ---- the application ---- */

static char directory[] = "/tmp/memory-XXXXXX";

static const char javascript[] =
    "const { Response } = require('configurapi');\n"
    "const { StreamResponse } = require('configurapi-handler-ws');\n"
    "exports.laterHandler = async (event) => {\n"
    "  await null;\n"
    "  event.response = new Response({ got: event.payload }, 201, { its: 'own' });\n"
    "};\n"
    "exports.throwHandler = async () => { throw new Error('it has failed'); };\n"
    "exports.pushHandler = async (event) => {\n"
    "  await event.request.headers['push-function'](new Response({ pushed: event.payload }));\n"
    "};\n"
    "async function* count() { yield 'one'; await null; yield 'two'; }\n"
    "exports.countHandler = (event) => { event.response = new StreamResponse(count()); };\n"
    "exports.bigHandler = (event) => { event.response.body = 'x'.repeat(event.params.count); };\n"
    "exports.sleepHandler = () => new Promise((resolve) => setTimeout(resolve, 1));\n"
    "exports.fetchHandler = async (event) => {\n"
    "  const url = event.request.headers['postback-url'];\n"
    "  const { status } = await fetch(url, { method: 'POST', body: '\"posted\"' });\n"
    "  event.response = new Response({ status });\n"
    "};\n";

static const char configuration[] = "import: [./app.js]\n"
                                    "api:\n"
                                    "  events:\n"
                                    "    - {name: on_connect, policies: [sayHandler, laterHandler]}\n"
                                    "    - {name: on_disconnect, policies: [laterHandler]}\n"
                                    "    - {name: js, policies: [laterHandler]}\n"
                                    "    - {name: throw, policies: [throwHandler]}\n"
                                    "    - {name: push, policies: [pushHandler]}\n"
                                    "    - {name: count, policies: [countHandler]}\n"
                                    "    - {name: big, policies: [bigHandler]}\n"
                                    "    - {name: sleep, policies: [sleepHandler]}\n"
                                    "    - {name: fetch, policies: [fetchHandler]}\n"
                                    "    - {name: mixed, policies: [sayHandler, laterHandler, sayHandler]}\n"
                                    "    - {name: c, policies: [sayHandler: [1]]}\n"
                                    "    - {name: wait, policies: [waitHandler]}\n"
                                    "    - {name: stream, policies: [streamHandler]}\n"
                                    "    - {name: post, policies: [postHandler]}\n";

static const char c_only[] = "api:\n"
                             "  events:\n"
                             "    - {name: c, policies: [sayHandler: [1]]}\n"
                             "    - {name: wait, policies: [waitHandler]}\n"
                             "    - {name: stream, policies: [streamHandler]}\n"
                             "    - {name: post, policies: [postHandler]}\n";

static enum configurapi_result say(configurapi_event *event, const json_t *parameters)
{
    return configurapi_reply_printf(event, 200, "{\"parameters\":%j,\"params\":%j}", parameters,
                                    configurapi_event_params(event));
}

static enum configurapi_result go_on(configurapi_event *event, void *data)
{
    (void)data;
    return configurapi_reply_printf(event, 200, "{\"waited\":%j}", configurapi_event_payload(event));
}

static enum configurapi_result wait_a_turn(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    configurapi_resume(event, go_on, NULL);
    return CONFIGURAPI_PENDING;
}

static void ready(configurapi_stream *stream, void *data)
{
    (void)data;
    enum configurapi_status status = configurapi_stream_write(stream, "one", 3);
    if (status == CONFIGURAPI_NO_MEMORY)
        configurapi_stream_fail(stream, 500, "no memory for one");
    else
        configurapi_stream_end(stream);
}

static void ended(configurapi_stream *stream, void *data)
{
    (void)stream, (void)data;
}

static enum configurapi_result stream(configurapi_event *event, const json_t *parameters)
{
    static const struct configurapi_stream_source source = {ready, ended};

    (void)parameters;
    return configurapi_reply_stream(event, 200, &source, NULL) ? CONFIGURAPI_CONTINUE : CONFIGURAPI_FAILED;
}

static enum configurapi_result say_status(configurapi_event *event, void *data)
{
    return configurapi_reply_printf(event, 200, "{\"posted\":%s}", (const char *)data);
}

static void on_posted(int status, const char *error, void *event)
{
    (void)error;
    configurapi_resume(event, say_status, status == 200 ? "well" : "badly");
}

static enum configurapi_result post(configurapi_event *event, const json_t *parameters)
{
    configurapi_client *client = configurapi_event_client(event);
    const char *url = client ? configurapi_client_postback_url(client) : NULL;

    if (!url || configurapi_postback(configurapi_event_runtime(event), url, parameters, on_posted, event) !=
                    CONFIGURAPI_OK)
        return CONFIGURAPI_FAILED;
    return CONFIGURAPI_PENDING;
}

static void on_log(configurapi_runner *runner, const struct configurapi_log_line *line, void *data)
{
    (void)runner, (void)line, (void)data;
}

/* NULL where memory is out. */
static configurapi_runner *make_runner(const char *config)
{
    struct configurapi_runner_options options;

    configurapi_runner_options_init(&options, sizeof options);
    options.host = "127.0.0.1";
    options.port = 0;
    options.management = true;
    options.management_port = 0;
    options.on_log = on_log;
    options.directory = directory;
    options.config_text = config;
    configurapi_runner *runner = configurapi_runner_create(&options);
    if (runner && configurapi_runner_handler(runner, "sayHandler", say, NULL) &&
        configurapi_runner_handler(runner, "waitHandler", wait_a_turn, NULL) &&
        configurapi_runner_handler(runner, "streamHandler", stream, NULL) &&
        configurapi_runner_handler(runner, "postHandler", post, NULL))
        return runner;
    configurapi_runner_destroy(runner);
    return NULL;
}

static configurapi_runner *start_runner(const char *config)
{
    configurapi_runner *runner = make_runner(config);

    if (!configurapi_runner_start_thread(runner))
        fail_msg("%s", configurapi_runner_error(runner));
    return runner;
}

/* ---- starting ---- */

/* It starts, or says why it does not; and all is freed. */
static void start_with_failures(const char *config, long step)
{
    bool failed = true;

    for (long index = 0; failed; index += step) {
        assert_in_range(index, 0, MOST_ALLOCATIONS);
        failing_begin(index);
        configurapi_runner *runner = make_runner(config);
        bool is_started = runner && configurapi_runner_start_thread(runner);
        failed = failing_end();
        assert_true(is_started || failed);
        if (!is_started)
            assert_string_not_equal(configurapi_runner_error(runner), "");
        assert_true(configurapi_runner_destroy(runner));
    }
}

static void starts(void **state)
{
    (void)state;
    start_with_failures(c_only, 1);
}

static void starts_with_javascript(void **state)
{
    (void)state;
    start_with_failures(configuration, 3);
}

/* ---- serving ---- */

enum { MOST_ANSWERS = 4 };

/* What a client asks, and a text that each answer holds. */
struct visit {
    const char *ask;
    const char *answers[MOST_ANSWERS];
    long step; /* how many allocations are passed over each time, where it is a runner of its own */
};

static const struct visit visits[] = {
    {"{\"name\":\"js\",\"payload\":{\"a\":[1]},\"headers\":{\"message-id\":\"m\"}}",
     {"{\"statusCode\":201,\"headers\":{\"message-id\":\"m\",\"its\":\"own\"},"
      "\"body\":{\"got\":{\"a\":[1]}}}"},
     2},
    {"{\"name\":\"throw\"}", {"it has failed"}, 3},
    {"{\"name\":\"push\",\"payload\":[1]}", {"{\"pushed\":[1]}", "\"statusCode\":200"}, 3},
    {"{\"name\":\"count\"}", {"\"one\"", "\"two\"", "\"done\""}, 3},
    {"{\"name\":\"big\",\"params\":{\"count\":50000}}", {"xxxxxxxx"}, 5},
    {"{\"name\":\"sleep\"}", {"\"statusCode\":200"}, 5},
    {"{\"name\":\"fetch\"}", {"\"posted\"", "{\"status\":200}"}, 31},
    {"{\"name\":\"mixed\",\"payload\":3}", {"{\"parameters\":[]"}, 5},
    {"{\"name\":\"c\",\"params\":{\"p\":2}}", {"{\"parameters\":[1],\"params\":{\"p\":2}}"}, 1},
    {"{\"name\":\"wait\",\"payload\":[2]}", {"{\"waited\":[2]}"}, 1},
    {"{\"name\":\"stream\"}", {"\"one\"", "\"done\""}, 1},
    {"{\"name\":\"post\"}", {"[]", "{\"posted\":\"well\"}"}, 1},
    {"{\"name\":\"nobody\"}", {"\"statusCode\":501"}, 1},
    {"{\"name\":", {"\"statusCode\":501"}, 1},
};

enum { OF_JAVASCRIPT = 8, ALL = sizeof visits / sizeof *visits };

/* Whether all answers came; *last is what came last, NULL where it was the connection's end. */
static bool visit_runner(const struct visit *visit, configurapi_runner *runner, const char **last)
{
    static struct client client;
    bool is_good = true;

    *last = NULL;
    if (!client_try_connect(&client, configurapi_runner_port(runner))) {
        client_close(&client);
        return false;
    }
    client_send(&client, visit->ask);
    for (size_t i = 0; is_good && i < MOST_ANSWERS && visit->answers[i]; i++) {
        *last = client_next(&client);
        is_good = *last && strstr(*last, visit->answers[i]);
    }
    client_close(&client);
    return is_good;
}

/* One visit during which that allocation fails, and another. Whether there was such an allocation. */
static bool fail_once(const struct visit *visit, configurapi_runner *runner, long index)
{
    const char *last;

    assert_in_range(index, 0, MOST_ALLOCATIONS);
    failing_begin(index);
    bool is_good = visit_runner(visit, runner, &last);
    bool failed = failing_end();
    if (!is_good && !failed)
        fail_msg("%s: %s", visit->ask, last ? last : "closed");
    if (!visit_runner(visit, runner, &last))
        fail_msg("%s, after allocation %ld: %s", visit->ask, index, last ? last : "closed");
    return failed;
}

/* One that has served before has much of what it needs. */
static void serve(const char *config, const struct visit *first, size_t count)
{
    configurapi_runner *runner = start_runner(config);
    const char *last;

    for (size_t i = 0; i < count; i++) {
        visit_runner(&first[i], runner, &last);
        for (long index = 0; fail_once(&first[i], runner, index); index++)
            ;
    }
    assert_true(configurapi_runner_destroy(runner));
}

static void serve_for_the_first_time(const char *config, const struct visit *first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool failed = true;
        for (long index = 0; failed; index += first[i].step) {
            configurapi_runner *runner = start_runner(config);
            failed = fail_once(&first[i], runner, index);
            assert_true(configurapi_runner_destroy(runner));
        }
    }
}

static void serves(void **state)
{
    (void)state;
    serve(c_only, visits + OF_JAVASCRIPT, ALL - OF_JAVASCRIPT);
}

static void serves_for_the_first_time(void **state)
{
    (void)state;
    serve_for_the_first_time(c_only, visits + OF_JAVASCRIPT, ALL - OF_JAVASCRIPT);
}

static void serves_javascript(void **state)
{
    (void)state;
    serve(configuration, visits, ALL);
}

static void serves_javascript_for_the_first_time(void **state)
{
    (void)state;
    serve_for_the_first_time(configuration, visits, OF_JAVASCRIPT);
}

/* ---- managing ---- */

static const char *const requests[] = {"GET /@connections", "GET /metrics", "GET /health"};

static void is_managed(void **state)
{
    configurapi_runner *runner = start_runner(c_only);
    uint16_t port = configurapi_runner_management_port(runner);
    static char answer[64 * 1024];

    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        bool failed = true;
        for (long index = 0; failed; index++) {
            assert_in_range(index, 0, MOST_ALLOCATIONS);
            failing_begin(index);
            client_http(port, requests[i], answer, sizeof answer);
            failed = failing_end();
            client_http(port, requests[i], answer, sizeof answer);
            assert_memory_equal(answer, "HTTP/1.1 200 ", 13);
        }
    }
    assert_true(configurapi_runner_destroy(runner));
}

static int make_application(void **state)
{
    char path[64];

    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/app.js", directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(javascript, file);
    fclose(file);
    return 0;
}

static int remove_application(void **state)
{
    char command[64];

    (void)state;
    snprintf(command, sizeof command, "rm -r %s", directory);
    return system(command);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest in_c[] = {
        cmocka_unit_test(starts),
        cmocka_unit_test(serves),
        cmocka_unit_test(serves_for_the_first_time),
        cmocka_unit_test(is_managed),
    };
    const struct CMUnitTest in_javascript[] = {
        cmocka_unit_test(starts_with_javascript),
        cmocka_unit_test(serves_javascript),
        cmocka_unit_test(serves_javascript_for_the_first_time),
    };

    if (argc > 1 && strcmp(argv[1], "javascript") == 0)
        return cmocka_run_group_tests(in_javascript, make_application, remove_application);
    return cmocka_run_group_tests(in_c, make_application, remove_application);
}
