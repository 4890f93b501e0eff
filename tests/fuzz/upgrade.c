#include "fuzz.h"

#include "base/buffer.h"
#include "base/utf8.h"
#include "json/envelope.h"
#include "json/scan.h"
#include "protocol/deflate_offer.h"
#include "protocol/handshake.h"
#include "protocol/token.h"
#include "protocol/upgrade.h"
#include "runner/connect_event.h"

/*
 * The opening handshake. The input is what a client sends: a request's head, and perhaps something behind it.
 */

enum {
    ALL_CUTS = 64, /* bytes of a request that is cut everywhere */
    SOME_CUTS = 24,
};

struct verdict {
    enum upgrade_result result;
    struct upgrade_request request;
    size_t consumed;
};

static struct verdict parse(struct text bytes)
{
    struct verdict verdict = {.consumed = SIZE_MAX};

    verdict.result = upgrade_parse(&verdict.request, bytes.data, bytes.length, &verdict.consumed);
    HOLDS((verdict.result == UPGRADE_COMPLETE) == (verdict.consumed != SIZE_MAX));
    HOLDS((verdict.result == UPGRADE_REFUSED) == (verdict.request.refusal != 0));
    HOLDS((verdict.result == UPGRADE_REFUSED) == (verdict.request.reason != NULL));
    return verdict;
}

/* The first `length` bytes must give the answer of all of them, or none yet. */
static void check_prefix(const struct verdict *whole, struct text bytes, size_t length)
{
    struct text prefix = fuzz_copy((struct text){bytes.data, length});
    struct verdict verdict = parse(prefix);

    if (verdict.result != UPGRADE_INCOMPLETE) {
        HOLDS(verdict.result == whole->result);
        HOLDS(verdict.request.refusal == whole->request.refusal);
        HOLDS(verdict.request.reason == whole->request.reason);
        HOLDS(verdict.consumed == whole->consumed);
    }
    if (whole->result == UPGRADE_COMPLETE)
        HOLDS((verdict.result == UPGRADE_COMPLETE) == (length >= whole->consumed));
    fuzz_free(prefix);
}

/* Some number that changes with the bytes. */
static size_t hash(struct text bytes)
{
    uint32_t value = 2166136261u;

    for (size_t i = 0; i < bytes.length; i++)
        value = (value ^ (unsigned char)bytes.data[i]) * 16777619u;
    return value;
}

static void check_cuts(const struct verdict *whole, struct text bytes)
{
    size_t step = bytes.length <= ALL_CUTS ? 1 : bytes.length / SOME_CUTS;

    for (size_t at = hash(bytes) % step; at < bytes.length; at += step)
        check_prefix(whole, bytes, at);
    if (whole->result != UPGRADE_COMPLETE)
        return;
    check_prefix(whole, bytes, whole->consumed - 1);
    check_prefix(whole, bytes, whole->consumed);
}

static void check_refusal(const struct upgrade_request *request)
{
    struct buffer out;

    HOLDS(request->refusal == 400 || request->refusal == 405 || request->refusal == 414 ||
          request->refusal == 426 || request->refusal == 431 || request->refusal == 505);
    buffer_init(&out, BUFFER_UNLIMITED);
    HOLDS(handshake_append_refusal(&out, request->refusal, request->is_head ? NULL : request->reason) ==
          STATUS_OK);
    buffer_deinit(&out);
}

/* What is answered to an offer could have been offered itself, and means the same. */
static void check_extensions(struct text offers)
{
    char answer[DEFLATE_ANSWER_SIZE];
    struct text copy = fuzz_copy(offers);
    struct deflate_agreement agreement = deflate_agree(copy);
    struct text text = deflate_answer(&agreement, answer);

    fuzz_free(copy);
    HOLDS(agreement.window_bits == 0 || (agreement.window_bits >= 9 && agreement.window_bits <= 15));
    HOLDS(text.length < DEFLATE_ANSWER_SIZE);
    HOLDS((text.length > 0) == (agreement.window_bits > 0));
    struct deflate_agreement again = deflate_agree(text);
    HOLDS(again.window_bits == agreement.window_bits);
    HOLDS(again.says_window_bits == agreement.says_window_bits);
}

/* One response: what the client sent cannot end it, nor start another line in it. */
static void check_response(const struct upgrade_request *request, struct text protocol, struct text extension)
{
    struct buffer out;
    size_t lines = 0;

    buffer_init(&out, BUFFER_UNLIMITED);
    HOLDS(protocol.length == 0 || token_is_valid(protocol));
    HOLDS(handshake_append_response(&out, request->key, protocol, extension) == STATUS_OK);
    for (size_t i = 0; i < out.length; i++)
        lines += out.data[i] == '\n';
    HOLDS(lines == 5 + (size_t)(protocol.length > 0) + (size_t)(extension.length > 0));
    HOLDS(out.length > 4 && memcmp(out.data + out.length - 4, "\r\n\r\n", 4) == 0);
    buffer_deinit(&out);
}

static void check_responses(const struct upgrade_request *request)
{
    char answer[DEFLATE_ANSWER_SIZE];
    struct text offered = request->protocols;
    struct deflate_agreement agreement =
        deflate_agree(upgrade_header(request, TEXT("Sec-WebSocket-Extensions")));
    struct text extension = deflate_answer(&agreement, answer);
    struct text protocol;

    check_response(request, TEXT(""), extension);
    while ((protocol = upgrade_next_protocol(&offered)).length > 0)
        check_response(request, protocol, extension);
}

static void check_unquoted(struct text quoted, struct text expected)
{
    struct buffer plain;

    buffer_init(&plain, BUFFER_UNLIMITED);
    HOLDS(json_append_unquoted(&plain, quoted) == STATUS_OK);
    HOLDS(text_equal(buffer_text(&plain), expected));
    buffer_deinit(&plain);
}

/* How many members an object has, each a string. */
static size_t count_strings(struct text object)
{
    struct text name;
    struct text value;
    size_t count = 0;

    for (; json_next_member(&object, &name, &value); count++)
        HOLDS(value.data[0] == '"');
    return count;
}

static void check_event(const struct upgrade_request *request)
{
    struct buffer out;
    struct envelope envelope;
    struct text name;
    struct text value;

    buffer_init(&out, BUFFER_UNLIMITED);
    HOLDS(connect_event_append(&out, request) == STATUS_OK);
    struct text event = fuzz_copy(buffer_text(&out));
    buffer_deinit(&out);
    HOLDS(utf8_is_valid(event.data, event.length));
    HOLDS(json_skip_value(event.data, event.data + event.length) == event.data + event.length);
    envelope_scan(&envelope, event);
    HOLDS(envelope.kind == ENVELOPE_OBJECT);
    HOLDS(envelope.headers.length > 0 && envelope.query.length > 0);
    HOLDS(envelope.name.length == 0 && envelope.params.length == 0 && envelope.payload.length == 0);
    HOLDS(count_strings(envelope.headers) <= request->header_count);
    HOLDS(count_strings(envelope.query) <= request->query.length);
    struct text rest = event;
    for (size_t count = 1; json_next_member(&rest, &name, &value); count++) {
        HOLDS(count <= 4);
        if (count == 3)
            check_unquoted(value, request->path);
        if (count == 4)
            check_unquoted(value, request->target);
    }
    fuzz_free(event);
}

static void check_header(struct text bytes)
{
    struct buffer out;

    buffer_init(&out, BUFFER_UNLIMITED);
    HOLDS(header_append_decoded(&out, bytes) == STATUS_OK);
    HOLDS(utf8_is_valid(out.data, out.length));
    buffer_deinit(&out);
}

static void check_request(const struct upgrade_request *request, struct text head)
{
    HOLDS(fuzz_inside(request->target, head) && fuzz_inside(request->query, request->target));
    HOLDS(text_starts_with(request->path, TEXT("/")));
    HOLDS(request->target.length <= UPGRADE_MAX_TARGET);
    HOLDS(request->header_count <= UPGRADE_MAX_HEADERS);
    for (size_t i = 0; i < request->header_count; i++) {
        HOLDS(fuzz_inside(request->headers[i].name, head) && fuzz_inside(request->headers[i].value, head));
        HOLDS(token_is_valid(request->headers[i].name));
        check_header(request->headers[i].value);
    }
    HOLDS(fuzz_inside(request->key, head) && request->key.length == 24);
    HOLDS(fuzz_inside(request->protocols, head));
    HOLDS(upgrade_header(request, TEXT("sec-websocket-key")).data == request->key.data);
    HOLDS(upgrade_header(request, TEXT("HOST")).length > 0);
}

static void check_complete(const struct verdict *verdict, struct text bytes)
{
    struct text head = {bytes.data, verdict->consumed};

    HOLDS(verdict->consumed <= bytes.length && verdict->consumed <= UPGRADE_MAX_HEAD);
    HOLDS(head.length > 4 && memcmp(head.data + head.length - 4, "\r\n\r\n", 4) == 0);
    check_request(&verdict->request, head);
    check_extensions(upgrade_header(&verdict->request, TEXT("Sec-WebSocket-Extensions")));
    check_responses(&verdict->request);
    check_event(&verdict->request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text bytes = fuzz_input(data, size);
    struct verdict whole = parse(bytes);

    check_cuts(&whole, bytes);
    check_extensions(bytes); /* a request that is good is rare; a header's value is quickly found */
    if (whole.result == UPGRADE_COMPLETE)
        check_complete(&whole, bytes);
    if (whole.result == UPGRADE_REFUSED)
        check_refusal(&whole.request);
    HOLDS(whole.result != UPGRADE_INCOMPLETE || size < UPGRADE_MAX_HEAD);
    return 0;
}
