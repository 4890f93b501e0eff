#include "net/net.h"
#include "net/channel.h"

#include <stdlib.h>

enum status net_init(struct net *net, uv_loop_t *loop, size_t high_water_mark)
{
    *net = (struct net){.loop = loop, .high_water_mark = high_water_mark};
    list_init(&net->dirty);
    net->read_buffer = malloc(NET_READ_BUFFER);
    return net->read_buffer ? STATUS_OK : STATUS_NO_MEMORY;
}

void net_deinit(struct net *net)
{
    for (size_t i = 0; i < net->spare_count; i++)
        buffer_deinit(&net->spare[i]);
    block_pool_deinit(&net->blocks);
    free(net->read_buffer);
    free(net->plain_buffer);
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
            struct channel *channel = LIST_ENTRY(now.next, struct channel, dirty);
            list_remove(&channel->dirty);
            channel_flush(channel);
        }
    }
}

void net_take_buffer(struct net *net, struct buffer *buffer)
{
    if (net->spare_count > 0)
        *buffer = net->spare[--net->spare_count];
    else
        buffer_init(buffer, BUFFER_UNLIMITED);
}

void net_give_buffer(struct net *net, struct buffer *buffer)
{
    if (!buffer->data)
        return;
    if (net->spare_count == NET_SPARE_BUFFERS || buffer->capacity > NET_SPARE_CAPACITY) {
        buffer_deinit(buffer);
        return;
    }
    buffer_clear(buffer);
    net->spare[net->spare_count++] = *buffer;
    buffer_init(buffer, BUFFER_UNLIMITED);
}
