#include "config/path.h"

#include "support/cmocka_all.h"
#include <stdlib.h>
#include <unistd.h>

static void assert_resolves(const char *from, const char *path, const char *expected)
{
    struct buffer out;

    buffer_init(&out, BUFFER_UNLIMITED);
    assert_int_equal(path_resolve(&out, text_from_cstr(from), text_from_cstr(path)), STATUS_OK);
    assert_true(text_equal(buffer_text(&out), text_from_cstr(expected)));
    buffer_deinit(&out);
}

static void resolves_as_node_does(void **state)
{
    (void)state;
    assert_resolves("/srv/app", "./lib/a", "/srv/app/lib/a");
    assert_resolves("/srv/app", "../lib", "/srv/lib");
    assert_resolves("/srv/app", "..", "/srv");
    assert_resolves("/srv/app", "../../../..", "/");
    assert_resolves("/srv/app/", ".", "/srv/app");
    assert_resolves("/srv//app/./x/..", ".//a///b/", "/srv/app/a/b");
    assert_resolves("/srv", "...", "/srv/...");
    assert_resolves("/srv", ".hidden", "/srv/.hidden");
    assert_resolves("/srv", "/etc/../usr", "/usr");
    assert_resolves("/", ".", "/");
}

static void keeps_what_the_buffer_holds(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 16);
    assert_int_equal(buffer_append(&out, "a/b:", 4), STATUS_OK);
    assert_int_equal(path_resolve(&out, TEXT("/x"), TEXT("../../y")), STATUS_OK);
    assert_true(text_equal(buffer_text(&out), TEXT("a/b:/y")));
    assert_int_equal(path_resolve(&out, TEXT("/longer/than/that"), TEXT(".")), STATUS_LIMIT);
    buffer_deinit(&out);
}

static void finds_the_directory_of_a_file(void **state)
{
    struct buffer out;
    char *working = getcwd(NULL, 0);

    (void)state;
    assert_non_null(working);
    buffer_init(&out, BUFFER_UNLIMITED);
    assert_int_equal(path_directory(&out, TEXT("/srv/app/../config.yaml")), STATUS_OK);
    assert_true(text_equal(buffer_text(&out), TEXT("/srv")));
    buffer_clear(&out);
    assert_int_equal(path_directory(&out, TEXT("/config.yaml")), STATUS_OK);
    assert_true(text_equal(buffer_text(&out), TEXT("/")));
    buffer_clear(&out);
    assert_int_equal(path_directory(&out, TEXT("config.yaml")), STATUS_OK);
    assert_true(text_equal(buffer_text(&out), text_from_cstr(working)));
    buffer_deinit(&out);
    free(working);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resolves_as_node_does),
        cmocka_unit_test(keeps_what_the_buffer_holds),
        cmocka_unit_test(finds_the_directory_of_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
