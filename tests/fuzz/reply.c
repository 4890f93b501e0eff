#include "fuzz.h"

#include "base/buffer.h"
#include "base/utf8.h"
#include "json/scan.h"
#include "json/write.h"
#include "protocol/handshake.h"
#include "protocol/token.h"
#include "runner/connect_event.h"

#include <jansson.h>

/*
 * What is made of a handler's reply. The input is a reply, a message-id, a Sec-WebSocket-Protocol value and a
 * plain text, with a NUL between them.
 */

/* What the envelope lets through; jansson is stricter in places (see envelope.c), so it is asked only about
 * contents. */
static bool is_json(struct text text)
{
    const char *end = text.data + text.length;

    return text.length > 0 && utf8_is_valid(text.data, text.length) && json_skip_value(text.data, end) == end;
}

static json_t *load(struct text text)
{
    return json_loadb(text.data, text.length,
                      JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES,
                      NULL);
}

/* A copy of what was appended, in a block of its size. */
static struct text taken(struct buffer *buffer)
{
    struct text copy = fuzz_copy(buffer_text(buffer));

    buffer_deinit(buffer);
    return copy;
}

/* Headers with blanks before their first member, which no writer of replies leaves. */
static bool has_loose_headers(struct text reply)
{
    struct text rest = reply;
    struct text name;
    struct text value;

    while (json_next_member(&rest, &name, &value))
        if (text_equal(name, TEXT("\"headers\"")) && value.length > 1 &&
            json_skip_space(value.data + 1, value.data + value.length) != value.data + 1)
            return true;
    return false;
}

/* The reply's own members are as they were, and the headers have the message-id too. */
static void check_contents(struct text spliced, struct text reply, struct text message_id)
{
    json_t *before = load(reply);
    json_t *id = load(message_id);

    if (before && id && json_object_size(before) == 3 &&
        !json_object_get(json_object_get(before, "headers"), "message-id")) {
        json_t *after = load(spliced);
        json_t *headers = json_object_get(after, "headers");
        HOLDS(json_equal(json_object_get(headers, "message-id"), id));
        HOLDS(json_object_del(headers, "message-id") == 0);
        HOLDS(json_equal(after, before));
        json_decref(after);
    }
    json_decref(before);
    json_decref(id);
}

static void check_splice(struct text reply, struct text message_id)
{
    const size_t added = strlen("\"message-id\":") + message_id.length;
    struct buffer out;

    buffer_init(&out, BUFFER_UNLIMITED);
    HOLDS(buffer_append(&out, "x", 1) == STATUS_OK);
    enum status status = json_append_reply(&out, reply, message_id);
    if (status != STATUS_OK) {
        HOLDS(status == STATUS_INVALID && out.length == 1);
        buffer_deinit(&out);
        return;
    }
    buffer_consume(&out, 1);
    struct text spliced = taken(&out);
    if (message_id.length == 0) {
        HOLDS(text_equal(spliced, reply));
    } else {
        HOLDS(spliced.length == reply.length + added || spliced.length == reply.length + added + 1);
        if (is_json(reply) && is_json(message_id) && !has_loose_headers(reply)) {
            HOLDS(is_json(spliced));
            check_contents(spliced, reply, message_id);
        }
    }
    fuzz_free(spliced);
}

/* A reply without headers of its own, whose body is JSON, is what json_append_reply() makes of one. */
static void check_head(struct text body, struct text message_id)
{
    struct buffer whole;
    struct buffer wanted;

    buffer_init(&whole, BUFFER_UNLIMITED);
    HOLDS(json_append_reply_head(&whole, 200, message_id) == STATUS_OK);
    HOLDS(buffer_append_text(&whole, body) == STATUS_OK && buffer_append(&whole, "}", 1) == STATUS_OK);
    buffer_init(&wanted, BUFFER_UNLIMITED);
    HOLDS(buffer_append_text(&wanted, TEXT("{\"statusCode\":200,\"headers\":{},\"body\":")) == STATUS_OK);
    HOLDS(buffer_append_text(&wanted, body) == STATUS_OK && buffer_append(&wanted, "}", 1) == STATUS_OK);
    struct text plain = taken(&wanted);
    HOLDS(json_append_reply(&wanted, plain, message_id) == STATUS_OK);
    HOLDS(text_equal(buffer_text(&whole), buffer_text(&wanted)));
    buffer_deinit(&whole);
    buffer_deinit(&wanted);
    fuzz_free(plain);
}

/* A buffer that is full leaves nothing half done. */
static void check_limit(struct text reply, struct text message_id, size_t limit)
{
    struct buffer out;

    buffer_init(&out, limit);
    enum status status = json_append_reply(&out, reply, message_id);
    HOLDS(out.length <= limit);
    HOLDS(status == STATUS_OK || out.length == 0);
    buffer_clear(&out);
    status = json_append_error_reply(&out, 500, reply, message_id, message_id);
    HOLDS(out.length <= limit);
    HOLDS(status == STATUS_OK || (status == STATUS_LIMIT && out.length == 0));
    buffer_deinit(&out);
}

static void check_string(struct text plain)
{
    struct buffer quoted;
    struct buffer again;

    buffer_init(&quoted, BUFFER_UNLIMITED);
    buffer_init(&again, BUFFER_UNLIMITED);
    HOLDS(json_append_string(&quoted, plain) == STATUS_OK);
    struct text string = taken(&quoted);
    HOLDS(is_json(string) && string.data[0] == '"');
    HOLDS(json_append_unquoted(&again, string) == STATUS_OK);
    HOLDS(text_equal(buffer_text(&again), plain));
    HOLDS(json_string_equal(string, plain, false));
    json_t *value = load(string);
    HOLDS(value && json_string_length(value) == plain.length);
    HOLDS(plain.length == 0 || memcmp(json_string_value(value), plain.data, plain.length) == 0);
    json_decref(value);
    buffer_deinit(&again);
    fuzz_free(string);
}

static void check_error_reply(struct text message, struct text details, struct text message_id)
{
    struct buffer out;

    buffer_init(&out, BUFFER_UNLIMITED);
    HOLDS(json_append_error_reply(&out, 404, message, details, message_id) == STATUS_OK);
    struct text reply = taken(&out);
    HOLDS(is_json(reply));
    fuzz_free(reply);
    /* And it is a reply like others. */
    buffer_init(&out, BUFFER_UNLIMITED);
    HOLDS(json_append_error_reply(&out, 404, message, details, TEXT("")) == STATUS_OK);
    reply = taken(&out);
    check_splice(reply, message_id.length > 0 ? message_id : TEXT("7"));
    fuzz_free(reply);
}

/* Every element is a token, as upgrade_parse() checks it. */
static bool is_protocol_list(struct text value)
{
    while (value.length > 0) {
        struct text element = upgrade_next_protocol(&value);
        if (element.length > 0 && !token_is_valid(element))
            return false;
    }
    return true;
}

static bool is_offered(struct text protocol, struct text value)
{
    for (;;) {
        struct text element = upgrade_next_protocol(&value);
        if (element.length == 0)
            return false;
        if (text_equal(element, protocol))
            return true;
    }
}

/* The subprotocol is one that was offered, and nothing that would break the response. */
static void check_protocol(struct text protocol, struct text offered)
{
    struct buffer out;

    HOLDS(fuzz_inside(protocol, offered));
    HOLDS((protocol.length > 0) == is_offered(protocol, offered));
    buffer_init(&out, BUFFER_UNLIMITED);
    HOLDS(handshake_append_response(&out, TEXT("dGhlIHNhbXBsZSBub25jZQ=="), protocol, TEXT("")) == STATUS_OK);
    buffer_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text input = fuzz_input(data, size);
    struct text reply = fuzz_take_piece(&input, '\0');
    struct text message_id = fuzz_take_piece(&input, '\0');
    struct text offered = fuzz_take_piece(&input, '\0');
    struct text plain = fuzz_copy(input);
    bool is_object = is_json(reply) && reply.data[0] == '{';

    check_splice(reply, message_id);
    check_head(reply, message_id);
    check_limit(reply, message_id, plain.length);
    if (utf8_is_valid(plain.data, plain.length)) {
        check_string(plain);
        if (utf8_is_valid(reply.data, reply.length) && (message_id.length == 0 || is_json(message_id)))
            check_error_reply(plain, reply, message_id);
    }
    if (is_protocol_list(offered) && (reply.length == 0 || is_object))
        check_protocol(connect_event_protocol(reply, &(struct upgrade_request){.protocols = offered}),
                       offered);

    fuzz_free(reply);
    fuzz_free(message_id);
    fuzz_free(offered);
    fuzz_free(plain);
    return 0;
}
