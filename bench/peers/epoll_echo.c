/*
 * The limit: a WebSocket echo on bare epoll, doing nothing that an echo does not need. One thread, one
 * buffer. Frames are unmasked and moved to their reply's place in one pass, and all replies to one read leave
 * in one write:
 *
 *     read:   |hdr|mask|payload    |hdr|mask|payload    |hdr|ma      cut: kept for the next read
 *     write:  |hdr|payload    |hdr|payload    |
 *
 * A reply is four bytes shorter than its message, so it never runs into what is still to be read.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SCRATCH_SIZE = 256 * 1024, EVENTS_PER_TURN = 256, BACKLOG = 1024, MAX_REQUEST = 8192 };
enum {
    FINAL = 0x80,
    RESERVED = 0x70,
    OPCODE = 0x0F,
    CLOSE = 8,
    PING = 9,
    PONG = 10,
    MASKED = 0x80,
    MASK_SIZE = 4
};

static uint8_t scratch[SCRATCH_SIZE];

/* Bytes that must outlive a turn of the loop. */
struct leftover {
    uint8_t *data;
    size_t length;
};

struct connection {
    int socket;
    bool open;              /* the handshake is done */
    bool closing;           /* a close was answered: goes when all is written */
    struct leftover unread; /* the beginning of a frame or request that a read cut off */
    struct leftover unsent; /* what the socket did not take; while there is any, nothing is read */
};

static bool keep(struct leftover *leftover, const uint8_t *data, size_t length)
{
    uint8_t *copy = NULL;

    if (length) {
        copy = malloc(length);
        if (!copy)
            return false;
        memcpy(copy, data, length);
    }
    free(leftover->data);
    *leftover = (struct leftover){copy, length};
    return true;
}

/* Moves a payload down by at least MASK_SIZE bytes, unmasking it. Going forward, a store of eight bytes
 * reaches at most four bytes into the eight that were loaded for it, never into those still to be loaded. */
static void unmask(uint8_t *to, const uint8_t *from, size_t length, const uint8_t mask[MASK_SIZE])
{
    uint64_t wide_mask, word;
    size_t i = 0;

    memcpy(&wide_mask, mask, MASK_SIZE);
    memcpy((uint8_t *)&wide_mask + MASK_SIZE, mask, MASK_SIZE);
    for (; i + sizeof word <= length; i += sizeof word) {
        memcpy(&word, from + i, sizeof word);
        word ^= wide_mask;
        memcpy(to + i, &word, sizeof word);
    }
    for (; i < length; ++i)
        to[i] = from[i] ^ ((const uint8_t *)&wide_mask)[i % MASK_SIZE];
}

struct frame {
    size_t header; /* bytes, the mask not counted */
    uint64_t length;
};

/* False where the header is not whole yet. */
static bool decode_header(struct frame *frame, const uint8_t *data, size_t available)
{
    if (available < 2)
        return false;
    unsigned length = data[1] & 0x7F;
    frame->header = length < 126 ? 2 : length == 126 ? 4 : 10;
    if (available < frame->header + MASK_SIZE)
        return false;
    frame->length = length < 126 ? length : 0;
    for (size_t i = 2; i < frame->header; ++i)
        frame->length = frame->length << 8 | data[i];
    return true;
}

/* Writes the reply to the frame at `in` to `out`, which is not after `in`; returns its size. */
static size_t reply_to(struct connection *connection, uint8_t *out, const uint8_t *in,
                       const struct frame *frame)
{
    uint8_t mask[MASK_SIZE];
    unsigned opcode = in[0] & OPCODE;

    if (opcode == PONG)
        return 0;
    connection->closing = opcode == CLOSE;
    memcpy(mask, in + frame->header, MASK_SIZE);
    memmove(out, in, frame->header);
    out[1] &= (uint8_t)~MASKED;
    if (opcode == PING)
        out[0] = FINAL | PONG;
    unmask(out + frame->header, in + frame->header + MASK_SIZE, (size_t)frame->length, mask);
    return frame->header + (size_t)frame->length;
}

/* Turns the whole frames in the scratch buffer into replies at its beginning. False where a client breaks the
 * protocol or sends a frame larger than the buffer. */
static bool echo(struct connection *connection, size_t length, size_t *replies_length)
{
    size_t in = 0, out = 0;
    struct frame frame;

    while (!connection->closing && decode_header(&frame, scratch + in, length - in)) {
        if (scratch[in] & RESERVED || !(scratch[in + 1] & MASKED) || frame.length > SCRATCH_SIZE / 2)
            return false;
        size_t size = frame.header + MASK_SIZE + (size_t)frame.length;
        if (length - in < size)
            break;
        out += reply_to(connection, scratch + out, scratch + in, &frame);
        in += size;
    }
    *replies_length = out;
    return keep(&connection->unread, scratch + in, length - in);
}

/* RFC 6455, section 4.2.2. */
static void compute_accept(char out[29], const char *key, size_t key_length)
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    uint8_t text[64 + sizeof guid], digest[SHA_DIGEST_LENGTH];

    memcpy(text, key, key_length);
    memcpy(text + key_length, guid, sizeof guid - 1);
    SHA1(text, key_length + sizeof guid - 1, digest);
    EVP_EncodeBlock((uint8_t *)out, digest, sizeof digest);
}

static const char *find_key(const char *request, size_t *length)
{
    static const char name[] = "\r\nsec-websocket-key:";
    const char *found = strcasestr(request, name);

    if (!found)
        return NULL;
    found += sizeof name - 1;
    found += strspn(found, " \t");
    *length = strcspn(found, " \t\r\n");
    return *length && *length <= 64 ? found : NULL;
}

/* Answers the request in the scratch buffer, once it is whole. What follows it is not expected before the
 * answer. */
static bool shake_hands(struct connection *connection, size_t length, size_t *answer_length)
{
    char accept[29];
    size_t key_length;

    *answer_length = 0;
    if (length > MAX_REQUEST)
        return false;
    if (!memmem(scratch, length, "\r\n\r\n", 4))
        return keep(&connection->unread, scratch, length);
    scratch[length] = '\0';
    const char *key = find_key((const char *)scratch, &key_length);
    if (!key)
        return false;
    compute_accept(accept, key, key_length);
    *answer_length = (size_t)sprintf((char *)scratch,
                                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                     "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                                     accept);
    connection->open = true;
    return keep(&connection->unread, NULL, 0);
}

static bool watch(int epoll, struct connection *connection, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = connection};

    return epoll_ctl(epoll, EPOLL_CTL_MOD, connection->socket, &event) == 0;
}

/* False where the connection is done for. */
static bool write_out(int epoll, struct connection *connection, const uint8_t *data, size_t length)
{
    bool was_waiting = connection->unsent.length != 0;
    ssize_t sent = send(connection->socket, data, length, MSG_NOSIGNAL);

    if (sent < 0 && errno != EAGAIN)
        return false;
    size_t done = sent < 0 ? 0 : (size_t)sent;
    if (done == length && !was_waiting)
        return !connection->closing;
    if (!keep(&connection->unsent, data + done, length - done))
        return false;
    if (done < length)
        return was_waiting || watch(epoll, connection, EPOLLOUT);
    return !connection->closing && watch(epoll, connection, EPOLLIN);
}

static bool read_in(int epoll, struct connection *connection)
{
    size_t kept = connection->unread.length;
    size_t out_length;

    /* One byte stays free for the request's NUL. */
    if (kept)
        memcpy(scratch, connection->unread.data, kept);
    ssize_t received = recv(connection->socket, scratch + kept, SCRATCH_SIZE - 1 - kept, 0);
    if (received < 0)
        return errno == EAGAIN || errno == EINTR;
    if (received == 0)
        return false;
    size_t length = kept + (size_t)received;
    if (!(connection->open ? echo(connection, length, &out_length)
                           : shake_hands(connection, length, &out_length)))
        return false;
    return out_length == 0 || write_out(epoll, connection, scratch, out_length);
}

static void drop(struct connection *connection)
{
    close(connection->socket);
    free(connection->unread.data);
    free(connection->unsent.data);
    free(connection);
}

static void on_event(int epoll, struct connection *connection)
{
    bool alive = connection->unsent.length
                     ? write_out(epoll, connection, connection->unsent.data, connection->unsent.length)
                     : read_in(epoll, connection);

    if (!alive)
        drop(connection);
}

static void on_connection(int epoll, int listener)
{
    int on = 1;
    int accepted = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0)
        return;
    struct connection *connection = calloc(1, sizeof *connection);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};

    if (!connection || setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, accepted, &event) != 0) {
        close(accepted);
        free(connection);
        return;
    }
    connection->socket = accepted;
}

static int listen_on(uint16_t port)
{
    int on = 1;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, BACKLOG) != 0)
        return -1;
    return listener;
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS_PER_TURN] = {{.events = EPOLLIN, .data.ptr = NULL}};
    int listener = argc == 2 ? listen_on((uint16_t)atoi(argv[1])) : -1;
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    if (listener < 0 || epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, events) != 0) {
        fputs("usage: epoll_echo PORT (one that is free)\n", stderr);
        return EXIT_FAILURE;
    }
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS_PER_TURN, -1);
        for (int i = 0; i < count; ++i) {
            if (events[i].data.ptr)
                on_event(epoll, events[i].data.ptr);
            else
                on_connection(epoll, listener);
        }
    }
}
