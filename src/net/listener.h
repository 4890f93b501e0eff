#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "net/socket.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/* A listening TCP socket on the loop. Embedded in its owner, which must stay until on_closed. */
struct listener {
    uv_tcp_t tcp;
    /* To be taken with channel_accept(), now or later: until it is, the next ones wait in the kernel. */
    void (*on_connection)(struct listener *listener);
    void (*on_closed)(struct listener *listener);
    struct socket_address address;
    bool open;
};

/*
 * Listens as socket_listen() does. On failure `error` gets one line and nothing is left open, but the loop
 * must run once more to forget the handle.
 */
NODISCARD enum status listener_open(struct listener *listener, uv_loop_t *loop, const char *host,
                                    uint16_t port, enum socket_sharing sharing, struct buffer *error);
/* The same on a listening socket that somebody else has opened, which is the listener's from then on. */
NODISCARD enum status listener_adopt(struct listener *listener, uv_loop_t *loop, int descriptor,
                                     struct buffer *error);
void listener_close(struct listener *listener); /* more than once is fine */
