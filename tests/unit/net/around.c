#include "net/channel.h"

#include "support/cmocka_all.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* A net whose epoll set is around the loop's: it waits for both. Where it overlooked something it would wait
 * for ever; TOO_LATE_MS ends that. */

enum {
    MARK = 1 << 20,
    MANY = 100,
    SOON_MS = 20,
    TOO_LATE_MS = 5000,
};

struct fixture {
    uv_loop_t loop;
    struct net net;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_timer_t late;
    int turns;
    int rounds; /* of the loop */
    struct channel channel;
    int peer;
    int messages;
    bool closed;
    bool net_closed;
    void (*on_message)(struct fixture *fixture);
    union {
        uv_timer_t timer;
        uv_idle_t idle;
        uv_poll_t poll;
        uv_async_t async;
    } other; /* what else a test has on the loop */
    int pair[2];
};

static struct fixture *fixture_of(struct channel *channel)
{
    return LIST_ENTRY(channel, struct fixture, channel);
}

static void say(struct fixture *fixture)
{
    assert_int_equal(send(fixture->peer, "a", 1, 0), 1);
}

static void on_data(struct channel *channel, char *data, size_t length)
{
    struct fixture *fixture = fixture_of(channel);

    (void)data, (void)length;
    fixture->messages++;
    fixture->on_message(fixture);
}

static char *on_room(struct channel *channel, size_t *size)
{
    (void)channel, (void)size;
    return NULL;
}

static void ignore(struct channel *channel)
{
    (void)channel;
}

static void on_closed(struct channel *channel)
{
    fixture_of(channel)->closed = true;
}

static const struct channel_events events = {on_room, on_data, channel_close, ignore, ignore, on_closed};

static void on_net_closed(struct net *net)
{
    LIST_ENTRY(net, struct fixture, net)->net_closed = true;
}

static void take_turn(void *owner)
{
    struct fixture *fixture = owner;

    fixture->turns++;
    net_flush(&fixture->net);
}

static void before_poll(uv_prepare_t *prepare)
{
    struct fixture *fixture = prepare->data;

    net_wait(&fixture->net, take_turn, fixture);
}

static void after_poll(uv_check_t *check)
{
    struct fixture *fixture = check->data;

    fixture->rounds++;
}

static void on_late(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("it waits for what it does not look at");
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    int ends[2];

    assert_non_null(fixture);
    uv_loop_init(&fixture->loop);
    assert_int_equal(net_init(&fixture->net, &fixture->loop, NET_AROUND_LOOP, MARK), STATUS_OK);
    uv_prepare_init(&fixture->loop, &fixture->prepare);
    uv_check_init(&fixture->loop, &fixture->check);
    uv_timer_init(&fixture->loop, &fixture->late);
    fixture->prepare.data = fixture->check.data = fixture;
    uv_prepare_start(&fixture->prepare, before_poll);
    uv_check_start(&fixture->check, after_poll);
    uv_timer_start(&fixture->late, on_late, TOO_LATE_MS, 0);
    uv_unref((uv_handle_t *)&fixture->prepare);
    uv_unref((uv_handle_t *)&fixture->check);
    uv_unref((uv_handle_t *)&fixture->late);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    fixture->peer = ends[1];
    assert_int_equal(channel_open(&fixture->channel, &fixture->net, ends[0], NULL, &events), STATUS_OK);
    channel_read_start(&fixture->channel);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    assert_true(fixture->closed);
    uv_close((uv_handle_t *)&fixture->prepare, NULL);
    uv_close((uv_handle_t *)&fixture->check, NULL);
    uv_close((uv_handle_t *)&fixture->late, NULL);
    net_close(&fixture->net, on_net_closed);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_true(fixture->net_closed);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
    close(fixture->peer);
    free(fixture);
    return 0;
}

static void say_more_or_close(struct fixture *fixture)
{
    if (fixture->messages < MANY)
        say(fixture);
    else
        channel_close(&fixture->channel);
}

/* And the loop lives as long as there are channels, though it has nothing else. */
static void serves_channels_without_turns_of_the_loop(void **state)
{
    struct fixture *fixture = *state;

    fixture->on_message = say_more_or_close;
    say(fixture);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(fixture->messages, MANY);
    assert_int_equal(fixture->turns, MANY);
    assert_in_range(fixture->rounds, 1, 5);
}

static void close_with(struct fixture *fixture, uv_handle_t *handle)
{
    channel_close(&fixture->channel);
    uv_close(handle, NULL);
}

static void on_timer(uv_timer_t *timer)
{
    close_with(timer->data, (uv_handle_t *)timer);
}

/* Where channels never rest. */
static void lets_timers_have_their_turn(void **state)
{
    struct fixture *fixture = *state;

    fixture->on_message = say;
    uv_timer_init(&fixture->loop, &fixture->other.timer);
    fixture->other.timer.data = fixture;
    uv_timer_start(&fixture->other.timer, on_timer, SOON_MS, 0);
    say(fixture);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_true(fixture->messages > 1);
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle;
}

static void close_with_idle(struct fixture *fixture)
{
    close_with(fixture, (uv_handle_t *)&fixture->other.idle);
}

/* Where the loop never rests. */
static void serves_channels_while_the_loop_is_busy(void **state)
{
    struct fixture *fixture = *state;

    fixture->on_message = close_with_idle;
    uv_idle_init(&fixture->loop, &fixture->other.idle);
    uv_idle_start(&fixture->other.idle, on_idle);
    say(fixture);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(fixture->messages, 1);
}

static void on_idle_once(uv_idle_t *idle)
{
    struct fixture *fixture = idle->data;

    assert_int_equal(fixture->messages, 1);
    uv_close((uv_handle_t *)idle, NULL);
}

static void start_idle_then_close(struct fixture *fixture)
{
    if (fixture->messages == 2) {
        channel_close(&fixture->channel);
        return;
    }
    uv_idle_init(&fixture->loop, &fixture->other.idle);
    fixture->other.idle.data = fixture;
    uv_idle_start(&fixture->other.idle, on_idle_once);
    say(fixture);
}

/* As setImmediate()'s. */
static void does_what_a_turn_has_left_before_it_reads_more(void **state)
{
    struct fixture *fixture = *state;

    fixture->on_message = start_idle_then_close;
    say(fixture);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(fixture->messages, 2);
}

static void on_readable(uv_poll_t *poll, int status, int what)
{
    struct fixture *fixture = poll->data;

    assert_int_equal(status, 0);
    assert_int_equal(what, UV_READABLE);
    close_with(fixture, (uv_handle_t *)poll);
}

static void watch_then_write(struct fixture *fixture)
{
    if (fixture->messages == 2) {
        assert_int_equal(send(fixture->pair[1], "b", 1, 0), 1);
        return;
    }
    uv_poll_init(&fixture->loop, &fixture->other.poll, fixture->pair[0]);
    fixture->other.poll.data = fixture;
    uv_poll_start(&fixture->other.poll, UV_READABLE, on_readable);
    say(fixture);
}

/* libuv tells the kernel of a new descriptor in the loop's next turn only, in which it must not rest, either:
 * the channel has something by then. */
static void looks_at_what_is_watched_from_within_a_turn(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fixture->pair), 0);
    fixture->on_message = watch_then_write;
    say(fixture);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(fixture->messages, 2);
    close(fixture->pair[0]);
    close(fixture->pair[1]);
}

static void on_async(uv_async_t *async)
{
    close_with(async->data, (uv_handle_t *)async);
}

static void *send_async(void *data)
{
    struct fixture *fixture = data;

    usleep(SOON_MS * 1000);
    uv_async_send(&fixture->other.async);
    return NULL;
}

static void is_woken_by_other_threads(void **state)
{
    struct fixture *fixture = *state;
    pthread_t thread;

    uv_async_init(&fixture->loop, &fixture->other.async, on_async);
    fixture->other.async.data = fixture;
    assert_int_equal(pthread_create(&thread, NULL, send_async, fixture), 0);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    pthread_join(thread, NULL);
}

static void stop_loop(struct fixture *fixture)
{
    uv_stop(&fixture->loop);
}

static void ends_with_the_loop(void **state)
{
    struct fixture *fixture = *state;

    fixture->on_message = stop_loop;
    say(fixture);
    assert_int_not_equal(uv_run(&fixture->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(fixture->messages, 1);
    channel_close(&fixture->channel);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(serves_channels_without_turns_of_the_loop, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lets_timers_have_their_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(serves_channels_while_the_loop_is_busy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(does_what_a_turn_has_left_before_it_reads_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(looks_at_what_is_watched_from_within_a_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_woken_by_other_threads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ends_with_the_loop, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
