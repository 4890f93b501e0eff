/*
 * The echo a user of libwebsockets would write: what is received is queued, and leaves in the writable
 * callback, as much at a time as the socket takes.
 */
#include <libwebsockets.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A client that does not read its replies is not read from either. */
enum { MAX_QUEUED = 1024 * 1024 };

/* A queued fragment: this, room for the library's header, the bytes. */
struct fragment {
    size_t length;
    enum lws_write_protocol flags;
};

/* One connection's replies, in one piece of memory that is kept. */
struct queue {
    unsigned char *data;
    size_t capacity;
    size_t begin;
    size_t end;
    bool paused; /* nothing more is received until it is empty */
};

static bool reserve(struct queue *queue, size_t more)
{
    if (queue->end + more <= queue->capacity)
        return true;
    size_t capacity = (queue->end + more) * 2;
    unsigned char *data = realloc(queue->data, capacity);
    if (!data)
        return false;
    queue->data = data;
    queue->capacity = capacity;
    return true;
}

static bool push(struct queue *queue, struct lws *wsi, const void *data, size_t length)
{
    struct fragment fragment = {
        .length = length,
        .flags = (enum lws_write_protocol)lws_write_ws_flags(
            lws_frame_is_binary(wsi) ? LWS_WRITE_BINARY : LWS_WRITE_TEXT, lws_is_first_fragment(wsi),
            lws_is_final_fragment(wsi)),
    };

    if (!reserve(queue, sizeof fragment + LWS_PRE + length))
        return false;
    memcpy(queue->data + queue->end, &fragment, sizeof fragment);
    queue->end += sizeof fragment + LWS_PRE;
    if (length)
        memcpy(queue->data + queue->end, data, length);
    queue->end += length;
    return true;
}

static bool pop(struct queue *queue, struct lws *wsi)
{
    struct fragment fragment;

    memcpy(&fragment, queue->data + queue->begin, sizeof fragment);
    queue->begin += sizeof fragment + LWS_PRE;
    if (lws_write(wsi, queue->data + queue->begin, fragment.length, fragment.flags) < (int)fragment.length)
        return false;
    queue->begin += fragment.length;
    if (queue->begin == queue->end)
        queue->begin = queue->end = 0;
    return true;
}

static int on_receive(struct lws *wsi, struct queue *queue, const void *data, size_t length)
{
    if (!push(queue, wsi, data, length))
        return -1;
    if (queue->end > MAX_QUEUED && !queue->paused) {
        queue->paused = true;
        lws_rx_flow_control(wsi, 0);
    }
    lws_callback_on_writable(wsi);
    return 0;
}

static int on_writable(struct lws *wsi, struct queue *queue)
{
    while (queue->begin != queue->end) {
        if (!pop(queue, wsi))
            return -1;
        if (queue->begin != queue->end && lws_send_pipe_choked(wsi)) {
            lws_callback_on_writable(wsi);
            return 0;
        }
    }
    if (queue->paused) {
        queue->paused = false;
        lws_rx_flow_control(wsi, 1);
    }
    return 0;
}

static int on_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED: *(struct queue *)user = (struct queue){0}; return 0;
    case LWS_CALLBACK_RECEIVE: return on_receive(wsi, user, in, length);
    case LWS_CALLBACK_SERVER_WRITEABLE: return on_writable(wsi, user);
    case LWS_CALLBACK_CLOSED: free(((struct queue *)user)->data); return 0;
    default: return 0;
    }
}

int main(int argc, char **argv)
{
    static const struct lws_protocols protocols[] = {
        {.name = "echo", .callback = on_callback, .per_session_data_size = sizeof(struct queue)},
        {0},
    };
    struct lws_context_creation_info info = {
        .port = argc == 2 ? atoi(argv[1]) : 0,
        .iface = "127.0.0.1",
        .protocols = protocols,
        .options = LWS_SERVER_OPTION_DISABLE_IPV6 | LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME,
    };

    lws_set_log_level(LLL_ERR, NULL);
    struct lws_context *context = info.port ? lws_create_context(&info) : NULL;
    if (!context) {
        fputs("usage: lws_echo PORT (one that is free)\n", stderr);
        return EXIT_FAILURE;
    }
    while (lws_service(context, 0) >= 0)
        continue;
    lws_context_destroy(context);
    return EXIT_SUCCESS;
}
