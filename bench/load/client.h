#pragma once

#include "load/connection.h"
#include "load/histogram.h"
#include "load/message.h"
#include "load/options.h"

#include <stdbool.h>
#include <stdint.h>

/* All connections of one run, and the loop they are on. What goes wrong is counted in `errors`; the first is
 * said. */
struct client {
    struct options options;
    struct message message;
    struct connection *connections; /* options.connections of them */
    uint8_t *scratch;               /* what is read passes through here, whichever connection it is from */
    int epoll;
    unsigned started; /* connections, whatever became of them */
    unsigned handshaking;
    unsigned open;
    unsigned errors;
    struct histogram latencies; /* of every reply since this was cleared */
};

/* Takes `options` over. False, with the reason on stderr; client_deinit() in either case. */
bool client_init(struct client *client, const struct options *options);
void client_deinit(struct client *client);

/* Opens every connection. False, with the reason on stderr, where one cannot be had within the timeout. */
bool client_open(struct client *client);

/* Starts the connection of this index. */
void client_start(struct client *client, unsigned index);

/* Has a connection ask, at `due_ns`. */
void client_ask(struct client *client, struct connection *connection, uint64_t due_ns);

/* Has every connection ask as much as it may. */
void client_ask_all(struct client *client);

/* One turn of the loop, at most until the deadline. */
void client_turn(struct client *client, uint64_t now_ns, uint64_t deadline_ns);

/* Runs the loop for so long, or until nobody is left; returns the seconds it took. */
double client_run(struct client *client, double seconds);

/* Counts an error of this connection, and closes it. */
void client_fail(struct client *client, struct connection *connection, const char *problem);

/* Reads once; the connection is closed where that goes wrong. */
void client_read(struct client *client, struct connection *connection, size_t most);

struct received {
    uint64_t messages;
    uint64_t bytes;
};

struct received client_received(const struct client *client);

uint64_t deadline_after(double seconds);

/* What this process has used of its core. */
double cpu_seconds(void);
