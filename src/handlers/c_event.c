#include "base/utf8.h"
#include "handlers/c_host_parts.h"
#include "json/scan.h"
#include "json/value.h"

#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

json_t *c_event_read(struct c_event *c, enum event_part part)
{
    struct event *event = c->event;
    struct buffer text;
    json_t *value = NULL;

    buffer_init(&text, BUFFER_UNLIMITED);
    if (event->holder->read(event->holder, event, part, &text) != STATUS_OK || text.length == 0 ||
        json_read_value(buffer_text(&text), &value) != STATUS_OK)
        value = NULL;
    buffer_deinit(&text);
    return value;
}

/* A span of the message as a value; NULL where there is none, or where jansson can not hold it. */
static json_t *value_of(struct text span)
{
    json_t *value;

    return span.length && json_read_value(span, &value) == STATUS_OK ? value : NULL;
}

/* A member of what on_connect was told. */
static json_t *member_of_message(const struct event *event, struct text wanted)
{
    return value_of(json_member(event->message, wanted));
}

static json_t *or_empty(json_t *object)
{
    return object ? object : json_object();
}

static json_t *read_payload(struct c_event *c)
{
    const struct event *event = c->event;

    if (c_is_held_elsewhere(c))
        return c_event_read(c, PART_PAYLOAD);
    if (event->kind == EVENT_DISCONNECT)
        return value_of(event->message);
    if (event->kind != EVENT_MESSAGE || event->not_utf8)
        return NULL;
    if (event->envelope.kind == ENVELOPE_NOT_JSON)
        return json_stringn(event->message.data, event->message.length);
    return value_of(event->envelope.payload);
}

static json_t *read_query(struct c_event *c)
{
    const struct event *event = c->event;

    switch (event->kind) {
    case EVENT_CONNECT: return or_empty(member_of_message(event, TEXT("query")));
    case EVENT_MESSAGE: return or_empty(value_of(event->envelope.query));
    default: return json_object();
    }
}

static json_t *read_params(struct c_event *c)
{
    const struct event *event = c->event;

    if (c_is_held_elsewhere(c))
        return or_empty(c_event_read(c, PART_PARAMS));
    if (event->kind != EVENT_MESSAGE)
        return read_query(c);
    json_t *params = or_empty(value_of(event->envelope.params));
    json_t *query = value_of(event->envelope.query);
    if (params && query && json_object_update(params, query) != 0) {
        json_decref(params);
        params = NULL;
    }
    json_decref(query);
    return params;
}

static json_t *read_headers(struct c_event *c)
{
    const struct event *event = c->event;
    json_t *headers = or_empty(event->kind == EVENT_MESSAGE   ? value_of(event->envelope.headers)
                               : event->kind == EVENT_CONNECT ? member_of_message(event, TEXT("headers"))
                                                              : NULL);

    if (!headers || !event->peer)
        return headers;
    /* They are the runner's: a client's own of these names count for nothing. */
    configurapi_client *client = c_client_of(c->host, event->peer);
    const char *url = client ? configurapi_client_postback_url(client) : NULL;
    if (json_object_set_new(headers, "connection-id", json_string(event->peer->id)) != 0 ||
        (url ? json_object_set_new(headers, "postback-url", json_string(url))
             : (json_object_del(headers, "postback-url"), 0)) != 0) {
        json_decref(headers);
        headers = NULL;
    }
    return headers;
}

static json_t *read_identity(struct c_event *c)
{
    const struct event *event = c->event;

    if (c_is_held_elsewhere(c))
        return c_event_read(c, PART_IDENTITY);
    return event->peer && event->peer->identity ? value_of(text_from_cstr(event->peer->identity)) : NULL;
}

/* A value that is read at the first call. */
static const json_t *known(struct c_event *c, unsigned which, json_t **slot,
                           json_t *(*read)(struct c_event *c))
{
    if (!(c->known & which)) {
        *slot = read(c);
        c->known |= which;
    }
    return *slot;
}

const json_t *configurapi_event_payload(configurapi_event *event)
{
    struct c_event *c = c_view(event);

    return known(c, C_PAYLOAD, &c->payload, read_payload);
}

const json_t *configurapi_event_params(configurapi_event *event)
{
    struct c_event *c = c_view(event);

    return known(c, C_PARAMS, &c->params, read_params);
}

const json_t *configurapi_event_query(configurapi_event *event)
{
    struct c_event *c = c_view(event);

    return known(c, C_QUERY, &c->query, read_query);
}

const json_t *configurapi_event_headers(configurapi_event *event)
{
    struct c_event *c = c_view(event);

    return known(c, C_HEADERS, &c->headers, read_headers);
}

const json_t *configurapi_event_identity(configurapi_event *event)
{
    struct c_event *c = c_view(event);

    return known(c, C_IDENTITY, &c->identity, read_identity);
}

static struct configurapi_text string_of(const json_t *value)
{
    return (struct configurapi_text){json_string_value(value), json_string_length(value)};
}

struct configurapi_text configurapi_param(configurapi_event *event, const char *name)
{
    return string_of(json_object_get(configurapi_event_params(event), name));
}

struct configurapi_text configurapi_header(configurapi_event *event, const char *name)
{
    json_t *headers = c_mutable(configurapi_event_headers(event));
    struct text wanted = text_from_cstr(name);

    for (void *at = json_object_iter(headers); at; at = json_object_iter_next(headers, at)) {
        struct text key = {json_object_iter_key(at), json_object_iter_key_len(at)};
        if (text_equal_ignore_case(key, wanted))
            return string_of(json_object_iter_value(at));
    }
    return (struct configurapi_text){NULL, 0};
}

struct configurapi_text configurapi_event_name(const configurapi_event *event)
{
    return c_public(c_event_of(event)->name);
}

struct configurapi_text configurapi_event_id(configurapi_event *event)
{
    return c_public(event_id(c_event_of(event)));
}

struct configurapi_text configurapi_event_correlation_id(configurapi_event *event)
{
    struct event *of = c_event_of(event);
    struct text kept = {NULL, 0};
    struct buffer id;

    buffer_init(&id, BUFFER_UNLIMITED);
    event_append_correlation_id(of, &id);
    if (arena_copy(&of->arena, buffer_text(&id), &kept) != STATUS_OK)
        kept = (struct text){NULL, 0};
    buffer_deinit(&id);
    return c_public(kept);
}

struct configurapi_text configurapi_event_raw(const configurapi_event *event, bool *binary)
{
    if (binary)
        *binary = c_event_of(event)->binary;
    return c_public(c_event_of(event)->message);
}

struct configurapi_text configurapi_event_payload_text(const configurapi_event *event)
{
    const struct event *of = c_event_of(event);
    bool is_all =
        of->kind == EVENT_DISCONNECT || (of->kind == EVENT_MESSAGE && of->envelope.kind == ENVELOPE_NOT_JSON);

    return c_public(is_all ? of->message : of->envelope.payload);
}

struct configurapi_text configurapi_event_params_text(const configurapi_event *event)
{
    return c_public(c_event_of(event)->envelope.params);
}

struct configurapi_text configurapi_json_member(struct configurapi_text object, const char *name)
{
    struct text trimmed = c_private(object);

    while (trimmed.length > 0 && json_is_space(trimmed.data[trimmed.length - 1]))
        trimmed.length--;
    for (; trimmed.length > 0 && json_is_space(*trimmed.data); trimmed.length--)
        trimmed.data++;
    return c_public(json_member(trimmed, text_from_cstr(name)));
}

bool configurapi_json_integer(struct configurapi_text json, int64_t *number)
{
    bool negative = json.length && json.data[0] == '-';
    int64_t value = 0;

    if (json.length == negative)
        return false;
    for (size_t i = negative; i < json.length; i++) {
        int digit = json.data[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value)) /* below zero, where there is one more */
            return false;
    }
    if (!negative && value == INT64_MIN)
        return false;
    *number = negative ? value : -value;
    return true;
}

/* ---- changing ---- */

static void set(struct c_event *c, unsigned which, json_t **slot, const json_t *value)
{
    json_t *before = c->known & which ? *slot : NULL;

    *slot = json_incref(c_mutable(value));
    c->known |= which;
    c->changed |= which;
    c->view.changed = true;
    json_decref(before);
}

enum configurapi_status configurapi_set_payload(configurapi_event *event, const json_t *value)
{
    struct c_event *c = c_view(event);

    set(c, C_PAYLOAD, &c->payload, value);
    return CONFIGURAPI_OK;
}

enum configurapi_status configurapi_set_identity(configurapi_event *event, const json_t *value)
{
    struct c_event *c = c_view(event);

    set(c, C_IDENTITY, &c->identity, value);
    return CONFIGURAPI_OK;
}

enum configurapi_status configurapi_set_param(configurapi_event *event, const char *name, const json_t *value)
{
    struct c_event *c = c_view(event);

    if (!utf8_is_valid(name, strlen(name)))
        return CONFIGURAPI_INVALID;
    if (!configurapi_event_params(event) || !c_unshare(&c->params))
        return CONFIGURAPI_NO_MEMORY;
    if (!value)
        json_object_del(c->params, name);
    else if (json_object_set(c->params, name, c_mutable(value)) != 0)
        return CONFIGURAPI_NO_MEMORY;
    c->changed |= C_PARAMS;
    c->view.changed = true;
    return CONFIGURAPI_OK;
}

/* ,"name":value; where there is no value, nothing, and its name is absent. */
static enum status append_change(struct buffer *out, const char *name, const json_t *value)
{
    enum status status;

    if (!value)
        return STATUS_OK;
    status = buffer_printf(out, ",\"%s\":", name);
    return status == STATUS_OK ? json_append_value(out, value) : status;
}

enum status c_event_append_changes(struct c_event *c, struct buffer *out)
{
    const char *absent[2];
    size_t absent_count = 0;
    enum status status = STATUS_OK;

    if (c->changed & C_PARAMS)
        status = append_change(out, "params", c->params);
    if (status == STATUS_OK && c->changed & C_PAYLOAD)
        status = append_change(out, "payload", c->payload);
    if (status == STATUS_OK && c->changed & C_IDENTITY)
        status = append_change(out, "identity", c->identity);
    if (c->changed & C_PAYLOAD && !c->payload)
        absent[absent_count++] = "payload";
    if (c->changed & C_IDENTITY && !c->identity)
        absent[absent_count++] = "identity";
    if (status == STATUS_OK && absent_count == 1)
        status = buffer_printf(out, ",\"absent\":[\"%s\"]", absent[0]);
    if (status == STATUS_OK && absent_count == 2)
        status = buffer_printf(out, ",\"absent\":[\"%s\",\"%s\"]", absent[0], absent[1]);
    return status;
}

void c_event_forget(struct c_event *c, bool all)
{
    struct {
        unsigned which;
        json_t **slot;
    } const values[] = {
        {C_PAYLOAD, &c->payload}, {C_PARAMS, &c->params},     {C_QUERY, &c->query},
        {C_HEADERS, &c->headers}, {C_IDENTITY, &c->identity},
    };
    unsigned kept = all ? 0 : C_QUERY | C_HEADERS; /* nobody changes what the client has sent */

    if (!(c->known & ~kept))
        return; /* what was changed is known, too */
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        if (!(c->known & values[i].which & ~kept))
            continue;
        json_decref(*values[i].slot);
        *values[i].slot = NULL;
    }
    c->known &= kept;
    c->changed &= kept;
}

void c_event_read_all(struct c_event *c)
{
    configurapi_event *event = (configurapi_event *)c->event;

    (void)configurapi_event_payload(event);
    (void)configurapi_event_params(event);
    (void)configurapi_event_headers(event);
    (void)configurapi_event_identity(event);
}

void c_event_inherit(struct c_event *heir, const struct c_event *c)
{
    heir->changed = heir->known = c->changed;
    heir->payload = c->changed & C_PAYLOAD ? json_incref(c->payload) : NULL;
    heir->params = c->changed & C_PARAMS ? json_incref(c->params) : NULL;
    heir->identity = c->changed & C_IDENTITY ? json_incref(c->identity) : NULL;
    heir->view.changed = c->changed != 0;
}

void c_event_keep_identity(struct c_event *c)
{
    struct peer *peer = c->event->peer;
    struct buffer text;

    if (!(c->changed & C_IDENTITY) || c_is_held_elsewhere(c))
        return; /* nobody set it, or the language that holds the event has been told */
    buffer_init(&text, BUFFER_UNLIMITED);
    free(peer->identity);
    peer->identity = NULL;
    if (c->identity && json_append_value(&text, c->identity) == STATUS_OK)
        peer->identity = strndup(text.data, text.length);
    peer->identity_is_news = peer->identity != NULL;
    buffer_deinit(&text);
}
