#include "base/uuid.h"

#include "support/cmocka_all.h"
#include <string.h>

static void makes_version_4(void **state)
{
    struct uuid_source source;
    char seen[100][UUID_LENGTH + 1];

    (void)state;
    uuid_source_init(&source);
    for (int i = 0; i < 100; i++) {
        uuid_make(&source, seen[i]);
        assert_int_equal(strlen(seen[i]), UUID_LENGTH);
        assert_int_equal(strspn(seen[i], "0123456789abcdef-"), UUID_LENGTH);
        assert_int_equal(seen[i][14], '4');
        assert_non_null(strchr("89ab", seen[i][19]));
        assert_true(seen[i][8] == '-' && seen[i][13] == '-' && seen[i][18] == '-' && seen[i][23] == '-');
        for (int other = 0; other < i; other++)
            assert_string_not_equal(seen[i], seen[other]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(makes_version_4)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
