#pragma once

#include "base/buffer.h"
#include "base/list.h"
#include "base/status.h"
#include "net/backlog.h"

#include <stddef.h>
#include <uv.h>

/*
 * What all channels of a runner share: who of them can go on, one read buffer, the list of those with
 * something to write, a few spare buffers and blocks. The loop is its caller's. Used from the loop's thread
 * only.
 *
 *     a turn:   what has come is read      what was read is dealt with     what was made of it is written
 *               of one socket after the    of one channel after the        by net_flush(), one after the
 *               other: the kernel's code   other: ours                     other: the kernel's again
 *
 * Each of the three is the same code again and again, which the processor has at hand then; socket by socket
 * it would have to fetch all of it each time.
 *
 * The channels' sockets are in an epoll set of their own: libuv would have a handle of a quarter of a
 * kilobyte for each, most of it for what nobody here asks for. So there are two sets, and one of them lies in
 * the other as one descriptor:
 *
 *     NET_IN_LOOP     libuv's set --> the channels'    on any loop; whoever waits looks into both
 *     NET_AROUND_LOOP the channels' set --> libuv's    the loop's turns are net_wait()'s, and as long as only
 *                                                      channels have something libuv's set is not looked at
 */

enum {
    NET_MOST_READY = 256, /* sockets that are served in one turn */
    NET_READ = 64 * 1024, /* bytes of one read at most */
    NET_READ_BUFFER = 2 * NET_READ,
    NET_SPARE_BUFFERS = 64,
    NET_SPARE_CAPACITY = 64 * 1024, /* larger ones are freed, not kept */
};

enum net_place {
    NET_IN_LOOP,
    NET_AROUND_LOOP,
};

struct channel;

struct net {
    uv_loop_t *loop;
    size_t high_water_mark; /* unsent bytes that a channel is to have at the most, see channel.h */
    char *read_buffer;
    size_t read_length; /* of it is in use: by what was read, and is not dealt with yet */
    struct net_arrival {
        struct channel *channel;
        size_t length; /* one lies behind the other */
    } arrivals[NET_MOST_READY];
    size_t arrival_count;
    char *plain_buffer; /* what TLS makes of it; NULL until the first TLS channel */
    struct list dirty;  /* channels with bytes to write by the end of this turn */
    struct list closed; /* channels that are to hear on_closed */
    struct buffer *spare[NET_SPARE_BUFFERS];
    size_t spare_count;
    struct buffer none;       /* what there is when memory is out: nothing goes in */
    struct buffer dropped;    /* what is written to channels that are closed */
    struct block_pool blocks; /* of what waits on any channel */
    size_t channels;          /* that have not heard on_closed */
    size_t turn_count;        /* sockets that were served in this turn, or the last one */
    size_t turn_bytes;        /* what came on them */
    int epoll;
    enum net_place place;
    uv_poll_t readiness; /* of the epoll set, where it is in the loop's */
    uv_prepare_t hold;   /* keeps the loop alive while there are channels */
    uv_idle_t round;     /* active where the loop is to come round at once, as while `closed` has any */
    size_t open_handles;
    void (*on_closed)(struct net *net);
};

/* NET_AROUND_LOOP is for one net of a loop that is run by uv_run(UV_RUN_DEFAULT) or UV_RUN_ONCE, and by
 * nobody who expects its prepare and check handles to be called for each message. On failure nothing is left
 * of it. */
NODISCARD enum status net_init(struct net *net, uv_loop_t *loop, enum net_place place,
                               size_t high_water_mark);
/* Once every channel is closed. Calls on_closed when the loop has nothing of it any more. */
void net_close(struct net *net, void (*on_closed)(struct net *net));

/* Of one that is around its loop, to be called from a prepare handle: waits until the loop's own handles have
 * something, which they are about to hear then. What comes on channels meanwhile is dealt with, and `turn`
 * called after each time. */
void net_wait(struct net *net, void (*turn)(void *owner), void *owner);

/* Writes what every channel has gathered, one write each. To be called once a turn, after all events were
 * handled. */
void net_flush(struct net *net);

/* An empty buffer, perhaps with memory; and back, NULL being fine. When memory is out it is `none`. */
struct buffer *net_take_buffer(struct net *net);
void net_give_buffer(struct net *net, struct buffer *buffer);

/* For channels: where the next read goes, of NET_READ bytes at most; and that so many bytes have come there,
 * which the channel will have to deal with in this turn (channel_deal()). */
char *net_room(const struct net *net);
void net_came(struct net *net, struct channel *channel, size_t length);

/* For channels: counts one more; and lets one that is in no list, and whose socket is closed, hear on_closed
 * when the loop has come round. */
void net_add(struct net *net);
void net_part(struct net *net, struct list *node);
