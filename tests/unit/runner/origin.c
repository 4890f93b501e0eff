#include "runner/origin.h"

#include "support/cmocka_all.h"
#include <string.h>

static bool matches(const char *pattern, const char *origin)
{
    return origin_matches(text_from_cstr(pattern), text_from_cstr(origin));
}

static void knows_an_origin_by_itself(void **state)
{
    (void)state;
    assert_true(matches("https://example.com", "https://example.com"));
    assert_true(matches("https://Example.com", "HTTPS://exAMPLE.com"));
    assert_true(matches("null", "null"));
    assert_false(matches("https://example.com", "http://example.com"));
    assert_false(matches("https://example.com", "https://example.com:8443"));
    assert_false(matches("https://example.com", "https://example.com.evil"));
    assert_false(matches("https://example.com", "https://example.co"));
    assert_false(matches("https://example.com", ""));
    assert_false(matches("", "https://example.com"));
}

static void knows_patterns(void **state)
{
    (void)state;
    assert_true(matches("*", "https://anything:1"));
    assert_true(matches("*", "null"));
    assert_true(matches("https://*.example.com", "https://a.example.com"));
    assert_true(matches("https://*.example.com", "https://a.b.example.com"));
    assert_true(matches("http://localhost:*", "http://localhost:3000"));
    assert_true(matches("*://example.com", "http://example.com"));
    assert_true(matches("https://*a*b*", "https://xaxbx"));
    assert_true(matches("https://example.com*", "https://example.com"));
    assert_false(matches("https://*.example.com", "https://example.com"));
    assert_false(matches("https://*.example.com", "https://a.example.com.evil"));
    assert_false(matches("https://*.example.com", "https://evil/.example.com"));
    assert_false(matches("https://*.example.com", "http://a.example.com"));
    assert_false(matches("https://*a*b*", "https://xbxax"));
}

static void is_not_slow_with_stars(void **state)
{
    char origin[4096];

    (void)state;
    memset(origin, 'a', sizeof origin);
    struct text text = {origin, sizeof origin};
    assert_false(origin_matches(TEXT("a*a*a*a*a*a*a*a*a*a*a*a*b"), text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_an_origin_by_itself),
        cmocka_unit_test(knows_patterns),
        cmocka_unit_test(is_not_slow_with_stars),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
