#include "net/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static void on_closed(uv_handle_t *handle)
{
    struct listener *listener = handle->data;

    if (listener->on_closed)
        listener->on_closed(listener);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct listener *listener = poll->data;

    (void)events;
    if (status == 0)
        listener->on_connection(listener);
}

/* Has the loop watch the socket; where it can not, the socket is closed. */
static enum status start(struct listener *listener, uv_loop_t *loop, int descriptor, struct buffer *error)
{
    int on = 1;
    int failure = uv_poll_init(loop, &listener->poll, descriptor);

    if (failure != 0) {
        close(descriptor);
        enum status status = buffer_printf(error, "cannot listen: %s", uv_strerror(failure));
        return status == STATUS_OK ? STATUS_SYSTEM : status;
    }
    /* Linux hands this on to every connection (tcp(7)). */
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    listener->poll.data = listener;
    listener->descriptor = descriptor;
    listener->open = true;
    listener_resume(listener);
    return STATUS_OK;
}

enum status listener_adopt(struct listener *listener, uv_loop_t *loop, int descriptor, struct buffer *error)
{
    enum status status = socket_adopt(descriptor, &listener->address, error);

    if (status == STATUS_OK)
        return start(listener, loop, descriptor, error);
    close(descriptor);
    return status;
}

enum status listener_open(struct listener *listener, uv_loop_t *loop, const char *host, uint16_t port,
                          enum socket_sharing sharing, struct buffer *error)
{
    int descriptor;
    enum status status = socket_listen(&descriptor, &listener->address, host, port, sharing, error);

    return status == STATUS_OK ? start(listener, loop, descriptor, error) : status;
}

enum status listener_accept(struct listener *listener, int *descriptor)
{
    for (;;) {
        int accepted = accept4(listener->descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted >= 0) {
            *descriptor = accepted;
            return STATUS_OK;
        }
        switch (errno) {
        case EINTR:
        case ECONNABORTED: break; /* the next one, then */
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM: return STATUS_NO_MEMORY;
        default: return STATUS_CLOSED;
        }
    }
}

/* A listening socket has nobody to disconnect from: the loop is kept alive, and hears nothing. */
void listener_pause(struct listener *listener)
{
    if (listener->open)
        uv_poll_start(&listener->poll, UV_DISCONNECT, on_readable);
}

void listener_resume(struct listener *listener)
{
    if (listener->open)
        uv_poll_start(&listener->poll, UV_READABLE, on_readable);
}

void listener_close(struct listener *listener)
{
    if (!listener->open)
        return;
    listener->open = false;
    uv_close((uv_handle_t *)&listener->poll, on_closed); /* the loop looks at the descriptor no more */
    close(listener->descriptor);
}
