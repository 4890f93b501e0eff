#include "training/clients.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CLIENTS = 16,
    GENERATIONS = 12, /* of clients */
    ROUNDS = 40,      /* of each generation */
    MOST_AT_ONCE = 16,
    MOST_BYTES = 64 * 1024, /* of a message or an answer, and of its frame's header */
    TIMEOUT_S = 60,
};

/* A message, and how the answer to it begins. */
struct exchange {
    const char *message;
    const char *answer;
};

static const struct exchange exchanges[] = {
    {"{\"name\":\"add\",\"params\":{\"unit\":\"m\"},\"payload\":{\"a\":17,\"b\":-4},"
     "\"headers\":{\"message-id\":\"m-1\"}}",
     "{\"statusCode\":200,\"headers\":{\"message-id\":\"m-1\"},\"body\":{\"sum\":13,\"unit\":\"m\"}}"},
    {"{\"headers\":{\"message-id\":12345},\"name\":\"add\",\"payload\":{\"b\":5,\"note\":\"of no interest\","
     "\"a\":100},\"params\":{\"unit\":{\"of\":\"length\"}}}",
     "{\"statusCode\":200,\"headers\":{\"message-id\":12345},\"body\":{\"sum\":105,"},
    {"{\"name\":\"find\",\"params\":{\"id\":7},\"payload\":[1,2.5,-3e2,true,null,\"a \\\"b\\\"\\n\"],"
     "\"headers\":{\"authorization\":\"Bearer 0123456789abcdef\",\"message-id\":\"4f0c-11\"}}",
     "{\"statusCode\":200,\"headers\":{\"message-id\":\"4f0c-11\"},\"body\":{\"found\":7,\"in\":[1,2.5,"},
    {"{\"name\":\"tell\",\"payload\":{\"text\":\"what one says to all the others\",\"at\":1700000000}}",
     "{\"name\":\"tell\",\"payload\":{\"text\":\"what one says"},
    {"{\"name\": \"add\", \"params\": {\"unit\": null}, \"payload\": {\"a\": 1, \"b\": 2}}",
     "{\"statusCode\":200,\"headers\":{},\"body\":{\"sum\":3,"},
    {"{\"name\":\"add\",\"params\":{\"unit\":\"kg\",\"x\":false},\"payload\":{\"a\":0,\"b\":9007199254740991}"
     ","
     "\"query\":{},\"headers\":{\"message-id\":\"00000000-0000-4000-8000-000000000000\"}}",
     "{\"statusCode\":200,\"headers\":{\"message-id\":\"00000000-"},
    {"{\n  \"name\": \"find\",\n  \"params\": { \"id\": \"caf\xc3\xa9\" },\n  \"payload\": {\n"
     "    \"items\": [ { \"a\": 1 }, { \"a\": 2, \"b\": [] }, {} ],\n    \"total\": 0.25\n  }\n}",
     "{\"statusCode\":200,\"headers\":{},\"body\":{\"found\":\"caf\xc3\xa9\",\"in\":{\"items\":"},
    {"{\"name\":\"add\",\"params\":{\"unit\":\"m\"},\"payload\":{\"a\":\"one\"},"
     "\"headers\":{\"message-id\":\"m-2\"}}",
     "{\"statusCode\":400,"},
    {"{\"name\":\"nobody\",\"headers\":{\"message-id\":\"m-3\"}}", "{\"statusCode\":501,"},
};
enum { EXCHANGES = sizeof exchanges / sizeof *exchanges };

/* One in so many messages is as long as this instead: a `tell`. */
enum { LONG_ONE_IN = 97, LONG_BYTES = 20000 };
static const char long_start[] = "{\"name\":\"tell\",\"payload\":\"";

struct client {
    int socket;
    const struct exchange *asked[MOST_AT_ONCE]; /* NULL: the long one */
    unsigned asked_count;
};

static unsigned messages; /* of all clients so far */

static bool fail(const char *what)
{
    fprintf(stderr, "train: %s\n", what);
    return false;
}

static bool send_all(int socket, const void *data, size_t length)
{
    const char *at = data;

    while (length > 0) {
        ssize_t sent = send(socket, at, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return fail("nothing can be sent");
        at += sent;
        length -= (size_t)sent;
    }
    return true;
}

static bool receive_all(int socket, void *data, size_t length)
{
    return recv(socket, data, length, MSG_WAITALL) == (ssize_t)length || fail("no answer");
}

/* ---- opening ---- */

/* -1 where there is none. */
static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct timeval timeout = {.tv_sec = TIMEOUT_S};
    int made = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (made < 0 || (setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == 0 &&
                     connect(made, (const struct sockaddr *)&address, sizeof address) == 0))
        return made;
    close(made);
    return -1;
}

static bool open_client(struct client *client, uint16_t port)
{
    static const char request[] = "GET /?from=training HTTP/1.1\r\n"
                                  "Host: 127.0.0.1\r\n"
                                  "User-Agent: train\r\n"
                                  "Connection: Upgrade\r\n"
                                  "Upgrade: websocket\r\n"
                                  "Sec-WebSocket-Version: 13\r\n"
                                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    char answer[4096];
    size_t length = 0;

    client->socket = connect_to(port);
    if (client->socket < 0)
        return fail("no connection");
    if (!send_all(client->socket, request, sizeof request - 1))
        return false;
    while (length < 4 || memcmp(answer + length - 4, "\r\n\r\n", 4) != 0) {
        if (length == sizeof answer || !receive_all(client->socket, answer + length, 1))
            return fail("no handshake");
        length++;
    }
    return memcmp(answer, "HTTP/1.1 101", 12) == 0 || fail("another handshake than 101");
}

/* ---- messages ---- */

static size_t make_long(char *out)
{
    size_t start = sizeof long_start - 1;

    memcpy(out, long_start, start);
    memset(out + start, 'x', LONG_BYTES - start - 2);
    memcpy(out + LONG_BYTES - 2, "\"}", 2);
    return LONG_BYTES;
}

static size_t append_frame(unsigned char *out, const char *text, size_t length)
{
    static const unsigned char mask[4] = {0x37, 0xFA, 0x21, 0x3D};
    size_t size = 0;

    out[size++] = 0x81; /* all of a text message */
    if (length < 126) {
        out[size++] = (unsigned char)(0x80 | length);
    } else {
        out[size++] = 0x80 | 126;
        out[size++] = (unsigned char)(length >> 8);
        out[size++] = (unsigned char)length;
    }
    memcpy(out + size, mask, sizeof mask);
    size += sizeof mask;
    for (size_t i = 0; i < length; i++)
        out[size + i] = (unsigned char)text[i] ^ mask[i % sizeof mask];
    return size + length;
}

static bool ask(struct client *client, unsigned count)
{
    static unsigned char out[MOST_AT_ONCE * (LONG_BYTES + 8)];
    static char text[LONG_BYTES];
    size_t length = 0;

    for (client->asked_count = 0; client->asked_count < count; client->asked_count++) {
        const struct exchange *exchange =
            ++messages % LONG_ONE_IN == 0 ? NULL : &exchanges[messages % EXCHANGES];
        client->asked[client->asked_count] = exchange;
        length += exchange ? append_frame(out + length, exchange->message, strlen(exchange->message))
                           : append_frame(out + length, text, make_long(text));
    }
    return send_all(client->socket, out, length);
}

static bool read_answer(const struct client *client, const char *wanted)
{
    static char answer[MOST_BYTES];
    unsigned char header[4];

    if (!receive_all(client->socket, header, 2))
        return false;
    size_t length = header[1];
    if (length == 127)
        return fail("an answer that is too long");
    if (length == 126) {
        if (!receive_all(client->socket, header + 2, 2))
            return false;
        length = (size_t)header[2] << 8 | header[3];
    }
    if (!receive_all(client->socket, answer, length))
        return false;
    if (header[0] == 0x81 && length >= strlen(wanted) && memcmp(answer, wanted, strlen(wanted)) == 0)
        return true;
    fprintf(stderr, "train: the answer is %.*s\n", (int)length, answer);
    return false;
}

static bool read_answers(const struct client *client)
{
    for (unsigned i = 0; i < client->asked_count; i++)
        if (!read_answer(client, client->asked[i] ? client->asked[i]->answer : long_start))
            return false;
    return true;
}

/* ---- all of it ---- */

/* All of them ask, and then all of them read. */
static bool ask_all(struct client *clients, unsigned at_once)
{
    for (int i = 0; i < CLIENTS; i++)
        if (!ask(&clients[i], at_once))
            return false;
    for (int i = 0; i < CLIENTS; i++)
        if (!read_answers(&clients[i]))
            return false;
    return true;
}

static bool run_generation(struct client *clients, uint16_t port)
{
    for (int i = 0; i < CLIENTS; i++)
        if (!open_client(&clients[i], port))
            return false;
    for (int round = 0; round < ROUNDS; round++)
        if (!ask_all(clients, 1) || !ask_all(clients, 4) || !ask_all(clients, MOST_AT_ONCE))
            return false;
    return true;
}

enum clients_outcome clients_run(uint16_t port)
{
    struct client clients[CLIENTS];
    bool passed = true;
    int first = connect_to(port);

    if (first < 0)
        return CLIENTS_CUT_OFF;
    close(first);
    for (int generation = 0; passed && generation < GENERATIONS; generation++) {
        for (int i = 0; i < CLIENTS; i++)
            clients[i].socket = -1;
        passed = run_generation(clients, port);
        for (int i = 0; i < CLIENTS; i++)
            if (clients[i].socket >= 0)
                close(clients[i].socket);
    }
    return passed ? CLIENTS_PASSED : CLIENTS_FAILED;
}
