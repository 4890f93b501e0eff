/* A runner with several workers: its functions run on a thread each, and all else is as with one. */

#include "support/app.h"
#include "support/client.h"
#include "support/cmocka_all.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

enum { WORKERS = 3, CLIENTS = 24 };

/* A number for each thread that has come here. */
static int number_of_thread(void)
{
    static atomic_int threads;
    static _Thread_local int number;

    if (number == 0)
        number = atomic_fetch_add(&threads, 1) + 1;
    return number;
}

static enum configurapi_result tell_thread(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    return configurapi_reply_printf(event, 200, "%d", number_of_thread());
}

static enum configurapi_result count_start(configurapi_event *event, const json_t *parameters)
{
    atomic_int *starts = configurapi_data(event);

    (void)parameters;
    atomic_fetch_add(starts, 1);
    return CONFIGURAPI_CONTINUE;
}

/* Not safe for several threads at once: it need not be. */
struct lines {
    int count;
};

static void on_log(configurapi_runner *runner, const struct configurapi_log_line *line, void *data)
{
    struct lines *lines = data;

    (void)runner, (void)line;
    lines->count++;
}

struct crew {
    configurapi_runner *runner;
    struct lines lines;
    atomic_int starts;
    struct client clients[CLIENTS];
    int threads[CLIENTS];
};

static int set_up(void **state)
{
    struct crew *crew = calloc(1, sizeof *crew);
    struct configurapi_runner_options options = quiet_options();

    options.workers = WORKERS;
    options.management = true;
    options.log_level = CONFIGURAPI_LOG_TRACE;
    options.on_log = on_log;
    options.data = &crew->lines;
    crew->runner = configurapi_runner_create(&options);
    assert_true(configurapi_runner_on(crew->runner, "a", tell_thread, NULL));
    assert_true(configurapi_runner_on(crew->runner, "on_start", count_start, &crew->starts));
    if (!configurapi_runner_start_thread(crew->runner))
        fail_msg("%s", configurapi_runner_error(crew->runner));
    *state = crew;
    return 0;
}

static int tear_down(void **state)
{
    struct crew *crew = *state;

    assert_true(configurapi_runner_destroy(crew->runner));
    free(crew);
    return 0;
}

static void connect_all(struct crew *crew)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        client_connect(&crew->clients[i], configurapi_runner_port(crew->runner));
        sscanf(client_ask(&crew->clients[i], ASK("a")), REPLY("%d"), &crew->threads[i]);
    }
}

static void disconnect_all(struct crew *crew)
{
    for (size_t i = 0; i < CLIENTS; i++)
        client_close(&crew->clients[i]);
}

static void serves_on_several_threads(void **state)
{
    struct crew *crew = *state;
    char expected[64];
    bool differ = false;

    assert_int_equal(crew->starts, WORKERS);
    connect_all(crew);
    for (size_t i = 0; i < CLIENTS; i++) {
        differ |= crew->threads[i] != crew->threads[0];
        snprintf(expected, sizeof expected, REPLY("%d"), crew->threads[i]);
        for (int round = 0; round < 20; round++) /* it stays with its worker */
            assert_string_equal(client_ask(&crew->clients[i], ASK("a")), expected);
    }
    assert_true(differ); /* one in three to the 23rd, that all are with one */
    disconnect_all(crew);
}

static void has_one_management_server(void **state)
{
    struct crew *crew = *state;
    uint16_t port = configurapi_runner_management_port(crew->runner);
    static char answer[16 * 1024];
    size_t ids = 0;

    connect_all(crew);
    client_http(port, "GET /@connections", answer, sizeof answer);
    for (const char *at = strchr(answer, '['); (at = strchr(at, '-')) != NULL; at++)
        ids++;
    assert_int_equal(ids, CLIENTS * 4);
    client_http(port, "GET /metrics", answer, sizeof answer);
    assert_non_null(strstr(answer, "\nconfigurapi_connections 24\n"));
    assert_non_null(strstr(answer, "\nconfigurapi_messages_received_total 24\n"));
    for (int round = 0; round < 50; round++)
        client_http(port, "GET /@connections/00000000-0000-4000-8000-000000000000", answer, sizeof answer);
    assert_non_null(strstr(answer, "410 "));
    disconnect_all(crew);
}

static void stops_all(void **state)
{
    struct crew *crew = *state;

    connect_all(crew);
    configurapi_runner_reload(crew->runner);
    configurapi_runner_stop(crew->runner);
    for (size_t i = 0; i < CLIENTS; i++)
        assert_int_equal(client_wait_for_close(&crew->clients[i]), 1001);
    disconnect_all(crew);
    configurapi_runner_wait(crew->runner);
    assert_true(crew->lines.count > CLIENTS);
}

/* Clients on several threads, with messages on the way when the end comes. */
static void *pester(void *argument)
{
    struct crew *crew = argument;
    struct client *client = malloc(sizeof *client);

    for (int i = 0; i < 20 && client_can_connect(configurapi_runner_port(crew->runner)); i++) {
        client_connect(client, configurapi_runner_port(crew->runner));
        for (int j = 0; j < 10; j++)
            assert_non_null(client_ask(client, ASK("a")));
        client_close(client);
    }
    free(client);
    return NULL;
}

static void keeps_apart_what_is_each_one_s(void **state)
{
    struct crew *crew = *state;
    pthread_t threads[4];
    static char answer[16 * 1024];

    for (size_t i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, pester, crew);
    for (int i = 0; i < 50; i++)
        client_http(configurapi_runner_management_port(crew->runner),
                    i % 2 ? "GET /metrics" : "GET /@connections", answer, sizeof answer);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

/* ---- destroyed while others write lines ---- */

struct talk {
    configurapi_runner *runner;
    pthread_t home; /* of the first worker, which has to end it all */
    uv_timer_t timer;
    atomic_int lines;
    atomic_bool is_over;
    atomic_int late;
};

static void on_slow_log(configurapi_runner *runner, const struct configurapi_log_line *line, void *data)
{
    struct talk *talk = data;

    (void)runner, (void)line;
    atomic_fetch_add(&talk->lines, 1);
    atomic_fetch_add(&talk->late, atomic_load(&talk->is_over));
    usleep(1000);
}

/* Goes on until all is over, and then for some lines more. */
static enum configurapi_result talk_on(configurapi_event *event, const json_t *parameters)
{
    struct talk *talk = configurapi_data(event);

    (void)parameters;
    if (pthread_equal(pthread_self(), talk->home))
        return CONFIGURAPI_CONTINUE;
    for (int rest = 10; rest > 0; rest -= atomic_load(&talk->is_over))
        configurapi_log(event, CONFIGURAPI_LOG_INFO, "on and on");
    return CONFIGURAPI_CONTINUE;
}

static void destroy_soon(uv_timer_t *timer)
{
    struct talk *talk = timer->data;

    if (atomic_load(&talk->lines) < 10)
        return;
    uv_close((uv_handle_t *)timer, NULL);
    assert_true(configurapi_runner_destroy(talk->runner));
    atomic_store(&talk->is_over, true);
}

/* As many clients as have some of them be another worker's. */
static void *make_talk(void *data)
{
    struct talk *talk = data;
    static struct client clients[CLIENTS];
    uint16_t port = configurapi_runner_port(talk->runner);

    for (int i = 0; i < CLIENTS; i++)
        client_connect(&clients[i], port);
    for (int i = 0; i < CLIENTS; i++)
        client_send(&clients[i], ASK("talk"));
    while (!atomic_load(&talk->is_over))
        usleep(1000);
    for (int i = 0; i < CLIENTS; i++)
        client_close(&clients[i]);
    return NULL;
}

static void tells_nothing_once_it_is_destroyed(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    struct talk talk = {.home = pthread_self()};
    pthread_t clients;
    uv_loop_t loop;

    (void)state;
    options.workers = WORKERS;
    options.log_level = CONFIGURAPI_LOG_INFO;
    options.on_log = on_slow_log;
    options.data = &talk;
    options.drain_timeout_ms = 1;
    uv_loop_init(&loop);
    talk.runner = configurapi_runner_create(&options);
    assert_true(configurapi_runner_on(talk.runner, "talk", talk_on, &talk));
    assert_true(configurapi_runner_start(talk.runner, &loop));
    uv_timer_init(&loop, &talk.timer);
    talk.timer.data = &talk;
    while (configurapi_runner_port(talk.runner) == 0)
        uv_run(&loop, UV_RUN_ONCE);
    pthread_create(&clients, NULL, make_talk, &talk);
    uv_timer_start(&talk.timer, destroy_soon, 10, 10);
    uv_run(&loop, UV_RUN_DEFAULT);
    pthread_join(clients, NULL);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_true(atomic_load(&talk.lines) >= 10);
    assert_int_equal(atomic_load(&talk.late), 0);
}

static void refuses_a_wrong_number(void **state)
{
    static const uint32_t numbers[] = {0, 257};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct configurapi_runner_options options = quiet_options();
        options.workers = numbers[i];
        configurapi_runner *runner = configurapi_runner_create(&options);
        assert_true(configurapi_runner_on(runner, "a", tell_thread, NULL));
        assert_false(configurapi_runner_start_thread(runner));
        assert_string_equal(configurapi_runner_error(runner), "workers must be from 1 to 256");
        assert_true(configurapi_runner_destroy(runner));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(serves_on_several_threads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(has_one_management_server, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stops_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_apart_what_is_each_one_s, set_up, tear_down),
        cmocka_unit_test(tells_nothing_once_it_is_destroyed),
        cmocka_unit_test(refuses_a_wrong_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
