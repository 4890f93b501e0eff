#include "json/envelope.h"
#include "exact.h"

#include "support/cmocka_all.h"

/* A message and what must be found in it; NULL for what must be absent. */
struct example {
    const char *message;
    enum envelope_kind kind;
    const char *name, *params, *query, *headers, *payload, *message_id, *error;
};

static void check_span(const char *message, const char *what, struct text found, const char *wanted)
{
    if (!text_equal(found, text_from_cstr(wanted)))
        fail_msg("%s: %s is '%.*s'", message, what, TEXT_ARGS(found));
}

static void check_whole(const struct example *example, struct text message)
{
    struct envelope envelope;

    memset(&envelope, 0xa5, sizeof envelope);
    envelope_scan(&envelope, message);
    if (envelope.kind != example->kind)
        fail_msg("%s: kind is %d", example->message, (int)envelope.kind);
    check_span(example->message, "name", envelope.name, example->name);
    check_span(example->message, "params", envelope.params, example->params);
    check_span(example->message, "query", envelope.query, example->query);
    check_span(example->message, "headers", envelope.headers, example->headers);
    check_span(example->message, "payload", envelope.payload, example->payload);
    check_span(example->message, "message-id", envelope.message_id, example->message_id);
    check_span(example->message, "error", text_from_cstr(envelope.error), example->error);
    if (envelope.name.length > 0 && envelope.name_has_escapes != !!strchr(example->name, '\\'))
        fail_msg("%s: name_has_escapes is %d", example->message, envelope.name_has_escapes);
}

/* Less than the whole of an object is no JSON. */
static void check_prefixes(const struct example *example)
{
    size_t length = strlen(example->message);
    struct envelope envelope;

    for (size_t cut = 0; cut < length; cut++) {
        struct text prefix = exact_copy((struct text){example->message, cut});
        envelope_scan(&envelope, prefix);
        if (example->message[0] == '{' && example->kind != ENVELOPE_NOT_JSON)
            assert_int_equal(envelope.kind, ENVELOPE_NOT_JSON);
        exact_free(prefix);
    }
}

static void check(const struct example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct text message = exact_copy(text_from_cstr(examples[i].message));
        check_whole(&examples[i], message);
        exact_free(message);
        check_prefixes(&examples[i]);
    }
}

#define OBJECT(...) ((struct example){.kind = ENVELOPE_OBJECT, .message = __VA_ARGS__})
#define VALUE(...) ((struct example){.kind = ENVELOPE_VALUE, .message = __VA_ARGS__})
#define INVALID(...) ((struct example){.kind = ENVELOPE_INVALID, .message = __VA_ARGS__})
#define NOT_JSON(text) ((struct example){.kind = ENVELOPE_NOT_JSON, .message = text})
#define CHECK(...) \
    check((const struct example[]){__VA_ARGS__}, \
          sizeof((const struct example[]){__VA_ARGS__}) / sizeof(struct example))

static void finds_the_members(void **state)
{
    (void)state;
    CHECK(OBJECT("{\"name\":\"getData\",\"params\":{\"id\":123},\"payload\":{\"from\":\"some "
                 "one\",\"n\":41},\"headers\":{\"message-id\":\"abc-123\"}}",
                 .name = "\"getData\"", .params = "{\"id\":123}",
                 .payload = "{\"from\":\"some one\",\"n\":41}", .headers = "{\"message-id\":\"abc-123\"}",
                 .message_id = "\"abc-123\""),
          OBJECT(" {\t\"query\" : { } ,\r\n \"payload\" : [ 1 ] , \"x\" : 0 } ", .query = "{ }",
                 .payload = "[ 1 ]"),
          OBJECT("{}"), OBJECT("{\"Name\":1,\"PARAMS\":2,\"nam\":3,\"names\":4,\"__proto__\":5}"),
          OBJECT("{\"a\":{\"name\":\"inner\",\"payload\":1}}"),
          OBJECT("{\"n\\u0061me\":\"a\",\"\\u0070arams\":{},\"quer\\u0079\":{},\"payl\\u006fad\":1,"
                 "\"head\\u0065rs\":{}}",
                 .name = "\"a\"", .params = "{}", .query = "{}", .payload = "1", .headers = "{}"),
          OBJECT("{\"name\":\"a\\nb\"}", .name = "\"a\\nb\""), OBJECT("{\"n\\u0061m\":1,\"\\u004eame\":2}"),
          OBJECT("{\"payload\":\"}\\\"]\"}", .payload = "\"}\\\"]\""));
}

static void null_is_absent_but_for_the_payload(void **state)
{
    (void)state;
    CHECK(OBJECT("{\"name\":null,\"params\":null,\"query\":null,\"headers\":null,\"payload\":null}",
                 .payload = "null"),
          OBJECT("{\"headers\":{\"message-id\":null}}", .headers = "{\"message-id\":null}",
                 .message_id = "null"));
}

static void the_last_of_several_wins(void **state)
{
    (void)state;
    CHECK(OBJECT("{\"name\":\"a\",\"name\":\"b\"}", .name = "\"b\""),
          OBJECT("{\"name\":\"\\u0061\",\"name\":\"b\"}", .name = "\"b\""),
          OBJECT("{\"name\":\"a\",\"name\":\"\\u0062\"}", .name = "\"\\u0062\""),
          OBJECT("{\"name\":\"a\",\"n\\u0061me\":\"b\"}", .name = "\"b\""),
          OBJECT("{\"name\":\"a\",\"name\":null}"), OBJECT("{\"name\":null,\"name\":\"a\"}", .name = "\"a\""),
          OBJECT("{\"name\":1,\"name\":\"a\"}", .name = "\"a\""),
          INVALID("{\"name\":\"a\",\"name\":1}", .error = "name must be a string"),
          OBJECT("{\"payload\":1,\"payload\":null}", .payload = "null"),
          OBJECT("{\"headers\":{\"message-id\":1},\"headers\":{}}", .headers = "{}"),
          OBJECT("{\"headers\":{\"message-id\":1},\"headers\":null}"),
          OBJECT("{\"headers\":[1],\"headers\":{\"message-id\":2}}", .headers = "{\"message-id\":2}",
                 .message_id = "2"));
}

static void finds_the_message_id(void **state)
{
    (void)state;
    CHECK(OBJECT("{\"headers\":{\"Message-ID\":[1, 2]}}", .headers = "{\"Message-ID\":[1, 2]}",
                 .message_id = "[1, 2]"),
          OBJECT("{\"headers\":{\"m\\u0065ssage\\u002dID\" : 7 }}",
                 .headers = "{\"m\\u0065ssage\\u002dID\" : 7 }", .message_id = "7"),
          OBJECT("{\"headers\":{\"message-id\":1,\"MESSAGE-ID\":2,\"x\":3}}",
                 .headers = "{\"message-id\":1,\"MESSAGE-ID\":2,\"x\":3}", .message_id = "2"),
          OBJECT("{\"headers\":{\"message-id\":1,\"MESSAGE-ID\":2,\"message-id\":3}}",
                 .headers = "{\"message-id\":1,\"MESSAGE-ID\":2,\"message-id\":3}", .message_id = "3"),
          OBJECT("{\"headers\":{\"a\":{\"message-id\":1},\"message_id\":2}}",
                 .headers = "{\"a\":{\"message-id\":1},\"message_id\":2}"),
          OBJECT("{\"message-id\":1,\"payload\":{\"headers\":{\"message-id\":2}}}",
                 .payload = "{\"headers\":{\"message-id\":2}}"),
          OBJECT("{\"headers\":{\"headers\":{\"message-id\":1},\"name\":2}}",
                 .headers = "{\"headers\":{\"message-id\":1},\"name\":2}"));
}

static void names_what_has_the_wrong_type(void **state)
{
    (void)state;
    CHECK(INVALID("{\"name\":1}", .error = "name must be a string"),
          INVALID("{\"name\":{}}", .error = "name must be a string"),
          INVALID("{\"params\":[]}", .error = "params must be an object"),
          INVALID("{\"query\":\"\"}", .error = "query must be an object"),
          INVALID("{\"headers\":true}", .error = "headers must be an object"),
          INVALID("{\"headers\":[{\"message-id\":1}]}", .error = "headers must be an object"),
          INVALID("{\"name\":false,\"headers\":{\"message-id\":1},\"payload\":2}",
                  .headers = "{\"message-id\":1}", .message_id = "1", .payload = "2",
                  .error = "name must be a string"),
          INVALID("{\"headers\":0,\"query\":0,\"params\":0,\"name\":0}", .error = "name must be a string"),
          INVALID("{\"headers\":0,\"query\":0,\"params\":0,\"name\":\"a\"}", .name = "\"a\"",
                  .error = "params must be an object"));
}

static void takes_other_values_for_the_payload(void **state)
{
    (void)state;
    CHECK(VALUE(" 42 ", .payload = "42"), VALUE("-0", .payload = "-0"), VALUE("null", .payload = "null"),
          VALUE("\"{}\"", .payload = "\"{}\""), VALUE("[{\"name\":1}]", .payload = "[{\"name\":1}]"));
}

static void says_what_is_not_json(void **state)
{
    (void)state;
    CHECK(NOT_JSON(""), NOT_JSON("  "), NOT_JSON("hello"), NOT_JSON("{"), NOT_JSON("{}{}"), NOT_JSON("{},"),
          NOT_JSON("1 2"), NOT_JSON("\xef\xbb\xbf{}"), NOT_JSON("{}\xc2\xa0"), NOT_JSON("{\"name\":\"a\""),
          NOT_JSON("{\"name\":\"a\",}"), NOT_JSON("{\"name\":1,}"), NOT_JSON("{\"name\":01}"),
          NOT_JSON("{\"headers\":{\"message-id\":1,}}"), NOT_JSON("{\"headers\":{\"message-id\" 1}}"),
          NOT_JSON("{\"headers\":{"), NOT_JSON("{\"headers\":"), NOT_JSON("{\"headers\":{message-id:1}}"));
    /* A bracket that closes at the end, but not what is open. */
    CHECK(NOT_JSON("{\"a\":[1}"), NOT_JSON("{\"a\":[[]}"), NOT_JSON("{\"a\":{}"), NOT_JSON("{\"a\":{} "),
          NOT_JSON("{\"a\":1]"), NOT_JSON("{\"a\":1}]"), NOT_JSON("{\"a\":1}}"), NOT_JSON("{\"a\":\"}"),
          NOT_JSON("{\"a\":\"\\}"), NOT_JSON("{\"a\":-}"), NOT_JSON("{\"a\":1.}"), NOT_JSON("{\"a\":1e}"),
          NOT_JSON("{\"a\":tru}"), NOT_JSON("{\"a\":}"), NOT_JSON("{\"a}"), NOT_JSON("{\"a\"}"),
          NOT_JSON("{}}"), NOT_JSON("{\"headers\":{}"), NOT_JSON("{\"headers\":{\"a\":{}"),
          NOT_JSON("{\"headers\":{\"a\":1}]"), NOT_JSON("}"), NOT_JSON("]"), NOT_JSON("{]"), NOT_JSON("[}"),
          NOT_JSON("[[]"), NOT_JSON("[1"));
}

static void takes_an_empty_text_without_bytes(void **state)
{
    struct envelope envelope;

    (void)state;
    envelope_scan(&envelope, (struct text){NULL, 0});
    assert_int_equal(envelope.kind, ENVELOPE_NOT_JSON);
}

static void a_zero_byte_is_a_byte_like_others(void **state)
{
    struct envelope envelope;

    (void)state;
    envelope_scan(&envelope, TEXT("{}\0"));
    assert_int_equal(envelope.kind, ENVELOPE_NOT_JSON);
    envelope_scan(&envelope, TEXT("{\"na\0me\":1}"));
    assert_int_equal(envelope.kind, ENVELOPE_NOT_JSON);
    envelope_scan(&envelope, TEXT("{\"name\\u0000\":1}"));
    assert_int_equal(envelope.kind, ENVELOPE_OBJECT);
    assert_int_equal(envelope.name.length, 0);
}

static void nests_to_any_depth(void **state)
{
    enum { DEPTH = 1000000 };
    static const char start[] = "{\"headers\":{\"message-id\":";
    static const char rest[] = "},\"name\":\"deep\"}";
    size_t length = sizeof start - 1 + 2 * DEPTH + sizeof rest - 1;
    char *text = malloc(length);
    struct envelope envelope;

    (void)state;
    memcpy(text, start, sizeof start - 1);
    memset(text + sizeof start - 1, '[', DEPTH);
    memset(text + sizeof start - 1 + DEPTH, ']', DEPTH);
    memcpy(text + sizeof start - 1 + 2 * DEPTH, rest, sizeof rest - 1);
    envelope_scan(&envelope, (struct text){text, length});
    assert_int_equal(envelope.kind, ENVELOPE_OBJECT);
    assert_true(text_equal(envelope.name, TEXT("\"deep\"")));
    assert_int_equal(envelope.message_id.length, 2 * DEPTH);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_members),
        cmocka_unit_test(null_is_absent_but_for_the_payload),
        cmocka_unit_test(the_last_of_several_wins),
        cmocka_unit_test(finds_the_message_id),
        cmocka_unit_test(names_what_has_the_wrong_type),
        cmocka_unit_test(takes_other_values_for_the_payload),
        cmocka_unit_test(says_what_is_not_json),
        cmocka_unit_test(takes_an_empty_text_without_bytes),
        cmocka_unit_test(a_zero_byte_is_a_byte_like_others),
        cmocka_unit_test(nests_to_any_depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
