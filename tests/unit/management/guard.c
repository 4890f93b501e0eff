#include "management/guard.h"

#include "support/cmocka_all.h"
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void expect_host(const char *host, const char *own_name, bool expected)
{
    if (guard_host(text_from_cstr(host), own_name) != expected)
        fail_msg("\"%s\" is %s", host, expected ? "kept out" : "let in");
}

static void lets_addresses_and_localhost_in(void **state)
{
    static const char *const hosts[] = {
        "127.0.0.1",       "127.0.0.1:9100", "127.0.0.1:",      "127.0.0.1:1",     "127.0.0.1:65535",
        "0.0.0.0",         "10.1.2.3:80",    "255.255.255.255", "[::1]",           "[::1]:9100",
        "[::]:1",          "[::1]:",         "[fe80::1]",       "[2001:DB8::A]:1", "[::ffff:127.0.0.1]:80",
        "localhost",       "localhost:9100", "LocalHost:1",     "LOCALHOST",       "localhost:",
        "192.0.2.1:00080",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(hosts); i++) {
        expect_host(hosts[i], NULL, true);
        expect_host(hosts[i], "manager.internal", true);
    }
}

static void keeps_every_other_name_out(void **state)
{
    static const char *const hosts[] = {
        "",
        ":",
        ":9100",
        "evil.example",
        "evil.example:9100",
        "localhost.evil",
        "localhost.evil:9100",
        "notlocalhost",
        "localhos",
        "localhost.localdomain",
        "127.0.0.1.evil.example",
        "127.0.0.1.nip.io:9100",
        "127-0-0-1.evil.example",
        "1.2.3.4x",
        "256.0.0.1",
        "1.2.3",
        "1.2.3.4.5",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "::1",
        "::1:9100",
        "[127.0.0.1]",
        "[localhost]",
        "[evil.example]:9100",
        "[::1",
        "::1]",
        "[]",
        "[]:9100",
        "[::1]evil.example",
        "[::1]evil.example:9100",
        "[::1].evil.example",
        "[::1]:9100.evil.example",
        "[::1]:9100:1",
        "[::1%25lo]",
        "[[::1]]",
        "[:::1]",
        "[1:2:3:4:5:6:7:8:9]",
        "127.0.0.1:http",
        "127.0.0.1:-1",
        "127.0.0.1:123456",
        "127.0.0.1:80:80",
        "127.0.0.1:80@evil.example",
        "user@127.0.0.1",
        "localhost:80 evil.example",
        "localhost evil.example",
        " localhost",
        "127.0.0.1 ",
        "127.0.0.1, evil.example",
        "127.0.0.1/evil.example",
        "http://127.0.0.1",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(hosts); i++) {
        expect_host(hosts[i], NULL, false);
        expect_host(hosts[i], "manager.internal", false);
    }
}

static void lets_its_own_name_in(void **state)
{
    static const char *const good[] = {"manager.internal", "manager.internal:9100", "Manager.INTERNAL:1",
                                       "manager.internal:"};
    static const char *const bad[] = {"manager.internal.evil", "xmanager.internal",      "manager",
                                      "manager.interna",       "manager.internal:http",  ".internal",
                                      "[manager.internal]",    "manager.internal.:9100", ""};

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        expect_host(good[i], "manager.internal", true);
        expect_host(good[i], NULL, false);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        expect_host(bad[i], "manager.internal", false);
    expect_host("", "", false);
    expect_host(":9100", "", false);
    expect_host("evil.example", "", false);
}

static void is_not_led_on_by_lengths(void **state)
{
    char host[300];

    (void)state;
    memset(host, '1', sizeof host);
    for (size_t length = 0; length <= sizeof host; length++) {
        assert_false(guard_host((struct text){host, length}, NULL));
        host[0] = '[';
        assert_false(guard_host((struct text){host, length}, NULL));
        host[0] = '1';
    }
    /* A view ends where it ends, whatever follows. */
    assert_true(guard_host((struct text){"127.0.0.1.evil", 9}, NULL));
    assert_true(guard_host((struct text){"localhost.evil", 9}, NULL));
    assert_false(guard_host((struct text){"localhost", 8}, NULL));
    assert_false(guard_host((struct text){"[::1]", 4}, NULL));
    assert_false(guard_host((struct text){NULL, 0}, NULL));
}

static void knows_its_own_origin(void **state)
{
    static const struct {
        const char *origin;
        const char *host;
        bool expected;
    } table[] = {
        {"http://127.0.0.1:9100", "127.0.0.1:9100", true},
        {"http://localhost:9100", "localhost:9100", true},
        {"http://LOCALHOST:9100", "localhost:9100", true},
        {"http://[::1]:9100", "[::1]:9100", true},
        {"http://localhost", "localhost", true},
        {"http://localhost:9101", "localhost:9100", false},
        {"http://localhost:910", "localhost:9100", false},
        {"http://localhost:91000", "localhost:9100", false},
        {"http://localhost", "localhost:9100", false},
        {"http://localhost:9100", "localhost", false},
        {"http://localhost:9100", "127.0.0.1:9100", false},
        {"http://evil.example", "127.0.0.1:9100", false},
        {"http://127.0.0.1:9100.evil.example", "127.0.0.1:9100", false},
        {"http://127.0.0.1:9100/", "127.0.0.1:9100", false},
        {"https://127.0.0.1:9100", "127.0.0.1:9100", false},
        {"ws://127.0.0.1:9100", "127.0.0.1:9100", false},
        {"//127.0.0.1:9100", "127.0.0.1:9100", false},
        {"127.0.0.1:9100", "127.0.0.1:9100", false},
        {"http://user@127.0.0.1:9100", "127.0.0.1:9100", false},
        {" http://127.0.0.1:9100", "127.0.0.1:9100", false},
        {"null", "127.0.0.1:9100", false},
        {"", "127.0.0.1:9100", false},
        {"http://", "127.0.0.1:9100", false},
        {"file://", "127.0.0.1:9100", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++)
        if (guard_origin(text_from_cstr(table[i].origin), text_from_cstr(table[i].host)) != table[i].expected)
            fail_msg("\"%s\" at %s is %s", table[i].origin, table[i].host,
                     table[i].expected ? "kept out" : "let in");
}

static void lets_no_other_site_in(void **state)
{
    static const char *const bad[] = {"cross-site", "same-site",    "",
                                      "None",       "same-origin ", "none, cross-site"};

    (void)state;
    assert_true(guard_site(TEXT("same-origin")));
    assert_true(guard_site(TEXT("none")));
    for (size_t i = 0; i < COUNT(bad); i++)
        if (guard_site(text_from_cstr(bad[i])))
            fail_msg("\"%s\" is let in", bad[i]);
}

static void wants_the_whole_token(void **state)
{
    static const char *const bad[] = {
        "",
        "Bearer",
        "Bearer ",
        "Bearer secre",
        "Bearer secret ",
        "Bearer secrets",
        "Bearer Secret",
        "Bearer secreT",
        "Bearer xecret",
        "Bearer  secret",
        "Bearer\tsecret",
        " Bearer secret",
        "Basic secret",
        "Bearersecret",
        "secret",
        "Bearer Bearer secret",
        "Bearer secret, Bearer secret",
        "Bearer \xf3zcret",
    };

    (void)state;
    assert_true(guard_token(TEXT("Bearer secret"), "secret"));
    assert_true(guard_token(TEXT("bearer secret"), "secret")); /* a scheme is so in any case */
    assert_true(guard_token(TEXT("BEARER secret"), "secret"));
    assert_true(guard_token(TEXT("Bearer a b=/+\xc3\xa9"), "a b=/+\xc3\xa9"));
    assert_false(guard_token((struct text){NULL, 0}, "secret"));
    for (size_t i = 0; i < COUNT(bad); i++)
        if (guard_token(text_from_cstr(bad[i]), "secret"))
            fail_msg("\"%s\" is let in", bad[i]);
}

static void tells_tokens_apart_by_every_byte(void **state)
{
    char value[] = "Bearer 0123456789abcdef0123456789abcdef";
    const size_t start = sizeof "Bearer " - 1;

    (void)state;
    for (size_t i = start; value[i]; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            char kept = value[i];
            value[i] = (char)(kept ^ (1 << bit));
            assert_false(
                guard_token((struct text){value, sizeof value - 1}, "0123456789abcdef0123456789abcdef"));
            value[i] = kept;
        }
    assert_true(guard_token(text_from_cstr(value), "0123456789abcdef0123456789abcdef"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_addresses_and_localhost_in),
        cmocka_unit_test(keeps_every_other_name_out),
        cmocka_unit_test(lets_its_own_name_in),
        cmocka_unit_test(is_not_led_on_by_lengths),
        cmocka_unit_test(knows_its_own_origin),
        cmocka_unit_test(lets_no_other_site_in),
        cmocka_unit_test(wants_the_whole_token),
        cmocka_unit_test(tells_tokens_apart_by_every_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
