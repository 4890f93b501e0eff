#include "net/listener.h"

#include <unistd.h>

static void on_closed(uv_handle_t *handle)
{
    struct listener *listener = handle->data;

    if (listener->on_closed)
        listener->on_closed(listener);
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct listener *listener = stream->data;

    if (status == 0)
        listener->on_connection(listener);
}

/* Hands the socket over to libuv, which closes it from then on. */
static enum status adopt(struct listener *listener, int descriptor, struct buffer *error)
{
    int failure = uv_tcp_open(&listener->tcp, descriptor);

    if (failure != 0)
        close(descriptor);
    else
        failure = uv_listen((uv_stream_t *)&listener->tcp, SOCKET_BACKLOG, on_connection);
    if (failure == 0)
        return STATUS_OK;
    enum status status = buffer_printf(error, "cannot listen: %s", uv_strerror(failure));
    return status == STATUS_OK ? STATUS_SYSTEM : status;
}

static void start(struct listener *listener, uv_loop_t *loop)
{
    uv_tcp_init(loop, &listener->tcp);
    listener->tcp.data = listener;
    listener->open = true;
}

enum status listener_adopt(struct listener *listener, uv_loop_t *loop, int descriptor, struct buffer *error)
{
    start(listener, loop);
    enum status status = socket_adopt(descriptor, &listener->address, error);
    if (status == STATUS_OK)
        status = adopt(listener, descriptor, error);
    else
        close(descriptor);
    if (status != STATUS_OK)
        listener_close(listener);
    return status;
}

enum status listener_open(struct listener *listener, uv_loop_t *loop, const char *host, uint16_t port,
                          enum socket_sharing sharing, struct buffer *error)
{
    int descriptor;

    start(listener, loop);
    enum status status = socket_listen(&descriptor, &listener->address, host, port, sharing, error);
    if (status == STATUS_OK)
        status = adopt(listener, descriptor, error);
    if (status != STATUS_OK)
        listener_close(listener);
    return status;
}

void listener_close(struct listener *listener)
{
    if (!listener->open)
        return;
    listener->open = false;
    uv_close((uv_handle_t *)&listener->tcp, on_closed);
}
