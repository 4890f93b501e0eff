#pragma once

#include "base/buffer.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/* A listening TCP socket. Embedded in its owner, which must stay until on_closed. */
struct listener {
    uv_tcp_t tcp;
    void (*on_connection)(struct listener *listener); /* to be taken with channel_accept() */
    void (*on_closed)(struct listener *listener);
    char address[64]; /* as a URL has it: "127.0.0.1", "[::1]"; "localhost" where it listens on every address
                       */
    uint16_t port;    /* the one really bound */
    bool open;
};

/*
 * Binds to `host` (a name, an IPv4 or IPv6 address; NULL for every address) and listens. On failure `error`
 * gets one line and nothing is left open, but the loop must run once more to forget the handle.
 */
NODISCARD enum status listener_open(struct listener *listener, uv_loop_t *loop, const char *host,
                                    uint16_t port, struct buffer *error);
void listener_close(struct listener *listener); /* more than once is fine */
