#include "json/shared.h"

#include "support/cmocka_all.h"
#include <stdlib.h>

static json_t *parse(const char *text)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);

    assert_non_null(json);
    return json;
}

static void leaves_what_has_one_place(void **state)
{
    const char *const texts[] = {"null", "true",    "-1.5", "\"a\"",
                                 "[]",   "[[],{}]", "{}",   "{\"\":[1,{\"b\":null}]}"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_t *json = parse(texts[i]);
        json_t *marked = json_mark_shared(json);
        assert_true(json_equal(json, marked));
        json_decref(marked);
        json_decref(json);
    }
}

static void marks_what_has_two(void **state)
{
    json_t *inner = parse("{\"x\":1}");
    json_t *list = json_pack("[O,{s:O},i]", inner, "a", inner, 5);

    (void)state;
    json_decref(inner); /* two owners are left */
    json_t *marked = json_mark_shared(list);
    const json_t *first = json_object_get(json_array_get(marked, 0), "$shared");
    const json_t *second = json_object_get(json_object_get(json_array_get(marked, 1), "a"), "$shared");
    assert_int_equal(json_array_size(first), 2);
    assert_true(json_is_string(json_array_get(first, 0)));
    assert_true(json_equal(first, second));
    assert_true(json_equal(json_array_get(first, 1), inner));
    assert_int_equal(json_integer_value(json_array_get(marked, 2)), 5);
    assert_int_equal(inner->refcount, 2);
    json_decref(marked);
    json_decref(list);
}

static void marks_apart_what_is_apart(void **state)
{
    json_t *one = parse("[]");
    json_t *other = parse("[]");
    json_t *list = json_pack("[o,O,o,O]", one, one, other, other);

    (void)state;
    json_t *marked = json_mark_shared(list);
    assert_true(json_equal(json_array_get(marked, 0), json_array_get(marked, 1)));
    assert_true(json_equal(json_array_get(marked, 2), json_array_get(marked, 3)));
    assert_false(json_equal(json_array_get(marked, 0), json_array_get(marked, 2)));
    json_decref(marked);
    json_decref(list);
}

static void keeps_keys_of_all_bytes(void **state)
{
    json_t *json = json_loads("{\"a\\u0000b\":1}", JSON_ALLOW_NUL, NULL);

    (void)state;
    json_t *marked = json_mark_shared(json);
    assert_true(!json || json_equal(json, marked));
    json_decref(marked);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_what_has_one_place),
        cmocka_unit_test(marks_what_has_two),
        cmocka_unit_test(marks_apart_what_is_apart),
        cmocka_unit_test(keeps_keys_of_all_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
