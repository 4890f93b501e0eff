#pragma once

#include "base/buffer.h"
#include "base/list.h"
#include "base/status.h"
#include "net/backlog.h"

#include <stddef.h>
#include <uv.h>

/*
 * What all channels of one loop share: one read buffer, the list of channels with something to write, a few
 * spare buffers and blocks. The loop is its caller's. One a loop, used from its thread only.
 */

enum {
    NET_READ_BUFFER = 64 * 1024,
    NET_SPARE_BUFFERS = 64,
    NET_SPARE_CAPACITY = 64 * 1024, /* larger ones are freed, not kept */
};

struct net {
    uv_loop_t *loop;
    size_t high_water_mark; /* unsent bytes that a channel is to have at the most, see channel.h */
    char *read_buffer;
    char *plain_buffer; /* what TLS makes of it; NULL until the first TLS channel */
    struct list dirty;  /* channels with bytes to write by the end of this turn */
    struct buffer spare[NET_SPARE_BUFFERS];
    size_t spare_count;
    struct block_pool blocks; /* of what waits on any channel */
};

NODISCARD enum status net_init(struct net *net, uv_loop_t *loop, size_t high_water_mark);
void net_deinit(struct net *net); /* once every channel is closed */

/* Writes what every channel has gathered, one write each. To be called once a turn, after all events were
 * handled. */
void net_flush(struct net *net);

/* An empty buffer, perhaps with memory; and back. */
void net_take_buffer(struct net *net, struct buffer *buffer);
void net_give_buffer(struct net *net, struct buffer *buffer);
