#include "net/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MOST_PARTS = 128,          /* of one write: some 1 MiB of a backlog */
    MOST_GATHERED = 32 * 1024, /* bytes: more in one text, or while others wait, is passed on at once */
    MARK_RESERVE = 16,         /* congestion begins a sixteenth of the high-water mark below it */
};

/* ---- what the kernel is to tell ---- */

static uint8_t wanted(const struct channel *channel)
{
    return (uint8_t)((channel->reading ? EPOLLIN : 0) | (channel->waiting ? EPOLLOUT : 0));
}

/* Where nothing is wanted the socket leaves the set: errors are told of whether asked for or not. */
static bool watch(struct channel *channel, uint8_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = channel};
    int operation = !channel->watched ? EPOLL_CTL_ADD : events ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;

    if (events == channel->watched)
        return true;
    if (epoll_ctl(channel->net->epoll, operation, channel->descriptor, &event) != 0)
        return false;
    channel->watched = events;
    return true;
}

/* What is wanted no more stays in the set until it happens: reading often stops and starts within a turn. */
static bool watch_more(struct channel *channel)
{
    uint8_t events = wanted(channel);

    return !(events & ~channel->watched) || watch(channel, events);
}

/* ---- opening, closing ---- */

static size_t length_of(const struct buffer *buffer)
{
    return buffer ? buffer->length : 0;
}

static void forget_waiting(struct channel *channel)
{
    if (!channel->waiting)
        return;
    backlog_deinit(channel->waiting);
    free(channel->waiting);
    channel->waiting = NULL;
}

void channel_end(struct channel *channel)
{
    forget_waiting(channel);
    tls_session_destroy(channel->tls); /* not before: it may be what has called the owner that closed */
    channel->tls = NULL;
    channel->events->on_closed(channel);
}

static void give_buffers(struct channel *channel)
{
    net_give_buffer(channel->net, channel->out);
    net_give_buffer(channel->net, channel->sealed);
    channel->out = channel->sealed = NULL;
}

void channel_close(struct channel *channel)
{
    if (channel->closing)
        return;
    channel->closing = true;
    list_remove(&channel->listed);
    give_buffers(channel);
    watch(channel, 0); /* closing alone would not do, where a child process has the socket too */
    close(channel->descriptor);
    channel->descriptor = -1;
    net_part(channel->net, &channel->listed);
}

static void end(struct channel *channel)
{
    if (channel->ended || channel->closing)
        return;
    channel->ended = true;
    channel->reading = false;
    channel->events->on_end(channel);
}

static enum status open_tls(struct channel *channel, struct tls_context *tls)
{
    struct net *net = channel->net;

    if (!net->plain_buffer)
        net->plain_buffer = malloc(NET_READ);
    if (net->plain_buffer)
        channel->tls = tls_session_create(tls);
    return channel->tls ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status channel_open(struct channel *channel, struct net *net, int descriptor, struct tls_context *tls,
                         const struct channel_events *events)
{
    *channel = (struct channel){.net = net, .events = events, .descriptor = descriptor};
    list_init(&channel->listed);
    net_add(net);
    enum status status = tls ? open_tls(channel, tls) : STATUS_OK;
    if (status != STATUS_OK)
        channel_close(channel);
    return status;
}

/* ---- reading ---- */

static void mark_dirty(struct channel *channel)
{
    if (list_is_empty(&channel->listed))
        list_append(&channel->net->dirty, &channel->listed);
}

static void take_sealed(struct channel *channel)
{
    if (!channel->sealed)
        channel->sealed = net_take_buffer(channel->net);
}

static void give_sealed(struct channel *channel)
{
    net_give_buffer(channel->net, channel->sealed);
    channel->sealed = NULL;
}

/* Opens the records that have come and hands on what is in them. */
static void receive_sealed(struct channel *channel, struct text sealed)
{
    enum tls_result result = TLS_OK;
    size_t length = NET_READ;

    while (result == TLS_OK && (sealed.length > 0 || length == NET_READ)) {
        char *plain = channel->net->plain_buffer;
        take_sealed(channel);
        result = tls_decrypt(channel->tls, &sealed, plain, NET_READ, &length, channel->sealed);
        if (channel->sealed->length > 0)
            channel_wrote(channel); /* answers are unsent bytes, too */
        if (length > 0 && !channel->closing)
            channel->events->on_data(channel, plain, length);
        if (channel->closing)
            return;
    }
    if (length_of(channel->sealed) > 0)
        mark_dirty(channel); /* the handshake's answer, or an alert */
    else
        give_sealed(channel);
    if (result != TLS_OK) {
        channel_flush(channel);
        end(channel);
    }
}

void channel_deal(struct channel *channel, char *data, size_t length)
{
    if (channel->closing || channel->ended)
        return;
    if (channel->tls)
        receive_sealed(channel, (struct text){data, length});
    else
        channel->events->on_data(channel, data, length);
}

static void receive(struct channel *channel)
{
    struct net *net = channel->net;
    size_t size = NET_READ;
    char *room = channel->tls ? NULL : channel->events->on_room(channel, &size);
    ssize_t count = recv(channel->descriptor, room ? room : net_room(net), size, 0);

    if (count > 0) {
        net->turn_bytes += (size_t)count;
        if (room)
            channel->events->on_data(channel, room, (size_t)count);
        else
            net_came(net, channel, (size_t)count);
    } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
        end(channel);
    }
}

void channel_read_start(struct channel *channel)
{
    if (channel->reading || channel->ended || channel->closing)
        return;
    channel->reading = true;
    if (!watch_more(channel))
        end(channel);
}

void channel_read_stop(struct channel *channel)
{
    channel->reading = false;
}

/* ---- writing ---- */

struct buffer *channel_out(struct channel *channel)
{
    if (channel->closing)
        return &channel->net->dropped;
    if (!channel->out)
        channel->out = net_take_buffer(channel->net);
    return channel->out;
}

size_t channel_unsent(const struct channel *channel)
{
    size_t waiting = channel->waiting ? channel->waiting->length : 0;

    return length_of(channel->out) + length_of(channel->sealed) + waiting;
}

struct socket_progress channel_progress(const struct channel *channel)
{
    return socket_progress(channel->descriptor);
}

/* The mark is what unsent bytes may cost. A chunk may be on its way already when it is reached, and blocks
 * are never quite full: room is left for both. What on_drained lets go on must not go on within a sender, who
 * may be a handler: it hears of it `in_turn`. */
static void check_congestion(struct channel *channel, bool in_turn)
{
    size_t unsent = channel_unsent(channel);
    size_t mark = channel->net->high_water_mark;

    if (unsent > mark - mark / MARK_RESERVE) {
        if (!channel->congested) {
            channel->congested = true;
            channel->events->on_congested(channel);
        }
    } else if (channel->congested && unsent <= mark / 2) {
        if (in_turn) {
            channel->congested = false;
            channel->events->on_drained(channel);
        } else {
            mark_dirty(channel);
        }
    }
}

/* Makes records of what was gathered; behind the last of all, the alert that says so. False where it can not.
 */
static bool seal(struct channel *channel)
{
    size_t gathered = length_of(channel->out);

    if (gathered > 0 || channel->finishing) {
        take_sealed(channel);
        if (gathered > 0 && tls_encrypt(channel->tls, buffer_text(channel->out), channel->sealed) != TLS_OK)
            return false;
        if (channel->finishing)
            tls_end(channel->tls, channel->sealed);
    }
    net_give_buffer(channel->net, channel->out);
    channel->out = NULL;
    return true;
}

/* How many bytes the kernel took; -1 where the stream is broken. */
static ssize_t offer(const struct channel *channel, struct iovec *parts, size_t count)
{
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
    ssize_t sent;

    do {
        if (count == 1)
            sent = send(channel->descriptor, parts->iov_base, parts->iov_len, MSG_NOSIGNAL);
        else
            sent = sendmsg(channel->descriptor, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 && (errno == EAGAIN || errno == ENOBUFS) ? 0 : sent;
}

enum { READY_PARTS = 2 }; /* what was gathered, and what is not */

/* Offers the kernel what waits and `ready` behind it. How many bytes of `ready` it took; -1 where the stream
 * is broken. */
static ssize_t send_now(struct channel *channel, const struct text ready[READY_PARTS])
{
    struct backlog *waiting = channel->waiting;
    struct iovec parts[MOST_PARTS + READY_PARTS];
    size_t count = waiting ? backlog_parts(waiting, parts, MOST_PARTS) : 0;

    for (size_t i = 0; i < READY_PARTS && (!waiting || count < MOST_PARTS); i++)
        if (ready[i].length > 0)
            parts[count++] = (struct iovec){.iov_base = (char *)ready[i].data, .iov_len = ready[i].length};
    if (count == 0)
        return 0;
    ssize_t sent = offer(channel, parts, count);
    if (sent < 0 || !waiting)
        return sent;
    size_t of_waiting = waiting->length < (size_t)sent ? waiting->length : (size_t)sent;
    backlog_consume(waiting, of_waiting);
    return sent - (ssize_t)of_waiting;
}

/* Has `rest` wait behind what waits, for the kernel to have room. False where the stream is broken. */
static bool send_later(struct channel *channel, struct text rest)
{
    if (!channel->waiting) {
        channel->waiting = malloc(sizeof *channel->waiting);
        if (!channel->waiting)
            return false;
        backlog_init(channel->waiting, &channel->net->blocks);
    }
    return backlog_append(channel->waiting, rest) == STATUS_OK && watch_more(channel);
}

/* Sends what the kernel takes at once, the rest later. False where the stream is broken. */
static bool send_ready(struct channel *channel, const struct text ready[READY_PARTS], bool at_once)
{
    ssize_t sent = at_once ? send_now(channel, ready) : 0;

    if (sent < 0)
        return false;
    for (size_t i = 0; i < READY_PARTS; i++) {
        size_t of_it = ready[i].length < (size_t)sent ? ready[i].length : (size_t)sent;
        struct text rest = {ready[i].data + of_it, ready[i].length - of_it};
        sent -= (ssize_t)of_it;
        if (rest.length > 0 && !send_later(channel, rest))
            return false;
    }
    if (channel->waiting && channel->waiting->length == 0) {
        forget_waiting(channel);
        return watch(channel, wanted(channel));
    }
    return true;
}

/* Sends what was gathered and `body` behind it, which is empty over TLS. `at_once`: the kernel may have room.
 * `in_turn`: as for check_congestion(). */
static void flush(struct channel *channel, struct text body, bool at_once, bool in_turn)
{
    list_remove(&channel->listed);
    if (channel->closing)
        return;
    bool good = !channel->tls || seal(channel);
    struct buffer *gathered = channel->tls ? channel->sealed : channel->out;
    struct text ready[READY_PARTS] = {gathered ? buffer_text(gathered) : TEXT(""), body};
    if (!good || !send_ready(channel, ready, at_once)) {
        end(channel);
        return;
    }
    give_buffers(channel);
    check_congestion(channel, in_turn);
    if (channel->finishing && !channel->waiting && !channel->closing && !channel->out &&
        shutdown(channel->descriptor, SHUT_WR) != 0)
        end(channel);
}

void channel_flush(struct channel *channel)
{
    flush(channel, TEXT(""), !channel->waiting, true); /* or else the kernel tells when it has room */
}

void channel_wrote(struct channel *channel)
{
    if (channel->closing) {
        buffer_deinit(&channel->net->dropped);
        return;
    }
    if (length_of(channel->out) > 0)
        mark_dirty(channel);
    if (channel->waiting && length_of(channel->out) >= MOST_GATHERED)
        flush(channel, TEXT(""), false, false);
    else
        check_congestion(channel, false);
}

enum status channel_send(struct channel *channel, struct text body)
{
    if (!channel->tls && !channel->closing && body.length >= MOST_GATHERED) {
        flush(channel, body, !channel->waiting, false);
        return STATUS_OK;
    }
    enum status status = buffer_append_text(channel_out(channel), body);
    if (status == STATUS_OK)
        channel_wrote(channel);
    return status;
}

void channel_finish(struct channel *channel)
{
    if (channel->finishing || channel->closing)
        return;
    channel->finishing = true;
    mark_dirty(channel);
}

/* ---- the kernel's news ---- */

void channel_ready(struct channel *channel, uint32_t events)
{
    const uint32_t broken = EPOLLERR | EPOLLHUP; /* which reading or writing will find */

    if (channel->closing) /* by one that was told before it */
        return;
    uint8_t asked = wanted(channel);
    if (!(events & asked) && !(asked && events & broken)) {
        watch(channel, asked);
        return;
    }
    if (channel->reading && events & (EPOLLIN | broken)) {
        receive(channel);
        if (events & broken)
            return; /* writing would end it before what has come is dealt with; the kernel tells again */
    }
    if (!channel->closing && channel->waiting && events & (EPOLLOUT | broken))
        flush(channel, TEXT(""), true, true);
}
