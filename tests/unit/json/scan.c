#include "json/scan.h"
#include "exact.h"
#include "json/envelope.h"

#include "support/cmocka_all.h"

#include <stdio.h>

/* A value alone in its block: whether the reader takes all of it. Every prefix is read too, for what it
 * touches. */
static bool is_value(struct text source)
{
    for (size_t length = 0; length < source.length; length++) {
        struct text prefix = exact_copy((struct text){source.data, length});
        const char *stop = json_skip_value(prefix.data, prefix.data + length);
        assert_true(!stop || stop <= prefix.data + length);
        exact_free(prefix);
    }
    struct text copy = exact_copy(source);
    bool whole = json_skip_value(copy.data, copy.data + copy.length) == copy.data + copy.length;
    exact_free(copy);
    return whole;
}

static void takes_each_kind_of_value(void **state)
{
    static const char *const values[] = {
        "null",
        "true",
        "false",
        "\"\"",
        "\"text\"",
        "[]",
        "{}",
        "[ ]",
        "{ }",
        "[1]",
        "[1,2]",
        "[[],[[]],{}]",
        "{\"a\":1}",
        "{\"a\":1,\"a\":2}",
        "{\"\":{\"\":[{}]}}",
        "[ 1 , 2 ]",
        "{\t\"a\"\r:\n[ null ] }",
        "[true,false,null,0,\"\"]",
        "[{\"a\":[]},{\"b\":{}}]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (!is_value(text_from_cstr(values[i])))
            fail_msg("not taken: %s", values[i]);
}

static void refuses_what_is_no_value(void **state)
{
    static const char *const others[] = {
        "",
        " ",
        "nul",
        "nulL",
        "Null",
        "True",
        "TRUE",
        "undefined",
        "NaN",
        "Infinity",
        "-Infinity",
        "'a'",
        "a",
        "[",
        "]",
        "{",
        "}",
        "[}",
        "{]",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[,]",
        "[1 2]",
        "[1,,2]",
        "[[]",
        "[]]",
        "[:]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{,}",
        "{\"a\" 1}",
        "{\"a\"::1}",
        "{a:1}",
        "{1:1}",
        "{'a':1}",
        "{null:1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\",\"b\"}",
        "{\"a\":1;}",
        "{[]:1}",
        "[\"a\":1]",
        "/**/1",
        "[1/**/]",
        "\v1",
        "\f1",
        "\xef\xbb\xbf{}",
        "\xc2\xa0",
        "[\xc2\xa0]",
        "[1}",
        "{\"a\":1]",
        ":",
        ",",
    };

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (is_value(text_from_cstr(others[i])))
            fail_msg("taken: %s", others[i]);
}

static void knows_numbers(void **state)
{
    static const char *const numbers[] = {
        "0",      "-0",
        "1",      "-1",
        "10",     "1234567890",
        "0.0",    "-0.0",
        "0.5",    "1.25",
        "0e0",    "0E0",
        "1e5",    "1E5",
        "1e+5",   "1e-5",
        "1e05",   "1.5e300",
        "1e999",  "-1e999",
        "1e-999", "123456789012345678901234567890",
        "0.1e1",  "-0e-0",
    };
    static const char *const others[] = {
        "-",     "+1",    "--1", "01",  "-01", "00",       "1.",       "-1.",  ".5",    "-.5",
        "1.e5",  "1e",    "1e+", "1e-", "1E",  "e5",       "1e5.5",    "0x10", "1_000", "1,5",
        "1e++5", "1.2.3", "1a",  "- 1", "1 ",  "\xd9\xa1", "Infinity", "0b1",  "1n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!is_value(text_from_cstr(numbers[i])))
            fail_msg("not taken: %s", numbers[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (is_value(text_from_cstr(others[i])))
            fail_msg("taken: %s", others[i]);
}

static void knows_escapes(void **state)
{
    (void)state;
    for (int c = 1; c < 0x80; c++) {
        char string[] = {'"', '\\', (char)c, '"'};
        bool wanted = strchr("\"\\/bfnrt", c) != NULL;
        /* "\"" is the start of a longer string, here cut short. */
        assert_int_equal(is_value((struct text){string, sizeof string}), wanted);
    }
    assert_true(is_value(TEXT("\"\\u0000\\uFFFF\\uabCD\\ud800\\udc00\\udc00\\ud800\"")));
    assert_false(is_value(TEXT("\"\\u\"")));
    assert_false(is_value(TEXT("\"\\u12\"")));
    assert_false(is_value(TEXT("\"\\u123\"")));
    assert_false(is_value(TEXT("\"\\u123g\"")));
    assert_false(is_value(TEXT("\"\\u{41}\"")));
    assert_false(is_value(TEXT("\"\\U0041\"")));
    assert_false(is_value(TEXT("\"\\u 041\"")));
    assert_false(is_value(TEXT("\"\\u+041\"")));
    assert_false(is_value(TEXT("\"\\x41\"")));
    assert_false(is_value(TEXT("\"\\")));
    assert_false(is_value(TEXT("\"\\\"")));
}

/* Each byte at each place of strings of each length up to a few words of the reader. */
static void knows_the_bytes_of_a_string_at_every_place(void **state)
{
    enum { LONGEST = 50 };

    (void)state;
    for (size_t length = 1; length <= LONGEST; length++) {
        for (size_t place = 0; place < length; place++) {
            for (int byte = 0; byte < 0x80; byte++) {
                char quoted[LONGEST + 2];
                memset(quoted, 'x', sizeof quoted);
                quoted[0] = quoted[length + 1] = '"';
                quoted[1 + place] = (char)byte;
                struct text copy = exact_copy((struct text){quoted, length + 2});
                const char *end = copy.data + copy.length;
                bool escaped = false;
                const char *stop = json_skip_string(copy.data, end, &escaped);
                if (byte == '"')
                    assert_ptr_equal(stop, copy.data + place + 2);
                else if (byte < 0x20 || byte == '\\') /* "\x" is no escape, and at the end none is left */
                    assert_null(stop);
                else
                    assert_ptr_equal(stop, end);
                assert_int_equal(escaped, byte == '\\');
                assert_null(json_skip_string(copy.data, copy.data + place + 1, NULL));
                exact_free(copy);
            }
        }
    }
    /* Bytes from 0x80 up beside those that end a run. */
    assert_true(is_value(TEXT("\"\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80\xc2\x80\xc2\x9f\x7f\"")));
    assert_false(is_value(TEXT("\"\xc3\xa9\xc2\x80\x01\xc2\x80\xc2\x80\"")));
}

/* Strings that begin and end anywhere in the blocks of a text, with a byte in them that ends a run of plain
 * ones. */
static void passes_strings_wherever_they_lie_in_blocks(void **state)
{
    static const size_t begins[] = {0, 1, 15, 16, 47, 48, 62, 63, 64, 65, 127, 128};
    static const char bytes[] = {'"', '\\', 0x1f, 0x7f};
    enum { LONGEST = 140, MOST = 128 + LONGEST + 2 };
    char text[MOST];

    (void)state;
    for (size_t b = 0; b < sizeof begins / sizeof *begins; b++) {
        for (size_t length = 1; length <= LONGEST; length++) {
            for (size_t i = 0; i < length * sizeof bytes; i++) {
                size_t place = i / sizeof bytes;
                char byte = bytes[i % sizeof bytes];
                size_t whole = begins[b] + length + 2;
                memset(text, 'x', sizeof text);
                text[begins[b]] = text[whole - 1] = '"';
                text[begins[b] + 1 + place] = byte;
                struct text copy = exact_copy((struct text){text, whole});
                const char *end = copy.data + whole;
                struct json_block block = json_block_at(copy.data, end);
                bool escaped;
                const char *stop = json_skip_string_in(&block, copy.data + begins[b], end, &escaped);
                if (byte == '"')
                    assert_ptr_equal(stop, copy.data + begins[b] + place + 2);
                else if (byte == 0x7f)
                    assert_ptr_equal(stop, end);
                else
                    assert_null(stop);
                assert_int_equal(escaped, byte == '\\');
                exact_free(copy);
            }
        }
    }
}

static void passes_no_string_without_an_end(void **state)
{
    enum { LONGEST = 140 };
    char text[LONGEST];

    (void)state;
    memset(text, 'x', sizeof text);
    for (size_t begin = 0; begin < LONGEST; begin++) {
        text[begin] = '"';
        for (size_t length = begin + 1; length <= LONGEST; length++) {
            struct text copy = exact_copy((struct text){text, length});
            struct json_block block = json_block_at(copy.data, copy.data + length);
            bool escaped;
            assert_null(json_skip_string_in(&block, copy.data + begin, copy.data + length, &escaped));
            exact_free(copy);
        }
        text[begin] = 'x';
    }
}

static void skips_only_the_four_kinds_of_space(void **state)
{
    (void)state;
    for (int byte = 0; byte < 0x100; byte++) {
        char c = (char)byte;
        bool wanted = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        assert_ptr_equal(json_skip_space(&c, &c + 1), &c + wanted);
    }
    struct text space = exact_copy(TEXT(" \t\r\n "));
    assert_ptr_equal(json_skip_space(space.data, space.data + space.length), space.data + space.length);
    exact_free(space);
}

static void stops_behind_the_value(void **state)
{
    struct text text = exact_copy(TEXT("[1]2,"));
    const char *end = text.data + text.length;

    (void)state;
    assert_ptr_equal(json_skip_value(text.data, end), text.data + 3);
    assert_ptr_equal(json_skip_value(text.data + 3, end), text.data + 4);
    assert_null(json_skip_value(text.data + 4, end));
    assert_null(json_skip_value(end, end));
    exact_free(text);
}

static void walks_members(void **state)
{
    struct text object =
        exact_copy(TEXT("{ \"a\" : [1, {\"x\":2}] ,\n\"b\\u0063\":\"}\",\"a\":null , \"\" : {} }"));
    struct text rest = object;
    struct text name, value;

    (void)state;
    assert_true(json_next_member(&rest, &name, &value));
    assert_true(text_equal(name, TEXT("\"a\"")));
    assert_true(text_equal(value, TEXT("[1, {\"x\":2}]")));
    assert_true(json_next_member(&rest, &name, &value));
    assert_true(text_equal(name, TEXT("\"b\\u0063\"")));
    assert_true(text_equal(value, TEXT("\"}\"")));
    assert_true(json_next_member(&rest, &name, &value));
    assert_true(text_equal(name, TEXT("\"a\"")));
    assert_true(text_equal(value, TEXT("null")));
    assert_true(json_next_member(&rest, &name, &value));
    assert_true(text_equal(name, TEXT("\"\"")));
    assert_true(text_equal(value, TEXT("{}")));
    assert_false(json_next_member(&rest, &name, &value));
    assert_false(json_next_member(&rest, &name, &value));
    exact_free(object);

    rest = object = exact_copy(TEXT("{ }"));
    assert_false(json_next_member(&rest, &name, &value));
    assert_false(json_next_member(&rest, &name, &value));
    exact_free(object);
}

static void check_member(struct text object, struct text name, struct text wanted)
{
    struct text copy = exact_copy(object);

    assert_true(text_equal(json_member(copy, name), wanted));
    exact_free(copy);
}

/* As a payload is that is no JSON: cut anywhere, or with another byte anywhere. */
static void finds_no_member_of_what_is_no_object(void **state)
{
    static const char others[] = "{}[]\",:\\ 1x\n";
    const struct text object =
        TEXT("{\"a\":[1,{\"b\":\"c\\n\"}],\"long enough to be in another block\":-1.5e3, "
             "\"n\" : null,\"s\":\"\",\"x\":{}}");

    (void)state;
    for (size_t length = 0; length < object.length; length++)
        check_member((struct text){object.data, length}, TEXT("n"), TEXT(""));
    for (size_t at = 0; at < object.length; at++) {
        for (const char *other = others; *other; other++) {
            struct text copy = exact_copy(object);
            ((char *)(uintptr_t)copy.data)[at] = *other;
            struct envelope envelope;
            envelope_scan(&envelope, copy);
            struct text found = json_member(copy, TEXT("n"));
            if (envelope.kind == ENVELOPE_NOT_JSON && found.length > 0)
                fail_msg("%.*s has a member", TEXT_ARGS(copy));
            exact_free(copy);
        }
    }
    check_member(TEXT("[{\"n\":1}]"), TEXT("n"), TEXT(""));
    check_member(TEXT("{\"n\":1}}"), TEXT("n"), TEXT(""));
    check_member(TEXT("{\"n\":1}{}"), TEXT("n"), TEXT(""));
}

static void finds_a_member(void **state)
{
    const struct text object = TEXT("{ \"a\" : [1, {\"x\":2}] ,\n\"b\\u0063\":\"}\",\"a\":null , \"\" : {}, "
                                    "\"q\\\"r\":\"x\",\"ab\":3,\"s\\\\\":4}");

    (void)state;
    check_member(object, TEXT("a"), TEXT("null")); /* the last one */
    check_member(object, TEXT("ab"), TEXT("3"));
    check_member(object, TEXT("bc"), TEXT("\"}\""));
    check_member(object, TEXT("b\\u0063"), TEXT(""));
    check_member(object, TEXT("x"), TEXT(""));
    check_member(object, TEXT(""), TEXT("{}"));
    check_member(object, TEXT("q\"r"), TEXT("\"x\""));
    check_member(object, TEXT("s\\"), TEXT("4"));
    check_member(object, TEXT("a longer name than all that there is in the object, and longer than it"),
                 TEXT(""));
    check_member(TEXT("{\"a\":\"b\"}"), TEXT("a\":\"b"), TEXT(""));
    check_member(TEXT("{\"a\":1,\"\\u0061\":2}"), TEXT("a"), TEXT("2"));
    check_member(TEXT("{ }"), TEXT("a"), TEXT(""));
    check_member(TEXT("{}"), TEXT("a"), TEXT(""));
}

/* Names that an escape is in, or that one would be needed for, wherever they lie in a block or across two. */
static void finds_a_member_anywhere(void **state)
{
    char text[256];

    (void)state;
    for (int begin = 1; begin < 140; begin++) {
        int length =
            snprintf(text, sizeof text, "{%*s:1,\"a\\\\b\":2,\"ab\\\"c\":3,\"abcd\":4}", begin + 2, "\"\"");
        struct text object = {text, (size_t)length};
        check_member(object, TEXT(""), TEXT("1"));
        check_member(object, TEXT("a\\b"), TEXT("2"));
        check_member(object, TEXT("a\\\\b"), TEXT(""));
        check_member(object, TEXT("ab\"c"), TEXT("3"));
        check_member(object, TEXT("ab\\\"c"), TEXT(""));
        check_member(object, TEXT("ab\\"), TEXT(""));
        check_member(object, TEXT("c\":3,"), TEXT(""));
        check_member(object, TEXT("abcd"), TEXT("4"));
    }
}

static bool equal(struct text quoted, struct text plain, bool ignore_case)
{
    struct text quoted_copy = exact_copy(quoted);
    struct text plain_copy = exact_copy(plain);
    bool result = json_string_equal(quoted_copy, plain_copy, ignore_case);

    exact_free(quoted_copy);
    exact_free(plain_copy);
    return result;
}

static void compares_what_a_string_spells(void **state)
{
    (void)state;
    assert_true(equal(TEXT("\"\""), TEXT(""), false));
    assert_true(json_string_equal(TEXT("\"\""), (struct text){NULL, 0}, true));
    assert_false(json_string_equal(TEXT("\"a\""), (struct text){NULL, 0}, true));
    assert_true(equal(TEXT("\"name\""), TEXT("name"), false));
    assert_false(equal(TEXT("\"name\""), TEXT("nam"), false));
    assert_false(equal(TEXT("\"nam\""), TEXT("name"), false));
    assert_false(equal(TEXT("\"Name\""), TEXT("name"), false));
    assert_true(equal(TEXT("\"Name\""), TEXT("naME"), true));
    assert_true(equal(TEXT("\"n\\u0061me\""), TEXT("name"), false));
    assert_true(equal(TEXT("\"\\u006E\\u0061\\u006d\\u0065\""), TEXT("name"), false));
    assert_true(equal(TEXT("\"n\\u0041me\""), TEXT("name"), true));
    assert_false(equal(TEXT("\"n\\u0041me\""), TEXT("name"), false));
    assert_false(equal(TEXT("\"n\\u0061\""), TEXT("name"), false));
    assert_false(equal(TEXT("\"n\\u0061me\\u0000\""), TEXT("name"), false));
    assert_true(equal(TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), TEXT("\"\\/\b\f\n\r\t"), false));
    assert_true(
        equal(TEXT("\"\\u00e9\\u20AC\\ud83d\\ude00\""), TEXT("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), false));
    assert_true(equal(TEXT("\"\xc3\xa9\""), TEXT("\xc3\xa9"), true));
    assert_false(equal(TEXT("\"\\ud83d\""), TEXT("\xef\xbf\xbd"), false));
    assert_false(equal(TEXT("\"\\ude00\\ud83d\""), TEXT("\xf0\x9f\x98\x80"), false));
    /* The Kelvin sign is a K only to those who fold more than ASCII. */
    assert_false(equal(TEXT("\"\\u212a\""), TEXT("k"), true));
}

static void unquotes(struct text quoted, struct text wanted)
{
    struct text copy = exact_copy(quoted);
    struct buffer out;

    buffer_init(&out, wanted.length + 1);
    assert_int_equal(buffer_append(&out, "=", 1), STATUS_OK);
    assert_int_equal(json_append_unquoted(&out, copy), STATUS_OK);
    assert_int_equal(out.length, wanted.length + 1);
    assert_memory_equal(out.data + 1, wanted.data, wanted.length);
    buffer_deinit(&out);
    if (wanted.length > 0) {
        buffer_init(&out, wanted.length);
        assert_int_equal(buffer_append(&out, "=", 1), STATUS_OK);
        assert_int_equal(json_append_unquoted(&out, copy), STATUS_LIMIT);
        assert_true(text_equal(buffer_text(&out), TEXT("=")));
        buffer_deinit(&out);
    }
    exact_free(copy);
}

static void appends_what_a_string_stands_for(void **state)
{
    (void)state;
    unquotes(TEXT("\"\""), TEXT(""));
    unquotes(TEXT("\"plain\""), TEXT("plain"));
    unquotes(TEXT("\"a\\nb\""), TEXT("a\nb"));
    unquotes(TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), TEXT("\"\\/\b\f\n\r\t"));
    unquotes(TEXT("\"\\u0000\\u007f\\u0080\\u07ff\\u0800\\uffff\""),
             TEXT("\0\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"));
    unquotes(TEXT("\"\\ud800\\udc00\\uDBFF\\uDFFF\""), TEXT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
    unquotes(TEXT("\"\\ud800\""), TEXT("\xef\xbf\xbd"));
    unquotes(TEXT("\"\\udfff\""), TEXT("\xef\xbf\xbd"));
    unquotes(TEXT("\"\\ud800x\""), TEXT("\xef\xbf\xbdx"));
    unquotes(TEXT("\"\\ud800\\n\""), TEXT("\xef\xbf\xbd\n"));
    unquotes(TEXT("\"\\ud800\\n12345\""), TEXT("\xef\xbf\xbd\n12345"));
    unquotes(TEXT("\"\\ud800\\u0041\""), TEXT("\xef\xbf\xbd"
                                              "A"));
    unquotes(TEXT("\"\\ud800\\ud83d\\ude00\""), TEXT("\xef\xbf\xbd\xf0\x9f\x98\x80"));
    unquotes(TEXT("\"\\udc00\\ud800\""), TEXT("\xef\xbf\xbd\xef\xbf\xbd"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_each_kind_of_value),
        cmocka_unit_test(refuses_what_is_no_value),
        cmocka_unit_test(knows_numbers),
        cmocka_unit_test(knows_escapes),
        cmocka_unit_test(knows_the_bytes_of_a_string_at_every_place),
        cmocka_unit_test(passes_strings_wherever_they_lie_in_blocks),
        cmocka_unit_test(passes_no_string_without_an_end),
        cmocka_unit_test(skips_only_the_four_kinds_of_space),
        cmocka_unit_test(stops_behind_the_value),
        cmocka_unit_test(walks_members),
        cmocka_unit_test(finds_a_member),
        cmocka_unit_test(finds_no_member_of_what_is_no_object),
        cmocka_unit_test(finds_a_member_anywhere),
        cmocka_unit_test(compares_what_a_string_spells),
        cmocka_unit_test(appends_what_a_string_stands_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
