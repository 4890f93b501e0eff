#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "net/socket.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/* A listening TCP socket on the loop. Embedded in its owner, which must stay until on_closed. */
struct listener {
    uv_poll_t poll;
    /* Connections are there, to be taken with listener_accept(). Those that are not taken wait in the kernel;
     * it is called again, with every turn of the loop, unless listener_pause() was. */
    void (*on_connection)(struct listener *listener);
    void (*on_closed)(struct listener *listener);
    struct socket_address address;
    int descriptor;
    bool open;
};

/*
 * Listens as socket_listen() does. On failure `error` gets one line and nothing is left of it: on_closed is
 * not called.
 */
NODISCARD enum status listener_open(struct listener *listener, uv_loop_t *loop, const char *host,
                                    uint16_t port, enum socket_sharing sharing, struct buffer *error);
/* The same on a listening socket that somebody else has opened, which is the listener's from then on. */
NODISCARD enum status listener_adopt(struct listener *listener, uv_loop_t *loop, int descriptor,
                                     struct buffer *error);
/* The next connection's socket, which does not block and sends without delay. STATUS_CLOSED: none is there.
 * STATUS_NO_MEMORY: one is, and has to wait for memory or descriptors. */
NODISCARD enum status listener_accept(struct listener *listener, int *descriptor);
void listener_pause(struct listener *listener);
void listener_resume(struct listener *listener);
void listener_close(struct listener *listener); /* more than once is fine */
