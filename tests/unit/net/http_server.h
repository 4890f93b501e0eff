#pragma once

#include "base/buffer.h"
#include "base/list.h"
#include "base/text.h"
#include "support/cmocka_all.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

/*
 * A server that does what the path says, on the client's own loop. A connection frees itself; the server
 * closes those that are left.
 */

enum { BIG = 300000 };

struct server {
    uv_tcp_t tcp;
    int port;
    struct list connections;
    size_t open;
    size_t most_open;
    size_t accepted;
    size_t requests;
    size_t sent; /* of "/endless" */
};

struct connection {
    uv_tcp_t tcp;
    struct list node;
    struct server *server;
    struct buffer in;
    bool closing;
    size_t sent; /* of "/endless" */
};

struct reply {
    uv_write_t request;
    struct connection *connection;
    bool last;
    struct buffer data;
};

static void on_connection_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;

    buffer_deinit(&connection->in);
    free(connection);
}

static void hang_up(struct connection *connection)
{
    if (connection->closing)
        return;
    connection->closing = true;
    connection->server->open--;
    list_remove(&connection->node);
    uv_close((uv_handle_t *)&connection->tcp, on_connection_closed);
}

static void on_replied(uv_write_t *write, int status)
{
    struct reply *reply = write->data;

    (void)status;
    if (reply->last)
        hang_up(reply->connection);
    buffer_deinit(&reply->data);
    free(reply);
}

static void put(struct buffer *buffer, struct text text)
{
    assert_int_equal(buffer_append_text(buffer, text), STATUS_OK);
}

static void reply_with(struct connection *connection, struct text head, struct text body, bool last)
{
    struct reply *reply = calloc(1, sizeof *reply);

    assert_non_null(reply);
    reply->connection = connection;
    reply->last = last;
    reply->request.data = reply;
    buffer_init(&reply->data, BUFFER_UNLIMITED);
    put(&reply->data, head);
    put(&reply->data, body);
    uv_buf_t bytes = uv_buf_init(reply->data.data, (unsigned)reply->data.length);
    assert_int_equal(uv_write(&reply->request, (uv_stream_t *)&connection->tcp, &bytes, 1, on_replied), 0);
}

static void reply_sized(struct connection *connection, struct text body, bool last)
{
    char head[128];

    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", body.length);
    reply_with(connection, text_from_cstr(head), body, last);
}

static void reply_big_head(struct connection *connection)
{
    struct buffer head;

    buffer_init(&head, BUFFER_UNLIMITED);
    put(&head, TEXT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"));
    while (head.length < BIG)
        put(&head, TEXT("X-Many: more of them than a sane server would have\r\n"));
    reply_with(connection, buffer_text(&head), TEXT("\r\n"), false);
    buffer_deinit(&head);
}

static void send_endless(struct connection *connection);

static void on_endless_sent(uv_write_t *write, int status)
{
    struct reply *reply = write->data;
    struct connection *connection = reply->connection;

    connection->server->sent += reply->data.length;
    buffer_deinit(&reply->data);
    free(reply);
    if (status == 0 && !connection->closing)
        send_endless(connection);
}

/* Byte i is i % 251; the next come when these have left. */
static void send_endless(struct connection *connection)
{
    struct reply *reply = calloc(1, sizeof *reply);

    assert_non_null(reply);
    reply->connection = connection;
    reply->request.data = reply;
    buffer_init(&reply->data, BUFFER_UNLIMITED);
    assert_int_equal(buffer_reserve(&reply->data, 65536), STATUS_OK);
    while (reply->data.length < 65536)
        reply->data.data[reply->data.length++] = (char)(connection->sent++ % 251);
    uv_buf_t bytes = uv_buf_init(reply->data.data, (unsigned)reply->data.length);
    assert_int_equal(uv_write(&reply->request, (uv_stream_t *)&connection->tcp, &bytes, 1, on_endless_sent),
                     0);
}

static void reply_endless(struct connection *connection)
{
    reply_with(connection, TEXT("HTTP/1.1 200 OK\r\n\r\n"), TEXT(""), false);
    connection->sent = 0;
    send_endless(connection);
}

static bool asks_for(struct text request, const char *path)
{
    struct text rest;

    text_split(request, ' ', &rest);
    return text_equal(text_split(rest, ' ', &rest), text_from_cstr(path));
}

static void answer(struct connection *connection, struct text request)
{
    static char big[BIG];

    memset(big, 'b', sizeof big);
    if (asks_for(request, "/silent"))
        return;
    if (asks_for(request, "/headers"))
        reply_with(
            connection,
            TEXT("HTTP/1.1 103 Early Hints\r\nLink: early\r\n\r\n"
                 "HTTP/1.1 404 Not Found\r\nX-One:  1 \r\nx-two: a\r\n\t b: c\r\nX-One: 2\r\nX-None:\r\n"
                 "Content-Length: 2\r\n\r\n"),
            TEXT("no"), false);
    else if (asks_for(request, "/chunked"))
        reply_with(connection,
                   TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n"),
                   TEXT("5\r\nhello\r\n6\r\n, you!\r\n0\r\nX-Late: 1\r\n\r\n"), false);
    else if (asks_for(request, "/big"))
        reply_sized(connection, (struct text){big, BIG}, false);
    else if (asks_for(request, "/big-head"))
        reply_big_head(connection);
    else if (asks_for(request, "/midway"))
        reply_with(connection, TEXT("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"), TEXT("ten bytes."),
                   true);
    else if (asks_for(request, "/endless"))
        reply_endless(connection);
    else if (asks_for(request, "/gzip"))
        reply_with(
            connection, TEXT("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 28\r\n\r\n"),
            TEXT("\x1f\x8b\x08\0\0\0\0\0\x02\x03\x2b\x2e\x2c\x4d\x4d\xad\x4a\x4d\x01\0\xde\x26\x14\0\x08"
                 "\0\0\0"),
            false);
    else if (asks_for(request, "/gzip-broken"))
        reply_with(connection, TEXT("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n"),
                   TEXT("none"), false);
    else if (asks_for(request, "/nothing"))
        hang_up(connection);
    else if (asks_for(request, "/redirect"))
        reply_with(connection, TEXT("HTTP/1.1 302 Found\r\nLocation: /echo\r\nContent-Length: 0\r\n\r\n"),
                   TEXT(""), false);
    else if (asks_for(request, "/last"))
        reply_sized(connection, TEXT("bye"), true); /* closes without having said so */
    else if (asks_for(request, "/until-end"))
        reply_with(connection, TEXT("HTTP/1.1 200 OK\r\n\r\n"), TEXT("all"), true);
    else if (text_starts_with(request, TEXT("HEAD ")))
        reply_with(connection, TEXT("HTTP/1.1 200 OK\r\nContent-Length: 1234567\r\n\r\n"), TEXT(""), false);
    else
        reply_sized(connection, request, false);
}

/* How long the request is that starts with a head of so many bytes; more than is there where some is missing.
 */
static size_t request_length(const struct buffer *in, size_t head)
{
    char *field = memmem(in->data, head, "\r\nContent-Length: ", 18);
    char *end;

    if (field)
        return head + (size_t)strtoul(field + 18, NULL, 10);
    if (!memmem(in->data, head, "\r\nTransfer-Encoding: chunked\r\n", 30))
        return head;
    end = memmem(in->data + head, in->length - head, "0\r\n\r\n", 5);
    return end ? (size_t)(end - in->data) + 5 : in->length + 1;
}

/* Whole requests from the front of what came. One for "/unread" is never read any further than its head. */
static void take_requests(struct connection *connection)
{
    while (!connection->closing && connection->in.length > 0) {
        struct buffer *in = &connection->in;
        char *end = memmem(in->data, in->length, "\r\n\r\n", 4);
        if (!end)
            return;
        if (text_starts_with(buffer_text(in), TEXT("PUT /unread "))) {
            uv_read_stop((uv_stream_t *)&connection->tcp);
            return;
        }
        size_t length = request_length(in, (size_t)(end - in->data) + 4);
        if (in->length < length)
            return;
        connection->server->requests++;
        answer(connection, (struct text){in->data, length});
        buffer_consume(in, length);
    }
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct connection *connection = handle->data;

    assert_int_equal(buffer_reserve(&connection->in, suggested), STATUS_OK);
    *buffer = uv_buf_init(connection->in.data + connection->in.length, (unsigned)suggested);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct connection *connection = stream->data;

    (void)buffer;
    if (count < 0) {
        hang_up(connection);
        return;
    }
    connection->in.length += (size_t)count;
    take_requests(connection);
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct server *server = stream->data;
    struct connection *connection = calloc(1, sizeof *connection);

    assert_int_equal(status, 0);
    assert_non_null(connection);
    connection->server = server;
    connection->tcp.data = connection;
    buffer_init(&connection->in, BUFFER_UNLIMITED);
    list_init(&connection->node);
    list_append(&server->connections, &connection->node);
    server->accepted++;
    if (++server->open > server->most_open)
        server->most_open = server->open;
    uv_tcp_init(stream->loop, &connection->tcp);
    assert_int_equal(uv_accept(stream, (uv_stream_t *)&connection->tcp), 0);
    assert_int_equal(uv_read_start((uv_stream_t *)&connection->tcp, on_allocate, on_read), 0);
}

static void server_open(struct server *server, uv_loop_t *loop)
{
    struct sockaddr_in address;
    int length = sizeof address;

    *server = (struct server){0};
    list_init(&server->connections);
    uv_tcp_init(loop, &server->tcp);
    server->tcp.data = server;
    uv_ip4_addr("127.0.0.1", 0, &address);
    assert_int_equal(uv_tcp_bind(&server->tcp, (struct sockaddr *)&address, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&server->tcp, 512, on_connection), 0);
    uv_tcp_getsockname(&server->tcp, (struct sockaddr *)&address, &length);
    server->port = ntohs(address.sin_port);
}

static void server_close(struct server *server)
{
    while (!list_is_empty(&server->connections))
        hang_up(LIST_ENTRY(server->connections.next, struct connection, node));
    uv_close((uv_handle_t *)&server->tcp, NULL);
}
