#include "net/channel.h"

#include "support/cmocka_all.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Several channels that have something to read in one turn of the loop. */

enum {
    CHANNELS = 5,
    MARK = 1 << 20,
    LONG = 40 * 1024
}; /* so that all of it does not fit into the buffer at once */

struct fixture {
    uv_loop_t loop;
    struct net net;
    struct member {
        struct channel channel;
        struct fixture *fixture;
        int peer;
        char *received;
        size_t length;
        int calls;
        int ends;
        bool closed;
    } members[CHANNELS];
    bool net_closed;
    size_t dealt;                        /* calls of on_data, of all */
    void (*on_first)(struct fixture *f); /* what the first of them does */
};

static struct member *member_of(struct channel *channel)
{
    return LIST_ENTRY(channel, struct member, channel);
}

static void on_data(struct channel *channel, char *data, size_t length)
{
    struct member *member = member_of(channel);
    struct fixture *fixture = member->fixture;

    member->calls++;
    member->received = realloc(member->received, member->length + length);
    assert_non_null(member->received);
    memcpy(member->received + member->length, data, length);
    member->length += length;
    memset(data, '!', length); /* it is the owner's to change, this and nothing else */
    if (fixture->dealt++ == 0 && fixture->on_first)
        fixture->on_first(fixture);
}

static char *on_room(struct channel *channel, size_t *size)
{
    (void)channel, (void)size;
    return NULL;
}

static void on_end(struct channel *channel)
{
    member_of(channel)->ends++;
    channel_close(channel);
}

static void on_mark(struct channel *channel)
{
    (void)channel;
}

static void on_closed(struct channel *channel)
{
    member_of(channel)->closed = true;
}

static const struct channel_events events = {on_room, on_data, on_end, on_mark, on_mark, on_closed};

static void on_net_closed(struct net *net)
{
    LIST_ENTRY(net, struct fixture, net)->net_closed = true;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    uv_loop_init(&fixture->loop);
    assert_int_equal(net_init(&fixture->net, &fixture->loop, NET_IN_LOOP, MARK), STATUS_OK);
    for (size_t i = 0; i < CHANNELS; i++) {
        struct member *member = &fixture->members[i];
        int ends[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        member->fixture = fixture;
        member->peer = ends[1];
        assert_int_equal(channel_open(&member->channel, &fixture->net, ends[0], NULL, &events), STATUS_OK);
        channel_read_start(&member->channel);
    }
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < CHANNELS; i++)
        channel_close(&fixture->members[i].channel);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    net_close(&fixture->net, on_net_closed);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_true(fixture->net_closed);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
    for (size_t i = 0; i < CHANNELS; i++) {
        assert_true(fixture->members[i].closed);
        close(fixture->members[i].peer);
        free(fixture->members[i].received);
    }
    free(fixture);
    return 0;
}

static char byte_at(size_t member, size_t position)
{
    return (char)(member * 7 + position * 31 + position / 251);
}

/* Has every peer say so much. */
static void say(struct fixture *fixture, size_t length)
{
    char *data = malloc(length);

    assert_non_null(data);
    for (size_t i = 0; i < CHANNELS; i++) {
        for (size_t at = 0; at < length; at++)
            data[at] = byte_at(i, at);
        assert_int_equal(send(fixture->members[i].peer, data, length, 0), length);
    }
    free(data);
}

static void assert_received(const struct fixture *fixture, size_t length)
{
    for (size_t i = 0; i < CHANNELS; i++) {
        const struct member *member = &fixture->members[i];
        assert_int_equal(member->calls, 1);
        assert_int_equal(member->length, length);
        for (size_t at = 0; at < length; at++)
            assert_int_equal(member->received[at], byte_at(i, at));
    }
}

static void deals_with_all_that_has_come(void **state)
{
    struct fixture *fixture = *state;

    say(fixture, 100);
    uv_run(&fixture->loop, UV_RUN_NOWAIT);
    assert_received(fixture, 100);
}

static void deals_with_more_than_the_buffer_holds(void **state)
{
    struct fixture *fixture = *state;

    say(fixture, LONG);
    uv_run(&fixture->loop, UV_RUN_NOWAIT);
    assert_received(fixture, LONG);
}

/* All of them, and what is to be dealt with first says that the others' bytes have been read already. */
static void has_read_all_before_it_deals_with_any(struct fixture *fixture)
{
    for (size_t i = 0; i < CHANNELS; i++) {
        char byte;
        assert_int_equal(recv(fixture->members[i].channel.descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT), -1);
    }
}

static void reads_before_it_deals(void **state)
{
    struct fixture *fixture = *state;

    fixture->on_first = has_read_all_before_it_deals_with_any;
    say(fixture, 100);
    uv_run(&fixture->loop, UV_RUN_NOWAIT);
    assert_received(fixture, 100);
}

static void close_all(struct fixture *fixture)
{
    for (size_t i = 0; i < CHANNELS; i++)
        channel_close(&fixture->members[i].channel);
}

static void leaves_what_was_closed_meanwhile(void **state)
{
    struct fixture *fixture = *state;

    fixture->on_first = close_all;
    say(fixture, 100);
    uv_run(&fixture->loop, UV_RUN_NOWAIT);
    assert_int_equal(fixture->dealt, 1);
    for (size_t i = 0; i < CHANNELS; i++)
        assert_int_equal(fixture->members[i].ends, 0);
}

static void stop_all(struct fixture *fixture)
{
    for (size_t i = 0; i < CHANNELS; i++)
        channel_read_stop(&fixture->members[i].channel);
}

/* What was read can not be left in the socket any more. */
static void hands_on_what_it_has_read_where_reading_stops(void **state)
{
    struct fixture *fixture = *state;

    fixture->on_first = stop_all;
    say(fixture, 100);
    uv_run(&fixture->loop, UV_RUN_NOWAIT);
    assert_received(fixture, 100);
    say(fixture, 1);
    uv_run(&fixture->loop, UV_RUN_NOWAIT);
    assert_int_equal(fixture->dealt, CHANNELS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(deals_with_all_that_has_come, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deals_with_more_than_the_buffer_holds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_before_it_deals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_what_was_closed_meanwhile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hands_on_what_it_has_read_where_reading_stops, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
