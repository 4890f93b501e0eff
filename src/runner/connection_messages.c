#include "base/clock.h"
#include "base/utf8.h"
#include "json/scan.h"
#include "json/write.h"
#include "pipeline/service.h"
#include "protocol/close.h"
#include "protocol/deflate.h"
#include "runner/application.h"
#include "runner/connection_parts.h"
#include "runner/runner.h"

#include <string.h>

enum { MAX_SCRATCH = 1024 * 1024 }; /* bytes that are kept for the next reply */

/* ---- replies ---- */

/* A reply goes straight into the outgoing buffer, with room kept for the header that its length will need. */
static enum status append_reply(struct buffer *out, struct text reply, struct text message_id, size_t *length)
{
    uint8_t header[FRAME_MAX_SERVER_HEADER];

    if (message_id.length == 0) {
        *length = reply.length;
        return connection_append_frame(out, FRAME_TEXT, reply);
    }
    size_t most = reply.length + message_id.length + sizeof "\"message-id\":,";
    size_t start = out->length;
    size_t kept = frame_encode_header(header, FRAME_TEXT, most);
    enum status status = buffer_reserve(out, kept + most);

    if (status != STATUS_OK)
        return status;
    out->length += kept;
    status = json_append_reply(out, reply, message_id);
    if (status != STATUS_OK) {
        out->length = start;
        return status;
    }
    *length = out->length - start - kept;
    size_t header_length = frame_encode_header(header, FRAME_TEXT, *length);
    if (header_length != kept) {
        memmove(out->data + start + header_length, out->data + start + kept, *length);
        out->length -= kept - header_length;
    }
    memcpy(out->data + start, header, header_length);
    return STATUS_OK;
}

static void send_text(struct connection *connection, struct text text)
{
    connection_send_message(connection, FRAME_TEXT, text);
    connection_sent_message(connection, text.length);
}

static void send_error(struct connection *connection, int status, struct text message, struct text details,
                       struct text message_id)
{
    struct buffer text;

    buffer_init(&text, BUFFER_UNLIMITED);
    if (json_append_error_reply(&text, status, message, details, message_id) == STATUS_OK)
        send_text(connection, buffer_text(&text));
    else
        connection_give_up(connection);
    buffer_deinit(&text);
}

/* It has to be whole before it is compressed. */
static void send_compressed_reply(struct connection *connection, struct text reply, struct text message_id)
{
    struct buffer *scratch = &connection->runner->scratch;

    buffer_clear(scratch);
    if (json_append_reply(scratch, reply, message_id) == STATUS_OK)
        send_text(connection, buffer_text(scratch));
    else
        connection_give_up(connection);
    if (scratch->capacity > MAX_SCRATCH)
        buffer_deinit(scratch);
}

static void send_reply(struct connection *connection, const struct event *event)
{
    const struct text nothing = TEXT("{\"statusCode\":200,\"headers\":{},\"body\":\"\"}");

    if (event->has_reply && event->reply.length == 0)
        return; /* the handlers made the response null */
    if (!event->has_reply && event->response_is_error) {
        send_error(connection, event->error_status, event->error_message, event->error_details,
                   event->message_id);
        return;
    }
    struct text reply = event->has_reply ? event->reply : nothing;
    struct text message_id = event->reply_has_id ? (struct text){NULL, 0} : event->message_id;
    size_t length;

    if (connection_compresses(connection, reply.length)) {
        send_compressed_reply(connection, reply, message_id);
        return;
    }
    if (append_reply(channel_out(&connection->channel), reply, message_id, &length) != STATUS_OK) {
        connection_give_up(connection);
        return;
    }
    connection_wrote(connection);
    connection_sent_message(connection, length);
}

/* ---- messages ---- */

bool connection_may_take(const struct connection *connection)
{
    if (connection->ending)
        return false;
    if (connection->state != CONNECTION_OPEN)
        return connection->state == CONNECTION_CLOSING;
    const struct configurapi_runner_options *options = &connection->runner->options;
    return connection->in_flight < options->max_in_flight &&
           connection->bytes_in_flight <= options->max_payload && !connection->channel.congested;
}

void connection_resume(struct connection *connection)
{
    if (connection->reading_input)
        return;
    if (connection->input && connection_may_take(connection)) {
        struct text rest = buffer_text(connection->input);
        connection_read_input(connection, &rest);
        size_t kept = connection_kept_input(connection); /* nothing where it was cleared by an end */
        connection_consume_input(connection, kept > 0 ? kept - rest.length : 0);
    }
    connection_update_reading(connection);
}

static void on_message_done(struct event *event)
{
    struct connection *connection = event->owner;

    connection->runner->idle_since_ns = metrics_event(&connection->runner->metrics, event);
    connection->in_flight--;
    connection->bytes_in_flight -= event->weight;
    if (connection->state == CONNECTION_OPEN)
        send_reply(connection, event);
    connection_resume(connection);
    connection_free_if_over(connection);
}

/* The name, where it is a plain string: as it lies there, without its quotes. */
static enum status set_name(struct event *event)
{
    struct text quoted = event->envelope.name;
    struct buffer plain;

    if (quoted.length <= 2)
        return event_set_name(event, TEXT(""));
    if (!event->envelope.name_has_escapes)
        return event_set_name(event, (struct text){quoted.data + 1, quoted.length - 2});
    buffer_init(&plain, BUFFER_UNLIMITED);
    enum status status = json_append_unquoted(&plain, quoted);
    if (status == STATUS_OK)
        status = event_set_name(event, buffer_text(&plain));
    buffer_deinit(&plain);
    return status;
}

/* A message that is JSON and yet no message: what it is told, the log and the metrics hear too. */
static void reject(struct connection *connection, struct event *event)
{
    event->started_ns = clock_now_ns();
    event_set_error(event, 400, text_from_cstr(event->envelope.error), TEXT(""));
    event_log(event, LOG_ERROR, event->error_message);
    metrics_event(&connection->runner->metrics, event);
    send_error(connection, event->error_status, event->error_message, event->error_details,
               event->envelope.message_id);
    service_discard(event);
}

static void start_event(struct connection *connection, struct text message, bool binary)
{
    struct runner *runner = connection->runner;
    struct event *event = service_event(runner->application->service);

    if (!event) {
        connection_give_up(connection);
        return;
    }
    event->kind = EVENT_MESSAGE;
    event->peer = &connection->peer;
    event->owner = connection;
    event->on_done = on_message_done;
    event->message = message;
    event->binary = binary;
    event->not_utf8 = binary && !utf8_is_valid(message.data, message.length);
    if (event->not_utf8)
        event->envelope.kind = ENVELOPE_NOT_JSON;
    else
        envelope_scan(&event->envelope, message);
    if (event->envelope.kind == ENVELOPE_INVALID) {
        reject(connection, event);
        return;
    }
    if (arena_copy(&event->arena, event->envelope.message_id, &event->message_id) != STATUS_OK ||
        set_name(event) != STATUS_OK) {
        service_discard(event);
        connection_give_up(connection);
        return;
    }
    connection->in_flight++;
    event->weight = message.length;
    connection->bytes_in_flight += message.length;
    if (!connection->deflate.window_bits) /* compressing is nobody's time */
        event->started_ns = runner->idle_since_ns;
    if (event->started_ns == 0)
        event->started_ns = clock_recent_ns(&runner->metrics.clock);
    runner->idle_since_ns = event->service->defers ? event->started_ns : 0;
    service_process(event);
}

/* The peer's Close, or what breaks the protocol. Messages that came before it in the same bytes have not run
 * yet: what they answer at once still goes out. */
static void end_by(struct connection *connection, bool badly, uint16_t code, struct text reason)
{
    if (connection->in_flight == 0 || connection->state != CONNECTION_OPEN) {
        connection_end(connection, badly, code, reason);
        return;
    }
    connection_set_close(connection, code, reason);
    connection->ending = true;
    connection->ending_badly = badly;
    list_append(&connection->runner->left, &connection->left);
}

/* Puts the message in place of its compressed payload. False where there is none. */
static bool expand(struct connection *connection, struct reader_event *event)
{
    struct deflate *codec = connection_deflate(connection);
    enum status status = STATUS_NO_MEMORY;

    if (codec)
        status = deflate_expand(codec, event->data, connection->runner->options.max_payload, &event->data);
    switch (status) {
    case STATUS_OK: break;
    case STATUS_LIMIT: end_by(connection, true, CLOSE_TOO_BIG, TEXT("the message is too long")); return false;
    case STATUS_NO_MEMORY: connection_give_up(connection); return false;
    default:
        end_by(connection, true, CLOSE_INVALID_PAYLOAD, TEXT("a message that is not DEFLATE"));
        return false;
    }
    if (event->binary || utf8_is_valid(event->data.data, event->data.length))
        return true;
    end_by(connection, true, CLOSE_INVALID_PAYLOAD, TEXT("a text message that is not UTF-8"));
    return false;
}

static void count_message(struct connection *connection, size_t length)
{
    struct runner *runner = connection->runner;

    runner->metrics.messages_in++;
    runner->metrics.bytes_in += length;
    connection->active_ms = uv_now(runner->loop);
}

void connection_read_input(struct connection *connection, struct text *input)
{
    connection->reading_input = true;
    connection->runner->idle_since_ns = 0;
    while (input->length > 0 && connection_may_take(connection)) {
        struct reader_event event = reader_next(&connection->reader, input);
        switch (event.kind) {
        case READER_NEED_MORE: break;
        case READER_MESSAGE:
            if (event.compressed && !expand(connection, &event))
                break;
            count_message(connection, event.data.length);
            if (event.binary && connection->runner->options.api_gateway)
                end_by(connection, true, CLOSE_UNSUPPORTED_DATA, TEXT("Binary messages are not taken"));
            else if (connection->state == CONNECTION_OPEN)
                start_event(connection, event.data, event.binary);
            break;
        case READER_PING:
            if (connection->state == CONNECTION_OPEN)
                connection_send_frame(connection, FRAME_PONG, event.data);
            break;
        case READER_PONG: break;
        case READER_CLOSE: end_by(connection, false, event.code, event.reason); break;
        case READER_ERROR: end_by(connection, true, event.code, event.reason); break;
        }
    }
    reader_rest(&connection->reader);
    connection->reading_input = false;
}
