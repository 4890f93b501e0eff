#include "net/net.h"
#include "net/channel.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Sockets that are served in one turn; the others come next. What came on them, what is made of it and what
 * is written for them is to fit into the caches: as many as brought TURN_BYTES, going by the turn before. */
enum { LEAST_READY = 16, TURN_BYTES = 64 * 1024 };

static int most_ready(const struct net *net)
{
    size_t most = net->turn_bytes > 0 ? net->turn_count * TURN_BYTES / net->turn_bytes : NET_MOST_READY;

    return most < LEAST_READY ? LEAST_READY : most > NET_MOST_READY ? NET_MOST_READY : (int)most;
}

char *net_room(const struct net *net)
{
    return net->read_buffer + net->read_length;
}

void net_came(struct net *net, struct channel *channel, size_t length)
{
    net->arrivals[net->arrival_count++] = (struct net_arrival){channel, length};
    net->read_length += length;
}

static void deal_with_arrivals(struct net *net)
{
    char *data = net->read_buffer;

    for (size_t i = 0; i < net->arrival_count; i++) {
        struct net_arrival arrival = net->arrivals[i];
        channel_deal(arrival.channel, data, arrival.length);
        data += arrival.length;
    }
    net->arrival_count = net->read_length = 0;
}

/* Serves what is ready within so long (-1: whenever that is). False where the loop is to look for itself. */
static bool serve(struct net *net, int timeout_ms)
{
    struct epoll_event ready[NET_MOST_READY];
    int count = epoll_wait(net->epoll, ready, most_ready(net), timeout_ms);
    bool only_channels = count > 0;

    if (net->place == NET_AROUND_LOOP)
        uv_update_time(net->loop);
    net->turn_count = net->turn_bytes = 0;
    for (int i = 0; i < count; i++) {
        struct channel *channel = ready[i].data.ptr;
        if (i + 1 < count)
            __builtin_prefetch(ready[i + 1].data.ptr);
        if (!channel) {
            only_channels = false;
            continue;
        }
        net->turn_count++;
        channel_ready(channel, ready[i].events);
        if (NET_READ_BUFFER - net->read_length < NET_READ)
            deal_with_arrivals(net);
    }
    deal_with_arrivals(net);
    return only_channels;
}

static void on_ready(uv_poll_t *handle, int status, int what)
{
    (void)status, (void)what;
    (void)serve(handle->data, 0);
}

static void on_round(uv_idle_t *handle)
{
    struct net *net = handle->data;
    struct list now;

    list_init(&now);
    list_move_all(&now, &net->closed);
    uv_idle_stop(handle);
    while (!list_is_empty(&now)) {
        struct channel *channel = LIST_ENTRY(now.next, struct channel, listed);
        list_remove(&channel->listed);
        if (--net->channels == 0)
            uv_unref((uv_handle_t *)&net->hold);
        channel_end(channel);
    }
}

static void on_hold(uv_prepare_t *handle)
{
    (void)handle;
}

/* libuv says how long it would wait: not at all where a timer is due, where it has to look at what is to be
 * watched, or has other work. Then it is its turn; but whatever it has, channels are looked at once before.
 */
void net_wait(struct net *net, void (*turn)(void *owner), void *owner)
{
    int timeout_ms = uv_backend_timeout(net->loop);

    while (serve(net, timeout_ms)) {
        turn(owner);
        timeout_ms = uv_backend_timeout(net->loop);
        if (timeout_ms == 0)
            break;
    }
    uv_idle_start(&net->round, on_round); /* so that libuv itself does not wait */
}

void net_add(struct net *net)
{
    if (net->channels++ == 0)
        uv_ref((uv_handle_t *)&net->hold);
}

void net_part(struct net *net, struct list *node)
{
    list_append(&net->closed, node);
    uv_idle_start(&net->round, on_round);
}

static void release(struct net *net)
{
    while (net->spare_count > 0) {
        struct buffer *spare = net->spare[--net->spare_count];
        buffer_deinit(spare);
        free(spare);
    }
    buffer_deinit(&net->dropped);
    block_pool_deinit(&net->blocks);
    free(net->read_buffer);
    free(net->plain_buffer);
    if (net->epoll >= 0)
        close(net->epoll);
}

/* One of both sets goes into the other. */
static bool nest(struct net *net)
{
    struct epoll_event event = {.events = EPOLLIN};

    if (net->place == NET_AROUND_LOOP)
        return epoll_ctl(net->epoll, EPOLL_CTL_ADD, uv_backend_fd(net->loop), &event) == 0;
    return uv_poll_init(net->loop, &net->readiness, net->epoll) == 0;
}

static void open_handles(struct net *net)
{
    uv_prepare_init(net->loop, &net->hold);
    uv_idle_init(net->loop, &net->round);
    net->readiness.data = net->hold.data = net->round.data = net;
    uv_prepare_start(&net->hold, on_hold);
    uv_unref((uv_handle_t *)&net->hold);
    uv_unref((uv_handle_t *)&net->round);
    net->open_handles = 2;
    if (net->place == NET_AROUND_LOOP)
        return;
    uv_poll_start(&net->readiness, UV_READABLE, on_ready);
    uv_unref((uv_handle_t *)&net->readiness);
    net->open_handles++;
}

enum status net_init(struct net *net, uv_loop_t *loop, enum net_place place, size_t high_water_mark)
{
    *net = (struct net){.loop = loop, .place = place, .high_water_mark = high_water_mark};
    list_init(&net->dirty);
    list_init(&net->closed);
    buffer_init(&net->none, 0);
    buffer_init(&net->dropped, BUFFER_UNLIMITED);
    net->read_buffer = malloc(NET_READ_BUFFER);
    net->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!net->read_buffer || net->epoll < 0 || !nest(net)) {
        enum status status = net->read_buffer ? STATUS_SYSTEM : STATUS_NO_MEMORY;
        release(net);
        return status;
    }
    open_handles(net);
    return STATUS_OK;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct net *net = handle->data;

    if (--net->open_handles > 0)
        return;
    release(net);
    net->on_closed(net);
}

void net_close(struct net *net, void (*on_closed)(struct net *net))
{
    net->on_closed = on_closed;
    uv_close((uv_handle_t *)&net->round, on_handle_closed);
    uv_close((uv_handle_t *)&net->hold, on_handle_closed);
    if (net->place == NET_IN_LOOP)
        uv_close((uv_handle_t *)&net->readiness, on_handle_closed);
}

void net_flush(struct net *net)
{
    struct list now;

    /* A channel that fails is closed by its owner, which may write to others: those wait for the next round.
     */
    while (!list_is_empty(&net->dirty)) {
        list_init(&now);
        list_move_all(&now, &net->dirty);
        while (!list_is_empty(&now)) {
            struct channel *channel = LIST_ENTRY(now.next, struct channel, listed);
            channel_flush(channel);
        }
    }
}

static struct buffer *make_buffer(void)
{
    struct buffer *buffer = malloc(sizeof *buffer);

    if (buffer)
        buffer_init(buffer, BUFFER_UNLIMITED);
    return buffer;
}

struct buffer *net_take_buffer(struct net *net)
{
    struct buffer *buffer = net->spare_count > 0 ? net->spare[--net->spare_count] : make_buffer();

    return buffer ? buffer : &net->none;
}

void net_give_buffer(struct net *net, struct buffer *buffer)
{
    if (!buffer || buffer == &net->none)
        return;
    if (net->spare_count == NET_SPARE_BUFFERS || buffer->capacity > NET_SPARE_CAPACITY) {
        buffer_deinit(buffer);
        free(buffer);
        return;
    }
    buffer_clear(buffer);
    net->spare[net->spare_count++] = buffer;
}
