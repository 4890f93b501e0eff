#include "handlers/directory.h"

#include "support/cmocka_all.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOBODY = 65534 };

static char folder[] = "/tmp/directory-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void make_file(const char *name)
{
    FILE *file = fopen(in_folder(name), "w");

    assert_non_null(file);
    fclose(file);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[64];

    (void)state;
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static void expect_names(const struct directory *directory, const char *const *names, size_t count)
{
    assert_int_equal(directory->count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(directory->paths[i], in_folder(names[i]));
}

static void takes_handler_files_by_name(void **state)
{
    static const char *const wanted[] = {"B.JS",  "_.ts",      "a b.js", "a.js",  "b.cjs",      "c.mjs",
                                         "d.CTS", "native.so", "z.Ts",   "z.mts", "\xC3\xA9.js"};
    static const char *const unwanted[] = {"a.jsx",       "a.json",      "types.d.ts", "Types.D.TS",
                                           "types.d.mts", "types.d.cts", ".js",        ".so",
                                           "js",          "a.js~",       "a.so.1",     "README"};
    struct directory directory;

    (void)state;
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++)
        make_file(unwanted[i]);
    for (size_t i = sizeof wanted / sizeof *wanted; i-- > 0;)
        make_file(wanted[i]);
    assert_int_equal(directory_list(&directory, folder), STATUS_OK);
    expect_names(&directory, wanted, sizeof wanted / sizeof *wanted);
    directory_deinit(&directory);
    assert_int_equal(directory.count, 0);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        unlink(in_folder(wanted[i]));
}

static void follows_links_to_files(void **state)
{
    struct directory directory;

    (void)state;
    make_file("elsewhere");
    make_file("b.js");
    assert_int_equal(symlink("elsewhere", in_folder("a.js")), 0);
    assert_int_equal(symlink("a.js", in_folder("c.js")), 0);
    assert_int_equal(directory_list(&directory, folder), STATUS_OK);
    expect_names(&directory, (const char *const[]){"a.js", "b.js", "c.js"}, 3);
    directory_deinit(&directory);
    unlink(in_folder("a.js"));
    unlink(in_folder("b.js"));
    unlink(in_folder("c.js"));
    unlink(in_folder("elsewhere"));
}

static void passes_over_what_is_no_file(void **state)
{
    struct directory directory;

    (void)state;
    make_file("a.js");
    assert_int_equal(mkdir(in_folder("folder.js"), 0700), 0);
    assert_int_equal(mkfifo(in_folder("pipe.js"), 0600), 0);
    assert_int_equal(symlink("folder.js", in_folder("link.js")), 0);
    assert_int_equal(symlink("round.js", in_folder("round.js")), 0);
    assert_int_equal(symlink("nowhere.js", in_folder("dangling.js")), 0);
    assert_int_equal(directory_list(&directory, folder), STATUS_OK);
    expect_names(&directory, (const char *const[]){"a.js"}, 1);
    directory_deinit(&directory);
}

static void an_empty_one_has_none(void **state)
{
    struct directory directory;

    (void)state;
    assert_int_equal(directory_list(&directory, in_folder("folder.js")), STATUS_OK);
    assert_int_equal(directory.count, 0);
    directory_deinit(&directory);
}

static void says_what_there_is_not(void **state)
{
    struct directory directory;

    (void)state;
    assert_int_equal(directory_list(&directory, in_folder("none")), STATUS_NOT_FOUND);
    assert_int_equal(directory_list(&directory, in_folder("a.js")), STATUS_NOT_FOUND); /* a file */
    assert_int_equal(directory.count, 0);
}

static void says_what_it_can_not_read(void **state)
{
    struct directory directory;
    const char *closed = in_folder("folder.js");
    bool is_root = geteuid() == 0;

    (void)state;
    assert_int_equal(chmod(closed, 0), 0);
    assert_true(!is_root || seteuid(NOBODY) == 0);
    assert_int_equal(directory_list(&directory, closed), STATUS_SYSTEM);
    assert_int_equal(errno, EACCES);
    assert_true(!is_root || seteuid(0) == 0);
    assert_int_equal(chmod(closed, 0700), 0);

    assert_int_equal(symlink("loop", in_folder("loop")), 0);
    assert_int_equal(directory_list(&directory, in_folder("loop")), STATUS_SYSTEM);
    assert_int_equal(errno, ELOOP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_handler_files_by_name), cmocka_unit_test(follows_links_to_files),
        cmocka_unit_test(passes_over_what_is_no_file), cmocka_unit_test(an_empty_one_has_none),
        cmocka_unit_test(says_what_there_is_not),      cmocka_unit_test(says_what_it_can_not_read),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
