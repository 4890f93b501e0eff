#include "runner/connection.h"
#include "runner/runner.h"

#include "support/cmocka_all.h"
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Memory is out for connections, and for nothing else. */
static bool no_connections;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return no_connections && size == sizeof(struct connection) ? NULL : __real_calloc(count, size);
}

struct fixture {
    uv_loop_t loop;
    struct runner *runner;
};

static void on_started(struct runner *runner, enum status status, struct text error)
{
    struct buffer complaint;

    (void)error;
    assert_int_equal(status, STATUS_OK);
    buffer_init(&complaint, BUFFER_UNLIMITED);
    assert_int_equal(runner_listen(runner, &complaint), STATUS_OK);
    buffer_deinit(&complaint);
}

static void on_closed(void *owner, bool clean)
{
    (void)owner;
    assert_true(clean);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    static struct configurapi_runner_options options; /* outlives the runner */
    struct buffer error;

    configurapi_runner_options_init(&options, sizeof options);
    options.config_text = "api: {events: []}";
    options.host = "127.0.0.1";
    options.port = 0;
    options.log_level = CONFIGURAPI_LOG_NONE;
    uv_loop_init(&fixture->loop);
    fixture->runner = runner_create(&fixture->loop, &options);
    assert_non_null(fixture->runner);
    buffer_init(&error, BUFFER_UNLIMITED);
    assert_int_equal(runner_load(fixture->runner, NULL, 0, &error), STATUS_OK);
    runner_start(fixture->runner, on_started);
    buffer_deinit(&error);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    no_connections = false;
    runner_close(fixture->runner, on_closed);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
    free(fixture);
    return 0;
}

static int connect_to(const struct fixture *fixture)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(fixture->runner->listener.address.port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(connect(descriptor, (struct sockaddr *)&address, sizeof address), 0);
    return descriptor;
}

static void turn(struct fixture *fixture)
{
    for (int i = 0; i < 4; i++)
        uv_run(&fixture->loop, UV_RUN_NOWAIT);
}

static void accepts_when_there_is_memory_again(void **state)
{
    struct fixture *fixture = *state;
    int first = connect_to(fixture);

    no_connections = true;
    turn(fixture);
    int second = connect_to(fixture);
    turn(fixture);
    assert_int_equal(fixture->runner->connection_count, 0);
    no_connections = false;
    turn(fixture);
    assert_int_equal(fixture->runner->connection_count, 2);
    close(first);
    close(second);
}

/* The loop has nothing else to do. */
static void tries_again_by_itself(void **state)
{
    struct fixture *fixture = *state;
    int first = connect_to(fixture);

    no_connections = true;
    turn(fixture);
    assert_true(fixture->runner->waiting[false]);
    no_connections = false;
    while (fixture->runner->connection_count == 0)
        uv_run(&fixture->loop, UV_RUN_ONCE);
    assert_false(fixture->runner->waiting[false]);
    close(first);
}

static void accepts_when_another_has_ended(void **state)
{
    struct fixture *fixture = *state;

    fixture->runner->most_connections = 1;
    int first = connect_to(fixture);
    int second = connect_to(fixture);
    turn(fixture);
    assert_int_equal(fixture->runner->connection_count, 1);
    assert_true(fixture->runner->waiting[false]);
    close(first);
    for (int i = 0; i < 1000 && fixture->runner->waiting[false]; i++)
        uv_run(&fixture->loop, UV_RUN_NOWAIT);
    assert_int_equal(fixture->runner->connection_count, 1);
    assert_false(fixture->runner->waiting[false]);
    close(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(accepts_when_there_is_memory_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tries_again_by_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(accepts_when_another_has_ended, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
