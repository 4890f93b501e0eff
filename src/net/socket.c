#include "net/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct any_address {
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    };
    socklen_t length;
};

static enum status look_up(const char *host, struct any_address *address, struct buffer *error)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found;
    int failure = getaddrinfo(host, NULL, &hints, &found);

    if (failure != 0) {
        enum status status = buffer_printf(error, "cannot listen on '%s': %s", host, gai_strerror(failure));
        return status == STATUS_OK ? STATUS_SYSTEM : status;
    }
    memcpy(&address->any, found->ai_addr, found->ai_addrlen);
    address->length = found->ai_addrlen;
    freeaddrinfo(found);
    return STATUS_OK;
}

static void set_port(struct any_address *address, uint16_t port)
{
    if (address->any.sa_family == AF_INET6)
        address->six.sin6_port = htons(port);
    else
        address->four.sin_port = htons(port);
}

/* A listening socket, or -1 with errno. */
static int open_socket(const struct any_address *address, enum socket_sharing sharing)
{
    int on = 1;
    int off = 0;
    int descriptor = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (descriptor < 0)
        return -1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->any.sa_family == AF_INET6)
        setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (sharing == SOCKET_OTHER)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    int bound = bind(descriptor, &address->any, address->length);
    /* Only now: before, it would go beside whoever listens there already. */
    if (bound == 0 && sharing == SOCKET_FIRST)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (bound == 0 && listen(descriptor, SOCKET_BACKLOG) == 0)
        return descriptor;
    int failure = errno;
    close(descriptor);
    errno = failure;
    return -1;
}

static enum status describe(struct socket_address *out, int descriptor)
{
    struct any_address bound = {.length = sizeof bound.six};
    char ip[INET6_ADDRSTRLEN] = "";
    int listens = 0;
    socklen_t size = sizeof listens;

    if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || !listens ||
        getsockname(descriptor, &bound.any, &bound.length) != 0 ||
        (bound.any.sa_family != AF_INET && bound.any.sa_family != AF_INET6))
        return STATUS_INVALID;
    bool six = bound.any.sa_family == AF_INET6;
    out->port = ntohs(six ? bound.six.sin6_port : bound.four.sin_port);
    if (six ? IN6_IS_ADDR_UNSPECIFIED(&bound.six.sin6_addr) : bound.four.sin_addr.s_addr == INADDR_ANY) {
        strcpy(out->host, "localhost");
        return STATUS_OK;
    }
    inet_ntop(bound.any.sa_family, six ? (void *)&bound.six.sin6_addr : (void *)&bound.four.sin_addr, ip,
              sizeof ip);
    snprintf(out->host, sizeof out->host, six ? "[%s]" : "%s", ip);
    return STATUS_OK;
}

enum status socket_listen(int *descriptor, struct socket_address *address, const char *host, uint16_t port,
                          enum socket_sharing sharing, struct buffer *error)
{
    struct any_address wanted = {.six = {.sin6_family = AF_INET6}, .length = sizeof wanted.six};
    enum status status = host ? look_up(host, &wanted, error) : STATUS_OK;

    if (status != STATUS_OK)
        return status;
    set_port(&wanted, port);
    *descriptor = open_socket(&wanted, sharing);
    if (*descriptor < 0 && errno != EADDRINUSE && !host) { /* a host without IPv6 */
        wanted = (struct any_address){.four = {.sin_family = AF_INET}, .length = sizeof wanted.four};
        set_port(&wanted, port);
        *descriptor = open_socket(&wanted, sharing);
    }
    if (*descriptor < 0) {
        status = buffer_printf(error, "cannot listen on %s port %u: %s", host ? host : "every address,", port,
                               errno == EADDRINUSE ? "the port is in use" : strerror(errno));
        return status == STATUS_OK ? STATUS_SYSTEM : status;
    }
    status = describe(address, *descriptor);
    if (status != STATUS_OK)
        close(*descriptor);
    return status;
}

enum status socket_adopt(int descriptor, struct socket_address *address, struct buffer *error)
{
    enum status status = describe(address, descriptor);

    if (status == STATUS_OK)
        return STATUS_OK;
    enum status printed = buffer_printf(error, "descriptor %d is no listening TCP socket", descriptor);
    return printed == STATUS_OK ? status : printed;
}

struct socket_progress socket_progress(int descriptor)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof info;

    if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) != 0)
        return (struct socket_progress){0};
    return (struct socket_progress){
        .taken = info.tcpi_bytes_acked,
        .has_more = info.tcpi_unacked > 0 || info.tcpi_notsent_bytes > 0,
    };
}
