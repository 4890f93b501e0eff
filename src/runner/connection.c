#include "runner/connection.h"
#include "base/utf8.h"
#include "js/host.h"
#include "pipeline/service.h"
#include "protocol/close.h"
#include "protocol/deflate.h"
#include "runner/application.h"
#include "runner/close.h"
#include "runner/connect_event.h"
#include "runner/connection_parts.h"
#include "runner/runner.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    CLOSE_TIMEOUT_MS = 5000,  /* for the peer's Close */
    FINISH_TIMEOUT_MS = 2000, /* for the peer's end of the stream */
    MAX_SILENT_PINGS = 2,
    MAX_EARLY_INPUT = 64 * 1024, /* bytes that are read before on_connect has ended */
};

static struct connection *of_channel(struct channel *channel)
{
    return LIST_ENTRY(channel, struct connection, channel);
}

static struct connection *of_peer(const struct peer *peer)
{
    return LIST_ENTRY(peer, struct connection, peer);
}

/* ---- what waits ---- */

size_t connection_kept_input(const struct connection *connection)
{
    return connection->input ? connection->input->length : 0;
}

enum status connection_keep_input(struct connection *connection, struct text data)
{
    if (!connection->input)
        connection->input = net_take_buffer(&connection->runner->net);
    return buffer_append_text(connection->input, data);
}

void connection_forget_input(struct connection *connection)
{
    net_give_buffer(&connection->runner->net, connection->input);
    connection->input = NULL;
}

void connection_consume_input(struct connection *connection, size_t count)
{
    if (count < connection_kept_input(connection))
        buffer_consume(connection->input, count);
    else
        connection_forget_input(connection);
}

static size_t early_length(const struct connection *connection)
{
    return connection->early ? connection->early->length : 0;
}

size_t connection_held(const struct connection *connection)
{
    return channel_unsent(&connection->channel) + early_length(connection) +
           connection_kept_input(connection);
}

/* ---- sending ---- */

void connection_give_up(struct connection *connection)
{
    log_write(&connection->runner->log, LOG_ERROR, "connection %s: out of memory", connection->peer.id);
    connection_drop(connection);
}

enum status connection_append_frame(struct buffer *out, enum frame_opcode opcode, struct text data)
{
    uint8_t header[FRAME_MAX_SERVER_HEADER];
    size_t length = frame_encode_header(header, opcode, data.length);
    enum status status = buffer_reserve(out, length + data.length);

    if (status == STATUS_OK)
        status = buffer_append(out, header, length);
    return status == STATUS_OK ? buffer_append_text(out, data) : status;
}

static void check_overflow(struct connection *connection)
{
    if (connection->state == CONNECTION_OPEN &&
        channel_unsent(&connection->channel) > connection->runner->options.max_buffered)
        connection_overflow(connection);
}

void connection_wrote(struct connection *connection)
{
    channel_wrote(&connection->channel);
    check_overflow(connection);
}

void connection_overflow(struct connection *connection)
{
    connection_close(connection, CLOSE_TRY_AGAIN_LATER, TEXT("Too much is unsent"));
}

void connection_sent_message(struct connection *connection, size_t length)
{
    struct runner *runner = connection->runner;

    runner->metrics.messages_out++;
    runner->metrics.bytes_out += length;
    connection->active_ms = uv_now(runner->loop);
}

bool connection_compresses(const struct connection *connection, size_t length)
{
    return connection->deflate.window_bits && length > connection->runner->options.compress_above;
}

struct deflate *connection_deflate(struct connection *connection)
{
    struct runner *runner = connection->runner;

    if (!runner->deflate)
        runner->deflate = deflate_create();
    return runner->deflate;
}

static enum status append_compressed(struct connection *connection, enum frame_opcode opcode,
                                     struct text data)
{
    struct buffer *out = channel_out(&connection->channel);
    struct deflate *codec = connection_deflate(connection);
    struct text compressed;
    size_t start = out->length;

    if (!codec)
        return STATUS_NO_MEMORY;
    enum status status = deflate_compress(codec, connection->deflate.window_bits, data, &compressed);
    if (status == STATUS_OK)
        status = connection_append_frame(out, opcode, compressed);
    if (status == STATUS_OK)
        frame_mark_compressed((uint8_t *)out->data + start);
    return status;
}

enum status connection_send_message(struct connection *connection, enum frame_opcode opcode, struct text data)
{
    if (!connection_compresses(connection, data.length))
        return connection_send_frame(connection, opcode, data);
    enum status status = append_compressed(connection, opcode, data);
    if (status == STATUS_LIMIT) /* it would be longer */
        return connection_send_frame(connection, opcode, data);
    if (status == STATUS_OK)
        connection_wrote(connection);
    else
        connection_give_up(connection);
    return status;
}

enum status connection_send_frame(struct connection *connection, enum frame_opcode opcode, struct text data)
{
    struct buffer *out = channel_out(&connection->channel);
    uint8_t header[FRAME_MAX_SERVER_HEADER];
    size_t length = frame_encode_header(header, opcode, data.length);
    enum status status = buffer_append(out, header, length);

    if (status == STATUS_OK) {
        status = channel_send(&connection->channel, data);
        if (status != STATUS_OK)
            out->length -= length;
    }
    if (status == STATUS_OK)
        check_overflow(connection);
    else
        connection_give_up(connection);
    return status;
}

/* It leaves behind the 101. Where that is more than --max-buffered, the connection is closed then. */
static enum status push_early(struct connection *connection, enum frame_opcode opcode, struct text data)
{
    enum status status = STATUS_NO_MEMORY;

    if (!connection->early && (connection->early = malloc(sizeof *connection->early)))
        buffer_init(connection->early, connection->runner->options.max_buffered);
    if (connection->early)
        status = connection_append_frame(connection->early, opcode, data);
    switch (status) {
    case STATUS_OK: connection_sent_message(connection, data.length); break;
    case STATUS_LIMIT: connection->overflowed = true; break;
    default: connection_give_up(connection); break;
    }
    return status;
}

static enum status push(struct peer *peer, struct text data, bool binary)
{
    struct connection *connection = of_peer(peer);
    enum frame_opcode opcode = binary ? FRAME_BINARY : FRAME_TEXT;

    if (connection->state == CONNECTION_CONNECTING)
        return push_early(connection, opcode, data);
    if (connection->state != CONNECTION_OPEN)
        return STATUS_CLOSED;
    if (connection_send_message(connection, opcode, data) != STATUS_OK)
        return STATUS_NO_MEMORY;
    if (connection->state == CONNECTION_CLOSED)
        return STATUS_CLOSED; /* as sending has found */
    connection_sent_message(connection, data.length);
    return STATUS_OK;
}

void connection_source_ip(const struct connection *connection, char out[CONNECTION_IP_SIZE])
{
    static const char mapped[] = "::ffff:";
    struct sockaddr_storage address;
    socklen_t length = sizeof address;

    out[0] = '\0';
    if (getpeername(connection->channel.descriptor, (struct sockaddr *)&address, &length) != 0 ||
        uv_ip_name((struct sockaddr *)&address, out, CONNECTION_IP_SIZE) != 0)
        return;
    size_t prefix = sizeof mapped - 1;
    if (strncmp(out, mapped, prefix) == 0 && strchr(out, '.'))
        memmove(out, out + prefix, strlen(out + prefix) + 1);
}

enum status connection_post(struct connection *connection, struct text data)
{
    size_t unsent = channel_unsent(&connection->channel) + early_length(connection);
    size_t most = connection->runner->options.max_buffered;

    if (unsent > most || data.length + FRAME_MAX_SERVER_HEADER > most - unsent)
        return STATUS_LIMIT;
    return push(&connection->peer, data, !utf8_is_valid(data.data, data.length));
}

void connection_forget_early(struct connection *connection)
{
    if (connection->early)
        buffer_deinit(connection->early);
    free(connection->early);
    connection->early = NULL;
}

static enum congestion congestion(const struct peer *peer)
{
    const struct connection *connection = of_peer(peer);

    if (connection->state == CONNECTION_CONNECTING)
        return early_length(connection) > connection->runner->options.high_water_mark ? CONGESTION_EARLY
                                                                                      : CONGESTION_NONE;
    if (connection->state > CONNECTION_OPEN) /* nobody is to wait for what does not end: sending says so */
        return CONGESTION_NONE;
    return connection->channel.congested ? CONGESTION_OPEN : CONGESTION_NONE;
}

static bool is_open(const struct peer *peer)
{
    enum connection_state state = of_peer(peer)->state;

    return state == CONNECTION_CONNECTING || state == CONNECTION_OPEN;
}

static void give_up(struct peer *peer)
{
    struct connection *connection = of_peer(peer);

    if (connection->state == CONNECTION_OPEN)
        connection_give_up(connection);
}

static const struct peer_functions peer_functions = {
    .push = push, .congestion = congestion, .is_open = is_open, .give_up = give_up};

/* ---- ending ---- */

void connection_tell_drained(struct connection *connection)
{
    if (!connection->peer.awaits_drain || connection->channel.congested)
        return;
    connection->peer.awaits_drain = false;
    peer_tell(&connection->peer, PEER_DRAINED);
}

void connection_set_deadline(struct connection *connection, uint32_t delay_ms)
{
    struct deadlines *deadlines = &connection->runner->deadlines;

    if (delay_ms)
        deadline_set(deadlines, &connection->deadline, delay_ms);
    else
        deadline_cancel(deadlines, &connection->deadline);
}

void connection_free_if_over(struct connection *connection)
{
    struct runner *runner = connection->runner;

    if (!connection->is_gone || connection->in_flight > 0 || !connection->disconnected)
        return;
    peer_tell(&connection->peer, PEER_GONE);
    deadline_cancel(&runner->deadlines, &connection->deadline);
    list_remove(&connection->node);
    list_remove(&connection->left);
    runner->connection_count--;
    reader_deinit(&connection->reader);
    connection_forget_input(connection);
    connection_forget_early(connection);
    free(connection->reason);
    free(connection->peer.identity);
    free(connection->user_agent);
    free(connection);
}

static void on_disconnect_done(struct event *event)
{
    struct connection *connection = event->owner;

    metrics_event(&connection->runner->metrics, event);
    connection->in_flight--;
    peer_tell(&connection->peer, PEER_GONE);
    connection_free_if_over(connection);
}

static struct text reason_of(const struct connection *connection)
{
    return (struct text){connection->reason, connection->reason_length};
}

void connection_disconnect(struct connection *connection)
{
    struct runner *runner = connection->runner;
    struct event *event = NULL;
    struct buffer text;

    if (connection->disconnected || connection->connecting)
        return;
    connection->disconnected = true;
    if (!connection->was_open || connection->refused || !runner->application->service->on_disconnect)
        return;
    buffer_init(&text, BUFFER_UNLIMITED);
    if (disconnect_event_append(&text, connection->code, reason_of(connection)) == STATUS_OK)
        event = service_event(runner->application->service);
    if (event) {
        connection->in_flight += 2; /* one of them this call: the event may have ended when it returns */
        event->kind = EVENT_DISCONNECT;
        event->peer = &connection->peer;
        event->owner = connection;
        event->on_done = on_disconnect_done;
        event->name = TEXT("on_disconnect");
        event->named = event->service->on_disconnect;
        event->message = buffer_text(&text);
        service_process(event);
        connection->in_flight--;
    } else {
        log_write(&runner->log, LOG_ERROR, "connection %s: out of memory before on_disconnect",
                  connection->peer.id);
    }
    buffer_deinit(&text);
}

void connection_set_close(struct connection *connection, uint16_t code, struct text reason)
{
    size_t length = reason.length < CLOSE_MAX_REASON ? reason.length : CLOSE_MAX_REASON;
    char *kept = length > 0 ? malloc(length) : NULL;

    if (kept) /* or else the code says it too */
        memcpy(kept, reason.data, length);
    free(connection->reason);
    connection->code = code;
    connection->reason = kept;
    connection->reason_length = kept ? (uint8_t)length : 0;
}

/* From here on nothing can be sent. A handler may be what has called: what this may start waits for the turn.
 */
static void leave_open(struct connection *connection, enum connection_state state)
{
    bool could_send = connection->state == CONNECTION_OPEN || connection->state == CONNECTION_CONNECTING;

    connection->state = (uint8_t)state;
    if (!could_send)
        return;
    list_remove(&connection->left);
    roster_remove(&connection->runner->roster, connection);
    crew_leave(connection->runner->crew);
    list_append(&connection->runner->left, &connection->left);
}

void connection_drop(struct connection *connection)
{
    leave_open(connection, CONNECTION_CLOSED);
    channel_close(&connection->channel);
}

/* on_disconnect need not wait for what is queued. */
void connection_finish(struct connection *connection)
{
    leave_open(connection, CONNECTION_FINISHING);
    if (connection->input) /* not yet given back: it may hold the message of the handler that ends this */
        buffer_clear(connection->input);
    connection_set_deadline(connection, FINISH_TIMEOUT_MS);
    channel_finish(&connection->channel);
    connection_update_reading(connection);
    connection_disconnect(connection);
}

static void send_close(struct connection *connection, uint16_t code, struct text reason)
{
    uint8_t payload[2 + CLOSE_MAX_REASON];
    size_t length = close_encode(payload, code, reason);

    connection_send_frame(connection, FRAME_CLOSE, (struct text){(char *)payload, length});
}

void connection_close(struct connection *connection, uint16_t code, struct text reason)
{
    if (connection->state != CONNECTION_OPEN) {
        if (connection->state < CONNECTION_OPEN && connection_kept_input(connection) > 0)
            connection_refuse(connection, 503, "The connection was closed before it was open");
        else if (connection->state < CONNECTION_OPEN)
            connection_drop(connection); /* which has asked for nothing */
        return;
    }
    if (!connection->ending) /* then the peer has answered already */
        connection_set_close(connection, CLOSE_ABNORMAL, TEXT(""));
    leave_open(connection, CONNECTION_CLOSING);
    connection_set_deadline(connection, CLOSE_TIMEOUT_MS);
    send_close(connection, code, reason);
}

void connection_end(struct connection *connection, bool badly, uint16_t code, struct text reason)
{
    if (badly)
        log_write(&connection->runner->log, LOG_DEBUG, "connection %s: %.*s", connection->peer.id,
                  TEXT_ARGS(reason));
    if (!badly || connection->state == CONNECTION_OPEN)
        connection_set_close(connection, code, reason);
    if (connection->state == CONNECTION_OPEN)
        send_close(connection, code, reason); /* a Close's own code and reason back, as ws does */
    if (connection->state != CONNECTION_CLOSED)
        connection_finish(connection);
}

/* Does what end_by() has put off: code and reason are kept where on_disconnect will look for them. */
static void end_now(struct connection *connection)
{
    char reason[CLOSE_MAX_REASON];
    size_t length = connection->reason_length;

    if (length > 0)
        memcpy(reason, connection->reason, length);
    connection->ending = false;
    connection_end(connection, connection->ending_badly, connection->code, (struct text){reason, length});
}

void connection_settle(struct connection *connection)
{
    bool was_open = connection->state == CONNECTION_OPEN;

    list_remove(&connection->left);
    if (connection->ending && connection->state <= CONNECTION_CLOSING)
        end_now(connection);
    if (was_open)
        return; /* it is in the list again */
    connection->ending = false;
    peer_tell(&connection->peer, PEER_CLOSED);
    connection_resume(connection); /* the peer's Close may be behind what had to wait */
}

void connection_schedule(struct connection *connection)
{
    const struct configurapi_runner_options *options = &connection->runner->options;
    const struct {
        uint64_t since_ms;
        uint32_t after_ms;
    } dues[] = {
        {connection->pinged_ms, options->ping_interval_ms},
        {connection->active_ms, options->idle_timeout_ms},
        {connection->opened_ms, options->max_lifetime_ms},
    };
    uint64_t now_ms = uv_now(connection->runner->loop);
    uint64_t wait_ms = UINT32_MAX;

    for (size_t i = 0; i < sizeof dues / sizeof *dues; i++) {
        uint64_t due_ms = dues[i].since_ms + dues[i].after_ms;
        uint64_t left_ms = due_ms > now_ms ? due_ms - now_ms : 1;
        if (dues[i].after_ms && left_ms < wait_ms)
            wait_ms = left_ms;
    }
    connection_set_deadline(connection, wait_ms == UINT32_MAX ? 0 : (uint32_t)wait_ms);
}

static bool is_due(const struct connection *connection, uint64_t since_ms, uint32_t after_ms)
{
    return after_ms && uv_now(connection->runner->loop) >= since_ms + after_ms;
}

/* Whether the peer lives although nothing has come from it since the last ping. That may lie behind what a
 * slow reader is still taking; and where we do not read, the answer may be here. */
static bool takes(struct connection *connection)
{
    struct socket_progress progress = channel_progress(&connection->channel);
    bool took = progress.taken != connection->taken;

    connection->taken = progress.taken;
    return took && (progress.has_more || !connection->channel.reading);
}

/* False where the peer has been silent for too long. */
static bool ping(struct connection *connection)
{
    if (takes(connection))
        connection->silent_pings = 0;
    if (connection->silent_pings >= MAX_SILENT_PINGS)
        return false;
    connection->silent_pings++;
    connection->pinged_ms = uv_now(connection->runner->loop);
    connection_send_frame(connection, FRAME_PING, TEXT(""));
    return true;
}

static void on_due(struct deadline *deadline)
{
    struct connection *connection = LIST_ENTRY(deadline, struct connection, deadline);
    struct runner *runner = connection->runner;
    const struct configurapi_runner_options *options = &runner->options;

    if (connection->state != CONNECTION_OPEN) {
        if (connection->state == CONNECTION_HEAD)
            runner->metrics.rejected[REJECTED_TOO_SLOW]++;
        connection_drop(connection);
    } else if (is_due(connection, connection->active_ms, options->idle_timeout_ms)) {
        connection_close(connection, CLOSE_GOING_AWAY, TEXT("Idle for too long"));
    } else if (is_due(connection, connection->opened_ms, options->max_lifetime_ms)) {
        connection_close(connection, CLOSE_GOING_AWAY, TEXT("Open for too long"));
    } else if (is_due(connection, connection->pinged_ms, options->ping_interval_ms) && !ping(connection)) {
        connection_drop(connection);
    } else if (connection->state == CONNECTION_OPEN) { /* still, behind a ping */
        connection_schedule(connection);
    }
}

/* ---- the channel's events ---- */

void connection_update_reading(struct connection *connection)
{
    bool wanted = false;

    switch ((enum connection_state)connection->state) {
    case CONNECTION_HEAD:
    case CONNECTION_FINISHING: wanted = true; break;
    /* So that its end is heard of, however long on_connect takes; not more than a little of what it sends. */
    case CONNECTION_CONNECTING: wanted = connection_kept_input(connection) < MAX_EARLY_INPUT; break;
    case CONNECTION_OPEN:
    case CONNECTION_CLOSING: wanted = !connection->input && connection_may_take(connection); break;
    case CONNECTION_CLOSED: break;
    }
    if (wanted)
        channel_read_start(&connection->channel);
    else
        channel_read_stop(&connection->channel);
}

static char *on_room(struct channel *channel, size_t *size)
{
    return reader_room(&of_channel(channel)->reader, size);
}

static void on_data(struct channel *channel, char *data, size_t length)
{
    struct connection *connection = of_channel(channel);
    struct text input = {data, length};

    connection->silent_pings = 0;
    switch ((enum connection_state)connection->state) {
    case CONNECTION_HEAD:
        if (connection_keep_input(connection, input) != STATUS_OK)
            connection_give_up(connection);
        else
            connection_read_head(connection);
        break;
    case CONNECTION_OPEN:
    case CONNECTION_CLOSING:
        if (!connection->input) /* or else what was kept comes first: TLS had more than one piece of it */
            connection_read_input(connection, &input);
        if (connection->state == CONNECTION_OPEN && input.length > 0 && /* what has to wait */
            connection_keep_input(connection, input) != STATUS_OK)
            connection_give_up(connection);
        break;
    case CONNECTION_CONNECTING:
        if (connection_keep_input(connection, input) != STATUS_OK)
            connection_give_up(connection);
        break;
    case CONNECTION_FINISHING:
    case CONNECTION_CLOSED: break;
    }
    connection_update_reading(connection);
}

static void on_end(struct channel *channel)
{
    connection_drop(of_channel(channel));
}

static void on_congested(struct channel *channel)
{
    connection_update_reading(of_channel(channel));
}

static void on_drained(struct channel *channel)
{
    struct connection *connection = of_channel(channel);

    connection_tell_drained(connection);
    connection_resume(connection);
}

static void on_closed(struct channel *channel)
{
    struct connection *connection = of_channel(channel);
    struct runner *runner = connection->runner;

    runner->socket_count--;
    leave_open(connection, CONNECTION_CLOSED);
    connection->is_gone = true;
    deadline_cancel(&runner->deadlines, &connection->deadline);
    connection_disconnect(connection);
    connection_free_if_over(connection);
    close_handle_closed(runner);
}

static const struct channel_events channel_events = {
    .on_room = on_room,
    .on_data = on_data,
    .on_end = on_end,
    .on_congested = on_congested,
    .on_drained = on_drained,
    .on_closed = on_closed,
};

enum status connection_accept(struct runner *runner, struct listener *listener, struct tls_context *tls,
                              int *descriptor)
{
    struct connection *connection = calloc(1, sizeof *connection);

    if (!connection)
        return STATUS_NO_MEMORY;
    enum status status = listener_accept(listener, descriptor);
    if (status != STATUS_OK) {
        free(connection);
        return status;
    }
    connection->runner = runner;
    connection->peer.functions = &peer_functions;
    connection->code = CLOSE_ABNORMAL;
    reader_init(&connection->reader, runner->options.max_payload);
    connection->reader.max_frame = runner->options.max_frame;
    deadline_init(&connection->deadline, on_due);
    list_init(&connection->left);
    list_append(&runner->connections, &connection->node);
    runner->connection_count++;
    runner->socket_count++;
    runner->open_handles++;
    if (channel_open(&connection->channel, &runner->net, *descriptor, tls, &channel_events) != STATUS_OK)
        return STATUS_SYSTEM;
    connection_set_deadline(connection, runner->options.handshake_timeout_ms);
    connection_update_reading(connection);
    return STATUS_OK;
}
