#include "pipeline/event.h"
#include "json/scan.h"
#include "pipeline/service.h"

#include <string.h>

struct text event_id(struct event *event)
{
    if (!event->id[0])
        uuid_make(&event->service->uuids, event->id);
    return (struct text){event->id, UUID_LENGTH};
}

static struct text moved(struct text span, const char *from, const char *to)
{
    return span.length ? (struct text){to + (span.data - from), span.length} : span;
}

enum status event_own_message(struct event *event)
{
    const char *from = event->message.data;

    if (event->message_owned)
        return STATUS_OK;
    enum status status = arena_copy(&event->arena, event->message, &event->message);
    if (status != STATUS_OK)
        return status;
    struct envelope *envelope = &event->envelope;
    const char *to = event->message.data;
    struct text *spans[] = {&envelope->name,    &envelope->params,  &envelope->query,
                            &envelope->headers, &envelope->payload, &envelope->message_id};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
        *spans[i] = moved(*spans[i], from, to);
    event->message_owned = true;
    return STATUS_OK;
}

void event_lose_message(struct event *event)
{
    event->message = TEXT("");
    event->envelope = (struct envelope){.kind = ENVELOPE_NOT_JSON};
    event->message_owned = true;
}

enum status event_set_name(struct event *event, struct text name)
{
    enum status status = arena_copy(&event->arena, name, &event->name);

    if (status == STATUS_OK) /* not by the copy: reading what was just written, in other pieces, takes long */
        event->named = service_route_named(event->service, name);
    return status;
}

enum status event_set_method(struct event *event, struct text method)
{
    return arena_copy(&event->arena, method, &event->method);
}

void event_set_failure(struct event *event, struct text failure)
{
    /* Only the log misses it where memory is out. */
    if (arena_copy(&event->arena, failure, &event->failure) != STATUS_OK)
        event->failure = TEXT("out of memory");
}

void event_set_reply(struct event *event, struct text reply)
{
    event->reply = reply;
    event->has_reply = true;
}

void event_set_error(struct event *event, int status, struct text message, struct text details)
{
    event->response_is_error = true;
    event->error_is_new = true;
    event->error_status = status;
    event->error_message = message;
    event->error_details = details;
    event->failure = message;
}

void event_expire(struct event *event, struct text handler, bool keeps_response)
{
    static const struct text message = {"Gateway Timeout.", sizeof "Gateway Timeout." - 1};
    struct text details = {NULL, 0};
    struct text failure = message;
    struct buffer line;

    buffer_init(&line, BUFFER_UNLIMITED);
    if (buffer_printf(&line, "%.*s The handler '%.*s' had not ended after %ums.", TEXT_ARGS(message),
                      TEXT_ARGS(handler), event->service->timeout_ms) == STATUS_OK &&
        arena_copy(&event->arena, buffer_text(&line), &failure) == STATUS_OK)
        details = (struct text){failure.data + message.length + 1, failure.length - message.length - 1};
    buffer_deinit(&line);
    if (!keeps_response)
        event_set_error(event, 504, message, details);
    event->failure = failure;
}

/* Appends the value of the member `name` of an object, a string without its quotes. */
static bool append_member(struct buffer *out, struct text object, struct text name)
{
    struct text found = object.length ? json_member(object, name) : object;

    if (!found.length)
        return false;
    if (found.data[0] == '"')
        return json_append_unquoted(out, found) == STATUS_OK;
    return buffer_append_text(out, found) == STATUS_OK;
}

void event_append_correlation_id(struct event *event, struct buffer *out)
{
    if (event->holder && event->holder->append_correlation_id)
        event->holder->append_correlation_id(event->holder, event, out);
    else if (event->kind != EVENT_MESSAGE ||
             (!append_member(out, event->envelope.query, TEXT("correlationid")) &&
              !append_member(out, event->envelope.headers, TEXT("correlation-id"))))
        buffer_clear(out);
    /* Without one of its own the id serves, as in 1.9.0. */
    if (out->length == 0 && buffer_append_text(out, event_id(event)) != STATUS_OK)
        buffer_clear(out);
}

void event_log(struct event *event, enum log_level level, struct text message)
{
    struct buffer correlation_id;

    if (!log_enabled(event->service->log, level))
        return;
    buffer_init(&correlation_id, BUFFER_UNLIMITED); /* may be as long as a message; the log cuts it */
    event_append_correlation_id(event, &correlation_id);
    log_event(event->service->log, level, event_id(event), buffer_text(&correlation_id), message);
    buffer_deinit(&correlation_id);
}
