#include "json/write.h"
#include "exact.h"

#include "support/cmocka_all.h"

#include <limits.h>
#include <stdio.h>

static void check_string(struct text plain, struct text wanted)
{
    struct text copy = exact_copy(plain);
    struct buffer out;

    buffer_init(&out, wanted.length + 1);
    assert_int_equal(buffer_append(&out, "=", 1), STATUS_OK);
    assert_int_equal(json_append_string(&out, copy), STATUS_OK);
    assert_int_equal(out.length, wanted.length + 1);
    assert_memory_equal(out.data + 1, wanted.data, wanted.length);
    buffer_deinit(&out);
    for (size_t limit = 1; limit <= wanted.length; limit++) {
        buffer_init(&out, limit);
        assert_int_equal(buffer_append(&out, "=", 1), STATUS_OK);
        assert_int_equal(json_append_string(&out, copy), STATUS_LIMIT);
        assert_true(text_equal(buffer_text(&out), TEXT("=")));
        buffer_deinit(&out);
    }
    exact_free(copy);
}

static void writes_strings(void **state)
{
    (void)state;
    check_string(TEXT(""), TEXT("\"\""));
    check_string((struct text){NULL, 0}, TEXT("\"\""));
    check_string(TEXT("plain"), TEXT("\"plain\""));
    check_string(TEXT("a longer text without anything to escape"),
                 TEXT("\"a longer text without anything to escape\""));
    check_string(TEXT("\"\\/\b\f\n\r\t"), TEXT("\"\\\"\\\\/\\b\\f\\n\\r\\t\""));
    check_string(TEXT("\0\x01\x0b\x1f\x7f"), TEXT("\"\\u0000\\u0001\\u000b\\u001f\x7f\""));
    check_string(TEXT("\xc2\x80\xe2\x80\xa8\xe2\x80\xa9\xf0\x9f\x98\x80</script>'"),
                 TEXT("\"\xc2\x80\xe2\x80\xa8\xe2\x80\xa9\xf0\x9f\x98\x80</script>'\""));
}

/* Each ASCII character at each place around the writer's words. */
static void escapes_at_every_place(void **state)
{
    enum { LENGTH = 43 };
    char filling[LENGTH];

    (void)state;
    memset(filling, 'x', sizeof filling);
    for (size_t place = 0; place < LENGTH; place++) {
        for (int c = 0; c < 0x80; c++) {
            static const char letters[] = "btn\0fr"; /* from \b on */
            char escape[8] = {(char)c};
            if (c == '"' || c == '\\')
                snprintf(escape, sizeof escape, "\\%c", c);
            else if (c >= '\b' && c <= '\r' && c != '\v')
                snprintf(escape, sizeof escape, "\\%c", letters[c - '\b']);
            else if (c < 0x20)
                snprintf(escape, sizeof escape, "\\u%04x", (unsigned)c);
            char plain[LENGTH];
            char wanted[LENGTH + 16];
            memset(plain, 'x', sizeof plain);
            plain[place] = (char)c;
            int length = snprintf(wanted, sizeof wanted, "\"%.*s%s%.*s\"", (int)place, filling, escape,
                                  (int)(LENGTH - place - 1), filling);
            check_string((struct text){plain, sizeof plain}, (struct text){wanted, (size_t)length});
        }
    }
}

static void check_error_reply(struct text message, struct text details, struct text id, const char *wanted)
{
    struct buffer out;

    for (size_t limit = 1; limit <= strlen(wanted); limit++) {
        buffer_init(&out, limit);
        assert_int_equal(buffer_append(&out, "=", 1), STATUS_OK);
        assert_int_equal(json_append_error_reply(&out, 400, message, details, id), STATUS_LIMIT);
        assert_true(text_equal(buffer_text(&out), TEXT("=")));
        buffer_deinit(&out);
    }
    buffer_init(&out, BUFFER_UNLIMITED);
    assert_int_equal(json_append_error_reply(&out, 400, message, details, id), STATUS_OK);
    assert_true(text_equal(buffer_text(&out), text_from_cstr(wanted)));
    buffer_deinit(&out);
}

static void writes_error_replies(void **state)
{
    (void)state;
    check_error_reply(
        TEXT("name must be a string"), TEXT(""), TEXT(""),
        "{\"statusCode\":400,\"headers\":{\"Content-Type\":\"application/json\"},"
        "\"body\":{\"statusCode\":400,\"message\":\"name must be a string\",\"details\":\"\"}}");
    check_error_reply(TEXT("no \"x\""), TEXT("Error\n  at a"), TEXT("[1, null]"),
                      "{\"statusCode\":400,\"headers\":{\"Content-Type\":\"application/json\","
                      "\"message-id\":[1, null]},"
                      "\"body\":{\"statusCode\":400,\"message\":\"no \\\"x\\\"\","
                      "\"details\":\"Error\\n  at a\"}}");
}

static void check_reply_head(int status, const char *id, const char *wanted)
{
    struct text id_copy = exact_copy(text_from_cstr(id));
    struct buffer out;

    for (size_t limit = 1; limit <= strlen(wanted); limit++) {
        buffer_init(&out, limit);
        assert_int_equal(buffer_append(&out, "=", 1), STATUS_OK);
        assert_int_equal(json_append_reply_head(&out, status, id_copy), STATUS_LIMIT);
        assert_true(text_equal(buffer_text(&out), TEXT("=")));
        buffer_deinit(&out);
    }
    buffer_init(&out, BUFFER_UNLIMITED);
    assert_int_equal(json_append_reply_head(&out, status, id_copy), STATUS_OK);
    assert_true(text_equal(buffer_text(&out), text_from_cstr(wanted)));
    buffer_deinit(&out);
    exact_free(id_copy);
}

static void begins_replies_without_headers(void **state)
{
    (void)state;
    check_reply_head(200, "", "{\"statusCode\":200,\"headers\":{},\"body\":");
    check_reply_head(0, "\"a\"", "{\"statusCode\":0,\"headers\":{\"message-id\":\"a\"},\"body\":");
    check_reply_head(INT_MAX, "[1, null]",
                     "{\"statusCode\":2147483647,\"headers\":{\"message-id\":[1, null]},\"body\":");
}

/* `wanted` NULL: the reply is refused. */
static void check_reply(const char *reply, const char *id, const char *wanted)
{
    struct text reply_copy = exact_copy(text_from_cstr(reply));
    struct text id_copy = exact_copy(text_from_cstr(id));
    size_t length = wanted ? strlen(wanted) : 0;
    struct buffer out;

    for (size_t limit = 1; limit <= length; limit++) {
        buffer_init(&out, limit);
        assert_int_equal(buffer_append(&out, "=", 1), STATUS_OK);
        assert_int_equal(json_append_reply(&out, reply_copy, id_copy), STATUS_LIMIT);
        assert_true(text_equal(buffer_text(&out), TEXT("=")));
        buffer_deinit(&out);
    }
    buffer_init(&out, BUFFER_UNLIMITED);
    if (json_append_reply(&out, reply_copy, id_copy) != (wanted ? STATUS_OK : STATUS_INVALID))
        fail_msg("wrong status: %s", reply);
    assert_true(text_equal(buffer_text(&out), text_from_cstr(wanted)));
    buffer_deinit(&out);
    exact_free(reply_copy);
    exact_free(id_copy);
}

static void puts_the_message_id_into_replies(void **state)
{
    (void)state;
    check_reply("{\"statusCode\":200,\"headers\":{},\"body\":\"\"}", "\"abc\"",
                "{\"statusCode\":200,\"headers\":{\"message-id\":\"abc\"},\"body\":\"\"}");
    check_reply(
        "{\"statusCode\":200,\"headers\":{\"a\":\"}\"},\"body\":{\"b\":[1]}}", "{\"x\":1}",
        "{\"statusCode\":200,\"headers\":{\"message-id\":{\"x\":1},\"a\":\"}\"},\"body\":{\"b\":[1]}}");
    check_reply("{\"statusCode\":{\"headers\":{}},\"headers\":{\"a\":{}},\"body\":null}", "1",
                "{\"statusCode\":{\"headers\":{}},\"headers\":{\"message-id\":1,\"a\":{}},\"body\":null}");
    check_reply("{\"statusCode\":\"200\",\"headers\":{},\"body\":1,\"more\":2}", "null",
                "{\"statusCode\":\"200\",\"headers\":{\"message-id\":null},\"body\":1,\"more\":2}");
}

static void leaves_replies_alone_without_a_message_id(void **state)
{
    (void)state;
    check_reply("{\"statusCode\":200,\"headers\":{},\"body\":\"\"}", "",
                "{\"statusCode\":200,\"headers\":{},\"body\":\"\"}");
    check_reply("anything", "", "anything");
}

static void refuses_replies_of_another_shape(void **state)
{
    static const char reply[] = "{\"statusCode\":200,\"headers\":{\"a\":1},\"body\":1}";

    (void)state;
    for (size_t length = 0; length < sizeof reply - 1; length++) {
        char cut[sizeof reply] = {0};
        memcpy(cut, reply, length);
        check_reply(cut, "1", NULL);
    }
    check_reply("null", "1", NULL);
    check_reply("{\"statusCode\":200,\"body\":1}", "1", NULL);
    check_reply("{\"statusCode\":200,\"headers\":{}}", "1", NULL);
    check_reply("{\"statusCode\":200,\"headers\":null,\"body\":1}", "1", NULL);
    check_reply("{\"statusCode\":200,\"headers\":[],\"body\":1}", "1", NULL);
    check_reply("{\"headers\":{},\"statusCode\":200,\"body\":1}", "1", NULL);
    check_reply("{\"statusCode\":,\"headers\":{},\"body\":1}", "1", NULL);
    check_reply("{\"statusCode\":200,\"headers\":{\"a\"},\"body\":1}", "1", NULL);

    struct buffer out;
    buffer_init(&out, BUFFER_UNLIMITED);
    assert_int_equal(json_append_reply(&out, (struct text){NULL, 0}, TEXT("1")), STATUS_INVALID);
    buffer_deinit(&out);
}

static void check_base64(struct text bytes, const char *wanted)
{
    struct buffer out;

    buffer_init(&out, BUFFER_UNLIMITED);
    assert_int_equal(json_append_base64(&out, bytes), STATUS_OK);
    assert_int_equal(out.length, strlen(wanted));
    assert_memory_equal(out.data, wanted, out.length);
    buffer_deinit(&out);
}

static void writes_base64(void **state)
{
    (void)state; /* the vectors of RFC 4648, section 10 */
    check_base64(TEXT(""), "\"\"");
    check_base64(TEXT("f"), "\"Zg==\"");
    check_base64(TEXT("fo"), "\"Zm8=\"");
    check_base64(TEXT("foo"), "\"Zm9v\"");
    check_base64(TEXT("foob"), "\"Zm9vYg==\"");
    check_base64(TEXT("fooba"), "\"Zm9vYmE=\"");
    check_base64(TEXT("foobar"), "\"Zm9vYmFy\"");
    check_base64((struct text){"\xFB\xFF\xBF\x00", 4}, "\"+/+/AA==\"");
}

static void check_decoded(struct text bytes, const char *wanted, size_t wanted_cut)
{
    struct buffer out;
    size_t cut = 99;

    buffer_init(&out, BUFFER_UNLIMITED);
    assert_int_equal(json_append_decoded(&out, bytes, &cut), STATUS_OK);
    assert_int_equal(out.length, strlen(wanted));
    assert_memory_equal(out.data, wanted, out.length);
    assert_int_equal(cut, wanted_cut);
    buffer_deinit(&out);
}

static void writes_bytes_as_the_characters_they_are(void **state)
{
    (void)state;
    check_decoded(TEXT(""), "\"\"", 0);
    check_decoded(TEXT("a\"\n\xC3\xA9"), "\"a\\\"\\n\xC3\xA9\"", 0);
    check_decoded(TEXT("a\xC3"), "\"a\"", 1);
    check_decoded(TEXT("\xF0\x9F\x98"), "\"\"", 3);
    check_decoded(TEXT("\xE2\x82("), "\"\xEF\xBF\xBD(\"", 0);
    check_decoded(TEXT("\xFF\x80z"), "\"\xEF\xBF\xBD\xEF\xBF\xBDz\"", 0);
    check_decoded(TEXT("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"", 0);
    check_decoded(TEXT("\xF4\x90"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_strings),
        cmocka_unit_test(escapes_at_every_place),
        cmocka_unit_test(writes_error_replies),
        cmocka_unit_test(begins_replies_without_headers),
        cmocka_unit_test(puts_the_message_id_into_replies),
        cmocka_unit_test(leaves_replies_alone_without_a_message_id),
        cmocka_unit_test(refuses_replies_of_another_shape),
        cmocka_unit_test(writes_base64),
        cmocka_unit_test(writes_bytes_as_the_characters_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
