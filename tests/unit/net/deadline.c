#include "net/deadline.h"

#include "support/cmocka_all.h"

static struct deadlines deadlines;
static int due_count;
static struct deadline *again;
static uint64_t ahead_ms; /* how far the loop's time is ahead of the clock */

uint64_t __real_uv_now(const uv_loop_t *loop);
uint64_t __wrap_uv_now(const uv_loop_t *loop);

uint64_t __wrap_uv_now(const uv_loop_t *loop)
{
    return __real_uv_now(loop) + ahead_ms;
}

static void on_due(struct deadline *deadline)
{
    due_count++;
    if (deadline == again) {
        again = NULL;
        deadline_set(&deadlines, deadline, 0);
    }
}

static void begin(uv_loop_t *loop)
{
    uv_loop_init(loop);
    deadlines_init(&deadlines, loop);
    due_count = 0;
}

static void finish(uv_loop_t *loop)
{
    deadlines_close(&deadlines, NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(loop), 0);
}

static void fires_once_and_not_early(void **state)
{
    uv_loop_t loop;
    struct deadline deadline;

    (void)state;
    begin(&loop);
    deadline_init(&deadline, on_due);
    uint64_t start = uv_now(&loop);
    deadline_set(&deadlines, &deadline, 150);
    uv_run(&loop, UV_RUN_DEFAULT); /* the timer stops by itself when none is left */
    assert_int_equal(due_count, 1);
    assert_true(uv_now(&loop) - start >= 150);
    assert_int_equal(deadlines.count, 0);
    finish(&loop);
}

static void may_be_set_again_and_cancelled(void **state)
{
    uv_loop_t loop;
    struct deadline kept;
    struct deadline cancelled;

    (void)state;
    begin(&loop);
    deadline_init(&kept, on_due);
    deadline_init(&cancelled, on_due);
    again = &kept;
    deadline_set(&deadlines, &kept, 10);
    deadline_set(&deadlines, &kept, 20); /* moved, not doubled */
    deadline_set(&deadlines, &cancelled, 10);
    deadline_cancel(&deadlines, &cancelled);
    deadline_cancel(&deadlines, &cancelled);
    assert_int_equal(deadlines.count, 1);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(due_count, 2);
    finish(&loop);
}

static void waits_longer_than_a_turn_of_the_wheel(void **state)
{
    enum { TURN_MS = DEADLINE_TICK_MS * DEADLINE_BUCKETS };
    uv_loop_t loop;
    struct deadline deadline;

    (void)state;
    begin(&loop);
    deadline_init(&deadline, on_due);
    deadline_set(&deadlines, &deadline, TURN_MS + 60 * 1000);
    ahead_ms += TURN_MS;
    uv_run(&loop, UV_RUN_ONCE); /* every bucket is looked at, its own too */
    assert_int_equal(due_count, 0);
    ahead_ms += 60 * 1000;
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(due_count, 1);
    finish(&loop);
}

static void holds_thousands(void **state)
{
    static struct deadline many[5000];
    uv_loop_t loop;

    (void)state;
    begin(&loop);
    for (size_t i = 0; i < 5000; i++) {
        deadline_init(&many[i], on_due);
        deadline_set(&deadlines, &many[i], i * 100);
    }
    assert_int_equal(deadlines.count, 5000);
    for (size_t i = 0; i < 5000; i++)
        deadline_cancel(&deadlines, &many[i]);
    assert_int_equal(deadlines.count, 0);
    finish(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fires_once_and_not_early),
        cmocka_unit_test(may_be_set_again_and_cancelled),
        cmocka_unit_test(waits_longer_than_a_turn_of_the_wheel),
        cmocka_unit_test(holds_thousands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
