#include "base/utf8.h"
#include "handlers/c_host_parts.h"
#include "json/scan.h"
#include "json/value.h"
#include "json/write.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BODY = 64 * 1024 }; /* bytes that are kept for the next one */

/* ---- reading ---- */

static void drop_body(struct c_response *response)
{
    json_decref(response->value);
    response->value = NULL;
    response->text = (struct text){NULL, 0};
    response->kind = BODY_EMPTY;
}

static void drop(struct c_response *response)
{
    drop_body(response);
    json_decref(response->headers);
    *response = (struct c_response){0};
}

/* {"statusCode":…,"headers":{…}} */
static void take_head(struct c_response *response, json_t *head)
{
    json_t *status = json_object_get(head, "statusCode");

    response->nothing = !json_is_object(head);
    response->status = json_is_number(status) ? (int)json_number_value(status) : 0;
    response->headers = json_incref(json_object_get(head, "headers"));
    response->kind = BODY_UNREAD;
}

/* The pipeline's own error, or a handler's: as an ErrorResponse has it. */
static void take_error(struct c_response *response, const struct event *event)
{
    response->status = event->error_status;
    response->headers = json_pack("{s:s}", "Content-Type", "application/json");
    response->value = json_pack(
        "{s:i,s:s%,s:s%}", "statusCode", event->error_status, "message",
        event->error_message.length ? event->error_message.data : "", event->error_message.length, "details",
        event->error_details.length ? event->error_details.data : "", event->error_details.length);
    response->kind = response->value ? BODY_VALUE : BODY_EMPTY;
}

/* The response as it stands, whoever made it. */
static struct c_response *current(struct c_event *c)
{
    struct c_response *response = &c->response;

    if (response->known)
        return response;
    response->known = true;
    if (c->event->error_is_new) {
        take_error(response, c->event);
    } else if (c_is_held_elsewhere(c)) {
        json_t *head = c_event_read(c, PART_RESPONSE_HEAD);
        take_head(response, head);
        json_decref(head);
    } else {
        response->status = 200;
        response->kind = BODY_EMPTY;
    }
    return response;
}

static void read_body(struct c_event *c)
{
    struct c_response *response = current(c);

    if (response->kind == BODY_UNREAD) {
        response->value = c_event_read(c, PART_RESPONSE_BODY);
        response->kind = response->value ? BODY_VALUE : BODY_OTHER;
    }
}

int configurapi_response_status(configurapi_event *event)
{
    return current(c_view(event))->status;
}

const json_t *configurapi_response_headers(configurapi_event *event)
{
    struct c_response *response = current(c_view(event));

    if (!response->headers)
        response->headers = json_object();
    return response->headers;
}

const json_t *configurapi_response_body(configurapi_event *event)
{
    struct c_event *c = c_view(event);
    struct c_response *response = &c->response;

    read_body(c);
    if (!response->value && response->kind == BODY_EMPTY)
        response->value = json_string("");
    bool is_text = response->kind == BODY_JSON || response->kind == BODY_BYTES;
    if (!response->value && is_text && json_read_value(response->text, &response->value) != STATUS_OK)
        response->value = NULL;
    return response->value;
}

bool configurapi_response_is_error(const configurapi_event *event)
{
    return c_event_of(event)->response_is_error;
}

/* ---- changing ---- */

/* Something of the response was changed here. Where no other language holds the event, this one does from now
 * on. */
static void changed(struct c_event *c)
{
    c->view.changed = true;
    if (!c->event->holder)
        c->event->holder = &c->host->language;
}

/* A stream that the response was is not any more. */
static void drop_stream(struct c_event *c)
{
    struct configurapi_stream *stream = c->stream;

    c->stream = NULL;
    if (stream)
        c_stream_drop(stream);
}

/* A new response in place of what there was; an error that it was is none any more. */
static struct c_response *renew(struct c_event *c, int status)
{
    struct c_response *response = &c->response;

    drop(response);
    drop_stream(c);
    response->known = response->is_new = true;
    response->status = status;
    response->kind = BODY_EMPTY;
    response->changed_status = response->changed_headers = response->changed_body = true;
    c->event->response_is_error = c->event->error_is_new = false;
    changed(c);
    return response;
}

static bool is_json(struct text text)
{
    if (text.length == 0 || !utf8_is_valid(text.data, text.length))
        return false;
    const char *end = text.data + text.length;
    const char *at = json_skip_value(json_skip_space(text.data, end), end);
    return at && json_skip_space(at, end) == end;
}

/* `text` is in the event's arena. */
static void respond_with_text(struct c_event *c, int status, enum body_kind kind, struct text text)
{
    struct c_response *response = renew(c, status);

    response->kind = kind;
    response->text = text;
}

enum configurapi_status configurapi_reply_text(configurapi_event *event, int status,
                                               struct configurapi_text json)
{
    struct c_event *c = c_view(event);
    struct text copy;

    if (!c_is_status(status) || !is_json(c_private(json)))
        return CONFIGURAPI_INVALID;
    if (arena_copy(&c->event->arena, c_private(json), &copy) != STATUS_OK)
        return CONFIGURAPI_NO_MEMORY;
    respond_with_text(c, status, BODY_JSON, copy);
    return CONFIGURAPI_OK;
}

enum configurapi_status configurapi_reply(configurapi_event *event, int status, const json_t *body)
{
    if (!c_is_status(status))
        return CONFIGURAPI_INVALID;
    json_t *value = json_incref(c_mutable(body)); /* first: it may be the response's that goes */
    struct c_response *response = renew(c_view(event), status);
    if (!value)
        return CONFIGURAPI_OK;
    response->kind = BODY_VALUE;
    response->value = value;
    return CONFIGURAPI_OK;
}

enum configurapi_status configurapi_reply_string(configurapi_event *event, int status,
                                                 struct configurapi_text text)
{
    struct c_event *c = c_view(event);
    struct text copy;
    struct buffer quoted;

    if (!c_is_status(status) || !utf8_is_valid(text.data, text.length))
        return CONFIGURAPI_INVALID;
    buffer_init(&quoted, BUFFER_UNLIMITED);
    enum status result = json_append_string(&quoted, c_private(text));
    if (result == STATUS_OK)
        result = arena_copy(&c->event->arena, buffer_text(&quoted), &copy);
    buffer_deinit(&quoted);
    if (result == STATUS_OK)
        respond_with_text(c, status, BODY_JSON, copy);
    return c_status(result);
}

enum configurapi_status configurapi_reply_bytes(configurapi_event *event, int status, const void *data,
                                                size_t length)
{
    struct c_event *c = c_view(event);
    struct buffer encoded;
    struct text copy;

    if (!c_is_status(status))
        return CONFIGURAPI_INVALID;
    buffer_init(&encoded, BUFFER_UNLIMITED);
    enum status result = json_append_base64(&encoded, (struct text){data, length});
    if (result == STATUS_OK)
        result = arena_copy(&c->event->arena, buffer_text(&encoded), &copy);
    buffer_deinit(&encoded);
    if (result == STATUS_OK)
        respond_with_text(c, status, BODY_BYTES, copy);
    return c_status(result);
}

enum configurapi_result configurapi_reply_printf(configurapi_event *event, int status, const char *format,
                                                 ...)
{
    struct c_event *c = c_view(event);
    struct buffer *json = &c->host->body;
    struct text copy;
    va_list arguments;

    buffer_clear(json);
    va_start(arguments, format);
    enum status result = c_is_status(status) ? c_format(json, format, &arguments) : STATUS_INVALID;
    va_end(arguments);
    if (result == STATUS_OK && !is_json(buffer_text(json)))
        result = STATUS_INVALID;
    if (result == STATUS_OK)
        result = arena_copy(&c->event->arena, buffer_text(json), &copy);
    if (json->capacity > MAX_BODY)
        buffer_deinit(json);
    if (result != STATUS_OK)
        return configurapi_fail_printf(event, 500, "The response of %.*s is no JSON.",
                                       TEXT_ARGS(c_policy_of(c)->name));
    respond_with_text(c, status, BODY_JSON, copy);
    return CONFIGURAPI_CONTINUE;
}

void configurapi_reply_nothing(configurapi_event *event)
{
    renew(c_view(event), 200)->nothing = true;
}

enum configurapi_status configurapi_set_status(configurapi_event *event, int status)
{
    struct c_event *c = c_view(event);

    if (!c_is_status(status))
        return CONFIGURAPI_INVALID;
    struct c_response *response = current(c);
    response->status = status;
    response->changed_status = true;
    changed(c);
    return CONFIGURAPI_OK;
}

enum configurapi_status configurapi_set_header_value(configurapi_event *event, const char *name,
                                                     const json_t *value)
{
    struct c_event *c = c_view(event);

    if (!utf8_is_valid(name, strlen(name)))
        return CONFIGURAPI_INVALID;
    if (!configurapi_response_headers(event) || !c_unshare(&c->response.headers))
        return CONFIGURAPI_NO_MEMORY;
    if (!value)
        json_object_del(c->response.headers, name);
    else if (json_object_set(c->response.headers, name, c_mutable(value)) != 0)
        return CONFIGURAPI_NO_MEMORY;
    c->response.changed_headers = true;
    changed(c);
    return CONFIGURAPI_OK;
}

enum configurapi_status configurapi_set_header(configurapi_event *event, const char *name, const char *value)
{
    json_t *string = NULL;

    if (value) {
        if (!utf8_is_valid(value, strlen(value)))
            return CONFIGURAPI_INVALID;
        string = json_string(value);
        if (!string)
            return CONFIGURAPI_NO_MEMORY;
    }
    enum configurapi_status status = configurapi_set_header_value(event, name, string);
    json_decref(string);
    return status;
}

enum configurapi_status configurapi_set_body(configurapi_event *event, const json_t *body)
{
    struct c_event *c = c_view(event);
    struct c_response *response = current(c);

    json_incref(c_mutable(body));
    drop_body(response);
    drop_stream(c);
    response->value = c_mutable(body);
    response->kind = body ? BODY_VALUE : BODY_EMPTY;
    response->changed_body = true;
    changed(c);
    return CONFIGURAPI_OK;
}

/* ---- failing ---- */

void c_response_failed(struct c_event *c)
{
    struct c_response *response = &c->response;

    drop(response);
    drop_stream(c);
    c->view.changed = c->changed != 0;
    /* The pipeline writes its errors itself, as long as nobody wants to change them. */
    if (c->event->holder == &c->host->language)
        c->event->holder = NULL;
}

/* A copy that lasts as long as the event, as text for the client and the log. */
static struct text kept(struct event *event, const char *words)
{
    struct text text = words ? text_from_cstr(words) : TEXT("");
    struct text copy;
    struct buffer repaired;

    buffer_init(&repaired, BUFFER_UNLIMITED);
    enum status status = STATUS_OK;
    if (!utf8_is_valid(text.data, text.length)) {
        status = utf8_append_repaired(&repaired, text);
        text = buffer_text(&repaired);
    }
    if (status == STATUS_OK)
        status = arena_copy(&event->arena, text, &copy);
    buffer_deinit(&repaired);
    return status == STATUS_OK ? copy : TEXT("");
}

enum configurapi_result configurapi_fail(configurapi_event *event, int status, const char *message,
                                         const char *details)
{
    struct c_event *c = c_view(event);
    struct text words = kept(c->event, message);

    c->has_said_why = true;
    if (c->flags & CHAIN_KEEPS_RESPONSE) {
        event_set_failure(c->event, words);
        return CONFIGURAPI_FAILED;
    }
    event_set_error(c->event, c_is_status(status) ? status : 500, words, kept(c->event, details));
    c_response_failed(c);
    return CONFIGURAPI_FAILED;
}

enum configurapi_result configurapi_fail_printf(configurapi_event *event, int status, const char *format, ...)
{
    char *message;
    va_list arguments;

    va_start(arguments, format);
    int length = vasprintf(&message, format, arguments);
    va_end(arguments);
    enum configurapi_result result =
        configurapi_fail(event, status, length < 0 ? "Out of memory." : message, NULL);
    if (length >= 0)
        free(message);
    return result;
}

/* ---- telling ---- */

void c_response_told(struct c_response *response)
{
    response->is_new = response->changed_status = response->changed_headers = response->changed_body = false;
}

void c_response_forget(struct c_event *c, bool all)
{
    drop(&c->response);
    if (all)
        drop_stream(c);
}

void c_response_inherit(struct c_event *heir, struct c_event *c)
{
    struct c_response *response = &heir->response;

    *response = c->response;
    c->response = (struct c_response){0};
    heir->stream = c->stream;
    c->stream = NULL;
    heir->view.changed |=
        response->is_new || response->changed_status || response->changed_headers || response->changed_body;
    if (arena_copy(&heir->event->arena, response->text, &response->text) != STATUS_OK)
        drop_body(response);
}

void c_response_stream(struct c_event *c, int status, struct configurapi_stream *stream)
{
    renew(c, status)->kind = BODY_STREAM;
    c->stream = stream;
}

static enum status append_body(struct c_response *response, struct buffer *out)
{
    switch (response->kind) {
    case BODY_JSON:
    case BODY_BYTES: return buffer_append_text(out, response->text);
    case BODY_VALUE: return json_append_value(out, response->value);
    default: return buffer_append_text(out, TEXT("\"\""));
    }
}

static enum status append_members(struct c_response *response, struct buffer *out)
{
    enum status status = STATUS_OK;

    if (response->is_new)
        status = buffer_append_text(out, TEXT(",\"new\":true"));
    if (status == STATUS_OK && response->changed_status)
        status = buffer_printf(out, ",\"statusCode\":%d", response->status);
    if (status == STATUS_OK && response->changed_headers && response->headers) {
        status = buffer_append_text(out, TEXT(",\"headers\":"));
        if (status == STATUS_OK)
            status = json_append_value(out, response->headers);
    }
    if (status != STATUS_OK || !response->changed_body)
        return status;
    if (response->kind == BODY_STREAM)
        return buffer_append_text(out, TEXT(",\"stream\":true"));
    status = buffer_append_text(out, response->kind == BODY_BYTES ? TEXT(",\"bytes\":") : TEXT(",\"body\":"));
    return status == STATUS_OK ? append_body(response, out) : status;
}

enum status c_response_append_changes(struct c_event *c, struct buffer *out)
{
    struct c_response *response = &c->response;

    if (!response->is_new && !response->changed_status && !response->changed_headers &&
        !response->changed_body)
        return STATUS_OK;
    if (response->nothing)
        return buffer_append_text(out, TEXT(",\"response\":null"));
    enum status status = buffer_append_text(out, TEXT(",\"response\":"));
    size_t start = out->length;
    if (status == STATUS_OK)
        status = append_members(response, out);
    if (status == STATUS_OK)
        out->data[start] = '{'; /* in place of the first comma */
    return status == STATUS_OK ? buffer_append(out, "}", 1) : status;
}

/* The client's message-id stands for one among them. A stream puts it into its chunks itself. */
static enum status append_headers(const struct c_response *response, struct text message_id,
                                  struct buffer *out)
{
    json_t *headers = response->headers;
    enum status status = buffer_append(out, "{", 1);
    bool has_message_id = message_id.length > 0;
    bool first = !has_message_id || response->kind == BODY_STREAM;

    if (status == STATUS_OK && !first)
        status = buffer_append_text(out, TEXT("\"message-id\":"));
    if (status == STATUS_OK && !first)
        status = buffer_append_text(out, message_id);
    for (void *at = json_object_iter(headers); at && status == STATUS_OK;
         at = json_object_iter_next(headers, at)) {
        struct text name = {json_object_iter_key(at), json_object_iter_key_len(at)};
        bool replaced = (has_message_id && text_equal_ignore_case(name, TEXT("message-id"))) ||
                        (response->kind == BODY_BYTES && text_equal(name, TEXT("content-transfer-encoding")));
        if (replaced)
            continue;
        if (!first)
            status = buffer_append(out, ",", 1);
        first = false;
        if (status == STATUS_OK)
            status = json_append_string(out, name);
        if (status == STATUS_OK)
            status = buffer_append(out, ":", 1);
        if (status == STATUS_OK)
            status = json_append_value(out, json_object_iter_value(at));
    }
    if (status == STATUS_OK && response->kind == BODY_BYTES)
        status = buffer_printf(out, "%s\"content-transfer-encoding\":\"base64\"", first ? "" : ",");
    return status == STATUS_OK ? buffer_append(out, "}", 1) : status;
}

/* All that comes before the body. */
static enum status append_head(const struct c_response *response, struct text message_id, struct buffer *out)
{
    bool adds_headers = response->kind == BODY_BYTES || response->kind == BODY_STREAM;

    if (!adds_headers && json_object_size(response->headers) == 0)
        return json_append_reply_head(out, response->status, message_id);
    enum status status = buffer_append_text(out, TEXT("{\"statusCode\":"));
    if (status == STATUS_OK)
        status = buffer_append_integer(out, response->status);
    if (status == STATUS_OK)
        status = buffer_append_text(out, TEXT(",\"headers\":"));
    if (status == STATUS_OK)
        status = append_headers(response, message_id, out);
    return status == STATUS_OK ? buffer_append_text(out, TEXT(",\"body\":")) : status;
}

enum status c_response_append(struct c_event *c, struct buffer *out)
{
    struct c_response *response = current(c);
    enum status status = append_head(response, c->event->message_id, out);

    if (status == STATUS_OK)
        status = append_body(response, out);
    return status == STATUS_OK ? buffer_append(out, "}", 1) : status;
}
