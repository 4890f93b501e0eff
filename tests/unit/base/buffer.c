#include "base/buffer.h"

#include "support/cmocka_all.h"
#include <string.h>

static void grows_and_keeps_its_contents(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, BUFFER_UNLIMITED);
    assert_null(buffer.data);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(buffer_append(&buffer, "0123456789", 10), STATUS_OK);
    assert_int_equal(buffer.length, 10000);
    assert_memory_equal(buffer.data + 9990, "0123456789", 10);
    buffer_deinit(&buffer);
    assert_null(buffer.data);
    assert_int_equal(buffer.length, 0);
}

static void keeps_what_it_has_when_the_limit_is_reached(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 10);
    assert_int_equal(buffer_append(&buffer, "12345678", 8), STATUS_OK);
    assert_int_equal(buffer_append(&buffer, "abc", 3), STATUS_LIMIT);
    assert_true(text_equal(buffer_text(&buffer), TEXT("12345678")));
    assert_int_equal(buffer_append(&buffer, "ab", 2), STATUS_OK);
    assert_int_equal(buffer_reserve(&buffer, SIZE_MAX), STATUS_LIMIT);
    buffer_deinit(&buffer);
}

static void prints_and_consumes(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, BUFFER_UNLIMITED);
    assert_int_equal(buffer_printf(&buffer, "%d-%s", 42, "x"), STATUS_OK);
    assert_true(text_equal(buffer_text(&buffer), TEXT("42-x")));
    buffer_consume(&buffer, 3);
    assert_true(text_equal(buffer_text(&buffer), TEXT("x")));
    buffer_consume(&buffer, 1);
    assert_int_equal(buffer.length, 0);
    buffer_deinit(&buffer);
}

static void writes_integers(void **state)
{
    const struct {
        int64_t number;
        const char *text;
    } cases[] = {
        {0, "0"},
        {7, "7"},
        {-1, "-1"},
        {10, "10"},
        {200, "200"},
        {INT64_MAX, "9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer buffer;
        buffer_init(&buffer, strlen(cases[i].text));
        assert_int_equal(buffer_append_integer(&buffer, cases[i].number), STATUS_OK);
        assert_true(text_equal(buffer_text(&buffer), text_from_cstr(cases[i].text)));
        assert_int_equal(buffer_append_integer(&buffer, 1), STATUS_LIMIT);
        buffer_deinit(&buffer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_keeps_its_contents),
        cmocka_unit_test(keeps_what_it_has_when_the_limit_is_reached),
        cmocka_unit_test(prints_and_consumes),
        cmocka_unit_test(writes_integers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
