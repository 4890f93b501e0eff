#include "js/host_parts.h"

#include "pipeline/event.h"
#include "pipeline/service.h"

/* Its runner's log; the world's own where the event is none of C's, or has ended. */
static const struct log *log_of(const struct js_host *host, uint32_t slot)
{
    const struct event *event = slots_get(&host->events, slot);

    return event ? event->service->log : host->log;
}

static void on_log(void *owner, int level, uint32_t slot, struct text message)
{
    log_write(log_of(owner, slot), (enum log_level)level, "%.*s", TEXT_ARGS(message));
}

static void on_log_event(void *owner, int level, uint32_t slot, struct text event_id,
                         struct text correlation_id, struct text message)
{
    log_event(log_of(owner, slot), (enum log_level)level, event_id, correlation_id, message);
}

static void on_output(void *owner, bool is_error, struct text text)
{
    struct js_host *host = owner;

    log_output(host->log, is_error, text);
}

static void on_uncaught(void *owner, struct text description)
{
    struct js_host *host = owner;

    log_write(host->log, LOG_ERROR, "Uncaught %.*s", TEXT_ARGS(description));
}

static void on_set_timer(void *owner, int64_t delay_ms, bool holds)
{
    struct js_host *host = owner;

    host->functions->set_timer(host->owner, delay_ms, holds);
}

static enum status on_request(void *owner, const struct world_request *request, struct buffer *error)
{
    struct js_host *host = owner;

    return host->functions->request(host->owner, request, error);
}

static enum status on_work(void *owner, struct work *work)
{
    struct js_host *host = owner;

    return host->functions->work(host->owner, work);
}

static void on_request_read(void *owner, uint32_t id)
{
    struct js_host *host = owner;

    host->functions->request_read(host->owner, id);
}

static enum status on_request_write(void *owner, uint32_t id, struct text bytes)
{
    struct js_host *host = owner;

    return host->functions->request_write(host->owner, id, bytes);
}

static void on_request_finish(void *owner, uint32_t id)
{
    struct js_host *host = owner;

    host->functions->request_finish(host->owner, id);
}

static void on_request_cancel(void *owner, uint32_t id)
{
    struct js_host *host = owner;

    host->functions->request_cancel(host->owner, id);
}

static void on_want_immediates(void *owner)
{
    struct js_host *host = owner;

    host->functions->want_immediates(host->owner);
}

static void on_exit_call(void *owner, int code)
{
    struct js_host *host = owner;

    host->functions->exit(host->owner, code);
}

static struct text on_event_id(void *owner, uint32_t slot)
{
    struct js_host *host = owner;
    struct event *event = slots_get(&host->events, slot);

    return event ? event_id(event) : (struct text){NULL, 0};
}

static void on_want_ids(void *owner)
{
    struct js_host *host = owner;

    host->wants_ids = true;
}

static struct text on_message_id(void *owner, uint32_t slot)
{
    struct js_host *host = owner;
    struct event *event = slots_get(&host->events, slot);

    return event ? event->message_id : (struct text){NULL, 0};
}

static struct text on_peer_id(void *owner, uint32_t peer_slot)
{
    struct js_host *host = owner;
    const struct peer *peer = slots_get(&host->peers, peer_slot);

    return peer ? (struct text){peer->id, UUID_LENGTH} : (struct text){NULL, 0};
}

static int congestion_of(struct peer *peer)
{
    enum congestion congestion = peer->functions->congestion(peer);

    if (congestion != CONGESTION_NONE)
        peer->awaits_drain = true;
    return (int)congestion;
}

static int on_congestion(void *owner, uint32_t peer_slot)
{
    struct js_host *host = owner;
    struct peer *peer = slots_get(&host->peers, peer_slot);

    return peer && peer->functions->is_open(peer) ? congestion_of(peer) : -1;
}

static int on_push(void *owner, uint32_t peer_slot, struct text data, bool binary, bool if_room)
{
    struct js_host *host = owner;
    struct peer *peer = slots_get(&host->peers, peer_slot);

    if (peer && if_room && congestion_of(peer) != (int)CONGESTION_NONE)
        return -4;
    switch (peer ? peer->functions->push(peer, data, binary) : STATUS_CLOSED) {
    case STATUS_OK: return congestion_of(peer);
    case STATUS_LIMIT: return -2;
    case STATUS_NO_MEMORY: return -3;
    default: return -1;
    }
}

static void on_give_up(void *owner, uint32_t peer_slot)
{
    struct js_host *host = owner;
    struct peer *peer = slots_get(&host->peers, peer_slot);

    if (peer)
        peer->functions->give_up(peer);
}

static struct buffer *on_push_buffer(void *owner)
{
    struct js_host *host = owner;

    if (host->message.capacity > TEXTS_SOFT_LIMIT)
        buffer_deinit(&host->message);
    buffer_clear(&host->message);
    return &host->message;
}

const struct world_functions host_calls = {
    .log = on_log,
    .log_event = on_log_event,
    .output = on_output,
    .uncaught = on_uncaught,
    .set_timer = on_set_timer,
    .want_immediates = on_want_immediates,
    .exit = on_exit_call,
    .event_id = on_event_id,
    .want_ids = on_want_ids,
    .message_id = on_message_id,
    .peer_id = on_peer_id,
    .request = on_request,
    .congestion = on_congestion,
    .work = on_work,
    .request_read = on_request_read,
    .request_write = on_request_write,
    .request_finish = on_request_finish,
    .request_cancel = on_request_cancel,
    .push = on_push,
    .give_up = on_give_up,
    .push_buffer = on_push_buffer,
};
