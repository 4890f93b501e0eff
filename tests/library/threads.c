/* Runners on threads of their own. */

#include "support/app.h"
#include "support/client.h"
#include "support/cmocka_all.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

static configurapi_runner *start(const struct configurapi_runner_options *options, const char *event,
                                 configurapi_handler handler, void *data)
{
    configurapi_runner *runner = configurapi_runner_create(options);

    assert_non_null(runner);
    assert_true(configurapi_runner_on(runner, event, handler, data));
    if (!configurapi_runner_start_thread(runner))
        fail_msg("%s", configurapi_runner_error(runner));
    return runner;
}

static void answers(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    struct client client;

    (void)state;
    configurapi_runner *runner = start(&options, "a", say, "{\"x\":1}");
    uint16_t port = configurapi_runner_port(runner);
    assert_int_not_equal(port, 0);
    assert_int_equal(configurapi_runner_secure_port(runner), 0);
    assert_int_equal(configurapi_runner_management_port(runner), 0);
    client_connect(&client, port);
    assert_string_equal(client_ask(&client, ASK("a")), REPLY("{\"x\":1}"));
    assert_non_null(strstr(client_ask(&client, ASK("b")), "\"statusCode\":501"));
    configurapi_runner_stop(runner);
    assert_int_equal(client_wait_for_close(&client), 1001);
    client_close(&client);
    configurapi_runner_wait(runner);
    assert_int_equal(configurapi_runner_port(runner), 0);
    assert_false(client_can_connect(port));
    configurapi_runner_stop(runner); /* of no effect, like these */
    configurapi_runner_reload(runner);
    configurapi_runner_wait(runner);
    assert_true(configurapi_runner_destroy(runner));
}

/* Puts its `data` behind the body as it stands. */
static enum configurapi_result add(configurapi_event *event, const json_t *parameters)
{
    char body[32];

    (void)parameters;
    snprintf(body, sizeof body, "%s%s", json_string_value(configurapi_response_body(event)),
             (const char *)configurapi_data(event));
    return configurapi_reply_printf(event, 200, "%s", body);
}

static enum configurapi_result reply_with_payload(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    configurapi_reply(event, 201, configurapi_event_payload(event));
    return CONFIGURAPI_CONTINUE;
}

static enum configurapi_result reply_the_same(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    configurapi_reply(event, 200, configurapi_response_body(event));
    return CONFIGURAPI_CONTINUE;
}

static void answers_with_what_it_has_read(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    configurapi_runner *runner = configurapi_runner_create(&options);
    struct client client;

    (void)state;
    assert_true(configurapi_runner_on(runner, "a", reply_with_payload, NULL));
    assert_true(configurapi_runner_on(runner, "a", reply_the_same, NULL));
    assert_true(configurapi_runner_start_thread(runner));
    client_connect(&client, configurapi_runner_port(runner));
    assert_string_equal(client_ask(&client, "{\"name\":\"a\",\"payload\":[1,{\"b\":2}]}"),
                        REPLY("[1,{\"b\":2}]"));
    assert_string_equal(client_ask(&client, ASK("a")), REPLY("\"\""));
    client_close(&client);
    assert_true(configurapi_runner_destroy(runner));
}

/* A response's own body, which nobody else has a reference of. */
static enum configurapi_result reply_with_own(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    configurapi_reply_printf(event, 201, "[%d]", 1);
    return reply_the_same(event, parameters);
}

static void answers_with_the_response_s_own_body(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    struct client client;

    (void)state;
    configurapi_runner *runner = start(&options, "a", reply_with_own, NULL);
    client_connect(&client, configurapi_runner_port(runner));
    assert_string_equal(client_ask(&client, ASK("a")), REPLY("[1]"));
    client_close(&client);
    assert_true(configurapi_runner_destroy(runner));
}

static void runs_an_event_s_handlers_in_order(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    configurapi_runner *runner = configurapi_runner_create(&options);
    struct client client;

    (void)state;
    assert_true(configurapi_runner_on(runner, "a \"b\" \n", add, "1"));
    assert_true(configurapi_runner_on(runner, "other", add, "other"));
    assert_true(configurapi_runner_on(runner, "a \"b\" \n", add, "2"));
    assert_true(configurapi_runner_on(runner, "a \"b\" \n", add, "3"));
    assert_true(configurapi_runner_on(runner, "catchall", add, "all"));
    assert_true(configurapi_runner_start_thread(runner));
    client_connect(&client, configurapi_runner_port(runner));
    assert_string_equal(client_ask(&client, ASK("a \\\"b\\\" \\n")), REPLY("\"123\""));
    assert_string_equal(client_ask(&client, ASK("other")), REPLY("\"other\""));
    assert_string_equal(client_ask(&client, ASK("a")), REPLY("\"all\""));
    client_close(&client);
    assert_true(configurapi_runner_destroy(runner));
}

static enum configurapi_result tell_parameters(configurapi_event *event, const json_t *parameters)
{
    return configurapi_reply_printf(event, 200, "%j", parameters);
}

static void serves_a_text(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    char text[] = "api:\n  events:\n    - name: a\n      policies:\n        - mineHandler: [1, two]\n";
    struct client client;

    (void)state;
    options.config_text = text;
    configurapi_runner *runner = configurapi_runner_create(&options);
    memset(text, 'x', sizeof text - 1); /* it has a copy */
    assert_true(configurapi_runner_handler(runner, "mineHandler", tell_parameters, NULL));
    assert_true(configurapi_runner_start_thread(runner));
    client_connect(&client, configurapi_runner_port(runner));
    assert_string_equal(client_ask(&client, ASK("a")), REPLY("[1,\"two\"]"));
    client_close(&client);
    assert_true(configurapi_runner_destroy(runner));
}

/* Two at once, each with what is its own, and one goes on when the other has stopped. */
static void lives_beside_another(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    struct client clients[2];

    (void)state;
    configurapi_runner *runners[] = {start(&options, "a", say, "1"), start(&options, "a", say, "2")};
    for (size_t i = 0; i < 2; i++)
        client_connect(&clients[i], configurapi_runner_port(runners[i]));
    for (int round = 0; round < 100; round++) {
        assert_string_equal(client_ask(&clients[0], ASK("a")), REPLY("1"));
        assert_string_equal(client_ask(&clients[1], ASK("a")), REPLY("2"));
    }
    configurapi_runner_stop(runners[0]);
    assert_int_equal(client_wait_for_close(&clients[0]), 1001);
    client_close(&clients[0]);
    assert_true(configurapi_runner_destroy(runners[0]));
    assert_string_equal(client_ask(&clients[1], ASK("a")), REPLY("2"));
    client_close(&clients[1]);
    assert_true(configurapi_runner_destroy(runners[1]));
}

static enum configurapi_result stop_it(configurapi_event *event, const json_t *parameters)
{
    configurapi_runner **runner = configurapi_data(event);

    (void)parameters;
    configurapi_runner_stop(*runner);
    return configurapi_reply_printf(event, 200, "\"bye\"");
}

static void is_stopped_by_a_handler(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    configurapi_runner *runner = configurapi_runner_create(&options);
    struct client client;

    (void)state;
    assert_true(configurapi_runner_on(runner, "stop", stop_it, &runner));
    assert_true(configurapi_runner_start_thread(runner));
    client_connect(&client, configurapi_runner_port(runner));
    assert_string_equal(client_ask(&client, ASK("stop")), REPLY("\"bye\""));
    assert_int_equal(client_wait_for_close(&client), 1001);
    client_close(&client);
    configurapi_runner_wait(runner);
    assert_true(configurapi_runner_destroy(runner));
}

/* ---- later, and from other threads ---- */

struct slow {
    pthread_t threads[64];
    size_t count;
};

static enum configurapi_result answer_late(configurapi_event *event, void *data)
{
    (void)data;
    return configurapi_reply_printf(event, 200, "\"late\"");
}

static void *resume(void *event)
{
    configurapi_resume(event, answer_late, NULL);
    return NULL;
}

static enum configurapi_result take_time(configurapi_event *event, const json_t *parameters)
{
    struct slow *slow = configurapi_data(event);

    (void)parameters;
    pthread_create(&slow->threads[slow->count++], NULL, resume, event);
    return CONFIGURAPI_PENDING;
}

static void goes_on_from_another_thread(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    struct slow slow = {.count = 0};
    struct client client;

    (void)state;
    configurapi_runner *runner = start(&options, "slow", take_time, &slow);
    client_connect(&client, configurapi_runner_port(runner));
    for (int i = 0; i < 64; i++)
        client_send(&client, ASK("slow"));
    for (int i = 0; i < 64; i++)
        assert_string_equal(client_next(&client), REPLY("\"late\""));
    client_close(&client);
    /* At once: who resumed last may still be about to return. */
    assert_true(configurapi_runner_destroy(runner));
    for (size_t i = 0; i < slow.count; i++)
        pthread_join(slow.threads[i], NULL);
}

struct kept {
    configurapi_client *client;
    sem_t has_it;
};

static enum configurapi_result keep(configurapi_event *event, const json_t *parameters)
{
    struct kept *kept = configurapi_data(event);

    (void)parameters;
    kept->client = configurapi_client_ref(configurapi_event_client(event));
    sem_post(&kept->has_it);
    configurapi_reply_nothing(event);
    return CONFIGURAPI_CONTINUE;
}

static void push_and_forget(void *data)
{
    struct kept *kept = data;

    configurapi_push_text(kept->client, CONFIGURAPI_TEXT("pushed"));
    configurapi_client_unref(kept->client);
}

static void pushes_from_another_thread(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    struct kept kept;
    struct client client;

    (void)state;
    sem_init(&kept.has_it, 0, 0);
    configurapi_runner *runner = configurapi_runner_create(&options);
    assert_true(configurapi_runner_on(runner, "keep", keep, &kept));
    assert_false(configurapi_runner_post(runner, push_and_forget, &kept));
    assert_true(configurapi_runner_start_thread(runner));
    client_connect(&client, configurapi_runner_port(runner));
    client_send(&client, ASK("keep"));
    sem_wait(&kept.has_it);
    assert_true(configurapi_runner_post(runner, push_and_forget, &kept));
    assert_string_equal(client_next(&client), "pushed");
    client_close(&client);
    configurapi_runner_stop(runner);
    configurapi_runner_wait(runner);
    assert_false(configurapi_runner_post(runner, push_and_forget, &kept));
    assert_true(configurapi_runner_destroy(runner));
    sem_destroy(&kept.has_it);
}

/* ---- on_start ---- */

static enum configurapi_result fail_start(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    return configurapi_fail(event, 500, "not today", "");
}

static void tells_that_on_start_failed(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    configurapi_runner *runner = configurapi_runner_create(&options);

    (void)state;
    assert_true(configurapi_runner_on(runner, "on_start", fail_start, NULL));
    assert_false(configurapi_runner_start_thread(runner));
    assert_string_equal(configurapi_runner_error(runner), "on_start failed: not today");
    assert_true(configurapi_runner_destroy(runner));
}

static enum configurapi_result fail_late(configurapi_event *event, void *data)
{
    (void)data;
    return configurapi_fail(event, 500, "tomorrow", "");
}

static void *resume_failing(void *event)
{
    configurapi_resume(event, fail_late, NULL);
    return NULL;
}

static enum configurapi_result fail_later(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    pthread_create(configurapi_data(event), NULL, resume_failing, event);
    return CONFIGURAPI_PENDING;
}

static void waits_for_on_start(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    struct slow slow = {.count = 0};
    pthread_t failing;

    (void)state;
    configurapi_runner *runner = start(&options, "on_start", take_time, &slow);
    assert_true(client_can_connect(configurapi_runner_port(runner)));
    assert_true(configurapi_runner_destroy(runner));
    pthread_join(slow.threads[0], NULL);

    runner = configurapi_runner_create(&options);
    assert_true(configurapi_runner_on(runner, "on_start", fail_later, &failing));
    assert_false(configurapi_runner_start_thread(runner));
    assert_string_equal(configurapi_runner_error(runner), "on_start failed: tomorrow");
    assert_true(configurapi_runner_destroy(runner));
    pthread_join(failing, NULL);
}

/* ---- a connection's end ---- */

struct guest {
    sem_t has_come;
    configurapi_event *event; /* of on_connect, which waits */
    atomic_int goodbyes;
};

static enum configurapi_result let_wait(configurapi_event *event, const json_t *parameters)
{
    struct guest *guest = configurapi_data(event);

    (void)parameters;
    guest->event = event;
    sem_post(&guest->has_come);
    return CONFIGURAPI_PENDING;
}

static enum configurapi_result say_goodbye(configurapi_event *event, const json_t *parameters)
{
    struct guest *guest = configurapi_data(event);

    (void)parameters;
    atomic_fetch_add(&guest->goodbyes, configurapi_client_is_gone(configurapi_event_client(event)));
    return CONFIGURAPI_CONTINUE;
}

static void tells_of_a_connection_s_end(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    struct guest guest = {.goodbyes = 0};
    struct client client;

    (void)state;
    configurapi_runner *runner = start(&options, "on_disconnect", say_goodbye, &guest);
    client_connect(&client, configurapi_runner_port(runner));
    client_close(&client);
    client_connect(&client, configurapi_runner_port(runner));
    assert_non_null(client_ask(&client, ASK("nobody")));
    configurapi_runner_stop(runner);
    client_wait_for_close(&client);
    client_close(&client);
    assert_true(configurapi_runner_destroy(runner));
    assert_int_equal(guest.goodbyes, 2);
}

static void tells_of_the_end_of_one_that_was_not_open_yet(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    configurapi_runner *runner = configurapi_runner_create(&options);
    struct guest guest = {.goodbyes = 0};
    struct client client;

    (void)state;
    sem_init(&guest.has_come, 0, 0);
    assert_true(configurapi_runner_on(runner, "on_connect", let_wait, &guest));
    assert_true(configurapi_runner_on(runner, "on_disconnect", say_goodbye, &guest));
    assert_true(configurapi_runner_start_thread(runner));
    client_begin(&client, configurapi_runner_port(runner));
    sem_wait(&guest.has_come);
    client_close(&client);
    usleep(50 * 1000); /* until the runner has seen it; if it has not, this passes */
    configurapi_resume(guest.event, NULL, NULL);
    assert_true(configurapi_runner_destroy(runner));
    assert_int_equal(guest.goodbyes, 1);
    sem_destroy(&guest.has_come);
}

/* ---- streams ---- */

/* Statuses before its start and behind its end, and the calls, as letters. */
struct streaming {
    enum configurapi_status early;
    enum configurapi_status late;
    char letters[8];
};

static void ready(configurapi_stream *stream, void *data)
{
    struct streaming *streaming = data;

    strcat(streaming->letters, "r");
    configurapi_stream_write(stream, "x", 1);
    configurapi_stream_end(stream);
    streaming->late = configurapi_stream_write(stream, "y", 1);
}

static void ended(configurapi_stream *stream, void *data)
{
    (void)stream;
    strcat(((struct streaming *)data)->letters, "e");
}

static enum configurapi_result stream(configurapi_event *event, const json_t *parameters)
{
    static const struct configurapi_stream_source source = {ready, ended};
    struct streaming *streaming = configurapi_data(event);
    configurapi_stream *made = configurapi_reply_stream(event, 200, &source, streaming);

    (void)parameters;
    streaming->early = configurapi_stream_write(made, "z", 1);
    configurapi_stream_end(made);
    return CONFIGURAPI_CONTINUE;
}

/* It is written and ended from `ready` on, and of a connection's beginning and end it is only told its own.
 */
static void streams_from_ready_on(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    configurapi_runner *runner = configurapi_runner_create(&options);
    struct streaming message = {.late = CONFIGURAPI_OK};
    struct streaming connect = {.late = CONFIGURAPI_OK};
    struct streaming disconnect = {.late = CONFIGURAPI_OK};
    struct client client;

    (void)state;
    assert_true(configurapi_runner_on(runner, "a", stream, &message));
    assert_true(configurapi_runner_on(runner, "on_connect", stream, &connect));
    assert_true(configurapi_runner_on(runner, "on_disconnect", stream, &disconnect));
    assert_true(configurapi_runner_start_thread(runner));
    client_connect(&client, configurapi_runner_port(runner));
    assert_non_null(strstr(client_ask(&client, ASK("a")), "\"body\":\"x\"}"));
    assert_non_null(strstr(client_next(&client), "\"x-stream\":\"done\""));
    client_close(&client);
    assert_true(configurapi_runner_destroy(runner));
    assert_string_equal(message.letters, "re");
    assert_int_equal(message.early, CONFIGURAPI_INVALID);
    assert_int_equal(message.late, CONFIGURAPI_GONE);
    assert_string_equal(connect.letters, "e");
    assert_string_equal(disconnect.letters, "e");
}

static void let_it_wait(configurapi_stream *stream, void *data)
{
    (void)stream;
    strcat(((struct streaming *)data)->letters, "r");
}

static enum configurapi_result stream_without_end(configurapi_event *event, const json_t *parameters)
{
    static const struct configurapi_stream_source source = {let_it_wait, ended};

    (void)parameters;
    configurapi_reply_stream(event, 200, &source, configurapi_data(event));
    return CONFIGURAPI_CONTINUE;
}

static void tells_a_stream_that_a_second_stop_has_ended_it(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    struct streaming streaming = {.letters = ""};
    struct client client;

    (void)state;
    configurapi_runner *runner = start(&options, "a", stream_without_end, &streaming);
    client_connect(&client, configurapi_runner_port(runner));
    client_send(&client, ASK("a"));
    assert_non_null(client_ask(&client, ASK("nobody"))); /* behind the stream's beginning */
    configurapi_runner_stop(runner);
    configurapi_runner_stop(runner);
    assert_true(configurapi_runner_destroy(runner));
    assert_string_equal(streaming.letters, "re");
    client_close(&client);
}

static void destroying_one_that_stops_is_no_second_stop(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    struct client client;

    (void)state;
    options.drain_timeout_ms = 300; /* nobody answers the Close meanwhile */
    configurapi_runner *runner = start(&options, "a", stream_without_end, NULL);
    client_connect(&client, configurapi_runner_port(runner));
    configurapi_runner_stop(runner);
    assert_true(configurapi_runner_destroy(runner));
    assert_int_equal(client_wait_for_close(&client), 1001);
    client_close(&client);
}

/* ---- modules ---- */

static void ends_when_a_module_had_handles_of_its_own(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    configurapi_runner *runners[2];

    (void)state;
    options.config_text = "import: [" TEST_TIMER_MODULE "]\napi: {events: []}";
    for (size_t i = 0; i < 2; i++) {
        runners[i] = configurapi_runner_create(&options);
        assert_true(configurapi_runner_check(runners[i]));
        if (!configurapi_runner_start_thread(runners[i]))
            fail_msg("%s", configurapi_runner_error(runners[i]));
    }
    for (size_t i = 0; i < 2; i++)
        assert_true(configurapi_runner_destroy(runners[i]));
}

/* ---- beside the sockets ---- */

static void has_a_management_server(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    char answer[4096];

    (void)state;
    options.management = true;
    configurapi_runner *runner = start(&options, "a", say, "1");
    client_http(configurapi_runner_management_port(runner), "GET /@connections", answer, sizeof answer);
    assert_non_null(strstr(answer, "200 OK"));
    assert_non_null(strstr(answer, "[]"));
    configurapi_runner_stop(runner);
    configurapi_runner_wait(runner);
    assert_int_equal(configurapi_runner_management_port(runner), 0);
    assert_true(configurapi_runner_destroy(runner));

    options.management_token = "secret";
    runner = start(&options, "a", say, "1");
    client_http(configurapi_runner_management_port(runner), "GET /@connections", answer, sizeof answer);
    assert_non_null(strstr(answer, "401 "));
    assert_true(configurapi_runner_destroy(runner));
}

static void serves_tls(void **state)
{
    struct configurapi_runner_options options = quiet_options();

    (void)state;
    options.key_path = TEST_KEY;
    options.certificate_path = TEST_CERTIFICATE;
    configurapi_runner *runner = start(&options, "a", say, "1");
    assert_true(client_can_connect(configurapi_runner_secure_port(runner)));
    assert_int_not_equal(configurapi_runner_secure_port(runner), configurapi_runner_port(runner));
    configurapi_runner_stop(runner);
    configurapi_runner_wait(runner);
    assert_int_equal(configurapi_runner_secure_port(runner), 0);
    assert_true(configurapi_runner_destroy(runner));
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 16 * 1024);

    assert_non_null(file);
    assert_true(fread(text, 1, 16 * 1024 - 1, file) > 0);
    fclose(file);
    return text;
}

static void serves_tls_with_key_and_certificate_in_memory(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    char *key = read_file(TEST_KEY);
    char *certificate = read_file(TEST_CERTIFICATE);

    (void)state;
    options.key_text = key;
    options.certificate_text = certificate;
    configurapi_runner *runner = start(&options, "a", say, "1");
    free(key);
    free(certificate);
    assert_true(client_can_connect(configurapi_runner_secure_port(runner)));
    configurapi_runner_reload(runner);
    assert_true(configurapi_runner_destroy(runner));
}

static void is_stopped_by_a_signal(void **state)
{
    struct configurapi_runner_options options = quiet_options();

    (void)state;
    options.signals = true;
    configurapi_runner *runner = start(&options, "a", say, "1");
    kill(getpid(), SIGTERM);
    configurapi_runner_wait(runner);
    assert_true(configurapi_runner_destroy(runner));
}

static enum configurapi_result push_much(configurapi_event *event, const json_t *parameters)
{
    static const char block[64 * 1024];

    (void)parameters;
    for (int i = 0; i < 64; i++)
        configurapi_push_bytes(configurapi_event_client(event), block, sizeof block);
    configurapi_reply_nothing(event);
    return CONFIGURAPI_CONTINUE;
}

/* Clients that vanish while they are written to; SIGPIPE would end the process. */
static void survives_vanishing_clients(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    struct client client;

    (void)state;
    configurapi_runner *runner = start(&options, "much", push_much, NULL);
    for (int i = 0; i < 20; i++) {
        client_connect(&client, configurapi_runner_port(runner));
        client_send(&client, ASK("much"));
        client_close(&client);
    }
    client_connect(&client, configurapi_runner_port(runner));
    assert_non_null(strstr(client_ask(&client, ASK("nobody")), "501"));
    client_close(&client);
    assert_true(configurapi_runner_destroy(runner));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(answers_with_what_it_has_read),
        cmocka_unit_test(answers_with_the_response_s_own_body),
        cmocka_unit_test(runs_an_event_s_handlers_in_order),
        cmocka_unit_test(serves_a_text),
        cmocka_unit_test(lives_beside_another),
        cmocka_unit_test(is_stopped_by_a_handler),
        cmocka_unit_test(goes_on_from_another_thread),
        cmocka_unit_test(pushes_from_another_thread),
        cmocka_unit_test(tells_that_on_start_failed),
        cmocka_unit_test(waits_for_on_start),
        cmocka_unit_test(tells_of_a_connection_s_end),
        cmocka_unit_test(tells_of_the_end_of_one_that_was_not_open_yet),
        cmocka_unit_test(streams_from_ready_on),
        cmocka_unit_test(tells_a_stream_that_a_second_stop_has_ended_it),
        cmocka_unit_test(destroying_one_that_stops_is_no_second_stop),
        cmocka_unit_test(ends_when_a_module_had_handles_of_its_own),
        cmocka_unit_test(has_a_management_server),
        cmocka_unit_test(serves_tls),
        cmocka_unit_test(serves_tls_with_key_and_certificate_in_memory),
        cmocka_unit_test(is_stopped_by_a_signal),
        cmocka_unit_test(survives_vanishing_clients),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
