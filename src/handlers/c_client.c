#include "base/utf8.h"
#include "handlers/c_host_parts.h"
#include "json/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A connection, as handlers in C hold on to it; it outlives the connection's own end where they do. */
struct configurapi_client {
    struct c_host *host;
    struct peer *peer; /* NULL when nothing can be sent any more */
    size_t references; /* one of them the connection's, until its end */
    struct list for_room;
    struct list for_end;
    char *postback_url; /* made when first asked for */
    char id[UUID_LENGTH + 1];
};

configurapi_client *configurapi_client_ref(configurapi_client *client)
{
    if (client)
        client->references++;
    return client;
}

void configurapi_client_unref(configurapi_client *client)
{
    if (!client || --client->references > 0)
        return;
    free(client->postback_url);
    free(client);
}

struct configurapi_client *c_client_of(struct c_host *host, struct peer *peer)
{
    if (peer->client)
        return peer->client;
    struct configurapi_client *client = calloc(1, sizeof *client);
    if (!client)
        return NULL;
    /* Of one whose end has been told nothing more will be. */
    bool is_open = peer->functions->is_open(peer);
    *client = (struct configurapi_client){.host = host, .peer = is_open ? peer : NULL, .references = 1};
    list_init(&client->for_room);
    list_init(&client->for_end);
    memcpy(client->id, peer->id, sizeof client->id);
    if (peer_meet(peer, &host->language, 0) != STATUS_OK) {
        free(client);
        return NULL;
    }
    peer->client = client;
    return client;
}

configurapi_client *configurapi_event_client(configurapi_event *event)
{
    struct peer *peer = c_event_of(event)->peer;

    return peer ? c_client_of(c_view(event)->host, peer) : c_view(event)->client;
}

const char *configurapi_client_id(const configurapi_client *client)
{
    return client->id;
}

const char *configurapi_client_postback_url(configurapi_client *client)
{
    const char *base = client->host->postback_base;

    if (!base)
        return NULL;
    if (!client->postback_url && asprintf(&client->postback_url, "%s%s", base, client->id) < 0)
        client->postback_url = NULL;
    return client->postback_url;
}

bool configurapi_client_is_gone(const configurapi_client *client)
{
    return !client->peer || !client->peer->functions->is_open(client->peer);
}

/* ---- sending ---- */

enum configurapi_status c_client_send(struct configurapi_client *client, struct text data, bool binary)
{
    struct peer *peer = client->peer;

    if (!peer)
        return CONFIGURAPI_GONE;
    enum status status = peer->functions->push(peer, data, binary);
    if (status != STATUS_OK)
        return status == STATUS_LIMIT ? CONFIGURAPI_FULL : c_status(status);
    c_host_spend(client->host, data.length);
    /* Before the handshake's end nobody may be made to wait: what it waits for may be who does. */
    enum congestion congestion = peer->functions->congestion(peer);
    return congestion == CONGESTION_OPEN || (congestion == CONGESTION_NONE && c_host_is_spent(client->host))
               ? CONFIGURAPI_WAIT
               : CONFIGURAPI_OK;
}

void c_client_give_up(struct configurapi_client *client)
{
    if (client->peer)
        client->peer->functions->give_up(client->peer);
}

static enum status append_push(struct buffer *out, int status, const json_t *headers, const json_t *body)
{
    enum status result = buffer_printf(out, "{\"statusCode\":%d,\"headers\":", status);

    if (result == STATUS_OK)
        result = headers ? json_append_value(out, headers) : buffer_append_text(out, TEXT("{}"));
    if (result == STATUS_OK)
        result = buffer_append_text(out, TEXT(",\"body\":"));
    if (result == STATUS_OK)
        result = body ? json_append_value(out, body) : buffer_append_text(out, TEXT("\"\""));
    return result == STATUS_OK ? buffer_append(out, "}", 1) : result;
}

enum configurapi_status configurapi_push(configurapi_client *client, int status, const json_t *headers,
                                         const json_t *body)
{
    struct buffer text;

    if (headers && !json_is_object(headers))
        return CONFIGURAPI_INVALID;
    if (!client->peer)
        return CONFIGURAPI_GONE;
    buffer_init(&text, BUFFER_UNLIMITED);
    enum status made = append_push(&text, status, headers, body);
    enum configurapi_status result =
        made == STATUS_OK ? c_client_send(client, buffer_text(&text), false) : c_status(made);
    buffer_deinit(&text);
    return result;
}

enum configurapi_status configurapi_push_text(configurapi_client *client, struct configurapi_text text)
{
    if (!utf8_is_valid(text.data, text.length))
        return CONFIGURAPI_INVALID;
    return c_client_send(client, c_private(text), false);
}

enum configurapi_status configurapi_push_bytes(configurapi_client *client, const void *data, size_t length)
{
    return c_client_send(client, (struct text){data, length}, true);
}

/* ---- waiting ---- */

/* Takes the waiter out of the client's list, to be called with what became of it. */
static void call_soon(struct c_waiter *waiter, enum configurapi_status status)
{
    waiter->status = status;
    list_remove(&waiter->task.node);
    c_host_call_soon(waiter->client->host, &waiter->task);
}

/* There is room: now, or when others have had their turn. */
static void go_on(struct c_waiter *waiter)
{
    struct c_host *host = waiter->client->host;

    waiter->status = CONFIGURAPI_OK;
    list_remove(&waiter->task.node);
    if (c_host_is_spent(host))
        c_host_call_later(host, &waiter->task);
    else
        c_host_call_soon(host, &waiter->task);
}

static void wait(struct configurapi_client *client, struct list *list, struct c_waiter *waiter)
{
    waiter->client = configurapi_client_ref(client);
    list_append(list, &waiter->task.node);
}

void c_client_wait_for_room(struct configurapi_client *client, struct c_waiter *waiter)
{
    struct peer *peer = client->peer;

    wait(client, &client->for_room, waiter);
    if (!peer)
        call_soon(waiter, CONFIGURAPI_GONE);
    else if (peer->functions->congestion(peer) != CONGESTION_OPEN)
        go_on(waiter);
    else
        peer->awaits_drain = true;
}

bool c_waiter_goes_on(struct c_waiter *waiter)
{
    struct peer *peer = waiter->client->peer;

    if (waiter->status != CONFIGURAPI_OK || !peer)
        return true;
    if (peer->functions->congestion(peer) == CONGESTION_OPEN) {
        list_append(&waiter->client->for_room, &waiter->task.node);
        peer->awaits_drain = true;
        return false;
    }
    if (!c_host_is_spent(waiter->client->host))
        return true;
    go_on(waiter);
    return false;
}

void c_client_wait_for_end(struct configurapi_client *client, struct c_waiter *waiter)
{
    wait(client, &client->for_end, waiter);
    if (!client->peer)
        call_soon(waiter, CONFIGURAPI_GONE);
}

void c_waiter_cancel(struct c_waiter *waiter)
{
    if (!waiter->client)
        return;
    list_remove(&waiter->task.node);
    configurapi_client_unref(waiter->client);
    waiter->client = NULL;
}

static void let_all_go_on(struct list *waiters)
{
    while (!list_is_empty(waiters))
        go_on(LIST_ENTRY(waiters->next, struct c_waiter, task.node));
}

static void tell_all_gone(struct list *waiters)
{
    while (!list_is_empty(waiters))
        call_soon(LIST_ENTRY(waiters->next, struct c_waiter, task.node), CONFIGURAPI_GONE);
}

static void end(struct configurapi_client *client)
{
    if (!client->peer)
        return;
    client->peer = NULL;
    tell_all_gone(&client->for_room);
    tell_all_gone(&client->for_end);
}

void c_client_news(struct language *language, struct peer *peer, enum peer_news news)
{
    switch (news) {
    case PEER_DRAINED: let_all_go_on(&peer->client->for_room); break;
    case PEER_CLOSED: end(peer->client); break;
    case PEER_GONE:
        end(peer->client);
        configurapi_client_unref(peer->client);
        peer->client = NULL;
        peer_part(peer, language);
        break;
    }
}

/* ---- handlers' own waiters ---- */

struct callback {
    struct c_waiter waiter;
    void (*on_room)(configurapi_client *client, enum configurapi_status status, void *data);
    void (*on_gone)(configurapi_client *client, void *data);
    void *data;
};

static void run_callback(struct c_task *task)
{
    struct callback callback = *(struct callback *)(void *)task;
    configurapi_client *client = callback.waiter.client;

    if (callback.on_room && !c_waiter_goes_on(LIST_ENTRY(task, struct c_waiter, task)))
        return;
    free(task);
    if (callback.on_room)
        callback.on_room(client, callback.waiter.status, callback.data);
    else
        callback.on_gone(client, callback.data);
    configurapi_client_unref(client);
}

static struct callback *make_callback(void *data)
{
    struct callback *callback = calloc(1, sizeof *callback);

    if (callback) {
        callback->waiter.task.run = run_callback;
        callback->data = data;
    }
    return callback;
}

enum configurapi_status configurapi_client_on_room(
    configurapi_client *client,
    void (*on_room)(configurapi_client *client, enum configurapi_status status, void *data), void *data)
{
    struct callback *callback = make_callback(data);

    if (!callback)
        return CONFIGURAPI_NO_MEMORY;
    callback->on_room = on_room;
    c_client_wait_for_room(client, &callback->waiter);
    return CONFIGURAPI_OK;
}

enum configurapi_status configurapi_client_on_gone(configurapi_client *client,
                                                   void (*on_gone)(configurapi_client *client, void *data),
                                                   void *data)
{
    struct callback *callback = make_callback(data);

    if (!callback)
        return CONFIGURAPI_NO_MEMORY;
    callback->on_gone = on_gone;
    c_client_wait_for_end(client, &callback->waiter);
    return CONFIGURAPI_OK;
}
