#pragma once

#include "load/message.h"
#include "load/options.h"
#include "load/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One client connection:
 *
 *     HANDSHAKE --101--> OPEN --> CLOSED
 *         |                          ^
 *         +---- any trouble ---------+
 */
enum connection_state { CONNECTION_CLOSED, CONNECTION_HANDSHAKE, CONNECTION_OPEN };

struct connection {
    enum connection_state state;
    int socket; /* -1 while closed */
    const struct options *options;
    const struct message *message;
    struct reader reader;
    char *answer; /* the handshake's answer, then the first reply's beginning; NULL once both are checked */
    size_t answer_length;
    size_t unsent;     /* bytes of messages that are due but not written yet */
    uint64_t *sent_at; /* a ring of `in_flight` times; the oldest outstanding message's is at `oldest` */
    unsigned oldest;
    uint64_t messages; /* --stream: that have come */
    uint64_t bytes;    /* the same, as they came in frames */
};

/* Starts connecting to the options' port on the loopback. `index` tells connections apart. NULL, or what
 * failed. */
const char *connection_open(struct connection *connection, unsigned index, const struct options *options,
                            const struct message *message);
void connection_close(struct connection *connection);

/* Makes as many messages due as may be outstanding, stamped `now_ns`. Once, when open. */
const char *connection_start(struct connection *connection, uint64_t now_ns);

/* Called with the latency of every reply. */
typedef void on_reply(void *context, uint64_t latency_ns);

/* Reads what has come, through `scratch`; every reply makes the next message due. NULL, or what went wrong.
 */
const char *connection_read(struct connection *connection, uint8_t *scratch, size_t scratch_size,
                            on_reply *replied, void *context);

/* Writes what is due, as far as the socket takes it. NULL, or what went wrong. */
const char *connection_write(struct connection *connection);
