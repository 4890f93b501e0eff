#pragma once

#include "base/buffer.h"
#include "base/list.h"
#include "base/status.h"
#include "net/net.h"
#include "net/socket.h"
#include "net/tls.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * One accepted byte stream, over TCP or over TLS on it, which its owner sees no difference of: reads into the
 * loop's shared buffer, gathers what is written during a turn and sends it with one write. What the kernel
 * does not take then waits in blocks. Between turns a channel owns no other buffer, and an idle one none at
 * all. Embedded in its owner, which must stay until on_closed.
 *
 *   open ----channel_finish()---> finishing: what is queued is sent,
 *     |                               |      then the stream is shut down;
 *     |                               |      input is still delivered
 *     +-------channel_close()---------+--> closed ---> on_closed()
 */

struct channel;

struct channel_events {
    /* Where what comes next is to lie, at most *size bytes of it; NULL: in the loop's buffer. Not asked over
     * TLS. */
    char *(*on_room)(struct channel *channel, size_t *size);
    /* Bytes came; they are the owner's to change, and gone when it returns but where it has made the room. */
    void (*on_data)(struct channel *channel, char *data, size_t length);
    /* The peer's end of the stream, or an error: nothing more will come. The owner closes the channel, now or
     * soon. */
    void (*on_end)(struct channel *channel);
    /* The unsent bytes have come to the high-water mark, but for a sixteenth: room for a chunk on its way. */
    void (*on_congested)(struct channel *channel);
    /* After that: they have fallen to half of it. */
    void (*on_drained)(struct channel *channel);
    /* The last call, from the loop and never from within another; the owner may free itself. */
    void (*on_closed)(struct channel *channel);
};

struct channel {
    struct net *net;
    const struct channel_events *events;
    struct list listed;      /* in net->dirty while it has something to write; at last in net->closed */
    struct tls_session *tls; /* NULL: plain TCP */
    struct buffer *out;      /* gathered in this turn; NULL: nothing */
    struct buffer *sealed;   /* TLS: the same as records */
    struct backlog *waiting; /* what the kernel did not take at once; NULL: nothing */
    int descriptor;          /* -1 once it is closed */
    uint8_t watched;         /* what the kernel tells of: the low byte of epoll's events */
    bool congested;
    bool finishing;
    bool closing;
    bool ended; /* on_end was called */
    bool reading;
};

/* Takes a connected socket that does not block, over TLS where there is a context; the channel does not read
 * yet. On failure the caller still waits for on_closed, which comes by itself. */
NODISCARD enum status channel_open(struct channel *channel, struct net *net, int descriptor,
                                   struct tls_context *tls, const struct channel_events *events);

void channel_read_start(struct channel *channel);
void channel_read_stop(struct channel *channel);

/* The buffer that the next flush sends: append to it, then call channel_wrote(). */
struct buffer *channel_out(struct channel *channel);
void channel_wrote(struct channel *channel);
/* The same with `body` behind what was appended: a long one is sent without being gathered, and copied only
 * as far as it has to wait. STATUS_NO_MEMORY: none of it is queued. */
NODISCARD enum status channel_send(struct channel *channel, struct text body);
/* Bytes that the kernel has not taken yet, and that we hold. */
size_t channel_unsent(const struct channel *channel);
/* How far the peer has come with what was sent. */
struct socket_progress channel_progress(const struct channel *channel);

/* Sends what is queued, then shuts down our side. */
void channel_finish(struct channel *channel);
/* Drops what is queued. May be called at any time, in its own callbacks too, and more than once. */
void channel_close(struct channel *channel);

/* ---- for the net ---- */

void channel_ready(struct channel *channel, uint32_t events); /* epoll's */
/* What net_came() was told of; nothing is done where the channel is closed, or has ended, since. */
void channel_deal(struct channel *channel, char *data, size_t length);
void channel_flush(struct channel *channel); /* sends what was gathered; leaves net->dirty */
void channel_end(struct channel *channel);   /* calls on_closed */
