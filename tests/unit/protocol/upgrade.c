#include "protocol/upgrade.h"
#include "base/buffer.h"

#include "support/cmocka_all.h"
#include "support/pieces.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE "GET /chat?room=1 HTTP/1.1\r\n"
#define HOST "Host: example.com:8000\r\n"
#define UPGRADE "Upgrade: websocket\r\n"
#define CONNECTION "Connection: Upgrade\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define GOOD HOST UPGRADE CONNECTION KEY VERSION /* all the headers there have to be */
#define END "\r\n"

/* A request, parsed anew whenever a piece of it has come: what is decided once has to stay so. */
struct parsing {
    enum upgrade_result expected;
    int refusal;
    size_t head; /* *consumed of UPGRADE_COMPLETE */
    struct buffer bytes;
    size_t decided_after; /* bytes; 0 before */
    const char *reason;   /* of the first run; the same in every other */
};

static void begin(void *context)
{
    struct parsing *parsing = context;

    buffer_clear(&parsing->bytes);
    parsing->decided_after = 0;
}

static void take(void *context, char *piece, size_t length)
{
    static struct upgrade_request request;
    struct parsing *parsing = context;
    size_t consumed = (size_t)-1;

    if (parsing->decided_after > 0 && parsing->bytes.length > parsing->decided_after + 64)
        return; /* long decided: spare the quadratic rest */
    assert_int_equal(buffer_append(&parsing->bytes, piece, length), STATUS_OK);
    char *copy = malloc(parsing->bytes.length);
    if (parsing->bytes.length > 0)
        memcpy(copy, parsing->bytes.data, parsing->bytes.length);
    enum upgrade_result result = upgrade_parse(&request, copy, parsing->bytes.length, &consumed);
    free(copy);

    if (result == UPGRADE_INCOMPLETE) {
        assert_int_equal(parsing->decided_after, 0);
        return;
    }
    if (parsing->decided_after == 0)
        parsing->decided_after = parsing->bytes.length;
    assert_int_equal(result, parsing->expected);
    assert_int_equal(request.refusal, parsing->refusal);
    if (result == UPGRADE_COMPLETE) {
        assert_int_equal(consumed, parsing->head);
        assert_null(request.reason);
        return;
    }
    assert_int_equal(consumed, (size_t)-1);
    assert_non_null(request.reason);
    if (!parsing->reason)
        parsing->reason = request.reason;
    assert_ptr_equal(request.reason, parsing->reason);
}

static void end(void *context)
{
    struct parsing *parsing = context;

    if (parsing->expected == UPGRADE_INCOMPLETE)
        assert_int_equal(parsing->decided_after, 0);
    else
        assert_int_not_equal(parsing->decided_after, 0);
}

/* Returns after how many bytes a short request was decided. */
static size_t run(struct parsing *parsing, const char *bytes, size_t length)
{
    struct pieces_taker taker = {begin, take, end, parsing};

    buffer_init(&parsing->bytes, BUFFER_UNLIMITED);
    pieces_run(&taker, bytes, length);
    if (length <= PIECES_SHORT)
        pieces_chop(&taker, bytes, length, 1);
    size_t decided_after = parsing->decided_after;
    buffer_deinit(&parsing->bytes);
    return decided_after;
}

static void check_refused_bytes(const char *bytes, size_t length, int refusal)
{
    run(&(struct parsing){.expected = UPGRADE_REFUSED, .refusal = refusal}, bytes, length);
}

static void check_refused(const char *request, int refusal)
{
    check_refused_bytes(request, strlen(request), refusal);
}

static void check_refused_after(const char *request, int refusal, const char *start)
{
    struct parsing parsing = {.expected = UPGRADE_REFUSED, .refusal = refusal};

    assert_int_equal(run(&parsing, request, strlen(request)), strlen(start));
}

static void check_head(const char *line, bool is_head)
{
    struct upgrade_request request;
    size_t consumed;

    assert_int_equal(upgrade_parse(&request, line, strlen(line), &consumed), UPGRADE_REFUSED);
    assert_int_equal(request.is_head, is_head);
}

static void check_accepted(const char *request)
{
    run(&(struct parsing){.expected = UPGRADE_COMPLETE, .head = strlen(request)}, request, strlen(request));
}

static void check_incomplete(const char *request)
{
    run(&(struct parsing){.expected = UPGRADE_INCOMPLETE}, request, strlen(request));
}

static void check_text(struct text got, const char *expected)
{
    assert_int_equal(got.length, strlen(expected));
    if (got.length > 0)
        assert_memory_equal(got.data, expected, got.length);
}

/* Whole, for what is in it. */
static struct upgrade_request *parse(const char *request)
{
    static struct upgrade_request parsed;
    size_t consumed;

    memset(&parsed, 0xEE, sizeof parsed);
    assert_int_equal(upgrade_parse(&parsed, request, strlen(request), &consumed), UPGRADE_COMPLETE);
    assert_int_equal(consumed, strlen(request));
    return &parsed;
}

static void accepts_an_upgrade(void **state)
{
    (void)state;
    check_accepted(LINE GOOD END);
    check_accepted("\r\n" LINE GOOD END);

    struct upgrade_request *request = parse(LINE GOOD "Sec-WebSocket-Protocol: chat, superchat\r\n"
                                                      "Cookie: \t a=b; c=d \t \r\n"
                                                      "X-Empty:\r\n" END);
    check_text(request->target, "/chat?room=1");
    check_text(request->path, "/chat");
    check_text(request->query, "room=1");
    check_text(request->key, "dGhlIHNhbXBsZSBub25jZQ==");
    check_text(request->protocols, "chat, superchat");
    assert_int_equal(request->header_count, 8);
    check_text(request->headers[0].name, "Host");
    check_text(request->headers[0].value, "example.com:8000");
    check_text(request->headers[6].name, "Cookie");
    check_text(request->headers[6].value, "a=b; c=d");
    check_text(request->headers[7].name, "X-Empty");
    check_text(request->headers[7].value, "");
    assert_int_equal(request->refusal, 0);
    assert_null(request->reason);
}

static void accepts_what_clients_differ_in(void **state)
{
    (void)state;
    check_accepted("GET / HTTP/1.1\r\nhost:h\r\nupgrade:WebSocket\r\nconnection:keep-alive, upgrade\r\n"
                   "sec-websocket-key:dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version:13\r\n" END);
    check_accepted(LINE HOST "Upgrade: h2c, websocket\r\n"
                             "Connection: ,, keep-alive ,\tUPGRADE ,\r\n" KEY VERSION END);
    check_accepted(LINE HOST "Upgrade: h2c\r\nUpgrade: websocket\r\n"
                             "Connection: keep-alive\r\nConnection: Upgrade\r\n" KEY VERSION END);
    check_accepted("GET / HTTP/1.9\r\n" GOOD END);
    check_accepted(LINE GOOD "Content-Length: 0\r\n" END);
    check_accepted(LINE GOOD "X-Text: \xc3\xbc\xff\r\n" END);
    check_accepted(LINE GOOD "!#$%&'*+-.^_`|~09azAZ: x\r\n" END);
    check_accepted(LINE "Host: [::1]:8000\r\n" UPGRADE CONNECTION KEY VERSION END);
    check_accepted(LINE "Host: az.AZ-09_~\r\n" UPGRADE CONNECTION KEY VERSION END);
    check_accepted(LINE UPGRADE "Connection: a, Upgrade\r\n" KEY VERSION HOST END);
    check_accepted(LINE CONNECTION UPGRADE KEY VERSION HOST END);
}

static void leaves_what_is_behind_the_head(void **state)
{
    static const char request[] = LINE GOOD END "\x81\x80mask\x89\x80\r\n\r\n";

    (void)state;
    run(&(struct parsing){.expected = UPGRADE_COMPLETE, .head = sizeof(LINE GOOD END) - 1}, request,
        sizeof request - 1);
}

static void splits_the_target(void **state)
{
    static const struct {
        const char *target, *path, *query;
    } targets[] = {
        {"/", "/", ""},
        {"/?", "/", ""},
        {"/?a=1?b", "/", "a=1?b"},
        {"/a/b%20c", "/a/b%20c", ""},
        {"/~!", "/~!", ""},
        {"//a", "//a", ""},
        {"/a?x={1}|y", "/a", "x={1}|y"},
        {"http://h", "/", ""},
        {"HTTP://h:80?a=1", "/", "a=1"},
        {"https://h/a/b?c=/d", "/a/b", "c=/d"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        char line[256];
        snprintf(line, sizeof line, "GET %s HTTP/1.1\r\n" GOOD END, targets[i].target);
        check_accepted(line);
        struct upgrade_request *request = parse(line);
        check_text(request->target, targets[i].target);
        check_text(request->path, targets[i].path);
        check_text(request->query, targets[i].query);
    }
}

static void refuses_a_bad_target(void **state)
{
    (void)state;
    check_refused("GET chat HTTP/1.1\r\n" GOOD END, 400);
    check_refused("GET * HTTP/1.1\r\n" GOOD END, 400);
    check_refused("GET ?a HTTP/1.1\r\n" GOOD END, 400);
    check_refused("GET  HTTP/1.1\r\n" GOOD END, 400);
    check_refused("GET  / HTTP/1.1\r\n" GOOD END, 400);
    check_refused("GET /  HTTP/1.1\r\n" GOOD END, 400);
    check_refused("GET /a b HTTP/1.1\r\n" GOOD END, 400);
    check_refused("GET ftp://h/ HTTP/1.1\r\n" GOOD END, 400);
    check_refused("GET http:// HTTP/1.1\r\n" GOOD END, 400);
    check_refused("GET http:///a HTTP/1.1\r\n" GOOD END, 400);
    check_refused("GET http://?a HTTP/1.1\r\n" GOOD END, 400);
    check_refused_after("GET /a#b HTTP/1.1\r\n" GOOD END, 400, "GET /a#");
    check_refused_after("GET /\xc3\xbc HTTP/1.1\r\n" GOOD END, 400, "GET /.");
    check_refused_after("GET /\x7f HTTP/1.1\r\n" GOOD END, 400, "GET /.");
    check_refused_after("GET /\t HTTP/1.1\r\n" GOOD END, 400, "GET /.");
    check_refused_bytes("GET /\0 HTTP/1.1\r\n" GOOD END, sizeof("GET /\0 HTTP/1.1\r\n" GOOD END) - 1, 400);
}

static void refuses_a_bad_request_line(void **state)
{
    (void)state;
    check_refused_after("\x16\x03\x01\x02hello", 400, "."); /* TLS on the plain port */
    check_refused_after(" GET / HTTP/1.1\r\n" GOOD END, 400, " ");
    check_refused_after("GE(T / HTTP/1.1\r\n" GOOD END, 400, "GE(");
    check_refused_after("GET\t/ HTTP/1.1\r\n" GOOD END, 400, "GET\t");
    check_refused_after("GET /\r\n" GOOD END, 400, "GET /\r");
    check_refused_after("GET / \r\n" GOOD END, 400, "GET / \r");
    check_refused_after("GET / http/1.1\r\n" GOOD END, 400, "GET / h");
    check_refused_after("GET / HTTP/1\r\n" GOOD END, 400, "GET / HTTP/1\r");
    check_refused_after("GET / HTTP/1.1 \r\n" GOOD END, 400, "GET / HTTP/1.1 ");
    check_refused_after("GET / HTTP/1.10\r\n" GOOD END, 400, "GET / HTTP/1.10");
    check_refused_after("GET / HTTP/x.1\r\n" GOOD END, 400, "GET / HTTP/x");
    check_refused_after("GET / HTTP/1.1\n" GOOD END, 400, "GET / HTTP/1.1\n");
    check_refused_after("GET / HTTP/1.1\rHost", 400, "GET / HTTP/1.1\rH");
    check_refused_after("\nGET / HTTP/1.1\r\n" GOOD END, 400, "\n");
    check_refused_after("\r\n\r\nGET / HTTP/1.1\r\n" GOOD END, 400, "\r\n\r");
    check_refused_after("\rGET / HTTP/1.1\r\n" GOOD END, 400, "\rG");
}

static void refuses_other_versions_of_http(void **state)
{
    (void)state;
    check_refused_after("GET / HTTP/2.0\r\n" GOOD END, 505, "GET / HTTP/2.0\r\n");
    check_refused_after("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "PRI * HTTP/2.0\r\n");
    check_refused_after("GET / HTTP/0.9\r\n" GOOD END, 505, "GET / HTTP/0.9\r\n");
    check_refused_after("GET / HTTP/1.0\r\n" GOOD END, 400, "GET / HTTP/1.0\r\n");
}

static void refuses_other_methods(void **state)
{
    (void)state;
    check_refused_after("POST / HTTP/1.1\r\n" GOOD END, 405, "POST / HTTP/1.1\r\n");
    check_refused_after("get / HTTP/1.1\r\n" GOOD END, 405, "get / HTTP/1.1\r\n");
    check_refused_after("OPTIONS * HTTP/1.0\r\n" END, 405, "OPTIONS * HTTP/1.0\r\n");
    check_refused_after("CONNECT h:443 HTTP/1.1\r\n" END, 405, "CONNECT h:443 HTTP/1.1\r\n");
    check_refused("HEAD / HTTP/1.1\r\n" HOST END, 405);
    check_head("HEAD / HTTP/1.1\r\n", true);
    check_head("HEAD / HTTP/2.0\r\n", true);
    check_head("POST / HTTP/1.1\r\n", false);
    check_refused("GETS / HTTP/1.1\r\n" HOST END, 405);
}

static void refuses_bad_header_lines(void **state)
{
    (void)state;
    check_refused_after(LINE "Host : h\r\n" END, 400, LINE "Host ");
    check_refused_after(LINE " Host: h\r\n" END, 400, LINE " ");
    check_refused_after(LINE HOST "X: a\r\n b\r\n" END, 400, LINE HOST "X: a\r\n ");
    check_refused_after(LINE HOST "X: a\r\n\tb\r\n" END, 400, LINE HOST "X: a\r\n\t");
    check_refused_after(LINE ": x\r\n" END, 400, LINE ":");
    check_refused_after(LINE "NoColon\r\n" END, 400, LINE "NoColon\r");
    check_refused_after(LINE "X\xc3\xbc: x\r\n" END, 400, LINE "X.");
    check_refused_after(LINE "X: a\nY: b\r\n" END, 400, LINE "X: a\n");
    check_refused_after(LINE "X: a\rY: b\r\n" END, 400, LINE "X: a\rY");
    check_refused_after(LINE "X: a\r\r\n" END, 400, LINE "X: a\r\r");
    check_refused_after(LINE "X: \x01\r\n" END, 400, LINE "X: .");
    check_refused_after(LINE "X: \x7f\r\n" END, 400, LINE "X: .");
    check_refused_after(LINE "X: \x1b[0m\r\n" END, 400, LINE "X: .");
    check_refused_after(LINE GOOD "\n", 400, LINE GOOD "\n");
    check_refused_after(LINE GOOD "\rX", 400, LINE GOOD "\rX");
    check_refused_bytes(LINE "X: a\0b\r\n" END, sizeof(LINE "X: a\0b\r\n" END) - 1, 400);
    check_refused_bytes(LINE "X\0: a\r\n" END, sizeof(LINE "X\0: a\r\n" END) - 1, 400);
}

static void wants_exactly_one_host(void **state)
{
    (void)state;
    check_refused(LINE UPGRADE CONNECTION KEY VERSION END, 400);
    check_refused(LINE GOOD HOST END, 400);
    check_refused(LINE GOOD "hOST: other\r\n" END, 400);
    check_refused(LINE "Host:\r\n" UPGRADE CONNECTION KEY VERSION END, 400);
    check_refused(LINE "Host: a b\r\n" UPGRADE CONNECTION KEY VERSION END, 400);
    check_refused(LINE "Host: a/b\r\n" UPGRADE CONNECTION KEY VERSION END, 400);
    check_refused(LINE "Host: user@h\r\n" UPGRADE CONNECTION KEY VERSION END, 400);
    check_refused(LINE END, 400);
}

static void asks_others_to_upgrade(void **state)
{
    (void)state;
    check_refused_after(LINE HOST END, 426, LINE HOST END);
    check_refused(LINE HOST CONNECTION KEY VERSION END, 426);
    check_refused(LINE HOST "Upgrade: h2c\r\n" CONNECTION KEY VERSION END, 426);
    check_refused(LINE HOST "Upgrade: websockets\r\n" CONNECTION KEY VERSION END, 426);
    check_refused(LINE HOST "Upgrade: web socket\r\n" CONNECTION KEY VERSION END, 426);
    check_refused(LINE HOST "Upgrade:\r\n" CONNECTION KEY VERSION END, 426);
    check_refused(LINE HOST "X: websocket\r\n" CONNECTION KEY VERSION END, 426);
    check_refused(LINE HOST UPGRADE "X: Upgrade\r\n" KEY VERSION END, 426);
    check_refused(LINE HOST UPGRADE KEY VERSION END, 426);
    check_refused(LINE HOST UPGRADE "Connection: keep-alive\r\n" KEY VERSION END, 426);
    check_refused(LINE HOST UPGRADE "Connection: Upgraded\r\n" KEY VERSION END, 426);
}

static void speaks_version_13_only(void **state)
{
    (void)state;
    check_refused(LINE HOST UPGRADE CONNECTION KEY END, 426);
    check_refused(LINE HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 8\r\n" END, 426);
    check_refused(LINE HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 14\r\n" END, 426);
    check_refused(LINE HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 013\r\n" END, 426);
    check_refused(LINE HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 13, 8\r\n" END, 426);
    check_refused(LINE HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version:\r\n" END, 426);
    check_refused(LINE HOST UPGRADE CONNECTION "Sec-WebSocket-Version: 8\r\n" END,
                  426); /* whatever its key */
    check_refused(LINE GOOD VERSION END, 400);
    check_refused(LINE GOOD "Sec-WebSocket-Version: 8\r\n" END, 400);
}

static void check_key(const char *key, bool good)
{
    char request[512];

    snprintf(request, sizeof request, LINE HOST UPGRADE CONNECTION VERSION "Sec-WebSocket-Key: %s\r\n" END,
             key);
    if (good)
        check_accepted(request);
    else
        check_refused(request, 400);
}

static void wants_exactly_one_key_of_16_bytes(void **state)
{
    (void)state;
    check_key("AAAAAAAAAAAAAAAAAAAAAA==", true);
    check_key("//////////+++++/////9w==", true);
    check_key("AQIDBAUGBwgJCgsMDQ4PEC==", true); /* RFC 6455's own, with stray bits at its end */
    check_key("", false);
    check_key("AAAAAAAAAAAAAAAAAAAAAA=", false);
    check_key("AAAAAAAAAAAAAAAAAAAAAA", false);
    check_key("AAAAAAAAAAAAAAAAAAAAAAA=", false); /* 17 bytes */
    check_key("AAAAAAAAAAAAAAAAAAAAA===", false);
    check_key("AAAAAAAAAAAAAAAAAAAAAA==A", false);
    check_key("AAAAAAAAAAAAAAAAAAAA==AA", false);
    check_key("AAAAAAAAAA-AAAAAAAAAAA==", false);
    check_key("AAAAAAAAAA AAAAAAAAAAA==", false);
    check_refused(LINE HOST UPGRADE CONNECTION VERSION END, 400);
    check_refused(LINE GOOD KEY END, 400);
    check_refused(LINE GOOD "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" END, 400);
}

static void refuses_a_body(void **state)
{
    (void)state;
    check_refused(LINE GOOD "Transfer-Encoding: chunked\r\n" END "0\r\n\r\n", 400);
    check_refused(LINE GOOD "Transfer-Encoding: identity\r\n" END, 400);
    check_refused(LINE GOOD "Content-Length: 5\r\n" END "hello", 400);
    check_refused(LINE GOOD "Content-Length: 00000000000000000005\r\n" END, 400);
    check_refused(LINE GOOD "Content-Length: -0\r\n" END, 400);
    check_refused(LINE GOOD "Content-Length:\r\n" END, 400);
    check_refused(LINE GOOD "Content-Length: 0, 5\r\n" END, 400);
    check_refused(LINE GOOD "Content-Length: 0\r\nContent-Length: 5\r\n" END, 400);
}

static void offers_subprotocols(void **state)
{
    struct upgrade_request *request = parse(LINE GOOD END);

    (void)state;
    check_text(request->protocols, "");
    request = parse(LINE GOOD "Sec-WebSocket-Protocol:\r\nSec-WebSocket-Protocol: a ,,\tb,\r\n"
                              "sec-websocket-protocol: c\r\n" END);
    check_text(request->protocols, "a ,,\tb,");
    struct text rest = request->protocols;
    check_text(upgrade_next_protocol(&rest), "a");
    check_text(upgrade_next_protocol(&rest), "b");
    check_text(upgrade_next_protocol(&rest), "");
    check_text(upgrade_next_protocol(&rest), "");
    request = parse(LINE "Sec-WebSocket-Protocol: a,b\r\n" GOOD END);
    rest = request->protocols;
    check_text(upgrade_next_protocol(&rest), "a");
    check_text(upgrade_next_protocol(&rest), "b");
    check_text(upgrade_next_protocol(&rest), "");
    check_refused(LINE GOOD "Sec-WebSocket-Protocol: a b\r\n" END, 400);
    check_refused(LINE GOOD "Sec-WebSocket-Protocol: a, \xc3\xbc\r\n" END, 400);
    check_refused(LINE GOOD "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b;c\r\n" END, 400);
}

static void keeps_nothing_of_an_earlier_request(void **state)
{
    struct upgrade_request *request = parse(LINE GOOD "Sec-WebSocket-Protocol: a\r\n" END);
    size_t consumed;

    (void)state;
    assert_int_equal(upgrade_parse(request, "\n", 1, &consumed), UPGRADE_REFUSED);
    assert_int_equal(request->target.length + request->path.length + request->query.length, 0);
    assert_int_equal(request->key.length + request->protocols.length + request->header_count, 0);
    request = parse("GET / HTTP/1.1\r\n" GOOD END);
    check_text(request->query, "");
    check_text(request->protocols, "");
}

static void finds_headers_without_regard_to_case(void **state)
{
    struct upgrade_request *request = parse(LINE GOOD "Origin: first\r\nORIGIN: second\r\n" END);

    (void)state;
    check_text(upgrade_header(request, TEXT("origin")), "first");
    check_text(upgrade_header(request, TEXT("SEC-WEBSOCKET-VERSION")), "13");
    check_text(upgrade_header(request, TEXT("Origi")), "");
    check_text(upgrade_header(request, TEXT("")), "");
}

static void waits_for_the_blank_line(void **state)
{
    (void)state;
    check_incomplete("");
    check_incomplete("\r");
    check_incomplete("GE");
    check_incomplete("GET /");
    check_incomplete("GET / HTTP/1.1\r");
    check_incomplete(LINE);
    check_incomplete(LINE GOOD);
    check_incomplete(LINE GOOD "\r");
}

static struct buffer filled(const char *before, size_t count, const char *behind)
{
    struct buffer bytes;

    buffer_init(&bytes, BUFFER_UNLIMITED);
    assert_int_equal(buffer_append_text(&bytes, text_from_cstr(before)), STATUS_OK);
    assert_int_equal(buffer_reserve(&bytes, count), STATUS_OK);
    memset(bytes.data + bytes.length, 'x', count);
    bytes.length += count;
    assert_int_equal(buffer_append_text(&bytes, text_from_cstr(behind)), STATUS_OK);
    return bytes;
}

/* `before`, so many x, `behind`: refused with its byte number `after`, or accepted where `refusal` is 0. */
static void check_filled(const char *before, size_t count, const char *behind, int refusal, size_t after)
{
    struct buffer bytes = filled(before, count, behind);
    struct upgrade_request request;
    size_t consumed = 0;

    struct parsing parsing = {
        .expected = refusal ? UPGRADE_REFUSED : UPGRADE_COMPLETE, .refusal = refusal, .head = after};
    buffer_init(&parsing.bytes, BUFFER_UNLIMITED);
    pieces_cut(&(struct pieces_taker){begin, take, end, &parsing}, bytes.data, bytes.length, after - 1);
    buffer_deinit(&parsing.bytes);
    assert_int_equal(upgrade_parse(&request, bytes.data, after - 1, &consumed), UPGRADE_INCOMPLETE);
    assert_int_equal(upgrade_parse(&request, bytes.data, after, &consumed), parsing.expected);
    assert_int_equal(request.refusal, refusal);
    buffer_deinit(&bytes);
}

static void limits_the_target(void **state)
{
    static const char behind[] = " HTTP/1.1\r\n" GOOD END;

    (void)state;
    check_filled("GET /", UPGRADE_MAX_TARGET - 1, behind, 0, 4 + UPGRADE_MAX_TARGET + sizeof behind - 1);
    check_filled("GET /", UPGRADE_MAX_TARGET, behind, 414, 4 + UPGRADE_MAX_TARGET + 1);
    check_filled("GET /", 3 * UPGRADE_MAX_TARGET, behind, 414, 4 + UPGRADE_MAX_TARGET + 1);
    check_filled("", UPGRADE_MAX_HEAD + 1, "", 414, UPGRADE_MAX_HEAD); /* a method without an end */
}

static void limits_the_head(void **state)
{
    static const char before[] = LINE GOOD "X: ";
    static const size_t fill = UPGRADE_MAX_HEAD - (sizeof before - 1) - 4;

    (void)state;
    check_filled(before, fill, "\r\n\r\n", 0, UPGRADE_MAX_HEAD);
    check_filled(before, fill, "\r\n\r\n\x81\x80mask", 0, UPGRADE_MAX_HEAD);
    check_filled(before, fill + 1, "\r\n\r\n", 431, UPGRADE_MAX_HEAD);
    check_filled(before, 10 * fill, "\r\n\r\n", 431, UPGRADE_MAX_HEAD);
}

static void limits_the_header_lines(void **state)
{
    struct buffer bytes;
    struct upgrade_request request;
    size_t consumed = 0;

    (void)state;
    buffer_init(&bytes, BUFFER_UNLIMITED);
    assert_int_equal(buffer_append_text(&bytes, TEXT(LINE GOOD)), STATUS_OK);
    for (int i = 5; i < UPGRADE_MAX_HEADERS; i++)
        assert_int_equal(buffer_append_text(&bytes, TEXT("X: y\r\n")), STATUS_OK);
    size_t lines = bytes.length;
    assert_int_equal(buffer_append_text(&bytes, TEXT(END)), STATUS_OK);
    assert_int_equal(upgrade_parse(&request, bytes.data, bytes.length, &consumed), UPGRADE_COMPLETE);
    assert_int_equal(request.header_count, UPGRADE_MAX_HEADERS);
    bytes.length = lines;
    assert_int_equal(buffer_append_text(&bytes, TEXT("X: y\r\n" END)), STATUS_OK);
    check_refused_bytes(bytes.data, bytes.length, 431);
    assert_int_equal(upgrade_parse(&request, bytes.data, lines, &consumed), UPGRADE_INCOMPLETE);
    assert_int_equal(upgrade_parse(&request, bytes.data, lines + 1, &consumed), UPGRADE_REFUSED);
    buffer_deinit(&bytes);
}

/* Whatever one byte of a good request is changed to, the answer must not depend on how it was cut. */
static void decides_the_same_however_it_is_cut(void **state)
{
    static const char bytes[] = "\0\t\n\r :,a\x7f\xff";
    char request[] = LINE GOOD END;
    static struct upgrade_request parsed;

    (void)state;
    for (size_t i = 0; i < sizeof request - 1; i++) {
        char kept = request[i];
        for (size_t j = 0; j < sizeof bytes - 1; j++) {
            size_t consumed = 0;
            request[i] = bytes[j];
            enum upgrade_result whole = upgrade_parse(&parsed, request, sizeof request - 1, &consumed);
            struct parsing parsing = {.expected = whole, .refusal = parsed.refusal, .head = consumed};
            struct pieces_taker taker = {begin, take, end, &parsing};
            buffer_init(&parsing.bytes, BUFFER_UNLIMITED);
            parsing.reason = parsed.reason;
            pieces_chop(&taker, request, sizeof request - 1, 1);
            buffer_deinit(&parsing.bytes);
        }
        request[i] = kept;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_an_upgrade),
        cmocka_unit_test(accepts_what_clients_differ_in),
        cmocka_unit_test(leaves_what_is_behind_the_head),
        cmocka_unit_test(splits_the_target),
        cmocka_unit_test(refuses_a_bad_target),
        cmocka_unit_test(refuses_a_bad_request_line),
        cmocka_unit_test(refuses_other_versions_of_http),
        cmocka_unit_test(refuses_other_methods),
        cmocka_unit_test(refuses_bad_header_lines),
        cmocka_unit_test(wants_exactly_one_host),
        cmocka_unit_test(asks_others_to_upgrade),
        cmocka_unit_test(speaks_version_13_only),
        cmocka_unit_test(wants_exactly_one_key_of_16_bytes),
        cmocka_unit_test(refuses_a_body),
        cmocka_unit_test(offers_subprotocols),
        cmocka_unit_test(keeps_nothing_of_an_earlier_request),
        cmocka_unit_test(finds_headers_without_regard_to_case),
        cmocka_unit_test(waits_for_the_blank_line),
        cmocka_unit_test(limits_the_target),
        cmocka_unit_test(limits_the_head),
        cmocka_unit_test(limits_the_header_lines),
        cmocka_unit_test(decides_the_same_however_it_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
