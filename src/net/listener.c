#include "net/listener.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

enum { BACKLOG = 1024 };

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

static enum status look_up(const char *host, uint16_t port, struct sockaddr_storage *address,
                           struct buffer *error)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found;
    char service[8];

    snprintf(service, sizeof service, "%u", port);
    int failure = getaddrinfo(host, service, &hints, &found);
    if (failure != 0) {
        enum status status = buffer_printf(error, "cannot listen on '%s': %s", host, gai_strerror(failure));
        return status == STATUS_OK ? STATUS_SYSTEM : status;
    }
    memcpy(address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return STATUS_OK;
}

static int bind_and_listen(struct listener *listener, const struct sockaddr *address)
{
    int failure = uv_tcp_bind(&listener->tcp, address, 0);

    if (failure == 0)
        failure = uv_listen((uv_stream_t *)&listener->tcp, BACKLOG, on_connection);
    return failure;
}

static void describe(struct listener *listener, bool everywhere)
{
    struct sockaddr_storage bound;
    int length = sizeof bound;
    char ip[48] = "";

    uv_tcp_getsockname(&listener->tcp, (struct sockaddr *)&bound, &length);
    uv_ip_name((struct sockaddr *)&bound, ip, sizeof ip);
    bool six = bound.ss_family == AF_INET6;
    listener->port =
        ntohs(six ? ((struct sockaddr_in6 *)&bound)->sin6_port : ((struct sockaddr_in *)&bound)->sin_port);
    snprintf(listener->address, sizeof listener->address, six ? "[%s]" : "%s", ip);
    if (everywhere)
        strcpy(listener->address, "localhost");
}

enum status listener_open(struct listener *listener, uv_loop_t *loop, const char *host, uint16_t port,
                          struct buffer *error)
{
    struct sockaddr_storage address;
    enum status status = STATUS_OK;

    uv_tcp_init(loop, &listener->tcp);
    listener->tcp.data = listener;
    listener->open = true;
    if (host)
        status = look_up(host, port, &address, error);
    else
        uv_ip6_addr("::", port, (struct sockaddr_in6 *)&address);
    if (status == STATUS_OK) {
        int failure = bind_and_listen(listener, (struct sockaddr *)&address);
        if (failure != 0 && failure != UV_EADDRINUSE && !host) { /* a host without IPv6 */
            uv_ip4_addr("0.0.0.0", port, (struct sockaddr_in *)&address);
            failure = bind_and_listen(listener, (struct sockaddr *)&address);
        }
        if (failure != 0) {
            status =
                buffer_printf(error, "cannot listen on %s port %u: %s", host ? host : "every address,", port,
                              failure == UV_EADDRINUSE ? "the port is in use" : uv_strerror(failure));
            status = status == STATUS_OK ? STATUS_SYSTEM : status;
        }
    }
    if (status != STATUS_OK) {
        listener_close(listener);
        return status;
    }
    describe(listener, !host);
    return STATUS_OK;
}

void listener_close(struct listener *listener)
{
    if (!listener->open)
        return;
    listener->open = false;
    uv_close((uv_handle_t *)&listener->tcp, on_closed);
}
