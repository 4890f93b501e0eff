/* Runners that are stopped while handlers hold events that never end: their memory can not be freed, all else
 * goes as it should. */

#include "support/app.h"
#include "support/client.h"
#include "support/cmocka_all.h"

#include <pthread.h>
#include <uv.h>

static void *stop_too(void *runner)
{
    configurapi_runner_stop(runner);
    return NULL;
}

static enum configurapi_result never(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    *(configurapi_event **)configurapi_data(event) = event;
    return CONFIGURAPI_PENDING;
}

/* From four threads at once: the first waits for the handler that never ends, the others do not any more. */
static void is_stopped_from_many_threads(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    configurapi_event *held = NULL;
    pthread_t threads[4];
    struct client client;

    (void)state;
    options.drain_timeout_ms = 60 * 1000;
    configurapi_runner *runner = configurapi_runner_create(&options);
    assert_true(configurapi_runner_on(runner, "never", never, &held));
    assert_true(configurapi_runner_on(runner, "a", say, "1"));
    assert_true(configurapi_runner_start_thread(runner));
    client_connect(&client, configurapi_runner_port(runner));
    client_send(&client, ASK("never"));
    assert_string_equal(client_ask(&client, ASK("a")), REPLY("1"));
    for (size_t i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, stop_too, runner);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    configurapi_runner_wait(runner);
    client_close(&client);
    assert_false(configurapi_runner_destroy(runner)); /* the event is there, and what it hangs on */
    configurapi_resume(held, NULL, NULL);             /* too late, and of no effect */
}

static void on_stopped(configurapi_runner *runner, void *data)
{
    (void)runner;
    ++*(int *)data;
}

static void stops_before_it_listens(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    configurapi_event *held = NULL;
    uv_loop_t loop;
    int stopped = 0;

    (void)state;
    options.data = &stopped;
    options.on_stopped = on_stopped;
    uv_loop_init(&loop);
    configurapi_runner *runner = configurapi_runner_create(&options);
    assert_true(configurapi_runner_on(runner, "on_start", never, &held));
    assert_true(configurapi_runner_start(runner, &loop));
    configurapi_runner_stop(runner);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(stopped, 1);
    assert_false(configurapi_runner_destroy(runner));
    configurapi_resume(held, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_stopped_from_many_threads),
        cmocka_unit_test(stops_before_it_listens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
