#include "handlers/c_host_parts.h"
#include "json/value.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `$(…)` in strings, as configurapi 1.9.0's event.resolve() has it (src/js/lib/configurapi.js is the same for
 * JavaScript). */

/* Bytes by which the `$` sequences of one value may lengthen a text: they repeat what stands around the
 * reference, and a client's message can be full of them. */
enum { MOST_REPEATED = 1024 * 1024 };

static const json_t *get(const json_t *object, struct text key)
{
    return json_object_getn(object, key.data, key.length);
}

static const json_t *element(const json_t *array, struct text key)
{
    size_t index = 0;

    if (key.length == 0 || key.length > 9)
        return NULL;
    for (size_t i = 0; i < key.length; i++) {
        if (!isdigit((unsigned char)key.data[i]) || (i == 0 && key.length > 1 && key.data[0] == '0'))
            return NULL;
        index = 10 * index + (size_t)(key.data[i] - '0');
    }
    return json_array_get(array, index);
}

/* The next key of a path, `a.b[0].c`; false at its end, where path->data is NULL. */
static bool next_key(struct text *path, struct text *key)
{
    size_t length = 0;

    if (!path->data)
        return false;
    while (length < path->length && path->data[length] != '.' && path->data[length] != '[')
        length++;
    *key = (struct text){path->data, length};
    if (length > 0 && path->data[length - 1] == ']')
        key->length--;
    *path = length == path->length ? (struct text){NULL, 0}
                                   : (struct text){path->data + length + 1, path->length - length - 1};
    return true;
}

static const json_t *value_at(const json_t *value, struct text path)
{
    struct text key;

    if (path.length && (path.data[0] == '.' || path.data[0] == '['))
        path = (struct text){path.data + 1, path.length - 1};
    while (value && next_key(&path, &key))
        value = json_is_object(value) ? get(value, key) : json_is_array(value) ? element(value, key) : NULL;
    return value;
}

static bool is_falsy(const json_t *value)
{
    return !value || json_is_null(value) || json_is_false(value) ||
           (json_is_number(value) && json_number_value(value) == 0) ||
           (json_is_string(value) && json_string_length(value) == 0);
}

static bool skip_prefix(struct text *text, struct text prefix)
{
    if (!text_starts_with(*text, prefix))
        return false;
    *text = (struct text){text->data + prefix.length, text->length - prefix.length};
    return true;
}

/* What a reference's key stands for; NULL: nothing. *owned is to be released where it is set. */
static const json_t *look_up(configurapi_event *event, struct text key, json_t **owned)
{
    const json_t *payload;
    struct text path = key;

    *owned = NULL;
    if (skip_prefix(&path, TEXT("$env."))) {
        char *name = strndup(path.data, path.length);
        const char *found = name ? getenv(name) : NULL;
        free(name);
        return *owned = found ? json_string(found) : NULL;
    }
    if (skip_prefix(&path, TEXT("$event.payload.")) && !is_falsy(payload = configurapi_event_payload(event)))
        return value_at(payload, path);
    if (text_equal(key, TEXT("$event.payload")) && !is_falsy(payload = configurapi_event_payload(event)))
        return payload;
    const json_t *params = configurapi_event_params(event);
    const json_t *value = get(params, key);
    if (value || (!memchr(key.data, '.', key.length) && !memchr(key.data, '[', key.length)))
        return value;
    const char *dot = memchr(key.data, '.', key.length);
    if (!dot)
        return NULL; /* `list[0]` alone leads nowhere, in 1.9.0 */
    value = get(params, (struct text){key.data, (size_t)(dot - key.data)});
    if (!json_is_object(value) && !json_is_array(value))
        return value;
    return value_at(value, (struct text){dot + 1, key.length - (size_t)(dot + 1 - key.data)});
}

/* A value as JavaScript's String() has it. */
static enum status append_string_of(struct buffer *out, const json_t *value)
{
    enum status status = STATUS_OK;

    if (json_is_string(value))
        return buffer_append(out, json_string_value(value), json_string_length(value));
    if (json_is_object(value))
        return buffer_append_text(out, TEXT("[object Object]"));
    if (!json_is_array(value))
        return json_append_value(out, value);
    for (size_t i = 0; i < json_array_size(value) && status == STATUS_OK; i++) {
        const json_t *item = json_array_get(value, i);
        if (i > 0)
            status = buffer_append(out, ",", 1);
        if (status == STATUS_OK && !json_is_null(item))
            status = append_string_of(out, item);
    }
    return status;
}

/* Appends a value in a reference's place. A `$` in it is special, as in String.prototype.replace: "$&" is the
 * reference, "$`" what stands before it, "$'" what stands behind it, "$$" a `$`. */
static enum status append_replacement(struct buffer *out, struct text value, struct text before,
                                      struct text reference, struct text behind)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < value.length && status == STATUS_OK; i++) {
        char next = i + 1 < value.length ? value.data[i + 1] : '\0';
        if (value.data[i] != '$' || !next || !strchr("$&`'", next)) {
            status = buffer_append(out, value.data + i, 1);
            continue;
        }
        i++;
        status = next == '$'   ? buffer_append(out, "$", 1)
                 : next == '&' ? buffer_append_text(out, reference)
                 : next == '`' ? buffer_append_text(out, before)
                               : buffer_append_text(out, behind);
    }
    return status;
}

/* Replaces the first place that reads as `reference` by the value, in *text. STATUS_LIMIT where that gets
 * longer than the value's `$` sequences may make it; *text is as it was then. */
static enum status replace(struct buffer *text, struct text reference, const json_t *value)
{
    struct buffer string;
    struct buffer replaced;
    const char *at = memmem(text->data, text->length, reference.data, reference.length);

    if (!at)
        return STATUS_OK; /* a value before it has eaten it */
    struct text before = {text->data, (size_t)(at - text->data)};
    struct text behind = {at + reference.length, text->length - before.length - reference.length};
    buffer_init(&string, BUFFER_UNLIMITED);
    enum status status = append_string_of(&string, value);
    buffer_init(&replaced, text->length + string.length + MOST_REPEATED);
    if (status == STATUS_OK)
        status = buffer_append_text(&replaced, before);
    if (status == STATUS_OK)
        status = append_replacement(&replaced, buffer_text(&string), before, reference, behind);
    if (status == STATUS_OK)
        status = buffer_append_text(&replaced, behind);
    buffer_deinit(&string);
    if (status != STATUS_OK) {
        buffer_deinit(&replaced);
        return status;
    }
    buffer_deinit(text);
    *text = replaced;
    return STATUS_OK;
}

/* The next `$(…)` of the text; false where there is none. */
static bool next_reference(struct text *rest, struct text *reference)
{
    const char *start = rest->length ? memmem(rest->data, rest->length, "$(", 2) : NULL;
    const char *end = start ? memchr(start, ')', rest->length - (size_t)(start - rest->data)) : NULL;

    if (!end)
        return false;
    *reference = (struct text){start, (size_t)(end + 1 - start)};
    *rest = (struct text){end + 1, rest->length - (size_t)(end + 1 - rest->data)};
    return true;
}

static json_t *resolve_string(configurapi_event *event, const json_t *value)
{
    struct text rest = {json_string_value(value), json_string_length(value)};
    struct text reference;
    struct buffer text;
    enum status status;
    json_t *resolved = NULL;

    if (!memmem(rest.data, rest.length, "$(", 2))
        return json_incref(c_mutable(value));
    buffer_init(&text, BUFFER_UNLIMITED);
    status = buffer_append_text(&text, rest);
    while (status == STATUS_OK && next_reference(&rest, &reference)) {
        json_t *owned;
        struct text key = {reference.data + 2, reference.length - 3};
        const json_t *found = look_up(event, key, &owned);
        if (found)
            status = replace(&text, reference, found);
        json_decref(owned);
    }
    if (status == STATUS_OK)
        resolved = json_stringn(text.length ? text.data : "", text.length);
    buffer_deinit(&text);
    return resolved;
}

static json_t *resolve_array(configurapi_event *event, const json_t *value)
{
    json_t *resolved = json_array();

    for (size_t i = 0; resolved && i < json_array_size(value); i++) {
        if (json_array_append_new(resolved, configurapi_resolve(event, json_array_get(value, i))) != 0) {
            json_decref(resolved);
            resolved = NULL;
        }
    }
    return resolved;
}

static json_t *resolve_object(configurapi_event *event, const json_t *value)
{
    json_t *resolved = json_object();
    json_t *walked = c_mutable(value);

    for (void *at = json_object_iter(walked); resolved && at; at = json_object_iter_next(walked, at)) {
        if (json_object_setn_new_nocheck(resolved, json_object_iter_key(at), json_object_iter_key_len(at),
                                         configurapi_resolve(event, json_object_iter_value(at))) != 0) {
            json_decref(resolved);
            resolved = NULL;
        }
    }
    return resolved;
}

json_t *configurapi_resolve(configurapi_event *event, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING: return resolve_string(event, value);
    case JSON_ARRAY: return resolve_array(event, value);
    case JSON_OBJECT: return resolve_object(event, value);
    default: return json_incref(c_mutable(value));
    }
}
