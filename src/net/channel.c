#include "net/channel.h"

#include <stdlib.h>

/* A write that the kernel did not take at once; it owns its bytes. */
struct write {
    uv_write_t request;
    struct channel *channel;
    struct buffer data;
};

static struct channel *channel_of(uv_handle_t *handle)
{
    return handle->data;
}

static void on_closed(uv_handle_t *handle)
{
    struct channel *channel = channel_of(handle);

    channel->events->on_closed(channel);
}

void channel_close(struct channel *channel)
{
    if (channel->closing)
        return;
    channel->closing = true;
    list_remove(&channel->dirty);
    net_give_buffer(channel->net, &channel->out);
    uv_close((uv_handle_t *)&channel->tcp, on_closed); /* cancels a write under way: its callback frees it */
}

static void end(struct channel *channel)
{
    if (channel->ended || channel->closing)
        return;
    channel->ended = true;
    channel_read_stop(channel);
    channel->events->on_end(channel);
}

enum status channel_accept(struct channel *channel, struct net *net, uv_stream_t *server,
                           const struct channel_events *events)
{
    channel->net = net;
    channel->events = events;
    channel->sending = NULL;
    channel->congested = channel->finishing = channel->closing = channel->ended = channel->reading = false;
    list_init(&channel->dirty);
    buffer_init(&channel->out, BUFFER_UNLIMITED);
    uv_tcp_init(net->loop, &channel->tcp);
    channel->tcp.data = channel;
    if (uv_accept(server, (uv_stream_t *)&channel->tcp) != 0) {
        channel_close(channel);
        return STATUS_SYSTEM;
    }
    uv_tcp_nodelay(&channel->tcp, 1);
    return STATUS_OK;
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)suggested;
    *buffer = uv_buf_init(channel_of(handle)->net->read_buffer, NET_READ_BUFFER);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct channel *channel = channel_of((uv_handle_t *)stream);

    if (count > 0)
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
    return channel->out.length +
           (channel->sending ? uv_stream_get_write_queue_size((uv_stream_t *)&channel->tcp) : 0);
}

static void check_congestion(struct channel *channel)
{
    size_t unsent = channel_unsent(channel);

    if (unsent > channel->net->high_water_mark) {
        channel->congested = true;
    } else if (channel->congested && unsent <= channel->net->high_water_mark / 2) {
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
    if (channel->out.length > 0 && !channel->sending && list_is_empty(&channel->dirty))
        list_append(&channel->net->dirty, &channel->dirty);
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

static void on_written(uv_write_t *request, int status)
{
    struct write *write = request->data;
    struct channel *channel = write->channel;

    channel->sending = NULL;
    net_give_buffer(channel->net, &write->data);
    free(write);
    if (channel->closing)
        return;
    if (status != 0) {
        end(channel);
        return;
    }
    channel_flush(channel);
}

/* Hands what is left of `out` behind the first `sent` bytes to libuv, to be sent when the kernel has room. */
static bool send_later(struct channel *channel, size_t sent)
{
    struct write *write = malloc(sizeof *write);

    if (!write)
        return false;
    write->channel = channel;
    write->data = channel->out;
    write->request.data = write;
    buffer_init(&channel->out, BUFFER_UNLIMITED);
    uv_buf_t rest = {.base = write->data.data + sent, .len = write->data.length - sent};
    if (uv_write(&write->request, (uv_stream_t *)&channel->tcp, &rest, 1, on_written) != 0) {
        buffer_deinit(&write->data);
        free(write);
        return false;
    }
    channel->sending = write;
    return true;
}

void channel_flush(struct channel *channel)
{
    list_remove(&channel->dirty);
    if (channel->closing || channel->sending)
        return;
    if (channel->out.length > 0) {
        uv_buf_t all = {.base = channel->out.data, .len = channel->out.length};
        int sent = uv_try_write((uv_stream_t *)&channel->tcp, &all, 1);
        if (sent == UV_EAGAIN)
            sent = 0;
        if (sent < 0 || ((size_t)sent < channel->out.length && !send_later(channel, (size_t)sent))) {
            end(channel);
            return;
        }
        if (!channel->sending)
            net_give_buffer(channel->net, &channel->out);
    }
    check_congestion(channel);
    if (channel->finishing && !channel->sending && !channel->closing && channel->out.length == 0)
        shut_down(channel);
}

void channel_finish(struct channel *channel)
{
    if (channel->finishing || channel->closing)
        return;
    channel->finishing = true;
    if (!channel->sending && list_is_empty(&channel->dirty))
        list_append(&channel->net->dirty, &channel->dirty);
}
