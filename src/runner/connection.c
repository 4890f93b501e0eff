#include "runner/connection.h"
#include "base/uuid.h"
#include "js/host.h"
#include "pipeline/service.h"
#include "protocol/handshake.h"
#include "protocol/upgrade.h"
#include "protocol/utf8.h"
#include "runner/connect_event.h"
#include "runner/runner.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

enum {
    CLOSE_TIMEOUT_MS = 5000,  /* for the peer's Close */
    FINISH_TIMEOUT_MS = 2000, /* for the peer's end of the stream */
    MAX_SILENT_PINGS = 2,
};

static void read_input(struct connection *connection, struct text *input);
static void resume(struct connection *connection);
static void update_reading(struct connection *connection);

static struct connection *of_channel(struct channel *channel)
{
    return LIST_ENTRY(channel, struct connection, channel);
}

static struct connection *of_peer(const struct peer *peer)
{
    return LIST_ENTRY(peer, struct connection, peer);
}

/* ---- sending ---- */

static void give_up(struct connection *connection)
{
    log_write(&connection->runner->log, LOG_ERROR, "connection %s: out of memory", connection->peer.id);
    connection_drop(connection);
}

static enum status append_frame(struct buffer *out, enum frame_opcode opcode, struct text data)
{
    uint8_t header[FRAME_MAX_SERVER_HEADER];
    size_t length = frame_encode_header(header, opcode, data.length);
    enum status status = buffer_reserve(out, length + data.length);

    if (status == STATUS_OK)
        status = buffer_append(out, header, length);
    return status == STATUS_OK ? buffer_append_text(out, data) : status;
}

/* After anything was queued: a peer that does not read must not cost more than --max-buffered. */
static void wrote(struct connection *connection)
{
    channel_wrote(&connection->channel);
    if (connection->state == CONNECTION_OPEN &&
        channel_unsent(&connection->channel) > connection->runner->options.max_buffered)
        connection_close(connection, CLOSE_TRY_AGAIN_LATER, TEXT("Too much is unsent"));
}

static void send_frame(struct connection *connection, enum frame_opcode opcode, struct text data)
{
    if (append_frame(channel_out(&connection->channel), opcode, data) == STATUS_OK)
        wrote(connection);
    else
        give_up(connection);
}

/* A reply goes straight into the outgoing buffer, with room kept for the header that its length will need. */
static enum status append_reply(struct buffer *out, struct text reply, struct text message_id)
{
    uint8_t header[FRAME_MAX_SERVER_HEADER];
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
    size_t length = out->length - start - kept;
    size_t header_length = frame_encode_header(header, FRAME_TEXT, length);
    if (header_length != kept) {
        memmove(out->data + start + header_length, out->data + start + kept, length);
        out->length -= kept - header_length;
    }
    memcpy(out->data + start, header, header_length);
    return STATUS_OK;
}

static void send_error(struct connection *connection, int status, struct text message, struct text details,
                       struct text message_id)
{
    struct buffer text;

    buffer_init(&text, BUFFER_UNLIMITED);
    if (json_append_error_reply(&text, status, message, details, message_id) == STATUS_OK)
        send_frame(connection, FRAME_TEXT, buffer_text(&text));
    else
        give_up(connection);
    buffer_deinit(&text);
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
    enum status status = append_reply(channel_out(&connection->channel),
                                      event->has_reply ? event->reply : nothing, event->message_id);
    if (status == STATUS_OK)
        wrote(connection);
    else
        give_up(connection);
}

static enum status push(struct peer *peer, struct text data, bool binary)
{
    struct connection *connection = of_peer(peer);
    enum frame_opcode opcode = binary ? FRAME_BINARY : FRAME_TEXT;

    if (connection->state == CONNECTION_CONNECTING)
        return append_frame(&connection->early, opcode, data);
    if (connection->state != CONNECTION_OPEN)
        return STATUS_CLOSED;
    send_frame(connection, opcode, data);
    return STATUS_OK;
}

static bool is_congested(const struct peer *peer)
{
    return of_peer(peer)->channel.congested;
}

static const struct peer_functions peer_functions = {.push = push, .is_congested = is_congested};

/* ---- ending ---- */

static void set_deadline(struct connection *connection, uint32_t delay_ms)
{
    struct deadlines *deadlines = &connection->runner->deadlines;

    if (delay_ms)
        deadline_set(deadlines, &connection->deadline, delay_ms);
    else
        deadline_cancel(deadlines, &connection->deadline);
}

static void free_if_over(struct connection *connection)
{
    struct runner *runner = connection->runner;

    if (!connection->freed_later || connection->in_flight > 0 || !connection->disconnected)
        return;
    if (runner->js)
        js_host_forget_peer(runner->js, &connection->peer);
    deadline_cancel(&runner->deadlines, &connection->deadline);
    list_remove(&connection->node);
    runner->connection_count--;
    reader_deinit(&connection->reader);
    buffer_deinit(&connection->input);
    buffer_deinit(&connection->early);
    buffer_deinit(&connection->reason);
    free(connection);
}

static void on_disconnect_done(struct event *event)
{
    struct connection *connection = event->owner;

    connection->in_flight--;
    if (connection->runner->js)
        js_host_forget_peer(connection->runner->js, &connection->peer);
    free_if_over(connection);
}

/* Runs on_disconnect, once, for a connection that was open. */
static void disconnect(struct connection *connection)
{
    struct runner *runner = connection->runner;
    struct event *event = NULL;
    struct buffer text;

    if (connection->disconnected)
        return;
    connection->disconnected = true;
    if (!connection->was_open || connection->refused || !runner->service->on_disconnect)
        return;
    buffer_init(&text, BUFFER_UNLIMITED);
    if (disconnect_event_append(&text, connection->code, buffer_text(&connection->reason)) == STATUS_OK)
        event = service_event(runner->service);
    if (event) {
        connection->in_flight++;
        event->kind = EVENT_DISCONNECT;
        event->peer = &connection->peer;
        event->owner = connection;
        event->on_done = on_disconnect_done;
        event->name = TEXT("on_disconnect");
        event->message = buffer_text(&text);
        service_process(event);
    } else {
        log_write(&runner->log, LOG_ERROR, "connection %s: out of memory before on_disconnect",
                  connection->peer.id);
    }
    buffer_deinit(&text);
}

static void set_close(struct connection *connection, uint16_t code, struct text reason)
{
    connection->code = code;
    buffer_clear(&connection->reason);
    if (buffer_append_text(&connection->reason, reason) != STATUS_OK)
        buffer_clear(&connection->reason); /* the code says it too */
}

void connection_drop(struct connection *connection)
{
    connection->state = CONNECTION_CLOSED;
    channel_close(&connection->channel);
}

/* Lets what is queued leave; on_disconnect need not wait for that. */
static void finish(struct connection *connection)
{
    connection->state = CONNECTION_FINISHING;
    buffer_clear(&connection->input);
    set_deadline(connection, FINISH_TIMEOUT_MS);
    channel_finish(&connection->channel);
    update_reading(connection);
    disconnect(connection);
}

static void send_close(struct connection *connection, uint16_t code, struct text reason)
{
    uint8_t payload[2 + CLOSE_MAX_REASON];
    size_t length = close_encode(payload, code, reason);

    send_frame(connection, FRAME_CLOSE, (struct text){(char *)payload, length});
}

void connection_close(struct connection *connection, uint16_t code, struct text reason)
{
    if (connection->state != CONNECTION_OPEN) {
        if (connection->state < CONNECTION_OPEN)
            connection_drop(connection);
        return;
    }
    set_close(connection, CLOSE_ABNORMAL, TEXT("")); /* unless the peer answers */
    connection->state = CONNECTION_CLOSING;
    set_deadline(connection, CLOSE_TIMEOUT_MS);
    send_close(connection, code, reason);
    resume(connection); /* the peer's Close may be behind what had to wait */
}

/* The peer broke the protocol, or a limit: it gets told, and nothing more is read. */
static void fail(struct connection *connection, uint16_t code, struct text reason)
{
    log_write(&connection->runner->log, LOG_DEBUG, "connection %s: %.*s", connection->peer.id,
              TEXT_ARGS(reason));
    if (connection->state == CONNECTION_OPEN) {
        set_close(connection, code, reason);
        send_close(connection, code, reason);
    }
    if (connection->state != CONNECTION_CLOSED)
        finish(connection);
}

static void on_peer_close(struct connection *connection, const struct reader_event *event)
{
    set_close(connection, event->code, event->reason);
    if (connection->state == CONNECTION_OPEN)
        send_close(connection, event->code, event->reason); /* the same back, as ws does */
    if (connection->state != CONNECTION_CLOSED)
        finish(connection);
}

static void on_due(struct deadline *deadline)
{
    struct connection *connection = LIST_ENTRY(deadline, struct connection, deadline);

    if (connection->state != CONNECTION_OPEN) {
        connection_drop(connection);
        return;
    }
    if (connection->silent_pings >= MAX_SILENT_PINGS) {
        connection_drop(connection);
        return;
    }
    /* While we do not read, its silence says nothing. */
    connection->silent_pings = (uint8_t)(connection->channel.reading ? connection->silent_pings + 1 : 0);
    send_frame(connection, FRAME_PING, TEXT(""));
    set_deadline(connection, connection->runner->options.ping_interval_ms);
}

/* ---- messages ---- */

/* Whether the next message may be taken. While closing they may all: they are dropped. */
static bool may_take(const struct connection *connection)
{
    if (connection->state != CONNECTION_OPEN)
        return connection->state == CONNECTION_CLOSING;
    return connection->in_flight < connection->runner->options.max_in_flight &&
           !connection->channel.congested;
}

/* Goes on with what had to wait. */
static void resume(struct connection *connection)
{
    if (connection->reading_input)
        return;
    if (connection->input.length > 0 && may_take(connection)) {
        struct text rest = buffer_text(&connection->input);
        read_input(connection, &rest);
        if (connection->input.length > 0) /* not cleared by an end */
            buffer_consume(&connection->input, connection->input.length - rest.length);
        if (connection->input.length == 0)
            buffer_deinit(&connection->input);
    }
    update_reading(connection);
}

static void on_message_done(struct event *event)
{
    struct connection *connection = event->owner;

    connection->in_flight--;
    if (connection->state == CONNECTION_OPEN)
        send_reply(connection, event);
    resume(connection);
    free_if_over(connection);
}

/* The name, where it is a plain string: as it lies there, without its quotes. */
static enum status set_name(struct event *event)
{
    struct text quoted = event->envelope.name;
    struct buffer plain;

    if (quoted.length <= 2)
        return STATUS_OK;
    struct text inner = {quoted.data + 1, quoted.length - 2};
    if (!memchr(inner.data, '\\', inner.length))
        return event_set_name(event, inner);
    buffer_init(&plain, BUFFER_UNLIMITED);
    enum status status = json_append_unquoted(&plain, quoted);
    if (status == STATUS_OK)
        status = event_set_name(event, buffer_text(&plain));
    buffer_deinit(&plain);
    return status;
}

static void start_event(struct connection *connection, struct text message, bool binary)
{
    struct event *event = service_event(connection->runner->service);

    if (!event) {
        give_up(connection);
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
        send_error(connection, 400, text_from_cstr(event->envelope.error), TEXT(""),
                   event->envelope.message_id);
        service_discard(event);
        return;
    }
    if (arena_copy(&event->arena, event->envelope.message_id, &event->message_id) != STATUS_OK ||
        set_name(event) != STATUS_OK) {
        service_discard(event);
        give_up(connection);
        return;
    }
    connection->in_flight++;
    service_process(event);
}

static void read_input(struct connection *connection, struct text *input)
{
    connection->reading_input = true;
    while (input->length > 0 && may_take(connection)) {
        struct reader_event event = reader_next(&connection->reader, input);
        switch (event.kind) {
        case READER_NEED_MORE: break;
        case READER_MESSAGE:
            if (connection->state == CONNECTION_OPEN)
                start_event(connection, event.data, event.binary);
            break;
        case READER_PING:
            if (connection->state == CONNECTION_OPEN)
                send_frame(connection, FRAME_PONG, event.data);
            break;
        case READER_PONG: break;
        case READER_CLOSE: on_peer_close(connection, &event); break;
        case READER_ERROR: fail(connection, event.code, event.reason); break;
        }
    }
    connection->reading_input = false;
}

/* ---- the handshake ---- */

static void refuse(struct connection *connection, int status, const char *reason)
{
    struct buffer *out = channel_out(&connection->channel);

    if (handshake_append_refusal(out, status, reason) != STATUS_OK) {
        give_up(connection);
        return;
    }
    channel_wrote(&connection->channel);
    finish(connection);
}

/* Sends the 101 and what was pushed before it. */
static void open_connection(struct connection *connection, const struct upgrade_request *request,
                            struct text protocol)
{
    struct buffer *out = channel_out(&connection->channel);

    if (handshake_append_response(out, request->key, protocol) != STATUS_OK ||
        buffer_append_text(out, buffer_text(&connection->early)) != STATUS_OK) {
        give_up(connection);
        return;
    }
    buffer_deinit(&connection->early);
    connection->state = CONNECTION_OPEN;
    connection->was_open = true;
    set_deadline(connection, connection->runner->options.ping_interval_ms);
    wrote(connection);
}

static void on_connect_done(struct event *event)
{
    struct connection *connection = event->owner;
    struct upgrade_request request;
    size_t consumed;

    connection->in_flight--;
    if (connection->state == CONNECTION_CONNECTING) {
        struct text head = {connection->input.data, connection->head_length};
        if (upgrade_parse(&request, head.data, head.length, &consumed) != UPGRADE_COMPLETE)
            abort(); /* it was complete before on_connect */
        struct connect_answer answer = connect_answer_read(event->reply, &request);
        if (!event->has_reply && event->response_is_error)
            answer.status = event->error_status;
        open_connection(connection, &request, answer.protocol);
        buffer_consume(&connection->input, connection->head_length);
        if (answer.status >= 400) {
            connection->refused = true;
            connection_close(connection, CLOSE_POLICY_VIOLATION, TEXT("Policy Violation"));
        }
    }
    resume(connection);
    free_if_over(connection);
}

static void run_on_connect(struct connection *connection, const struct upgrade_request *request)
{
    struct event *event = service_event(connection->runner->service);
    struct buffer text;

    buffer_init(&text, BUFFER_UNLIMITED);
    if (!event || connect_event_append(&text, request) != STATUS_OK) {
        if (event)
            service_discard(event);
        buffer_deinit(&text);
        give_up(connection);
        return;
    }
    connection->state = CONNECTION_CONNECTING;
    set_deadline(connection, 0);
    connection->in_flight++;
    event->kind = EVENT_CONNECT;
    event->peer = &connection->peer;
    event->owner = connection;
    event->on_done = on_connect_done;
    event->name = TEXT("on_connect");
    event->message = buffer_text(&text);
    service_process(event);
    buffer_deinit(&text);
}

/* `input` holds all that came so far. */
static void read_head(struct connection *connection)
{
    struct upgrade_request request;
    size_t consumed = 0;

    switch (upgrade_parse(&request, connection->input.data, connection->input.length, &consumed)) {
    case UPGRADE_INCOMPLETE: return;
    case UPGRADE_REFUSED: refuse(connection, request.refusal, request.reason); return;
    case UPGRADE_COMPLETE: break;
    }
    uuid_make(&connection->runner->service->uuids, connection->peer.id);
    if (connection->runner->service->on_connect) {
        connection->head_length = (uint32_t)consumed;
        run_on_connect(connection, &request);
        return;
    }
    struct text offered = request.protocols;
    open_connection(connection, &request, upgrade_next_protocol(&offered));
    if (connection->state == CONNECTION_OPEN)
        buffer_consume(&connection->input, consumed);
    if (connection->input.length == 0)
        buffer_deinit(&connection->input);
    resume(connection);
}

/* ---- the channel's events ---- */

static void update_reading(struct connection *connection)
{
    bool wanted = false;

    switch ((enum connection_state)connection->state) {
    case CONNECTION_HEAD:
    case CONNECTION_FINISHING: wanted = true; break;
    case CONNECTION_OPEN:
    case CONNECTION_CLOSING: wanted = connection->input.length == 0 && may_take(connection); break;
    case CONNECTION_CONNECTING:
    case CONNECTION_CLOSED: break;
    }
    if (wanted)
        channel_read_start(&connection->channel);
    else
        channel_read_stop(&connection->channel);
}

static void on_data(struct channel *channel, char *data, size_t length)
{
    struct connection *connection = of_channel(channel);
    struct text input = {data, length};

    connection->silent_pings = 0;
    switch ((enum connection_state)connection->state) {
    case CONNECTION_HEAD:
        if (buffer_append_text(&connection->input, input) != STATUS_OK)
            give_up(connection);
        else
            read_head(connection);
        break;
    case CONNECTION_OPEN:
    case CONNECTION_CLOSING:
        read_input(connection, &input);
        if (connection->state == CONNECTION_OPEN && input.length > 0 && /* what has to wait */
            buffer_append_text(&connection->input, input) != STATUS_OK)
            give_up(connection);
        break;
    case CONNECTION_CONNECTING:
    case CONNECTION_FINISHING:
    case CONNECTION_CLOSED: break;
    }
    update_reading(connection);
}

static void on_end(struct channel *channel)
{
    connection_drop(of_channel(channel));
}

static void on_drained(struct channel *channel)
{
    struct connection *connection = of_channel(channel);

    if (connection->peer.awaits_drain) {
        connection->peer.awaits_drain = false;
        js_host_peer_drained(connection->runner->js, &connection->peer);
    }
    resume(connection);
}

static void on_closed(struct channel *channel)
{
    struct connection *connection = of_channel(channel);

    connection->state = CONNECTION_CLOSED;
    connection->freed_later = true;
    deadline_cancel(&connection->runner->deadlines, &connection->deadline);
    disconnect(connection);
    free_if_over(connection);
}

static const struct channel_events channel_events = {
    .on_data = on_data,
    .on_end = on_end,
    .on_drained = on_drained,
    .on_closed = on_closed,
};

enum status connection_accept(struct runner *runner, uv_stream_t *server)
{
    struct connection *connection = calloc(1, sizeof *connection);

    if (!connection)
        return STATUS_NO_MEMORY;
    connection->runner = runner;
    connection->peer.functions = &peer_functions;
    connection->code = CLOSE_ABNORMAL;
    reader_init(&connection->reader, runner->options.max_payload);
    buffer_init(&connection->input, BUFFER_UNLIMITED);
    buffer_init(&connection->early, runner->options.max_buffered);
    buffer_init(&connection->reason, BUFFER_UNLIMITED);
    deadline_init(&connection->deadline, on_due);
    list_append(&runner->connections, &connection->node);
    runner->connection_count++;
    enum status status = channel_accept(&connection->channel, &runner->net, server, &channel_events);
    if (status != STATUS_OK)
        return status;
    set_deadline(connection, runner->options.handshake_timeout_ms);
    update_reading(connection);
    return STATUS_OK;
}
