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
    bool requested; /* the handshake's request is sent */
    struct reader reader;
    char *answer; /* the handshake's answer, then the first reply's beginning; NULL once both are checked */
    size_t answer_length;
    size_t unsent;    /* bytes of messages that are due but not written yet */
    uint64_t *due_at; /* a ring of `in_flight` times: when each outstanding message was to go */
    unsigned oldest;  /* in that ring */
    unsigned outstanding;
    uint64_t messages; /* that have come */
    uint64_t bytes;    /* the same, as they came in frames */
};

/* Starts connecting to the options' port on the loopback, and where that is done at once, the handshake.
 * `index` tells connections apart. NULL, or what failed. */
const char *connection_open(struct connection *connection, unsigned index, const struct options *options,
                            const struct message *message);
void connection_close(struct connection *connection);

/* The same with a reset: it leaves no port in TIME_WAIT. */
void connection_reset(struct connection *connection);

/* Makes one more message due, at `due_ns`; connection_write() sends it. False where `in_flight` are
 * outstanding. */
bool connection_ask(struct connection *connection, uint64_t due_ns);

/* Called with the time every reply took since its message was due. */
typedef void on_reply(void *context, uint64_t latency_ns);

/* Reads what has come, through `scratch`; in the closed loop every reply makes the next message due. NULL, or
 * what went wrong. */
const char *connection_read(struct connection *connection, uint8_t *scratch, size_t scratch_size,
                            on_reply *replied, void *context);

/* Writes what is due, as far as the socket takes it. NULL, or what went wrong. */
const char *connection_write(struct connection *connection);
