#include "net/channel.h"
#include "net/listener.h"

#include "support/cmocka_all.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MARK = 1 << 20, MESSAGE = 10007, MORE_THAN_SOCKETS_TAKE = 48 << 20 };

/* A channel, and in `peer` the other end's socket, which never blocks. */
struct fixture {
    uv_loop_t loop;
    struct listener server;
    struct net net;
    struct channel channel;
    int peer;
    bool accepted;
    bool closed;
    bool net_closed;
    int ends;
    int congestions;
    int drains;
    size_t written; /* bytes of the stream that every test sends */
    size_t read;
    size_t received; /* bytes of the other direction */
};

static struct fixture *fixture_of(struct channel *channel)
{
    return LIST_ENTRY(channel, struct fixture, channel);
}

static void on_data(struct channel *channel, char *data, size_t length)
{
    (void)data;
    fixture_of(channel)->received += length;
}

static char *on_room(struct channel *channel, size_t *size)
{
    (void)channel, (void)size;
    return NULL;
}

static void on_end(struct channel *channel)
{
    fixture_of(channel)->ends++;
    channel_close(channel);
}

static void on_congested(struct channel *channel)
{
    fixture_of(channel)->congestions++;
}

static void on_drained(struct channel *channel)
{
    fixture_of(channel)->drains++;
}

static void on_closed(struct channel *channel)
{
    fixture_of(channel)->closed = true;
}

static const struct channel_events events = {on_room, on_data, on_end, on_congested, on_drained, on_closed};

static void on_connection(struct listener *server)
{
    struct fixture *fixture = LIST_ENTRY(server, struct fixture, server);
    int descriptor;

    assert_int_equal(listener_accept(server, &descriptor), STATUS_OK);
    assert_int_equal(channel_open(&fixture->channel, &fixture->net, descriptor, NULL, &events), STATUS_OK);
    fixture->accepted = true;
    channel_read_start(&fixture->channel);
}

static void on_net_closed(struct net *net)
{
    LIST_ENTRY(net, struct fixture, net)->net_closed = true;
}

static int connect_to(const struct fixture *fixture)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(fixture->server.address.port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(peer, (struct sockaddr *)&address, sizeof address), 0);
    return peer;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct buffer error;

    assert_non_null(fixture);
    uv_loop_init(&fixture->loop);
    buffer_init(&error, BUFFER_UNLIMITED);
    assert_int_equal(net_init(&fixture->net, &fixture->loop, NET_IN_LOOP, MARK), STATUS_OK);
    fixture->server.on_connection = on_connection;
    assert_int_equal(listener_open(&fixture->server, &fixture->loop, "127.0.0.1", 0, SOCKET_ALONE, &error),
                     STATUS_OK);
    fixture->peer = connect_to(fixture);
    while (!fixture->accepted)
        uv_run(&fixture->loop, UV_RUN_ONCE);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    channel_close(&fixture->channel);
    listener_close(&fixture->server);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_true(fixture->closed);
    net_close(&fixture->net, on_net_closed);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_true(fixture->net_closed);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
    close(fixture->peer);
    free(fixture);
    return 0;
}

static char byte_at(size_t position)
{
    return (char)(position * 31 + position / 251);
}

static void write_message(struct fixture *fixture, size_t length)
{
    struct buffer *out = channel_out(&fixture->channel);

    assert_int_equal(buffer_reserve(out, length), STATUS_OK);
    for (size_t i = 0; i < length; i++)
        out->data[out->length++] = byte_at(fixture->written++);
    channel_wrote(&fixture->channel);
}

static void turn(struct fixture *fixture)
{
    net_flush(&fixture->net);
    uv_run(&fixture->loop, UV_RUN_NOWAIT);
    net_flush(&fixture->net);
}

/* Writes until the kernel takes no more and the channel is congested by what waits. */
static void congest(struct fixture *fixture)
{
    while (!fixture->channel.congested) {
        write_message(fixture, MESSAGE);
        turn(fixture);
        assert_true(fixture->written < MORE_THAN_SOCKETS_TAKE);
    }
}

/* Reads what is there, at most `most` bytes. False at the end of the stream. */
static bool read_some(struct fixture *fixture, size_t most)
{
    char data[64 * 1024];
    ssize_t count = recv(fixture->peer, data, most < sizeof data ? most : sizeof data, MSG_DONTWAIT);

    if (count < 0)
        assert_int_equal(errno, EAGAIN);
    for (ssize_t i = 0; i < count; i++)
        if (data[i] != byte_at(fixture->read++))
            fail_msg("byte %zu is another one", fixture->read - 1);
    return count != 0;
}

static void read_all(struct fixture *fixture)
{
    while (fixture->read < fixture->written) {
        read_some(fixture, SIZE_MAX);
        turn(fixture);
    }
}

static void assert_owns_nothing(const struct channel *channel)
{
    assert_int_equal(channel_unsent(channel), 0);
    assert_null(channel->out);
    assert_null(channel->sealed);
    assert_null(channel->waiting);
}

static void owns_nothing_between_turns(void **state)
{
    struct fixture *fixture = *state;

    assert_owns_nothing(&fixture->channel);
    for (int i = 0; i < 3; i++)
        write_message(fixture, 100);
    assert_int_equal(channel_unsent(&fixture->channel), 300);
    turn(fixture);
    assert_owns_nothing(&fixture->channel);
    read_all(fixture);
}

static void keeps_what_the_peer_does_not_read(void **state)
{
    struct fixture *fixture = *state;

    congest(fixture);
    size_t unsent = channel_unsent(&fixture->channel);
    assert_true(unsent <= MARK); /* the last message too: room was left for it */
    assert_true(unsent > MARK / 2);
    assert_null(fixture->channel.out); /* it waits in blocks */
    assert_true(fixture->net.blocks.count <= unsent / BACKLOG_BLOCK + 2);
    assert_int_equal(fixture->congestions, 1);
    assert_int_equal(fixture->drains, 0);

    read_all(fixture);
    assert_int_equal(fixture->drains, 1);
    assert_false(fixture->channel.congested);
    assert_owns_nothing(&fixture->channel);
    assert_true(fixture->net.blocks.count <= BACKLOG_SPARE_BLOCKS + 2);
}

static void frees_what_has_left_while_more_waits(void **state)
{
    struct fixture *fixture = *state;
    size_t lowest = SIZE_MAX;

    congest(fixture);
    for (int i = 0; i < 300; i++) /* far more than the mark: spare blocks do not count */
        write_message(fixture, 64 * 1024);
    turn(fixture);
    while (fixture->read < fixture->written) {
        read_some(fixture, 20000);
        turn(fixture);
        size_t unsent = channel_unsent(&fixture->channel);
        assert_true(unsent <= lowest);
        lowest = unsent;
        assert_true(fixture->net.blocks.count <= unsent / BACKLOG_BLOCK + 2 + BACKLOG_SPARE_BLOCKS);
    }
    assert_owns_nothing(&fixture->channel);
}

static void goes_on_writing_while_some_waits(void **state)
{
    struct fixture *fixture = *state;

    congest(fixture);
    size_t most = fixture->written * 3;
    while (fixture->written < most) {
        read_some(fixture, 30000);
        write_message(fixture, 1 + fixture->written % 50000);
        turn(fixture);
    }
    read_all(fixture);
    assert_owns_nothing(&fixture->channel);
}

/* Behind what was gathered, and ahead of what comes later, whether there is room for it or not. */
static void sends_long_texts_in_their_order(void **state)
{
    enum { LONG = 300 * 1000 };
    struct fixture *fixture = *state;
    char *text = malloc(LONG);

    for (int round = 0; round < 60; round++) {
        size_t length = round % 7 == 3 ? 1000 : LONG;
        write_message(fixture, (size_t)(round % 3) * 50);
        for (size_t i = 0; i < length; i++)
            text[i] = byte_at(fixture->written++);
        assert_int_equal(channel_send(&fixture->channel, (struct text){text, length}), STATUS_OK);
        memset(text, 0xEE, length);
        if (round % 5 == 0)
            turn(fixture);
        if (round % 30 == 29)
            read_all(fixture);
    }
    read_all(fixture);
    assert_true(fixture->congestions > 0);
    assert_owns_nothing(&fixture->channel);
    free(text);
}

/* What a drain lets go on may be what sends: it is told when the turn ends. */
static void tells_of_room_in_the_turn(void **state)
{
    enum { LONG = 40 * 1000 };
    struct fixture *fixture = *state;
    char *text = malloc(LONG);

    while (!fixture->channel.congested)
        write_message(fixture, MESSAGE); /* nothing of it has gone to the kernel */
    for (size_t i = 0; i < LONG; i++)
        text[i] = byte_at(fixture->written++);
    assert_int_equal(channel_send(&fixture->channel, (struct text){text, LONG}), STATUS_OK);
    assert_true(channel_unsent(&fixture->channel) < MARK / 2);
    assert_int_equal(fixture->drains, 0);
    turn(fixture);
    assert_int_equal(fixture->drains, 1);
    read_all(fixture);
    free(text);
}

static void finishes_behind_what_waits(void **state)
{
    struct fixture *fixture = *state;

    congest(fixture);
    write_message(fixture, 1000);
    channel_finish(&fixture->channel);
    turn(fixture);
    read_all(fixture);
    while (read_some(fixture, SIZE_MAX))
        turn(fixture);
    assert_int_equal(fixture->ends, 0); /* the peer has not said that it ends */
}

static void closes_while_some_waits(void **state)
{
    struct fixture *fixture = *state;

    congest(fixture);
    write_message(fixture, 1000);
    channel_close(&fixture->channel);
    write_message(fixture, 1000); /* goes nowhere */
    while (!fixture->closed)
        turn(fixture);
    assert_owns_nothing(&fixture->channel);
    assert_int_equal(fixture->ends, 0);
    assert_int_equal(fixture->drains, 0);
}

static void ends_when_the_peer_is_gone(void **state)
{
    struct fixture *fixture = *state;
    struct linger at_once = {.l_onoff = 1};

    congest(fixture);
    setsockopt(fixture->peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fixture->peer);
    fixture->peer = -1;
    while (!fixture->closed) {
        write_message(fixture, 10);
        uv_run(&fixture->loop, UV_RUN_ONCE);
        net_flush(&fixture->net);
    }
    assert_int_equal(fixture->ends, 1);
}

/* The kernel tells of an end whether asked or not, again and again. */
static void is_left_alone_while_it_does_not_read(void **state)
{
    struct fixture *fixture = *state;
    struct linger at_once = {.l_onoff = 1};

    channel_read_stop(&fixture->channel);
    assert_int_equal(send(fixture->peer, "0123456789", 10, 0), 10);
    turn(fixture);
    assert_int_equal(fixture->received, 0);
    assert_int_equal(fixture->channel.watched, 0);

    channel_read_start(&fixture->channel);
    turn(fixture);
    assert_int_equal(fixture->received, 10);

    channel_read_stop(&fixture->channel);
    setsockopt(fixture->peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fixture->peer);
    fixture->peer = -1;
    turn(fixture);
    assert_int_equal(fixture->channel.watched, 0);
    assert_int_equal(fixture->ends, 0);
    channel_read_start(&fixture->channel);
    turn(fixture);
    assert_int_equal(fixture->ends, 1);
}

static void sends_without_delay(void **state)
{
    const struct fixture *fixture = *state;
    int on = 0;
    socklen_t length = sizeof on;

    assert_int_equal(getsockopt(fixture->channel.descriptor, IPPROTO_TCP, TCP_NODELAY, &on, &length), 0);
    assert_true(on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(owns_nothing_between_turns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_what_the_peer_does_not_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(frees_what_has_left_while_more_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(goes_on_writing_while_some_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sends_long_texts_in_their_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_of_room_in_the_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finishes_behind_what_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closes_while_some_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ends_when_the_peer_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_left_alone_while_it_does_not_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sends_without_delay, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
