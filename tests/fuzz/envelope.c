#include "fuzz.h"

#include "base/buffer.h"
#include "base/utf8.h"
#include "json/envelope.h"
#include "json/scan.h"

#include <jansson.h>
#include <strings.h>

/*
 * The envelope of a message, against jansson. The input is the message.
 *
 * JSON.parse is what counts (tests/unit/json/agreement.test.mjs asks it); jansson can be asked a thousand
 * times more often and agrees, but for this:
 *
 *   - It refuses what is nested deeper than 2048, numbers beyond a double, the escape of half a surrogate
 *     pair, and (depending on its version) NUL in a name. JSON.parse takes all of these: where jansson
 * refuses for one of these reasons, it is not asked.
 *   - Integers are taken for doubles, as JSON.parse does; else those beyond 64 bits were refused too.
 *   - Of members of the same name the last counts, in both; but in which place of the text it stood is not
 *     known any more. So where headers spell message-id in several ways, any of them may be the last.
 *   - A NUL behind a number or a word it overlooks. JSON has no place for one, so there is nothing to ask.
 *   - Text that is not UTF-8 it refuses; the scanner is never given such text, and need only stay inside of
 * it.
 */

enum { FLAGS = JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL };

/* Whether the text has an escape of a half of a surrogate pair, alone or not. */
static bool has_surrogate_escape(struct text message)
{
    for (size_t i = 0; i + 4 <= message.length; i++)
        if (message.data[i] == '\\' && message.data[i + 1] == 'u' && (message.data[i + 2] | 0x20) == 'd' &&
            !(message.data[i + 3] >= '0' && message.data[i + 3] <= '7'))
            return true;
    return false;
}

/* Whether jansson refuses what JSON.parse may take. */
static bool is_stricter(struct text message, const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_stack_overflow:
    case json_error_numeric_overflow:
    case json_error_null_byte_in_key: return true;
    default: return has_surrogate_escape(message);
    }
}

static json_t *load(struct text text)
{
    return json_loadb(text.data, text.length, FLAGS, NULL);
}

/* The span stands by itself and is this value. */
static void check_value(struct text span, const json_t *expected)
{
    struct text copy = fuzz_copy(span);
    json_t *value = load(copy);

    HOLDS(json_skip_value(copy.data, copy.data + copy.length) == copy.data + copy.length);
    HOLDS(value && json_equal(value, expected));
    json_decref(value);
    fuzz_free(copy);
}

/* A member that has to be there with a type, or not at all. */
static void check_member(struct text span, const json_t *object, const char *name, bool is_string)
{
    const json_t *value = json_object_get(object, name);

    if (value && (is_string ? json_is_string(value) : json_is_object(value)))
        check_value(span, value);
    else
        HOLDS(span.length == 0);
}

static const char *expected_error(const json_t *object)
{
    static const struct {
        const char *name;
        json_type type;
        const char *error;
    } members[] = {
        {"name", JSON_STRING, "name must be a string"},
        {"params", JSON_OBJECT, "params must be an object"},
        {"query", JSON_OBJECT, "query must be an object"},
        {"headers", JSON_OBJECT, "headers must be an object"},
    };

    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const json_t *value = json_object_get(object, members[i].name);
        if (value && !json_is_null(value) && json_typeof(value) != members[i].type)
            return members[i].error;
    }
    return NULL;
}

static void check_message_id(struct text span, json_t *headers)
{
    struct text copy = fuzz_copy(span);
    json_t *found = span.length > 0 ? load(copy) : NULL;
    size_t spellings = 0;
    bool is_one = false;
    const char *name;
    json_t *value;

    json_object_foreach(headers, name, value)
    {
        if (strcasecmp(name, "message-id") != 0)
            continue;
        spellings++;
        is_one = is_one || json_equal(value, found);
    }
    HOLDS((spellings > 0) == (span.length > 0));
    HOLDS(span.length == 0 || is_one);
    json_decref(found);
    fuzz_free(copy);
}

/* What a string with its quotes stands for. */
static void check_string(struct text quoted, const json_t *expected)
{
    struct text copy = fuzz_copy(quoted);
    struct text plain = {json_string_value(expected), json_string_length(expected)};
    struct buffer buffer;

    buffer_init(&buffer, BUFFER_UNLIMITED);
    HOLDS(json_append_unquoted(&buffer, copy) == STATUS_OK);
    HOLDS(text_equal(buffer_text(&buffer), plain));
    HOLDS(json_string_equal(copy, plain, false) && json_string_equal(copy, plain, true));
    HOLDS(buffer_append(&buffer, "x", 1) == STATUS_OK);
    HOLDS(!json_string_equal(copy, buffer_text(&buffer), true));
    buffer_deinit(&buffer);
    fuzz_free(copy);
}

/* Members asked for by their names: so many of them, for each time all of the object is read. */
static void check_lookups(struct text object, json_t *expected)
{
    enum { MOST = 16 };
    void *at = json_object_iter(expected);

    for (size_t i = 0; at && i < MOST; at = json_object_iter_next(expected, at), i++) {
        struct text name = {json_object_iter_key(at), json_object_iter_key_len(at)};
        check_value(json_member(object, name), json_object_iter_value(at));
    }
}

/* The members one after another: the last of each name is what jansson has. */
static void check_members(struct text object, const json_t *expected)
{
    json_t *seen = json_object();
    struct text copy = fuzz_copy(object);
    struct text rest = copy;
    struct text name;
    struct text value;

    HOLDS(seen);
    while (json_next_member(&rest, &name, &value)) {
        HOLDS(fuzz_inside(name, copy) && fuzz_inside(value, copy));
        json_t *key = load(name);
        HOLDS(json_is_string(key));
        HOLDS(json_object_setn_new_nocheck(seen, json_string_value(key), json_string_length(key),
                                           load(value)) == 0);
        json_decref(key);
    }
    HOLDS(!json_next_member(&rest, &name, &value));
    HOLDS(json_equal(seen, expected));
    check_lookups(copy, seen);
    json_decref(seen);
    fuzz_free(copy);
}

static struct text trimmed(struct text message)
{
    const char *end = message.data + message.length;
    const char *start = json_skip_space(message.data, end);

    return (struct text){start, (size_t)(json_skip_value(start, end) - start)};
}

static void check_object(const struct envelope *envelope, struct text message, const json_t *object)
{
    json_t *headers = json_object_get(object, "headers");
    const json_t *payload = json_object_get(object, "payload");
    const char *error = expected_error(object);

    HOLDS(envelope->kind == (error ? ENVELOPE_INVALID : ENVELOPE_OBJECT));
    HOLDS(!error == !envelope->error && (!error || strcmp(error, envelope->error) == 0));
    check_member(envelope->name, object, "name", true);
    check_member(envelope->params, object, "params", false);
    check_member(envelope->query, object, "query", false);
    check_member(envelope->headers, object, "headers", false);
    if (payload)
        check_value(envelope->payload, payload);
    else
        HOLDS(envelope->payload.length == 0);
    check_message_id(envelope->message_id, json_is_object(headers) ? headers : NULL);
    if (envelope->name.length > 0)
        check_string(envelope->name, json_object_get(object, "name"));
    check_members(trimmed(message), object);
}

static void check_inside(const struct envelope *envelope, struct text message)
{
    HOLDS(fuzz_inside(envelope->name, message) && fuzz_inside(envelope->params, message));
    HOLDS(fuzz_inside(envelope->query, message) && fuzz_inside(envelope->headers, message));
    HOLDS(fuzz_inside(envelope->payload, message));
    HOLDS(fuzz_inside(envelope->message_id, envelope->headers));
}

static void check_agreement(const struct envelope *envelope, struct text message)
{
    json_error_t error;

    if (memchr(message.data, '\0', message.length)) {
        HOLDS(envelope->kind == ENVELOPE_NOT_JSON);
        return;
    }
    json_t *expected = json_loadb(message.data, message.length, FLAGS, &error);

    if (!expected) {
        if (!is_stricter(message, &error))
            HOLDS(envelope->kind == ENVELOPE_NOT_JSON);
        return;
    }
    if (json_is_object(expected)) {
        check_object(envelope, message, expected);
    } else {
        HOLDS(envelope->kind == ENVELOPE_VALUE);
        check_value(envelope->payload, expected);
    }
    json_decref(expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text message = fuzz_input(data, size);
    struct envelope envelope;

    envelope_scan(&envelope, message);
    check_inside(&envelope, message);
    if (envelope.kind == ENVELOPE_NOT_JSON || envelope.kind == ENVELOPE_VALUE)
        HOLDS(envelope.name.length + envelope.params.length + envelope.query.length +
                  envelope.headers.length + envelope.message_id.length ==
              0);
    if (envelope.kind == ENVELOPE_NOT_JSON)
        HOLDS(json_member(message, TEXT("a")).length == 0);
    if (size > 0 && utf8_is_valid(data, size))
        check_agreement(&envelope, message);
    return 0;
}
