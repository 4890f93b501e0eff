#include "base/library.h"

#include "support/cmocka_all.h"
#include <string.h>

typedef double cosine(double angle);

static void fills_its_table(void **state)
{
    struct library library = {.file = "libm.so.6", .purpose = "angles need libm"};
    cosine *found = NULL;
    cosine *missing = found;
    const struct library_symbol symbols[] = {{"cos", &found, false}, {"configurapi", &missing, true}};
    struct buffer error;

    (void)state;
    buffer_init(&error, BUFFER_UNLIMITED);
    memset(&missing, 1, sizeof missing);
    assert_true(library_open(&library, symbols, 2));
    assert_true(found(0) == 1);
    assert_null(missing);
    assert_int_equal(library_status(&library, &error), STATUS_OK);
    assert_int_equal(error.length, 0);
}

static void assert_fails(struct library *library, const char *symbol, const char *words)
{
    cosine *found = NULL;
    const struct library_symbol symbols[] = {{symbol, &found, false}};
    struct buffer error;

    buffer_init(&error, BUFFER_UNLIMITED);
    assert_false(library_open(library, symbols, 1));
    assert_int_equal(library_status(library, &error), STATUS_SYSTEM);
    assert_int_equal(buffer_append(&error, "", 1), STATUS_OK);
    assert_non_null(strstr(error.data, words));
    buffer_deinit(&error);
}

static void says_what_is_missing(void **state)
{
    struct library none = {.file = "libconfigurapi-none.so.9",
                           .purpose = "nothing needs libconfigurapi-none"};
    struct library old = {.file = "libm.so.6", .purpose = "angles need libm"};

    (void)state;
    assert_fails(&none, "cos", "nothing needs libconfigurapi-none: libconfigurapi-none.so.9: cannot open");
    assert_fails(&old, "configurapi", "libm.so.6 has no configurapi: too old?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_its_table),
        cmocka_unit_test(says_what_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
