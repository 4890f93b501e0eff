#include "json/value.h"

#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

static void check(const char *text, const char *wanted)
{
    struct buffer out;
    json_t *value;

    assert_int_equal(json_read_value(text_from_cstr(text), &value), STATUS_OK);
    buffer_init(&out, BUFFER_UNLIMITED);
    assert_int_equal(json_append_value(&out, value), STATUS_OK);
    assert_int_equal(out.length, strlen(wanted));
    assert_memory_equal(out.data, wanted, out.length);
    buffer_deinit(&out);
    json_decref(value);
}

static void writes_as_json_stringify(void **state)
{
    (void)state;
    check(" { \"b\" : [ 1 , null , true , false , \"a\\u000a\\\"\" ] , \"a\" : { } } ",
          "{\"b\":[1,null,true,false,\"a\\n\\\"\"],\"a\":{}}");
    check("[]", "[]");
    check("\"\\u0000\"", "\"\\u0000\"");
    check("\"\\u20ac\"", "\"\xE2\x82\xAC\"");
    check("{\"a\":1,\"a\":2}", "{\"a\":2}");
}

static void writes_numbers_as_short_as_they_read_back(void **state)
{
    (void)state;
    check("0.1", "0.1");
    check("1.0", "1");
    check("-0.0", "0");
    check("100", "100");
    check("-9223372036854775808", "-9223372036854775808");
    check("123456789.125", "123456789.125");
    check("0.30000000000000004", "0.30000000000000004");
    check("1e300", "1e+300");
    check("5e-324", "4.94065645841247e-324");
    check("9223372036854775808", "9.223372036854776e+18"); /* beyond 64 bits: a double, as in JavaScript */
}

static void refuses_what_it_can_not_hold(void **state)
{
    char deep[8001];
    json_t *value = NULL;

    (void)state;
    memset(deep, '[', 4000);
    memset(deep + 4000, ']', 4000);
    deep[8000] = '\0';
    assert_int_equal(json_read_value(text_from_cstr(deep), &value), STATUS_INVALID);
    assert_int_equal(json_read_value(TEXT("1e999"), &value), STATUS_INVALID);
    assert_int_equal(json_read_value(TEXT("\"\\ud800\""), &value), STATUS_INVALID);
    assert_int_equal(json_read_value(TEXT(""), &value), STATUS_INVALID);
    assert_null(value);
}

static void does_not_follow_a_value_into_itself(void **state)
{
    json_t *array = json_array();
    json_t *inner = array;
    struct buffer out;

    (void)state;
    for (int i = 0; i < 3000; i++) {
        json_t *next = json_array();
        json_array_append_new(inner, next);
        inner = next;
    }
    buffer_init(&out, BUFFER_UNLIMITED);
    assert_int_equal(buffer_append_text(&out, TEXT("kept")), STATUS_OK);
    assert_int_equal(json_append_value(&out, array), STATUS_INVALID);
    assert_int_equal(out.length, 4);
    buffer_deinit(&out);
    json_decref(array);
}

static void fails_softly_at_a_limit(void **state)
{
    json_t *value = json_pack("{s:[i,f,s,b,n]}", "name", 1, 2.5, "text", 1);
    struct buffer out;

    (void)state;
    for (size_t limit = 0;; limit++) {
        buffer_init(&out, limit);
        enum status status = json_append_value(&out, value);
        size_t length = out.length;
        buffer_deinit(&out);
        if (status == STATUS_OK)
            break;
        assert_int_equal(status, STATUS_LIMIT);
        assert_int_equal(length, 0);
    }
    json_decref(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_as_json_stringify),
        cmocka_unit_test(writes_numbers_as_short_as_they_read_back),
        cmocka_unit_test(refuses_what_it_can_not_hold),
        cmocka_unit_test(does_not_follow_a_value_into_itself),
        cmocka_unit_test(fails_softly_at_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
