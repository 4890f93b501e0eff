#include "support/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_S = 5 };

static void fail(const char *what)
{
    perror(what);
    abort();
}

static int open_socket(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval wait = {.tv_sec = WAIT_S};
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0)
        return descriptor;
    close(descriptor);
    return -1;
}

/* Where the server has closed, reading tells. */
static void write_all(int descriptor, const void *data, size_t length)
{
    if (send(descriptor, data, length, MSG_NOSIGNAL) != (ssize_t)length && errno != EPIPE &&
        errno != ECONNRESET)
        fail("send");
}

/* False at the stream's end, a reset too. */
static bool read_more(struct client *client)
{
    ssize_t count =
        recv(client->socket, client->received + client->length, sizeof client->received - client->length, 0);

    if (count < 0 && errno == ECONNRESET)
        return false;
    if (count < 0)
        fail("recv");
    client->length += (size_t)count;
    return count > 0;
}

static void drop(struct client *client, size_t count)
{
    client->length -= count;
    memmove(client->received, client->received + count, client->length);
}

void client_begin(struct client *client, uint16_t port)
{
    static const char request[] = "GET /?a=1 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                                  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    *client = (struct client){.socket = open_socket(port)};
    if (client->socket < 0)
        fail("connect");
    write_all(client->socket, request, sizeof request - 1);
}

bool client_try_connect(struct client *client, uint16_t port)
{
    char *end;

    client_begin(client, port);
    while (!(end = memmem(client->received, client->length, "\r\n\r\n", 4)))
        if (!read_more(client))
            return false;
    bool is_upgraded = memmem(client->received, client->length, " 101 ", 5) != NULL;
    drop(client, (size_t)(end - client->received) + 4);
    return is_upgraded;
}

void client_connect(struct client *client, uint16_t port)
{
    if (!client_try_connect(client, port))
        fail("not upgraded");
}

void client_send(struct client *client, const char *text)
{
    size_t length = strlen(text);
    unsigned char frame[8 + 4096] = {0x81};
    size_t head = 2;

    if (length > 4096)
        fail("too long for this client");
    frame[1] = (unsigned char)(0x80 | (length < 126 ? length : 126));
    if (length >= 126) {
        frame[2] = (unsigned char)(length >> 8);
        frame[3] = (unsigned char)length;
        head = 4;
    }
    head += 4; /* a mask of zeroes */
    memcpy(frame + head, text, length);
    write_all(client->socket, frame, head + length);
}

/* One frame, its payload in `message`; its opcode, or -1 at the stream's end. */
static int next_frame(struct client *client)
{
    for (;;) {
        const unsigned char *at = (const unsigned char *)client->received;
        size_t length = client->length >= 2 ? at[1] & 0x7F : 0;
        size_t head = length == 126 ? 4 : length == 127 ? 10 : 2;
        if (client->length >= head) {
            for (size_t i = 2, all = 0; i < head; i++)
                length = all = all << 8 | at[i];
            if (client->length >= head + length) {
                int opcode = at[0] & 0x0F;
                memcpy(client->message, at + head, length);
                client->message[length] = '\0';
                drop(client, head + length);
                return opcode;
            }
        }
        if (!read_more(client))
            return -1;
    }
}

const char *client_next(struct client *client)
{
    for (;;) {
        int opcode = next_frame(client);
        if (opcode == 1 || opcode == 2)
            return client->message;
        if (opcode == 8)
            client->close_code =
                (uint16_t)((unsigned char)client->message[0] << 8 | (unsigned char)client->message[1]);
        if (opcode == 8 || opcode < 0)
            return NULL;
    }
}

const char *client_ask(struct client *client, const char *text)
{
    client_send(client, text);
    return client_next(client);
}

uint16_t client_wait_for_close(struct client *client)
{
    while (client_next(client))
        ;
    return client->close_code;
}

void client_close(struct client *client)
{
    close(client->socket);
}

void client_http(uint16_t port, const char *request_line, char *answer, size_t size)
{
    char request[512];
    size_t length = 0;
    ssize_t count;
    int descriptor = open_socket(port);

    if (descriptor < 0)
        fail("connect");
    snprintf(request, sizeof request, "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
             request_line);
    write_all(descriptor, request, strlen(request));
    while (length < size - 1 && (count = recv(descriptor, answer + length, size - 1 - length, 0)) > 0)
        length += (size_t)count;
    answer[length] = '\0';
    close(descriptor);
}

bool client_can_connect(uint16_t port)
{
    int descriptor = open_socket(port);

    if (descriptor >= 0)
        close(descriptor);
    return descriptor >= 0;
}
