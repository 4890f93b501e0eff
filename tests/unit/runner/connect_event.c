#include "runner/connect_event.h"

#include "support/cmocka_all.h"
#include <string.h>

#define HEAD(target, more) \
    "GET " target " HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" more "\r\n"

static void parse(struct upgrade_request *request, const char *head)
{
    size_t consumed;

    assert_int_equal(upgrade_parse(request, head, strlen(head), &consumed), UPGRADE_COMPLETE);
}

static void expect_in(const char *head, const char *part)
{
    struct upgrade_request request;
    struct buffer text;

    parse(&request, head);
    buffer_init(&text, BUFFER_UNLIMITED);
    assert_int_equal(connect_event_append(&text, &request), STATUS_OK);
    assert_int_equal(buffer_append(&text, "", 1), STATUS_OK);
    if (!strstr(text.data, part))
        fail_msg("%s\nis not in\n%s", part, text.data);
    buffer_deinit(&text);
}

static void writes_headers_in_lower_case_and_joined(void **state)
{
    (void)state;
    expect_in(HEAD("/", "X-Some: a\"b\r\n"), "\"x-some\":\"a\\\"b\"");
    expect_in(HEAD("/", "X-A: 1\r\nx-a: 2\r\n"), "\"x-a\":\"1, 2\"");
    expect_in(HEAD("/", "Cookie: a=1\r\nCookie: b=2\r\n"), "\"cookie\":\"a=1; b=2\"");
    expect_in(HEAD("/", "X-Latin: caf\xe9\r\n"), "\"x-latin\":\"caf\xc3\xa9\"");
    expect_in(HEAD("/", ""), "{\"headers\":{\"host\":\"h\",");
}

static void decodes_the_query(void **state)
{
    (void)state;
    expect_in(HEAD("/p/q?a=1&b=x%20y+z&&c&%C3%A9=%22", ""),
              "\"query\":{\"a\":\"1\",\"b\":\"x y z\",\"c\":\"\",\"\xc3\xa9\":\"\\\"\"},\"path\":\"/p/q\"");
    expect_in(HEAD("/?a=%zz%4", ""), "\"query\":{\"a\":\"%zz%4\"}");
    expect_in(HEAD("/?a=%ff%41%e2%82%41%f0%9f", ""),
              "\"query\":{\"a\":\"\xef\xbf\xbd\x41\xef\xbf\xbd\x41\xef\xbf\xbd\"}");
    expect_in(HEAD("/x", ""), "\"query\":{},\"path\":\"/x\",\"pathAndQuery\":\"/x\"}");
}

static void expect_protocol(const char *head, const char *reply, const char *expected)
{
    struct upgrade_request request;

    parse(&request, head);
    struct text protocol = connect_event_protocol(text_from_cstr(reply), &request);
    assert_true(text_equal(protocol, text_from_cstr(expected)));
}

static void chooses_the_protocol(void **state)
{
    const char *head = HEAD("/", "Sec-WebSocket-Protocol: one, two\r\n");

    (void)state;
    expect_protocol(head, "", "one");
    expect_protocol(
        head, "{\"statusCode\":403,\"headers\":{\"Sec-WebSocket-Protocol\":\"two\"},\"body\":\"\"}", "two");
    expect_protocol(head, "{\"headers\":{\"sec-websocket-protocol\":\"three\\r\\nX: y\"}}",
                    "one"); /* not offered */
    expect_protocol(head, "{\"headers\":{\"sec-websocket-protocol\":[\"two\"]}}", "one");
    expect_protocol(head, "{\"headers\":\"two\"}", "one");
    const char *lines =
        HEAD("/", "Sec-WebSocket-Protocol: one\r\nX: y\r\nsec-websocket-protocol: two, three\r\n");
    expect_protocol(lines, "", "one");
    expect_protocol(lines, "{\"headers\":{\"sec-websocket-protocol\":\"three\"}}", "three");
    expect_protocol(lines, "{\"headers\":{\"sec-websocket-protocol\":\"y\"}}", "one");
    expect_protocol(HEAD("/", ""), "{\"headers\":{\"sec-websocket-protocol\":\"one\"}}", "");
}

static void writes_the_disconnect(void **state)
{
    struct buffer text;

    (void)state;
    buffer_init(&text, BUFFER_UNLIMITED);
    assert_int_equal(disconnect_event_append(&text, 1001, TEXT("go\"")), STATUS_OK);
    assert_true(text_equal(buffer_text(&text), TEXT("{\"code\":1001,\"reason\":\"go\\\"\"}")));
    buffer_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_headers_in_lower_case_and_joined),
        cmocka_unit_test(decodes_the_query),
        cmocka_unit_test(chooses_the_protocol),
        cmocka_unit_test(writes_the_disconnect),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
