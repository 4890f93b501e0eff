#include "net/channel.h"

#include <stdlib.h>

enum {
    MOST_PARTS = 128,          /* of one write: some 1 MiB of a backlog */
    MOST_GATHERED = 32 * 1024, /* bytes, once others wait: these wait with them then, in blocks */
    MARK_RESERVE = 16,         /* congestion begins a sixteenth of the high-water mark below it */
};

/*
 * What the kernel did not take at once. libuv has the first block of it, to send that when there is room; the
 * rest is handed to the kernel then, all that it takes, so that every block is free as soon as it has left.
 */
struct waiting {
    uv_write_t request;
    struct channel *channel;
    struct backlog backlog;
    size_t handed; /* bytes of its beginning that libuv has */
};

static struct channel *channel_of(uv_handle_t *handle)
{
    return handle->data;
}

static void forget_waiting(struct channel *channel)
{
    if (!channel->waiting)
        return;
    backlog_deinit(&channel->waiting->backlog);
    free(channel->waiting);
    channel->waiting = NULL;
}

static void on_closed(uv_handle_t *handle)
{
    struct channel *channel = channel_of(handle);

    forget_waiting(channel);
    tls_session_destroy(channel->tls); /* not before: it may be what has called the owner that closed */
    channel->tls = NULL;
    channel->events->on_closed(channel);
}

void channel_close(struct channel *channel)
{
    if (channel->closing)
        return;
    channel->closing = true;
    list_remove(&channel->dirty);
    net_give_buffer(channel->net, &channel->out);
    net_give_buffer(channel->net, &channel->sealed);
    uv_close((uv_handle_t *)&channel->tcp, on_closed); /* cancels a write under way */
}

static void end(struct channel *channel)
{
    if (channel->ended || channel->closing)
        return;
    channel->ended = true;
    channel_read_stop(channel);
    channel->events->on_end(channel);
}

static enum status open_tls(struct channel *channel, struct tls_context *tls)
{
    struct net *net = channel->net;

    if (!net->plain_buffer)
        net->plain_buffer = malloc(NET_READ_BUFFER);
    if (net->plain_buffer)
        channel->tls = tls_session_create(tls);
    return channel->tls ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status channel_accept(struct channel *channel, struct net *net, uv_stream_t *server,
                           struct tls_context *tls, const struct channel_events *events)
{
    channel->net = net;
    channel->events = events;
    channel->waiting = NULL;
    channel->tls = NULL;
    channel->congested = channel->finishing = channel->closing = channel->ended = channel->reading = false;
    list_init(&channel->dirty);
    buffer_init(&channel->out, BUFFER_UNLIMITED);
    buffer_init(&channel->sealed, BUFFER_UNLIMITED);
    uv_tcp_init(net->loop, &channel->tcp);
    channel->tcp.data = channel;
    if (uv_accept(server, (uv_stream_t *)&channel->tcp) != 0) {
        channel_close(channel);
        return STATUS_SYSTEM;
    }
    uv_tcp_nodelay(&channel->tcp, 1);
    enum status status = tls ? open_tls(channel, tls) : STATUS_OK;
    if (status != STATUS_OK)
        channel_close(channel);
    return status;
}

/* ---- reading ---- */

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)suggested;
    *buffer = uv_buf_init(channel_of(handle)->net->read_buffer, NET_READ_BUFFER);
}

static void mark_dirty(struct channel *channel)
{
    if (list_is_empty(&channel->dirty))
        list_append(&channel->net->dirty, &channel->dirty);
}

/* Opens the records that have come and hands on what is in them. */
static void receive_sealed(struct channel *channel, struct text sealed)
{
    enum tls_result result = TLS_OK;
    size_t length = NET_READ_BUFFER;

    if (!channel->sealed.data)
        net_take_buffer(channel->net, &channel->sealed);
    while (result == TLS_OK && (sealed.length > 0 || length == NET_READ_BUFFER)) {
        char *plain = channel->net->plain_buffer;
        result = tls_decrypt(channel->tls, &sealed, plain, NET_READ_BUFFER, &length, &channel->sealed);
        if (channel->sealed.length > 0)
            channel_wrote(channel); /* answers are unsent bytes, too */
        if (length > 0 && !channel->closing)
            channel->events->on_data(channel, plain, length);
        if (channel->closing)
            return;
    }
    if (channel->sealed.length > 0)
        mark_dirty(channel); /* the handshake's answer, or an alert */
    else if (channel->out.length == 0)
        net_give_buffer(channel->net, &channel->sealed);
    if (result != TLS_OK) {
        channel_flush(channel);
        end(channel);
    }
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct channel *channel = channel_of((uv_handle_t *)stream);

    if (count > 0 && channel->tls)
        receive_sealed(channel, (struct text){buffer->base, (size_t)count});
    else if (count > 0)
        channel->events->on_data(channel, buffer->base, (size_t)count);
    else if (count < 0)
        end(channel);
}

void channel_read_start(struct channel *channel)
{
    if (channel->reading || channel->ended || channel->closing)
        return;
    channel->reading = uv_read_start((uv_stream_t *)&channel->tcp, on_allocate, on_read) == 0;
    if (!channel->reading)
        end(channel);
}

void channel_read_stop(struct channel *channel)
{
    if (!channel->reading)
        return;
    channel->reading = false;
    uv_read_stop((uv_stream_t *)&channel->tcp);
}

struct buffer *channel_out(struct channel *channel)
{
    if (!channel->out.data && !channel->closing)
        net_take_buffer(channel->net, &channel->out);
    return &channel->out;
}

size_t channel_unsent(const struct channel *channel)
{
    const struct waiting *waiting = channel->waiting;
    size_t unsent = channel->out.length + channel->sealed.length;

    if (waiting) /* of what libuv has, it knows how much has left */
        unsent += waiting->backlog.length - waiting->handed +
                  uv_stream_get_write_queue_size((uv_stream_t *)&channel->tcp);
    return unsent;
}

struct socket_progress channel_progress(const struct channel *channel)
{
    uv_os_fd_t descriptor;

    if (uv_fileno((const uv_handle_t *)&channel->tcp, &descriptor) != 0)
        return (struct socket_progress){0};
    return socket_progress(descriptor);
}

/* The mark is what unsent bytes may cost. A chunk may be on its way already when it is reached, and blocks
 * are never quite full: room is left for both. */
static void check_congestion(struct channel *channel)
{
    size_t unsent = channel_unsent(channel);
    size_t mark = channel->net->high_water_mark;

    if (unsent > mark - mark / MARK_RESERVE) {
        if (!channel->congested) {
            channel->congested = true;
            channel->events->on_congested(channel);
        }
    } else if (channel->congested && unsent <= mark / 2) {
        channel->congested = false;
        channel->events->on_drained(channel);
    }
}

void channel_wrote(struct channel *channel)
{
    if (channel->closing) {
        buffer_deinit(&channel->out);
        return;
    }
    if (channel->out.length > 0)
        mark_dirty(channel);
    if (channel->waiting && channel->out.length >= MOST_GATHERED)
        channel_flush(channel);
    else
        check_congestion(channel);
}

static void on_shut_down(uv_shutdown_t *request, int status)
{
    (void)status; /* the peer's end of the stream, or the owner's patience, comes next either way */
    free(request);
}

static void shut_down(struct channel *channel)
{
    uv_shutdown_t *request = malloc(sizeof *request);

    if (!request || uv_shutdown(request, (uv_stream_t *)&channel->tcp, on_shut_down) != 0) {
        free(request);
        end(channel);
    }
}

/* Makes records of what was gathered; behind the last of all, the alert that says so. False where it can not.
 */
static bool seal(struct channel *channel)
{
    if (channel->out.length > 0 || channel->finishing) {
        if (!channel->sealed.data)
            net_take_buffer(channel->net, &channel->sealed);
        if (tls_encrypt(channel->tls, buffer_text(&channel->out), &channel->sealed) != TLS_OK)
            return false;
        if (channel->finishing)
            tls_end(channel->tls, &channel->sealed);
    }
    net_give_buffer(channel->net, &channel->out);
    return true;
}

static void on_written(uv_write_t *request, int status)
{
    struct waiting *waiting = request->data;
    struct channel *channel = waiting->channel;

    backlog_consume(&waiting->backlog, waiting->handed);
    waiting->handed = 0;
    if (channel->closing)
        return;
    if (status != 0)
        end(channel);
    else
        channel_flush(channel);
}

static struct waiting *make_waiting(struct channel *channel)
{
    struct waiting *waiting = malloc(sizeof *waiting);

    if (waiting) {
        waiting->channel = channel;
        waiting->request.data = waiting;
        waiting->handed = 0;
        backlog_init(&waiting->backlog, &channel->net->blocks);
    }
    return waiting;
}

/* Leaves what waits to libuv, with `rest` behind it. False where the stream is broken. */
static bool send_later(struct channel *channel, struct text rest)
{
    uv_buf_t first;

    if (!channel->waiting)
        channel->waiting = make_waiting(channel);
    struct waiting *waiting = channel->waiting;
    if (!waiting || backlog_append(&waiting->backlog, rest) != STATUS_OK)
        return false;
    if (waiting->handed > 0)
        return true;
    backlog_parts(&waiting->backlog, &first, 1);
    waiting->handed = first.len;
    return uv_write(&waiting->request, (uv_stream_t *)&channel->tcp, &first, 1, on_written) == 0;
}

/* Offers the kernel what waits and `ready` behind it. How many bytes of `ready` it took; -1 where the stream
 * is broken. */
static ssize_t send_now(struct channel *channel, const struct buffer *ready)
{
    struct backlog *backlog = channel->waiting ? &channel->waiting->backlog : NULL;
    uv_buf_t parts[MOST_PARTS];
    size_t count = backlog ? backlog_parts(backlog, parts, MOST_PARTS) : 0;

    if (ready->length > 0 && count < MOST_PARTS)
        parts[count++] = (uv_buf_t){.base = ready->data, .len = ready->length};
    if (count == 0)
        return 0;
    int sent = uv_try_write((uv_stream_t *)&channel->tcp, parts, (unsigned)count);
    if (sent < 0)
        return sent == UV_EAGAIN ? 0 : -1;
    size_t of_backlog = backlog ? backlog->length : 0;
    if (of_backlog > (size_t)sent)
        of_backlog = (size_t)sent;
    if (of_backlog > 0)
        backlog_consume(backlog, of_backlog);
    return sent - (ssize_t)of_backlog;
}

/* Sends what the kernel takes at once, the rest later. False where the stream is broken. */
static bool send_ready(struct channel *channel, struct buffer *ready)
{
    bool is_waiting = channel->waiting && channel->waiting->handed > 0;
    ssize_t sent = is_waiting ? 0 : send_now(channel, ready);
    struct text rest = buffer_text(ready);

    if (sent < 0)
        return false;
    if (sent > 0) {
        rest.data += sent;
        rest.length -= (size_t)sent;
    }
    if (rest.length > 0 || (channel->waiting && channel->waiting->backlog.length > 0)) {
        if (!send_later(channel, rest))
            return false;
    } else {
        forget_waiting(channel);
    }
    net_give_buffer(channel->net, ready);
    return true;
}

void channel_flush(struct channel *channel)
{
    list_remove(&channel->dirty);
    if (channel->closing)
        return;
    struct buffer *ready = channel->tls ? &channel->sealed : &channel->out;
    if ((channel->tls && !seal(channel)) || !send_ready(channel, ready)) {
        end(channel);
        return;
    }
    check_congestion(channel);
    if (channel->finishing && !channel->waiting && !channel->closing && channel->out.length == 0)
        shut_down(channel);
}

void channel_finish(struct channel *channel)
{
    if (channel->finishing || channel->closing)
        return;
    channel->finishing = true;
    mark_dirty(channel);
}
