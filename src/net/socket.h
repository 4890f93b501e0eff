#pragma once

#include "base/buffer.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

enum { SOCKET_BACKLOG = 1024 };

/* Where a socket listens. */
struct socket_address {
    char host[64]; /* as a URL has it: "127.0.0.1", "[::1]"; "localhost" where it listens on every address */
    uint16_t port; /* the one really bound */
};

/* Whether others of this process listen on the port, too, each connection going to one of them as the kernel
 * spreads them (SO_REUSEPORT). The first still fails where the port is in use, be it by such a process. */
enum socket_sharing { SOCKET_ALONE, SOCKET_FIRST, SOCKET_OTHER };

/*
 * A non-blocking TCP socket that listens on `host` (a name, an IPv4 or IPv6 address; NULL for every address),
 * port 0 picking a free one; it is the caller's to close. On failure `error` gets one line.
 */
NODISCARD enum status socket_listen(int *descriptor, struct socket_address *address, const char *host,
                                    uint16_t port, enum socket_sharing sharing, struct buffer *error);

/* The same of a listening socket that somebody else has opened. */
NODISCARD enum status socket_adopt(int descriptor, struct socket_address *address, struct buffer *error);

/* How far the other side has come with what was written to a connected TCP socket. */
struct socket_progress {
    uint64_t taken; /* bytes that its system has acknowledged, since the start */
    bool has_more;  /* some that were written are not among them */
};

/* Nothing taken and nothing more, where the system does not say. */
struct socket_progress socket_progress(int descriptor);
