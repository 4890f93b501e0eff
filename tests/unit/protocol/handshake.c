#include "protocol/handshake.h"

#include "support/cmocka_all.h"

#include <string.h>

#define KEY TEXT("dGhlIHNhbXBsZSBub25jZQ==") /* RFC 6455, section 1.3 */
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

static void check_contents(struct buffer *out, const char *expected)
{
    assert_int_equal(out->length, strlen(expected));
    assert_memory_equal(out->data, expected, out->length);
    buffer_deinit(out);
}

static void computes_the_accept_of_the_rfc(void **state)
{
    char accept[HANDSHAKE_ACCEPT_LENGTH + 1];

    (void)state;
    memset(accept, 'x', sizeof accept);
    assert_int_equal(handshake_accept(accept, KEY), STATUS_OK);
    assert_string_equal(accept, ACCEPT);
    assert_int_equal(handshake_accept(accept, TEXT("x3JJHMbDL1EzLkh9GBhXDw==")), STATUS_OK);
    assert_string_equal(accept, "HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
}

static void appends_the_response(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, BUFFER_UNLIMITED);
    assert_int_equal(buffer_append(&out, "before", 6), STATUS_OK);
    assert_int_equal(handshake_append_response(&out, KEY, (struct text){NULL, 0}, TEXT("")), STATUS_OK);
    check_contents(&out, "beforeHTTP/1.1 101 Switching Protocols\r\n"
                         "Upgrade: websocket\r\n"
                         "Connection: Upgrade\r\n"
                         "Sec-WebSocket-Accept: " ACCEPT "\r\n"
                         "\r\n");
}

static void names_the_subprotocol(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, BUFFER_UNLIMITED);
    assert_int_equal(handshake_append_response(&out, KEY, (struct text){"chat.v2, superchat", 7}, TEXT("")),
                     STATUS_OK);
    check_contents(&out, "HTTP/1.1 101 Switching Protocols\r\n"
                         "Upgrade: websocket\r\n"
                         "Connection: Upgrade\r\n"
                         "Sec-WebSocket-Accept: " ACCEPT "\r\n"
                         "Sec-WebSocket-Protocol: chat.v2\r\n"
                         "\r\n");
}

static void smuggles_nothing_into_the_response(void **state)
{
    static const struct text bad[] = {
        {"a\r\nSet-Cookie: b", 16}, {"a, b", 4}, {"a b", 3}, {"\0", 1}, {"\xc3\xbc", 2}};
    struct buffer out;

    (void)state;
    buffer_init(&out, BUFFER_UNLIMITED);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(handshake_append_response(&out, KEY, bad[i], TEXT("")), STATUS_INVALID);
    assert_int_equal(out.length, 0);
    buffer_deinit(&out);
}

static void leaves_a_full_buffer_as_it_was(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 64);
    assert_int_equal(buffer_append(&out, "before", 6), STATUS_OK);
    assert_int_equal(handshake_append_response(&out, KEY, TEXT("chat"), TEXT("")), STATUS_LIMIT);
    assert_int_equal(handshake_append_refusal(&out, 400, "no"), STATUS_LIMIT);
    check_contents(&out, "before");
}

static void check_refusal(int status, const char *reason, const char *expected)
{
    struct buffer out;

    buffer_init(&out, BUFFER_UNLIMITED);
    assert_int_equal(handshake_append_refusal(&out, status, reason), STATUS_OK);
    check_contents(&out, expected);
}

static void appends_refusals(void **state)
{
    (void)state;
    check_refusal(405, NULL, "HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nAllow: GET\r\n\r\n");
    check_refusal(503, "full",
                  "HTTP/1.1 503 Service Unavailable\r\n"
                  "Connection: close\r\n"
                  "Retry-After: 5\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\n"
                  "Content-Length: 4\r\n"
                  "\r\n"
                  "full");
    check_refusal(400, "a bad request",
                  "HTTP/1.1 400 Bad Request\r\n"
                  "Connection: close\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\n"
                  "Content-Length: 13\r\n"
                  "\r\n"
                  "a bad request");
    check_refusal(504, "",
                  "HTTP/1.1 504 Gateway Timeout\r\n"
                  "Connection: close\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\n"
                  "Content-Length: 0\r\n"
                  "\r\n");
    check_refusal(499, "x",
                  "HTTP/1.1 499 \r\n"
                  "Connection: close\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\n"
                  "Content-Length: 1\r\n"
                  "\r\n"
                  "x");
}

static void says_what_is_allowed_instead(void **state)
{
    (void)state;
    check_refusal(405, "no",
                  "HTTP/1.1 405 Method Not Allowed\r\n"
                  "Connection: close\r\n"
                  "Allow: GET\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\n"
                  "Content-Length: 2\r\n"
                  "\r\n"
                  "no");
    check_refusal(426, "no",
                  "HTTP/1.1 426 Upgrade Required\r\n"
                  "Connection: close, Upgrade\r\n"
                  "Upgrade: websocket\r\n"
                  "Sec-WebSocket-Version: 13\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\n"
                  "Content-Length: 2\r\n"
                  "\r\n"
                  "no");
}

static void knows_the_phrases(void **state)
{
    static const struct {
        int status;
        const char *line;
    } lines[] = {
        {400, "HTTP/1.1 400 Bad Request\r\n"},
        {401, "HTTP/1.1 401 Unauthorized\r\n"},
        {402, "HTTP/1.1 402 Payment Required\r\n"},
        {403, "HTTP/1.1 403 Forbidden\r\n"},
        {404, "HTTP/1.1 404 Not Found\r\n"},
        {405, "HTTP/1.1 405 Method Not Allowed\r\n"},
        {406, "HTTP/1.1 406 Not Acceptable\r\n"},
        {408, "HTTP/1.1 408 Request Timeout\r\n"},
        {409, "HTTP/1.1 409 Conflict\r\n"},
        {410, "HTTP/1.1 410 Gone\r\n"},
        {412, "HTTP/1.1 412 Precondition Failed\r\n"},
        {413, "HTTP/1.1 413 Content Too Large\r\n"},
        {414, "HTTP/1.1 414 URI Too Long\r\n"},
        {415, "HTTP/1.1 415 Unsupported Media Type\r\n"},
        {421, "HTTP/1.1 421 Misdirected Request\r\n"},
        {422, "HTTP/1.1 422 Unprocessable Content\r\n"},
        {426, "HTTP/1.1 426 Upgrade Required\r\n"},
        {428, "HTTP/1.1 428 Precondition Required\r\n"},
        {429, "HTTP/1.1 429 Too Many Requests\r\n"},
        {431, "HTTP/1.1 431 Request Header Fields Too Large\r\n"},
        {451, "HTTP/1.1 451 Unavailable For Legal Reasons\r\n"},
        {500, "HTTP/1.1 500 Internal Server Error\r\n"},
        {501, "HTTP/1.1 501 Not Implemented\r\n"},
        {502, "HTTP/1.1 502 Bad Gateway\r\n"},
        {503, "HTTP/1.1 503 Service Unavailable\r\n"},
        {504, "HTTP/1.1 504 Gateway Timeout\r\n"},
        {505, "HTTP/1.1 505 HTTP Version Not Supported\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct buffer out;
        buffer_init(&out, BUFFER_UNLIMITED);
        assert_int_equal(handshake_append_refusal(&out, lines[i].status, ""), STATUS_OK);
        assert_true(text_starts_with(buffer_text(&out), text_from_cstr(lines[i].line)));
        buffer_deinit(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(computes_the_accept_of_the_rfc),
        cmocka_unit_test(appends_the_response),
        cmocka_unit_test(names_the_subprotocol),
        cmocka_unit_test(smuggles_nothing_into_the_response),
        cmocka_unit_test(leaves_a_full_buffer_as_it_was),
        cmocka_unit_test(appends_refusals),
        cmocka_unit_test(says_what_is_allowed_instead),
        cmocka_unit_test(knows_the_phrases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
