#include "management/route.h"

#include "support/cmocka_all.h"
#include <string.h>

#define ID "0f8fad5b-d9cb-469f-a165-70867728950e"

enum { EVERY_METHOD = ROUTE_GET | ROUTE_PUSH | ROUTE_DELETE };

static const struct {
    const char *path;
    enum route_target target;
    const char *id;
    unsigned methods;
} table[] = {
    {"/list_@connections", ROUTE_LIST, "", ROUTE_GET},
    {"/@connections", ROUTE_LIST, "", ROUTE_GET},
    {"/prod/@connections", ROUTE_LIST, "", ROUTE_GET},
    {"/post_@connection", ROUTE_POST, "", ROUTE_PUSH},
    {"/health", ROUTE_HEALTH, "", ROUTE_GET},
    {"/metrics", ROUTE_METRICS, "", ROUTE_GET},
    {"/@connections/" ID, ROUTE_CONNECTION, ID, EVERY_METHOD},
    {"/@connections/", ROUTE_CONNECTION, "", EVERY_METHOD},
    {"/@connections/x", ROUTE_CONNECTION, "x", EVERY_METHOD},
    {"/@connections/a b?&=", ROUTE_CONNECTION, "a b?&=", EVERY_METHOD},
    {"/@connections/@connections", ROUTE_CONNECTION, "@connections", EVERY_METHOD},
    {"/prod/@connections/" ID, ROUTE_CONNECTION, ID, EVERY_METHOD},
    {"/prod//@connections/" ID, ROUTE_CONNECTION, ID, EVERY_METHOD},
    {"/prod//@connections", ROUTE_LIST, "", ROUTE_GET},
    {"//@connections/" ID, ROUTE_CONNECTION, ID, EVERY_METHOD},
    {"/$default/@connections/" ID, ROUTE_CONNECTION, ID, EVERY_METHOD},
    {"/prod/@connections/", ROUTE_CONNECTION, "", EVERY_METHOD},
    {"/@connections/@connections/" ID, ROUTE_NONE, "", 0},
    {"/health/@connections/" ID, ROUTE_CONNECTION, ID, EVERY_METHOD},
    {"", ROUTE_NONE, "", 0},
    {"/", ROUTE_NONE, "", 0},
    {"//", ROUTE_NONE, "", 0},
    {"@connections", ROUTE_NONE, "", 0},
    {"@connections/" ID, ROUTE_NONE, "", 0},
    {"list_@connections", ROUTE_NONE, "", 0},
    {"*", ROUTE_NONE, "", 0},
    {"/list_@connections/", ROUTE_NONE, "", 0},
    {"/list_@connections/" ID, ROUTE_NONE, "", 0},
    {"/list_@connection", ROUTE_NONE, "", 0},
    {"/LIST_@CONNECTIONS", ROUTE_NONE, "", 0},
    {"/post_@connections", ROUTE_NONE, "", 0},
    {"/post_@connection/", ROUTE_NONE, "", 0},
    {"/post_@connection/" ID, ROUTE_NONE, "", 0},
    {"/connections", ROUTE_NONE, "", 0},
    {"/connections/" ID, ROUTE_NONE, "", 0},
    {"/@connection/" ID, ROUTE_NONE, "", 0},
    {"/@connectionsx", ROUTE_NONE, "", 0},
    {"/@connections" ID, ROUTE_NONE, "", 0},
    {"/@Connections/" ID, ROUTE_NONE, "", 0},
    {"/@connections/" ID "/", ROUTE_NONE, "", 0},
    {"/@connections/" ID "/x", ROUTE_NONE, "", 0},
    {"/@connections//" ID, ROUTE_NONE, "", 0},
    {"/one/two/@connections", ROUTE_NONE, "", 0},
    {"/one/two/@connections/" ID, ROUTE_NONE, "", 0},
    {"/prod/connections/" ID, ROUTE_NONE, "", 0},
    {"/prod///@connections/" ID, ROUTE_NONE, "", 0},
    {"///@connections/" ID, ROUTE_NONE, "", 0},
    {"/prod//v1/@connections/" ID, ROUTE_NONE, "", 0},
    {"/prod//", ROUTE_NONE, "", 0},
    {"/prod/" ID, ROUTE_NONE, "", 0},
    {"/prod", ROUTE_NONE, "", 0},
    {"/prod/", ROUTE_NONE, "", 0},
    {"/health/", ROUTE_NONE, "", 0},
    {"/healthz", ROUTE_NONE, "", 0},
    {"/metrics/", ROUTE_NONE, "", 0},
    {"/metric", ROUTE_NONE, "", 0},
    {"/../metrics", ROUTE_NONE, "", 0},
};

static void says_what_a_path_means(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct route route = route_of(text_from_cstr(table[i].path));
        if (route.target != table[i].target)
            fail_msg("\"%s\" is %d", table[i].path, (int)route.target);
        if (!text_equal(route.id, text_from_cstr(table[i].id)))
            fail_msg("\"%s\" has \"%.*s\"", table[i].path, TEXT_ARGS(route.id));
        if (route.methods != table[i].methods)
            fail_msg("\"%s\" has methods %u", table[i].path, route.methods);
    }
}

/* The Allow header names the methods that are let through, and no others. */
static void allows_what_it_says(void **state)
{
    static const char *const names[] = {"GET", "HEAD", "POST", "DELETE"};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct route route = route_of(text_from_cstr(table[i].path));
        assert_non_null(route.allowed);
        for (size_t j = 0; j < sizeof names / sizeof *names; j++) {
            bool let_through = route.methods & route_method(text_from_cstr(names[j]));
            assert_int_equal(strstr(route.allowed, names[j]) != NULL, let_through);
        }
    }
}

static void does_not_read_beyond_the_path(void **state)
{
    (void)state;
    assert_int_equal(route_of((struct text){"/healthz", 7}).target, ROUTE_HEALTH);
    assert_int_equal(route_of((struct text){"/@connections/abc", 13}).target, ROUTE_LIST);
    assert_true(text_equal(route_of((struct text){"/@connections/abc", 15}).id, TEXT("a")));
    assert_true(text_equal(route_of((struct text){"/@connections/abc/", 17}).id, TEXT("abc")));
    assert_int_equal(route_of((struct text){NULL, 0}).target, ROUTE_NONE);
}

static void takes_long_paths(void **state)
{
    static char path[100 * 1000];

    (void)state;
    memset(path, 'x', sizeof path);
    path[0] = '/';
    assert_int_equal(route_of((struct text){path, sizeof path}).target, ROUTE_NONE);
    memset(path, '/', sizeof path);
    assert_int_equal(route_of((struct text){path, sizeof path}).target, ROUTE_NONE);
    memcpy(path, "/@connections/", 14);
    memset(path + 14, 'x', sizeof path - 14);
    assert_int_equal(route_of((struct text){path, sizeof path}).id.length, sizeof path - 14);
}

static void knows_its_methods(void **state)
{
    static const char *const unknown[] = {"",      "get",     "Get",   "GETS",    "GE",    "PUT",
                                          "PATCH", "OPTIONS", "TRACE", "CONNECT", "POST ", "delete"};

    (void)state;
    assert_int_equal(route_method(TEXT("GET")), ROUTE_GET);
    assert_int_equal(route_method(TEXT("HEAD")), ROUTE_GET);
    assert_int_equal(route_method(TEXT("POST")), ROUTE_PUSH);
    assert_int_equal(route_method(TEXT("DELETE")), ROUTE_DELETE);
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_int_equal(route_method(text_from_cstr(unknown[i])), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_a_path_means),
        cmocka_unit_test(allows_what_it_says),
        cmocka_unit_test(does_not_read_beyond_the_path),
        cmocka_unit_test(takes_long_paths),
        cmocka_unit_test(knows_its_methods),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
