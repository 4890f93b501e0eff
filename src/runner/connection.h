#pragma once

#include "base/buffer.h"
#include "base/list.h"
#include "base/status.h"
#include "net/channel.h"
#include "net/deadline.h"
#include "net/listener.h"
#include "pipeline/event.h"
#include "pipeline/peer.h"
#include "protocol/deflate_offer.h"
#include "protocol/reader.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * One client, from accept to the end of its on_disconnect.
 *
 *   HEAD --upgrade--> CONNECTING --101--> OPEN --Close sent--> CLOSING
 *    |                (on_connect)         |                      |
 *    |                    |                +--Close received--+   +--Close or time
 *    +--refused-----------+--refused                          |   |
 *                              |                              |   |
 *                              +----------> FINISHING <-------+---+
 *                                  (bytes leave, input is dropped)
 *                                               |
 *                                            CLOSED
 *
 * From any state the peer may vanish, which leads to CLOSED. on_disconnect runs when OPEN or CLOSING is left
 * for FINISHING or CLOSED. The memory goes when the channel is closed and the last event has ended.
 */

struct runner;

enum connection_state {
    CONNECTION_HEAD,
    CONNECTION_CONNECTING,
    CONNECTION_OPEN,
    CONNECTION_CLOSING,
    CONNECTION_FINISHING,
    CONNECTION_CLOSED,
};

struct connection {
    struct channel channel;
    struct peer peer;
    struct connection *next_in_roster;
    struct reader reader;
    struct runner *runner;
    struct list node; /* in runner->connections */
    struct list left; /* in runner->left from when nothing can be sent any more to connection_settle() */
    size_t bytes_in_flight; /* of messages whose events are under way */
    struct deadline deadline;
    struct buffer *input; /* before OPEN the request and what is behind it, then what has to wait; or NULL */
    struct buffer *early; /* CONNECTING: frames pushed before the 101, or NULL */
    char *reason;         /* of the Close, for on_disconnect; NULL where it has none */
    char *user_agent;     /* NULL where the request had none */
    int64_t opened_wall_ms; /* when the request came, by the world's clock */
    uint64_t opened_ms;     /* the same by the loop's, as is the next */
    uint64_t active_ms;     /* when the last message came or went */
    uint64_t pinged_ms;     /* when it was pinged last */
    uint64_t taken;         /* bytes that the peer had taken then */
    uint32_t head_length;   /* CONNECTING: bytes of `input` that are the request */
    uint32_t in_flight;     /* events under way, on_connect and on_disconnect too */
    uint16_t code;          /* of the Close, for on_disconnect */
    uint8_t state;          /* enum connection_state */
    bool refused;           /* by on_connect: no on_disconnect */
    bool was_open;
    bool connecting;    /* on_connect is under way */
    bool overflowed;    /* more was pushed before the 101 than may be unsent */
    bool ending;        /* a Close or an error was read behind messages: it counts when their turn is over */
    bool ending_badly;  /* it is an error; code and reason tell it */
    bool disconnected;  /* on_disconnect was started, or is not wanted */
    bool reading_input; /* inside connection_read_input() */
    bool is_gone;       /* its channel is closed: the memory goes with the last event */
    uint8_t reason_length;
    uint8_t silent_pings;             /* pings since something came */
    struct deflate_agreement deflate; /* what was agreed on of compression */
};

/* Takes the listener's next connection, over TLS where there is a context. It is in runner->connections until
 * its end. STATUS_CLOSED where none is there, STATUS_NO_MEMORY where it was not taken and still waits;
 * anything else that is not STATUS_OK where it was, and is closed. Where it was taken, *descriptor is its
 * socket. */
NODISCARD enum status connection_accept(struct runner *runner, struct listener *listener,
                                        struct tls_context *tls, int *descriptor);

/* Queues one message, text where it is UTF-8. STATUS_CLOSED where nothing can be sent any more, STATUS_LIMIT
 * where it would pass --max-buffered: it is not queued then. */
NODISCARD enum status connection_post(struct connection *connection, struct text data);

enum { CONNECTION_IP_SIZE = 46 };
/* Where it comes from, as text; an IPv4 address that came in over IPv6 is IPv4's. */
void connection_source_ip(const struct connection *connection, char out[CONNECTION_IP_SIZE]);

/* Bytes that came and wait: behind the request until it is answered, then for their turn. */
size_t connection_kept_input(const struct connection *connection);
/* Bytes that are held for it in all, unsent or not dealt with. */
size_t connection_held(const struct connection *connection);

/* Starts the closing handshake; before OPEN it answers what was asked with 503. Nothing when it is closing
 * already. */
void connection_close(struct connection *connection, uint16_t code, struct text reason);
/* Deals with what its close had to leave for the turn. For those in runner->left. */
void connection_settle(struct connection *connection);
/* Ends it without ceremony. */
void connection_drop(struct connection *connection);
