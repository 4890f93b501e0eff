#include "load/connection.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_SIZE = 4096, CONNECTIONS_PER_SOURCE = 20000, SLOW_RECEIVE_BUFFER = 16 * 1024 };

/* RFC 6455's own example, section 1.3. */
static const char handshake_key[] = "dGhlIHNhbXBsZSBub25jZQ==";
static const char handshake_accept[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

static const char *send_request(struct connection *connection)
{
    char request[256];
    int length =
        snprintf(request, sizeof request,
                 "GET / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n",
                 connection->options->port, handshake_key);

    /* A new socket's buffer takes this whole, or something is very wrong. */
    ssize_t sent = send(connection->socket, request, (size_t)length, MSG_NOSIGNAL);
    connection->requested = true;
    return sent == length ? NULL : "the handshake could not be sent";
}

/* One source address has only so many ports; the loopback has many addresses. */
static bool bind_source(int socket_number, unsigned index)
{
    int on = 1;
    struct sockaddr_in source = {.sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK + index / CONNECTIONS_PER_SOURCE)};

    return index < CONNECTIONS_PER_SOURCE ||
           (setsockopt(socket_number, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) == 0 &&
            bind(socket_number, (struct sockaddr *)&source, sizeof source) == 0);
}

static const char *connect_socket(struct connection *connection, unsigned index)
{
    int on = 1;
    struct sockaddr_in server = {.sin_family = AF_INET,
                                 .sin_port = htons(connection->options->port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    if (setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        !bind_source(connection->socket, index))
        return "a socket could not be set up";
    if (connect(connection->socket, (struct sockaddr *)&server, sizeof server) == 0)
        return send_request(connection);
    return errno == EINPROGRESS ? NULL : "the server refused the connection";
}

static bool asks(const struct options *options)
{
    return options->mode != MODE_STORM;
}

const char *connection_open(struct connection *connection, unsigned index, const struct options *options,
                            const struct message *message)
{
    *connection = (struct connection){.socket = -1, .options = options, .message = message};
    connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->socket < 0)
        return strerror(errno);
    /* What is not read is then the server's to keep, not the kernel's. */
    int little = SLOW_RECEIVE_BUFFER;
    if (options->mode == MODE_SLOW)
        (void)setsockopt(connection->socket, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    connection->state = CONNECTION_HANDSHAKE;
    connection->answer = malloc(ANSWER_SIZE);
    if (asks(options))
        connection->due_at = calloc(options->in_flight, sizeof *connection->due_at);
    if (!connection->answer || (asks(options) && !connection->due_at))
        return "out of memory";
    return connect_socket(connection, index);
}

void connection_close(struct connection *connection)
{
    if (connection->state == CONNECTION_CLOSED)
        return;
    close(connection->socket);
    free(connection->answer);
    free(connection->due_at);
    *connection = (struct connection){.socket = -1};
}

void connection_reset(struct connection *connection)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    if (connection->state != CONNECTION_CLOSED)
        (void)setsockopt(connection->socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    connection_close(connection);
}

bool connection_ask(struct connection *connection, uint64_t due_ns)
{
    unsigned in_flight = connection->options->in_flight;

    if (connection->outstanding == in_flight)
        return false;
    connection->due_at[(connection->oldest + connection->outstanding++) % in_flight] = due_ns;
    connection->unsent += connection->message->frame_size;
    return true;
}

static void forget_answer(struct connection *connection)
{
    free(connection->answer);
    connection->answer = NULL;
}

/* The first reply is looked at only where something is expected of it. */
static void sample_first_reply(struct connection *connection)
{
    if (connection->options->expected_count == 0) {
        forget_answer(connection);
        return;
    }
    connection->reader.sampling = true;
    connection->reader.sample = connection->answer;
    connection->reader.sample_capacity = ANSWER_SIZE;
}

static const char *check_first_reply(struct connection *connection)
{
    const struct options *options = connection->options;
    const struct reader *reader = &connection->reader;

    for (unsigned i = 0; i < options->expected_count; ++i)
        if (!memmem(reader->sample, reader->sample_length, options->expected[i],
                    strlen(options->expected[i])))
            return "a first reply is not what was expected";
    forget_answer(connection);
    return NULL;
}

/* RFC 6455, section 5.5.3: only the latest ping wants an answer, so one that falls into a half-written
 * message is left to the next. */
static void answer_ping(struct connection *connection)
{
    uint8_t pong[MESSAGE_MAX_PONG];
    struct reader *reader = &connection->reader;

    reader->pinged = false;
    if (connection->unsent % connection->message->frame_size)
        return;
    size_t size = message_pong(pong, reader->control, reader->control_length);
    /* Where the socket is full, the next ping is answered instead. */
    (void)!send(connection->socket, pong, size, MSG_NOSIGNAL);
}

static const char *take_replies(struct connection *connection, unsigned replies, on_reply *replied,
                                void *context)
{
    const struct options *options = connection->options;
    size_t frame_size = connection->message->frame_size;

    connection->messages += replies;
    if (!replies || options->mode == MODE_STREAM || options->mode == MODE_SLOW)
        return NULL;
    if (replies * frame_size > connection->outstanding * frame_size - connection->unsent)
        return "there are more replies than messages";
    uint64_t now = clock_now_ns();
    for (unsigned i = 0; i < replies; ++i) {
        replied(context, now - connection->due_at[connection->oldest]);
        if (++connection->oldest == options->in_flight)
            connection->oldest = 0;
        --connection->outstanding;
        if (options->mode == MODE_CLOSED)
            connection_ask(connection, now);
    }
    return NULL;
}

static const char *feed(struct connection *connection, const uint8_t *data, size_t length, on_reply *replied,
                        void *context)
{
    unsigned replies = reader_feed(&connection->reader, data, length);

    connection->bytes += length;
    const char *problem = connection->reader.error;

    if (!problem && replies && connection->answer)
        problem = check_first_reply(connection);
    if (!problem)
        problem = take_replies(connection, replies, replied, context);
    if (!problem && connection->reader.pinged)
        answer_ping(connection);
    return problem;
}

static const char *take_answer(struct connection *connection, const uint8_t *data, size_t length,
                               on_reply *replied, void *context)
{
    size_t room = ANSWER_SIZE - connection->answer_length;
    size_t copied = length < room ? length : room;
    size_t before = connection->answer_length;

    memcpy(connection->answer + before, data, copied);
    connection->answer_length += copied;
    const char *end = memmem(connection->answer, connection->answer_length, "\r\n\r\n", 4);
    if (!end)
        return copied == room ? "the handshake's answer is too long" : NULL;
    size_t head = (size_t)(end - connection->answer) + 4;
    if (head < 12 || memcmp(connection->answer, "HTTP/1.1 101", 12) != 0)
        return "the server did not switch protocols";
    if (!memmem(connection->answer, head, handshake_accept, sizeof handshake_accept - 1))
        return "the handshake's answer has the wrong Sec-WebSocket-Accept";
    connection->state = CONNECTION_OPEN;
    sample_first_reply(connection);
    /* What a server pushes may come with the answer. */
    size_t used = head - before;
    return length > used ? feed(connection, data + used, length - used, replied, context) : NULL;
}

const char *connection_read(struct connection *connection, uint8_t *scratch, size_t scratch_size,
                            on_reply *replied, void *context)
{
    ssize_t length = recv(connection->socket, scratch, scratch_size, 0);

    if (length < 0)
        return errno == EAGAIN || errno == EINTR ? NULL : strerror(errno);
    if (length == 0)
        return "the server hung up";
    if (connection->state == CONNECTION_OPEN)
        return feed(connection, scratch, (size_t)length, replied, context);
    return take_answer(connection, scratch, (size_t)length, replied, context);
}

const char *connection_write(struct connection *connection)
{
    const struct message *message = connection->message;

    if (connection->state == CONNECTION_HANDSHAKE)
        return connection->requested ? NULL : send_request(connection);
    while (connection->unsent) {
        /* The frames are all alike, so only the place within one matters. */
        size_t into_frame =
            (message->frame_size - connection->unsent % message->frame_size) % message->frame_size;
        size_t room = message->total - into_frame;
        size_t wanted = connection->unsent < room ? connection->unsent : room;
        ssize_t sent = send(connection->socket, message->frames + into_frame, wanted, MSG_NOSIGNAL);
        if (sent < 0)
            return errno == EAGAIN ? NULL : strerror(errno);
        connection->unsent -= (size_t)sent;
    }
    return NULL;
}
