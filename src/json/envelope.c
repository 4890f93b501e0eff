#include "json/envelope.h"
#include "json/scan.h"

#include <string.h>

/* Where the value of the member of that name goes, NULL for a name that means nothing. */
static struct text *member(struct envelope *envelope, struct text quoted)
{
    if (json_string_equal(quoted, TEXT("name"), false))
        return &envelope->name;
    if (json_string_equal(quoted, TEXT("params"), false))
        return &envelope->params;
    if (json_string_equal(quoted, TEXT("query"), false))
        return &envelope->query;
    if (json_string_equal(quoted, TEXT("headers"), false))
        return &envelope->headers;
    if (json_string_equal(quoted, TEXT("payload"), false))
        return &envelope->payload;
    return NULL;
}

/* The same for a member of headers. */
static struct text *header(struct envelope *envelope, struct text quoted, bool escaped)
{
    static const struct text message_id = {"message-id", sizeof "message-id" - 1};

    bool equal = escaped
                     ? json_string_equal(quoted, message_id, true)
                     : text_equal_ignore_case((struct text){quoted.data + 1, quoted.length - 2}, message_id);
    return equal ? &envelope->message_id : NULL;
}

/* The longest name that is known, and its quotes. */
enum { LONGEST_NAME = sizeof "\"message-id\"" - 1 };

static inline bool take(const char **at, struct text quoted)
{
    if (memcmp(*at, quoted.data, quoted.length) != 0)
        return false;
    *at += quoted.length;
    return true;
}

/* The same of a name in its plain spelling, which it moves *at past; NULL for any other. Comparing is faster
 * than looking for a name's end: the processor goes on behind it meanwhile. There are LONGEST_NAME bytes. */
static inline struct text *take_name(struct envelope *envelope, const char **at, bool is_headers)
{
    if (is_headers)
        return take(at, TEXT("\"message-id\"")) ? &envelope->message_id : NULL;
    if (take(at, TEXT("\"payload\"")))
        return &envelope->payload;
    if (take(at, TEXT("\"headers\"")))
        return &envelope->headers;
    if (take(at, TEXT("\"params\"")))
        return &envelope->params;
    if (take(at, TEXT("\"query\"")))
        return &envelope->query;
    return take(at, TEXT("\"name\"")) ? &envelope->name : NULL;
}

/* Past a name, `at` being on its quote; *place: where its value goes, NULL where it means nothing. */
static inline const char *scan_name(struct envelope *envelope, struct json_block *block, const char *at,
                                    const char *end, bool is_headers, struct text **place)
{
    const char *name = at;
    bool escaped;

    *place = end - at >= LONGEST_NAME ? take_name(envelope, &at, is_headers) : NULL;
    if (*place)
        return at;
    at = json_skip_string_in(block, at, end, &escaped);
    if (!at)
        return NULL;
    struct text quoted = {name, (size_t)(at - name)};
    if (is_headers)
        *place = header(envelope, quoted, escaped);
    else if (escaped || end - name < LONGEST_NAME)
        *place = member(envelope, quoted);
    return at;
}

/* Past an object, `at` being on its brace; what its members say to `envelope` is noted there. Calls itself
 * for headers, whose own members go no deeper. A bracket must be end[-1] (json/scan.h, "inside"). */
static const char *scan_object(struct envelope *envelope, struct json_block *block, const char *at,
                               const char *end, bool is_headers)
{
    at++;
    if (json_next_inside(&at) == '}')
        return at + 1;
    for (;;) {
        struct text *place;
        if (json_next_inside(&at) != '"')
            return NULL;
        at = scan_name(envelope, block, at, end, is_headers, &place);
        if (!at || !json_take_inside(&at, ':'))
            return NULL;

        char next = json_next_inside(&at);
        const char *value = at;
        if (place == &envelope->headers)
            envelope->message_id = (struct text){NULL, 0};
        if (place == &envelope->headers && next == '{')
            at = scan_object(envelope, block, value, end, true);
        else if (place == &envelope->name && next == '"')
            at = json_skip_string_in(block, value, end, &envelope->name_has_escapes);
        else
            at = json_skip_value_inside(block, value, end);
        if (!at || at == end)
            return NULL;
        if (place)
            *place = (struct text){value, (size_t)(at - value)};

        if (json_take_inside(&at, ','))
            continue;
        return *at == '}' ? at + 1 : NULL;
    }
}

/* Empties a member that is null or does not start as its type does; false for the latter. */
static bool check_type(struct text *value, char first)
{
    if (value->length == 0 || value->data[0] == first)
        return true;
    bool is_null = value->data[0] == 'n';
    *value = (struct text){NULL, 0};
    return is_null;
}

static const char *check_types(struct envelope *envelope)
{
    const char *error = NULL;

    /* All of them, the first in the contract's order last, so that the error is about that one. */
    if (!check_type(&envelope->headers, '{'))
        error = "headers must be an object";
    if (!check_type(&envelope->query, '{'))
        error = "query must be an object";
    if (!check_type(&envelope->params, '{'))
        error = "params must be an object";
    if (!check_type(&envelope->name, '"'))
        error = "name must be a string";
    return error;
}

/* Member by member: of a whole one gcc makes `rep stos`, which takes several times as long (base/zero.h). */
static void clear(struct envelope *envelope)
{
    envelope->kind = ENVELOPE_NOT_JSON;
    envelope->name_has_escapes = false;
    envelope->name = TEXT("");
    envelope->params = TEXT("");
    envelope->query = TEXT("");
    envelope->headers = TEXT("");
    envelope->payload = TEXT("");
    envelope->message_id = TEXT("");
    envelope->error = NULL;
}

void envelope_scan(struct envelope *envelope, struct text message)
{
    const char *end = message.data + message.length;
    const char *start = message.length ? json_skip_space(message.data, end) : end;

    clear(envelope);
    if (start == end)
        return;
    while (json_is_space(end[-1]))
        end--;
    if (*start != '{') {
        if (json_skip_value(start, end) == end) {
            envelope->kind = ENVELOPE_VALUE;
            envelope->payload = (struct text){start, (size_t)(end - start)};
        }
        return;
    }
    struct json_block block = json_block_at(start, end);
    if (end[-1] != '}' || scan_object(envelope, &block, start, end, false) != end) {
        clear(envelope);
        return;
    }
    envelope->error = check_types(envelope);
    envelope->kind = envelope->error ? ENVELOPE_INVALID : ENVELOPE_OBJECT;
}
