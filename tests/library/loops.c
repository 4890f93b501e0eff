/* Runners on the program's own loop. */

#include "support/app.h"
#include "support/client.h"
#include "support/cmocka_all.h"

#include <pthread.h>
#include <signal.h>
#include <uv.h>

/* What a runner has told, in order, as letters; and what is done then. */
struct seen {
    char letters[16];
    char error[256];
    uint16_t port; /* when it was started */
    void (*then)(configurapi_runner *runner);
};

static void note(struct seen *seen, const char *letter)
{
    strcat(seen->letters, letter);
}

static void on_started(configurapi_runner *runner, const char *error, void *data)
{
    struct seen *seen = data;

    note(seen, error ? "f" : "s");
    seen->port = configurapi_runner_port(runner);
    snprintf(seen->error, sizeof seen->error, "%s", error ? error : "");
    if (seen->then)
        seen->then(runner);
}

static void on_stopping(configurapi_runner *runner, void *data)
{
    (void)runner;
    note(data, "p");
}

static void on_stopped(configurapi_runner *runner, void *data)
{
    (void)runner;
    note(data, "e");
}

static void destroy_when_stopped(configurapi_runner *runner, void *data)
{
    note(data, "d");
    assert_true(configurapi_runner_destroy(runner));
}

static struct configurapi_runner_options watched(struct seen *seen)
{
    struct configurapi_runner_options options = quiet_options();

    *seen = (struct seen){.then = NULL};
    options.data = seen;
    options.on_started = on_started;
    options.on_stopping = on_stopping;
    options.on_stopped = on_stopped;
    return options;
}

/* Turns the loop to its end: it ends by itself, and empty. */
static void turn_to_the_end(uv_loop_t *loop)
{
    assert_int_equal(uv_run(loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(loop), 0);
}

static void *ask_and_stop(void *data)
{
    configurapi_runner *runner = data;
    struct client client;

    client_connect(&client, configurapi_runner_port(runner));
    const char *reply = client_ask(&client, ASK("a"));
    bool good = reply && strcmp(reply, REPLY("1")) == 0;
    configurapi_runner_stop(runner);
    good = client_wait_for_close(&client) == 1001 && good;
    client_close(&client);
    return good ? data : NULL;
}

static void serves_on_a_loop(void **state)
{
    struct seen seen;
    struct configurapi_runner_options options = watched(&seen);
    pthread_t thread;
    void *good;
    uv_loop_t loop;

    (void)state;
    uv_loop_init(&loop);
    configurapi_runner *runner = configurapi_runner_create(&options);
    assert_true(configurapi_runner_on(runner, "a", say, "1"));
    assert_true(configurapi_runner_start(runner, &loop));
    assert_string_equal(seen.letters, "s");
    pthread_create(&thread, NULL, ask_and_stop, runner);
    turn_to_the_end(&loop);
    pthread_join(thread, &good);
    assert_non_null(good);
    assert_string_equal(seen.letters, "spe");
    assert_true(configurapi_runner_destroy(runner));
}

static void on_tick(uv_timer_t *timer)
{
    ++*(int *)timer->data;
}

/* Two runners and a timer of the program's: each ends alone, the timer goes on. */
static void shares_a_loop(void **state)
{
    struct seen seen[2];
    struct configurapi_runner_options options[] = {watched(&seen[0]), watched(&seen[1])};
    configurapi_runner *runners[2];
    pthread_t threads[2];
    uv_timer_t timer;
    uv_loop_t loop;
    int ticks = 0;
    void *good;

    (void)state;
    uv_loop_init(&loop);
    uv_timer_init(&loop, &timer);
    timer.data = &ticks;
    uv_timer_start(&timer, on_tick, 1, 1);
    for (size_t i = 0; i < 2; i++) {
        runners[i] = configurapi_runner_create(&options[i]);
        assert_true(configurapi_runner_on(runners[i], "a", say, "1"));
        assert_true(configurapi_runner_start(runners[i], &loop));
        pthread_create(&threads[i], NULL, ask_and_stop, runners[i]);
    }
    while (!strchr(seen[0].letters, 'e') || !strchr(seen[1].letters, 'e'))
        uv_run(&loop, UV_RUN_ONCE);
    int before = ticks;
    while (ticks == before)
        uv_run(&loop, UV_RUN_ONCE);
    for (size_t i = 0; i < 2; i++) {
        pthread_join(threads[i], &good);
        assert_non_null(good);
        assert_true(configurapi_runner_destroy(runners[i]));
    }
    uv_close((uv_handle_t *)&timer, NULL);
    turn_to_the_end(&loop);
}

static void stops_in_its_first_word(void **state)
{
    struct seen seen;
    struct configurapi_runner_options options = watched(&seen);
    uv_loop_t loop;

    (void)state;
    seen.then = configurapi_runner_stop;
    options.on_stopped = destroy_when_stopped;
    uv_loop_init(&loop);
    configurapi_runner *runner = configurapi_runner_create(&options);
    assert_true(configurapi_runner_on(runner, "a", say, "1"));
    assert_true(configurapi_runner_start(runner, &loop));
    turn_to_the_end(&loop);
    assert_string_equal(seen.letters, "spd");
}

/* What fails within the start is its result; nothing is told, and the runner may go before the loop turns. */
static void fails_at_once(void **state)
{
    struct seen seen;
    struct configurapi_runner_options options = watched(&seen);
    uv_loop_t loop;

    (void)state;
    options.config_text = "nonsense";
    options.management = true;
    uv_loop_init(&loop);
    configurapi_runner *runner = configurapi_runner_create(&options);
    assert_false(configurapi_runner_start(runner, &loop));
    assert_non_null(strstr(configurapi_runner_error(runner), "config:1:1: "));
    assert_true(configurapi_runner_destroy(runner));
    turn_to_the_end(&loop);

    options.config_text = "api: {events: []}";
    options.host = "192.0.2.1";
    uv_loop_init(&loop);
    runner = configurapi_runner_create(&options);
    assert_false(configurapi_runner_start(runner, &loop));
    turn_to_the_end(&loop);
    assert_non_null(strstr(configurapi_runner_error(runner), "192.0.2.1"));
    assert_true(configurapi_runner_destroy(runner));
    assert_string_equal(seen.letters, "");
}

/* ---- a start that fails ---- */

/* Where another listens already: an error that comes late, where there are several workers. */
static configurapi_runner *without_a_port(struct seen *seen, uint32_t workers, configurapi_runner *other)
{
    struct configurapi_runner_options options = watched(seen);

    options.config_text = "api: {events: []}";
    options.port = configurapi_runner_port(other);
    options.workers = workers;
    return configurapi_runner_create(&options);
}

static void expect_no_port(configurapi_runner *runner)
{
    assert_non_null(strstr(configurapi_runner_error(runner), "cannot listen on 127.0.0.1 port "));
    assert_int_equal(configurapi_runner_port(runner), 0);
    assert_true(configurapi_runner_destroy(runner));
}

/* It is told once: by the call that starts it, or where that has returned true, by on_started. */
static void tells_once_that_a_start_fails(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    struct seen seen;
    uv_loop_t loop;

    (void)state;
    options.config_text = "api: {events: []}";
    configurapi_runner *other = configurapi_runner_create(&options);
    assert_true(configurapi_runner_start_thread(other));
    for (uint32_t workers = 1; workers <= 2; workers++) {
        configurapi_runner *runner = without_a_port(&seen, workers, other);
        assert_false(configurapi_runner_run(runner));
        assert_string_equal(seen.letters, "");
        expect_no_port(runner);

        runner = without_a_port(&seen, workers, other);
        assert_false(configurapi_runner_start_thread(runner));
        assert_string_equal(seen.letters, "");
        expect_no_port(runner);

        uv_loop_init(&loop);
        runner = without_a_port(&seen, workers, other);
        bool started = configurapi_runner_start(runner, &loop);
        turn_to_the_end(&loop);
        assert_string_equal(seen.letters, started ? "fe" : "");
        assert_int_equal(started, workers > 1);
        expect_no_port(runner);
    }
    assert_true(configurapi_runner_destroy(other));
}

/* ---- on_start that waits ---- */

static enum configurapi_result end_well(configurapi_event *event, void *data)
{
    (void)event, (void)data;
    return CONFIGURAPI_CONTINUE;
}

static enum configurapi_result end_badly(configurapi_event *event, void *data)
{
    (void)data;
    return configurapi_fail(event, 500, "no luck", "");
}

static void *resume_well(void *event)
{
    configurapi_resume(event, end_well, NULL);
    return NULL;
}

static void *resume_badly(void *event)
{
    configurapi_resume(event, end_badly, NULL);
    return NULL;
}

struct waiting {
    void *(*resume)(void *event);
    pthread_t thread;
};

static enum configurapi_result wait_for_it(configurapi_event *event, const json_t *parameters)
{
    struct waiting *waiting = configurapi_data(event);

    (void)parameters;
    pthread_create(&waiting->thread, NULL, waiting->resume, event);
    return CONFIGURAPI_PENDING;
}

static void listens_when_on_start_has_ended(void **state)
{
    struct seen seen;
    struct configurapi_runner_options options = watched(&seen);
    struct waiting waiting = {.resume = resume_well};
    uv_loop_t loop;

    (void)state;
    seen.then = configurapi_runner_stop;
    uv_loop_init(&loop);
    configurapi_runner *runner = configurapi_runner_create(&options);
    assert_true(configurapi_runner_on(runner, "on_start", wait_for_it, &waiting));
    assert_true(configurapi_runner_start(runner, &loop));
    assert_int_equal(configurapi_runner_port(runner), 0);
    assert_string_equal(seen.letters, "");
    turn_to_the_end(&loop);
    assert_string_equal(seen.letters, "spe");
    assert_int_not_equal(seen.port, 0);
    assert_int_equal(configurapi_runner_port(runner), 0);
    pthread_join(waiting.thread, NULL);
    assert_true(configurapi_runner_destroy(runner));
}

static void tells_when_on_start_fails_later(void **state)
{
    struct seen seen;
    struct configurapi_runner_options options = watched(&seen);
    struct waiting waiting = {.resume = resume_badly};
    uv_loop_t loop;

    (void)state;
    options.on_stopped = destroy_when_stopped;
    uv_loop_init(&loop);
    configurapi_runner *runner = configurapi_runner_create(&options);
    assert_true(configurapi_runner_on(runner, "on_start", wait_for_it, &waiting));
    assert_true(configurapi_runner_start(runner, &loop));
    turn_to_the_end(&loop);
    pthread_join(waiting.thread, NULL);
    assert_string_equal(seen.letters, "fd");
    assert_string_equal(seen.error, "on_start failed: no luck");
}

static void is_destroyed_while_it_serves(void **state)
{
    struct seen seen;
    struct configurapi_runner_options options = watched(&seen);
    uv_loop_t loop;

    (void)state;
    options.management = true;
    uv_loop_init(&loop);
    configurapi_runner *runner = configurapi_runner_create(&options);
    assert_true(configurapi_runner_on(runner, "a", say, "1"));
    assert_true(configurapi_runner_start(runner, &loop));
    assert_true(configurapi_runner_destroy(runner));
    turn_to_the_end(&loop);
    assert_string_equal(seen.letters, "s");
}

/* ---- run ---- */

static void *ask_when_it_listens(void *data)
{
    return ask_and_stop(data);
}

static pthread_t asking;

static void ask_from_a_thread(configurapi_runner *runner)
{
    pthread_create(&asking, NULL, ask_when_it_listens, runner);
}

static void runs_on_this_thread(void **state)
{
    struct seen seen;
    struct configurapi_runner_options options = watched(&seen);
    struct sigaction pipe;
    void *good;

    (void)state;
    signal(SIGPIPE, SIG_DFL);
    seen.then = ask_from_a_thread;
    configurapi_runner *runner = configurapi_runner_create(&options);
    assert_true(configurapi_runner_on(runner, "a", say, "1"));
    assert_true(configurapi_runner_run(runner));
    pthread_join(asking, &good);
    assert_non_null(good);
    assert_string_equal(seen.letters, "spe");
    assert_true(configurapi_runner_destroy(runner));
    sigaction(SIGPIPE, NULL, &pipe);
    assert_true(pipe.sa_handler == SIG_IGN);

    options.config_text = "nonsense";
    runner = configurapi_runner_create(&options);
    assert_false(configurapi_runner_run(runner));
    assert_non_null(strstr(configurapi_runner_error(runner), "config:1:1: "));
    assert_true(configurapi_runner_destroy(runner));
}

static void on_pipe(int number)
{
    (void)number;
}

static void leaves_a_handler_of_sigpipe(void **state)
{
    struct seen seen;
    struct configurapi_runner_options options = watched(&seen);
    struct sigaction pipe;

    (void)state;
    signal(SIGPIPE, on_pipe);
    seen.then = configurapi_runner_stop;
    options.config_text = "api: {events: []}";
    configurapi_runner *runner = configurapi_runner_create(&options);
    assert_true(configurapi_runner_run(runner));
    sigaction(SIGPIPE, NULL, &pipe);
    assert_true(pipe.sa_handler == on_pipe);
    assert_true(configurapi_runner_destroy(runner));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serves_on_a_loop),
        cmocka_unit_test(shares_a_loop),
        cmocka_unit_test(stops_in_its_first_word),
        cmocka_unit_test(fails_at_once),
        cmocka_unit_test(tells_once_that_a_start_fails),
        cmocka_unit_test(listens_when_on_start_has_ended),
        cmocka_unit_test(tells_when_on_start_fails_later),
        cmocka_unit_test(is_destroyed_while_it_serves),
        cmocka_unit_test(runs_on_this_thread),
        cmocka_unit_test(leaves_a_handler_of_sigpipe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
