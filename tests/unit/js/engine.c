#include "js/engine.h"

#include "js/native.h"
#include "support/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 300 };

/* Both ways in blocks of their very size, so that a sanitizer or valgrind sees a step over the end. */
static void assert_round_trip(const JSChar *units, size_t count, const char *utf8, size_t length)
{
    struct buffer out;
    JSChar *given = malloc(count * sizeof *given + 1);
    char *bytes = malloc(length + 1);
    JSChar *back = malloc(length * sizeof *back + 1);
    bool valid = false;

    memcpy(given, units, count * sizeof *given);
    memcpy(bytes, utf8, length);
    buffer_init(&out, BUFFER_UNLIMITED);
    assert_int_equal(engine_append_utf8(&out, given, count), STATUS_OK);
    assert_int_equal(out.length, length);
    if (length)
        assert_memory_equal(out.data, utf8, length);

    assert_int_equal(engine_utf16_from_utf8(back, bytes, length), count);
    assert_memory_equal(back, units, count * sizeof *units);
    memset(back, 0, length * sizeof *back);
    assert_int_equal(native_utf16_from_bytes(back, (uint8_t *)bytes, length, &valid), count);
    assert_memory_equal(back, units, count * sizeof *units);
    assert_true(valid);

    buffer_deinit(&out);
    free(given);
    free(bytes);
    free(back);
}

/* `length` letters, with one character in place of the one at `at`; returns the length in UTF-16 units. */
static size_t make_text(JSChar *units, char *utf8, size_t *utf8_length, size_t length, size_t at,
                        size_t which)
{
    static const struct {
        const char *utf8;
        JSChar units[2];
        size_t count;
    } characters[] = {
        {"x", {'x'}, 1},
        {"\x7f", {0x7F}, 1},
        {"\xc2\x80", {0x80}, 1},
        {"\xdf\xbf", {0x7FF}, 1},
        {"\xe0\xa0\x80", {0x800}, 1},
        {"\xed\x9f\xbf", {0xD7FF}, 1},
        {"\xee\x80\x80", {0xE000}, 1},
        {"\xef\xbf\xbf", {0xFFFF}, 1},
        {"\xf0\x90\x80\x80", {0xD800, 0xDC00}, 2},
        {"\xf4\x8f\xbf\xbf", {0xDBFF, 0xDFFF}, 2},
    };
    size_t count = 0;

    assert_true(which < sizeof characters / sizeof *characters);
    *utf8_length = 0;
    for (size_t i = 0; i < length; i++) {
        if (i == at) {
            memcpy(units + count, characters[which].units, characters[which].count * sizeof *units);
            count += characters[which].count;
            memcpy(utf8 + *utf8_length, characters[which].utf8, strlen(characters[which].utf8));
            *utf8_length += strlen(characters[which].utf8);
        } else {
            units[count++] = (JSChar)('a' + i % 26);
            utf8[(*utf8_length)++] = (char)('a' + i % 26);
        }
    }
    return count;
}

static void converts_at_every_length_and_place(void **state)
{
    JSChar units[MOST];
    char utf8[MOST];
    size_t utf8_length;

    (void)state;
    for (size_t which = 0; which < 10; which++)
        for (size_t length = 0; length <= 50; length++)
            for (size_t at = 0; at <= length; at++) {
                size_t count = make_text(units, utf8, &utf8_length, length, at, which);
                assert_round_trip(units, count, utf8, utf8_length);
            }
}

static void appends_behind_what_is_there(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, BUFFER_UNLIMITED);
    assert_int_equal(buffer_append(&out, "1", 1), STATUS_OK);
    assert_int_equal(engine_append_utf8(&out, (const JSChar[]){'a', 0xE9}, 2), STATUS_OK);
    assert_int_equal(engine_append_utf8(&out, (const JSChar[]){0x20AC}, 1), STATUS_OK);
    assert_int_equal(engine_append_utf8(&out, NULL, 0), STATUS_OK);
    assert_int_equal(out.length, 7);
    assert_memory_equal(out.data, "1a\xc3\xa9\xe2\x82\xac", 7);
    buffer_deinit(&out);
}

static void keeps_to_the_limit(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 4);
    assert_int_equal(engine_append_utf8(&out, (const JSChar[]){'a', 'b', 'c', 'd', 'e'}, 5), STATUS_LIMIT);
    assert_int_equal(out.length, 0);
    assert_int_equal(engine_append_utf8(&out, (const JSChar[]){'a', 'b', 'c', 'd'}, 4), STATUS_OK);
    assert_int_equal(out.length, 4);
    buffer_deinit(&out);
}

static void replaces_lone_surrogates(void **state)
{
    static const struct {
        JSChar units[4];
        size_t count;
        const char *utf8;
    } cases[] = {
        {{0xD800}, 1, "\xef\xbf\xbd"},
        {{0xDC00}, 1, "\xef\xbf\xbd"},
        {{0xD800, 'a'}, 2, "\xef\xbf\xbd\x61"},
        {{'a', 0xDFFF, 'b'}, 3, "a\xef\xbf\xbd\x62"},
        {{0xD83D, 0xD83D, 0xDE00}, 3, "\xef\xbf\xbd\xf0\x9f\x98\x80"},
        {{0xDE00, 0xD83D}, 2, "\xef\xbf\xbd\xef\xbf\xbd"},
        {{0xD83D, 0xDE00, 0xDE00}, 3, "\xf0\x9f\x98\x80\xef\xbf\xbd"},
        {{0xD83D, 0xDBFF, 0xE000}, 3, "\xef\xbf\xbd\xef\xbf\xbd\xee\x80\x80"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t before = 0; before <= 33; before++) {
            struct buffer out;
            JSChar *units = malloc((before + cases[i].count) * sizeof *units);

            for (size_t k = 0; k < before; k++)
                units[k] = 'x';
            memcpy(units + before, cases[i].units, cases[i].count * sizeof *units);
            buffer_init(&out, BUFFER_UNLIMITED);
            assert_int_equal(engine_append_utf8(&out, units, before + cases[i].count), STATUS_OK);
            assert_int_equal(out.length, before + strlen(cases[i].utf8));
            assert_memory_equal(out.data + before, cases[i].utf8, strlen(cases[i].utf8));
            buffer_deinit(&out);
            free(units);
        }
}

/* The parts that WHATWG's decoder replaces by one U+FFFD each are the longest that could have begun a
 * character. */
static void replaces_what_is_not_utf8(void **state)
{
    static const struct {
        const char *bytes;
        JSChar units[5];
        size_t count;
    } cases[] = {
        {"\x80", {0xFFFD}, 1},
        {"\xbf", {0xFFFD}, 1},
        {"\xc0\x80", {0xFFFD, 0xFFFD}, 2},
        {"\xc1\xbf", {0xFFFD, 0xFFFD}, 2},
        {"\xc3", {0xFFFD}, 1},
        {"\xc3z", {0xFFFD, 'z'}, 2},
        {"\xc3\xc3\xa9", {0xFFFD, 0xE9}, 2},
        {"\xe0\x80\x80", {0xFFFD, 0xFFFD, 0xFFFD}, 3},
        {"\xe0\xa0", {0xFFFD}, 1},
        {"\xe2\x82", {0xFFFD}, 1},
        {"\xe2\x82z", {0xFFFD, 'z'}, 2},
        {"\xe2\x82\xe2\x82\xac", {0xFFFD, 0x20AC}, 2},
        {"\xed\xa0\x80", {0xFFFD, 0xFFFD, 0xFFFD}, 3},
        {"\xed\xbf\xbf", {0xFFFD, 0xFFFD, 0xFFFD}, 3},
        {"\xf0\x80\x80\x80", {0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD}, 4},
        {"\xf0\x9f\x98", {0xFFFD}, 1},
        {"\xf0\x9f\x98z", {0xFFFD, 'z'}, 2},
        {"\xf0\x9fz", {0xFFFD, 'z'}, 2},
        {"\xf4\x90\x80\x80", {0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD}, 4},
        {"\xf5\x80", {0xFFFD, 0xFFFD}, 2},
        {"\xff\xfe", {0xFFFD, 0xFFFD}, 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t before = 0; before <= 33; before++) {
            size_t length = before + strlen(cases[i].bytes);
            uint8_t *bytes = malloc(length);
            JSChar *units = malloc(length * sizeof *units);
            bool valid = true;

            memset(bytes, 'x', before);
            memcpy(bytes + before, cases[i].bytes, strlen(cases[i].bytes));
            assert_int_equal(native_utf16_from_bytes(units, bytes, length, &valid), before + cases[i].count);
            assert_memory_equal(units + before, cases[i].units, cases[i].count * sizeof *units);
            assert_false(valid);
            free(bytes);
            free(units);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(converts_at_every_length_and_place),
        cmocka_unit_test(appends_behind_what_is_there),
        cmocka_unit_test(keeps_to_the_limit),
        cmocka_unit_test(replaces_lone_surrogates),
        cmocka_unit_test(replaces_what_is_not_utf8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
