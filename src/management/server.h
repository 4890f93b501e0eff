#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "net/socket.h"

#include <stdint.h>

/*
 * The management server (CONTRACT, section 8): lists the runner's connections, posts to them, closes them,
 * and says how the runner does. HTTP/1.1 by libmicrohttpd, without a thread of its own: it works in the
 * runner's loop, and only there may it be used.
 */

struct runner;
struct management;

struct management_options {
    const char *host;  /* NULL: every address */
    uint16_t port;     /* 0: a free one */
    int descriptor;    /* a listening socket to use instead, the server's from then on; -1: none */
    const char *token; /* every request then needs "Authorization: Bearer <token>"; NULL: none does */
};

/*
 * Listens, and lets the runner's events have their postback-url: so before runner_start(). The options' texts
 * and the runner must outlive it. On failure `error` gets one line, and nothing is left but handles that the
 * loop must run once more to forget.
 */
NODISCARD enum status management_open(struct management **management, struct runner *runner,
                                      const struct management_options *options, struct buffer *error);
const struct socket_address *management_address(const struct management *management);

/* Stops at once, requests under way too. Its memory goes when the loop has run once more. NULL is fine. */
void management_close(struct management *management);
