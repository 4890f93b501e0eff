#include "library/environment.h"

#include "support/cmocka_all.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char path[] = "/tmp/environment-XXXXXX";

static enum status load(const char *contents, struct buffer *error)
{
    FILE *file = fopen(path, "w");

    fputs(contents, file);
    fclose(file);
    return environment_load(path, error);
}

static void good(const char *contents)
{
    struct buffer error;

    buffer_init(&error, BUFFER_UNLIMITED);
    assert_int_equal(load(contents, &error), STATUS_OK);
    assert_int_equal(error.length, 0);
}

static void reads_every_form(void **state)
{
    (void)state;
    good("# comment\n\nE_PLAIN=a b # c\nexport E_EXPORT = x\r\nE_SINGLE='a # $b\\n'\nE_DOUBLE=\"a\\nb\\\"c\" "
         "# d\nE_EMPTY=\n"
         "E_HASH=a#b\nE_LAST=1");
    assert_string_equal(getenv("E_PLAIN"), "a b");
    assert_string_equal(getenv("E_EXPORT"), "x");
    assert_string_equal(getenv("E_SINGLE"), "a # $b\\n");
    assert_string_equal(getenv("E_DOUBLE"), "a\nb\"c");
    assert_string_equal(getenv("E_EMPTY"), "");
    assert_string_equal(getenv("E_HASH"), "a#b");
    assert_string_equal(getenv("E_LAST"), "1");
}

static void never_overrides(void **state)
{
    (void)state;
    setenv("E_SET", "old", 1);
    good("E_SET=new\n");
    assert_string_equal(getenv("E_SET"), "old");
}

static void names_the_line_that_is_wrong(void **state)
{
    static const char *const bad[] = {"A=1\nnonsense\n", "\n1A=b\n", "A=1\nA=\"open\n", "\nA='x' y\n"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct buffer error;
        char expected[128];
        buffer_init(&error, BUFFER_UNLIMITED);
        assert_int_equal(load(bad[i], &error), STATUS_INVALID);
        int length = snprintf(expected, sizeof expected, "%s:2: expected NAME=value", path);
        assert_true(text_equal(buffer_text(&error), (struct text){expected, (size_t)length}));
        buffer_deinit(&error);
    }
}

static void does_without_the_file(void **state)
{
    struct buffer error;

    (void)state;
    buffer_init(&error, BUFFER_UNLIMITED);
    assert_int_equal(environment_load("/nowhere/.env", &error), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_form),
        cmocka_unit_test(never_overrides),
        cmocka_unit_test(names_the_line_that_is_wrong),
        cmocka_unit_test(does_without_the_file),
    };

    close(mkstemp(path));
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
