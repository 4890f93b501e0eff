#include "base/clock.h"
#include "support/cmocka_all.h"

#include <time.h>

static void says_again_what_was_so_just_now(void **state)
{
    enum { JUST_NOW_NS = 25000 }; /* and some */
    struct recent_clock recent = {0};
    uint64_t last_ns = 0;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint64_t before_ns = clock_now_ns();
        uint64_t now_ns = clock_recent_ns(&recent);
        assert_true(now_ns >= last_ns);
        assert_true(now_ns + JUST_NOW_NS >= before_ns);
        assert_true(now_ns <= clock_now_ns());
        last_ns = now_ns;
    }
}

static void sees_that_time_has_passed(void **state)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    struct recent_clock recent = {0};

    (void)state;
    for (int i = 0; i < 20; i++) {
        uint64_t before_ns = clock_recent_ns(&recent);
        nanosleep(&pause, NULL);
        assert_true(clock_recent_ns(&recent) - before_ns >= 900000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_again_what_was_so_just_now),
        cmocka_unit_test(sees_that_time_has_passed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
