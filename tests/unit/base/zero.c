#include "base/zero.h"

#include "support/cmocka_all.h"
#include <stdint.h>

/* A constant length each, as those have who call it. */
#define CHECK(length) check(zero_##length, length)
#define ZERO(length) \
    static void zero_##length(uint8_t *at) \
    { \
        zero(at, length); \
    }

ZERO(16)
ZERO(17)
ZERO(31)
ZERO(32)
ZERO(248)
ZERO(419)

static void check(void (*zero_it)(uint8_t *at), size_t length)
{
    uint8_t bytes[512];

    for (size_t start = 1; start <= 17; start++) {
        memset(bytes, 0xA5, sizeof bytes);
        zero_it(bytes + start);
        for (size_t i = 0; i < sizeof bytes; i++)
            assert_int_equal(bytes[i], i >= start && i < start + length ? 0 : 0xA5);
    }
}

static void zeroes_all_and_nothing_else(void **state)
{
    (void)state;
    CHECK(16);
    CHECK(17);
    CHECK(31);
    CHECK(32);
    CHECK(248);
    CHECK(419);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(zeroes_all_and_nothing_else)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
