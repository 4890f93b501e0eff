#include "net/http_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void tell_soon(struct http_exchange *exchange)
{
    if (list_is_empty(&exchange->stream.due))
        list_append(&exchange->client->due, &exchange->stream.due);
}

static void on_soon(uv_timer_t *timer)
{
    http_stream_tell(timer->data);
}

/* From a call into the client, where nobody may be told anything yet. */
static void wake(struct http_client *client)
{
    if (!client->closing && !list_is_empty(&client->due))
        uv_timer_start(&client->soon, on_soon, 0, 0);
}

/* The server is not waited for while we keep what it sends, or have nothing to send and no answer is due. */
static void time_silence(struct http_exchange *exchange)
{
    struct http_client *client = exchange->client;
    bool holds = exchange->stream.paused & CURLPAUSE_RECV ||
                 (exchange->stream.paused & CURLPAUSE_SEND && !exchange->head_ended);

    if (holds)
        deadline_cancel(&client->deadlines, &exchange->deadline);
    else
        deadline_set(&client->deadlines, &exchange->deadline, exchange->timeout_ms);
}

/* Has curl go on with what it was told to leave. Outside its callbacks, but it may run ours. */
static void go_on(struct http_exchange *exchange, int what)
{
    if (!exchange->running || !(exchange->stream.paused & what))
        return;
    exchange->stream.paused &= ~what;
    time_silence(exchange);
    CURLcode code = libcurl.easy_pause(exchange->easy, exchange->stream.paused);
    if (code != CURLE_OK)
        http_exchange_fail(exchange, http_response_failure(exchange, code));
}

/* ---- from curl's callbacks ---- */

void http_stream_head_came(struct http_exchange *exchange)
{
    exchange->stream.head_is_due = true;
    tell_soon(exchange);
    time_silence(exchange);
}

bool http_stream_is_full(struct http_exchange *exchange)
{
    if (exchange->body.length < HTTP_CLIENT_WINDOW)
        return false;
    exchange->stream.paused |= CURLPAUSE_RECV;
    time_silence(exchange);
    return true;
}

void http_stream_chunk_came(struct http_exchange *exchange)
{
    tell_soon(exchange);
    time_silence(exchange);
}

size_t http_stream_on_room(char *into, size_t size, size_t count, void *user)
{
    struct http_exchange *exchange = user;
    struct http_stream *stream = &exchange->stream;
    size_t length = stream->outgoing.length - stream->outgoing_sent;

    if (length == 0 && !stream->finished) {
        stream->paused |= CURLPAUSE_SEND;
        time_silence(exchange);
        return CURL_READFUNC_PAUSE;
    }
    if (length > size * count)
        length = size * count;
    if (length > 0)
        memcpy(into, stream->outgoing.data + stream->outgoing_sent, length);
    stream->outgoing_sent += length;
    if (stream->outgoing_sent == stream->outgoing.length && length > 0) {
        buffer_clear(&stream->outgoing);
        stream->outgoing_sent = 0;
        stream->taken = true;
        tell_soon(exchange);
    }
    time_silence(exchange);
    return length;
}

void http_stream_ended(struct http_exchange *exchange, const char *error)
{
    exchange->stream.has_ended = true;
    exchange->failure = error;
    deadline_cancel(&exchange->client->deadlines, &exchange->deadline);
    tell_soon(exchange);
    wake(exchange->client);
}

/* ---- what the owner is told ---- */

enum news { NEWS_NONE, NEWS_TAKEN, NEWS_HEAD, NEWS_CHUNK, NEWS_END };

static enum news news_of(const struct http_exchange *exchange)
{
    const struct http_stream *stream = &exchange->stream;

    if (stream->taken && !stream->has_ended)
        return NEWS_TAKEN;
    if (stream->head_is_due)
        return NEWS_HEAD;
    if (stream->is_read && exchange->body.length > 0)
        return NEWS_CHUNK;
    return stream->has_ended && exchange->body.length == 0 ? NEWS_END : NEWS_NONE;
}

static void tell_head(struct http_exchange *exchange)
{
    struct http_response response;
    struct http_header *headers = NULL;
    struct buffer head = exchange->head; /* the owner may cancel: its views must outlive the exchange */

    exchange->stream.head_is_due = false;
    if (!http_response_parse(exchange, &response, &headers)) {
        http_exchange_fail(exchange, "out of memory");
        return;
    }
    buffer_init(&exchange->head, HTTP_CLIENT_RESPONSE_HEAD);
    exchange->stream.functions->on_head(exchange->owner, &response);
    free(headers);
    buffer_deinit(&head);
}

static void tell_chunk(struct http_exchange *exchange)
{
    struct buffer chunk = exchange->body;

    exchange->stream.is_read = false;
    buffer_init(&exchange->body, BUFFER_UNLIMITED);
    go_on(exchange, CURLPAUSE_RECV);
    exchange->stream.functions->on_chunk(exchange->owner, buffer_text(&chunk));
    buffer_deinit(&chunk);
}

static void tell_end(struct http_exchange *exchange)
{
    list_remove(&exchange->node);
    list_remove(&exchange->stream.due);
    exchange->client->count--;
    exchange->delivered = true; /* it is its own now, whatever on_end does to the client */
    exchange->stream.functions->on_end(exchange->owner, exchange->failure);
    http_exchange_release(exchange);
}

static void tell(struct http_exchange *exchange)
{
    switch (news_of(exchange)) {
    case NEWS_NONE: list_remove(&exchange->stream.due); break;
    case NEWS_TAKEN:
        exchange->stream.taken = false;
        exchange->stream.functions->on_taken(exchange->owner);
        break;
    case NEWS_HEAD: tell_head(exchange); break;
    case NEWS_CHUNK: tell_chunk(exchange); break;
    case NEWS_END: tell_end(exchange); break;
    }
}

/* One call for each that has something to say, so that the loop gets its turn between them. The owners may
 * cancel each other, which takes them out of whatever list they are in. */
void http_stream_tell(struct http_client *client)
{
    struct list round;

    list_init(&round);
    list_move_all(&round, &client->due);
    while (!list_is_empty(&round)) {
        struct http_exchange *exchange = LIST_ENTRY(round.next, struct http_exchange, stream.due);
        list_remove(&exchange->stream.due);
        list_append(&client->due, &exchange->stream.due);
        tell(exchange);
    }
    wake(client);
}

/* ---- what the owner asks for ---- */

void http_client_read(struct http_exchange *exchange)
{
    exchange->stream.is_read = true;
    if (exchange->body.length == 0)
        go_on(exchange, CURLPAUSE_RECV);
    if (news_of(exchange) != NEWS_NONE)
        tell_soon(exchange);
    wake(exchange->client);
}

enum status http_client_write(struct http_exchange *exchange, struct text bytes)
{
    struct http_stream *stream = &exchange->stream;

    if (stream->finished || stream->has_ended)
        return STATUS_CLOSED;
    enum status status = buffer_append_text(&stream->outgoing, bytes);
    if (status != STATUS_OK)
        return status;
    if (bytes.length == 0)
        stream->taken = true; /* curl never sees it */
    else
        go_on(exchange, CURLPAUSE_SEND);
    tell_soon(exchange);
    wake(exchange->client);
    return STATUS_OK;
}

void http_client_finish(struct http_exchange *exchange)
{
    exchange->stream.finished = true;
    go_on(exchange, CURLPAUSE_SEND);
    wake(exchange->client);
}
