#include "script/script.h"

#include "support/cmocka_all.h"

#include <string.h>

/* In place of the library's own, which the linker then leaves out. */
#include "../../../src/js/engine.c" /* tests/unit/js has one of that name */

/* Nothing of it stays on the loop, which goes with it: valgrind and LeakSanitizer would say so. */
static void says_which_package_is_missing(void **state)
{
    const struct script_options options = {.path = "/dev/null", .log_level = CONFIGURAPI_LOG_NONE};
    const struct script_functions functions = {0};
    struct buffer error;
    bool clean = false;
    int code = -1;

    (void)state;
    buffer_init(&error, BUFFER_UNLIMITED);
    assert_int_equal(script_run(&options, &functions, NULL, &code, &clean, &error), STATUS_SYSTEM);
    assert_int_equal(buffer_append(&error, "", 1), STATUS_OK);
    assert_non_null(strstr(error.data, "Debian package libjavascriptcoregtk-4.1-0"));
    assert_non_null(strstr(error.data, "engine-is-not-here.so.0: cannot open"));
    assert_true(clean);
    assert_int_equal(code, -1);
    buffer_deinit(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_which_package_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
