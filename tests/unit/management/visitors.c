#include "management/visitors.h"
#include "base/clock.h"
#include "management/microhttpd.h"

#include "support/cmocka_all.h"
#include <sys/socket.h>
#include <unistd.h>

/* libmicrohttpd's connection is no more here than a socket and what was kept with it. */
struct MHD_Connection {
    int ends[2]; /* the server's and the other side's */
    union MHD_ConnectionInfo info;
    void *state;
};

static uint64_t now_ms;

uint64_t __wrap_clock_now_ns(void);

static const union MHD_ConnectionInfo *get_connection_info(struct MHD_Connection *http,
                                                           enum MHD_ConnectionInfoType type, ...)
{
    if (type == MHD_CONNECTION_INFO_CONNECTION_FD)
        http->info.connect_fd = http->ends[0];
    else
        http->info.socket_context = http->state;
    return &http->info;
}

static const struct mhd_functions functions = {.get_connection_info = get_connection_info};
const struct mhd_functions *const mhd_table = &functions;

uint64_t __wrap_clock_now_ns(void)
{
    return now_ms * 1000000;
}

static void come(struct visitors *visitors, struct MHD_Connection *http)
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, http->ends), 0);
    visitors_notify(visitors, http, &http->state, MHD_CONNECTION_NOTIFY_STARTED);
}

static void go(struct visitors *visitors, struct MHD_Connection *http)
{
    visitors_notify(visitors, http, &http->state, MHD_CONNECTION_NOTIFY_CLOSED);
    close(http->ends[0]);
    close(http->ends[1]);
}

static bool is_parted(const struct MHD_Connection *http)
{
    char byte;

    return recv(http->ends[1], &byte, 1, MSG_DONTWAIT) == 0;
}

static void parts_with_those_who_have_left(void **state)
{
    struct MHD_Connection stays;
    struct MHD_Connection leaves;
    struct visitors visitors;

    (void)state;
    visitors_init(&visitors);
    assert_false(visitors_are_there(&visitors));
    come(&visitors, &stays);
    come(&visitors, &leaves);
    assert_true(visitors_are_there(&visitors));
    shutdown(leaves.ends[1], SHUT_WR);
    visitors_part(&visitors);
    assert_false(is_parted(&stays));
    assert_true(is_parted(&leaves));
    go(&visitors, &stays);
    go(&visitors, &leaves);
    assert_false(visitors_are_there(&visitors));
}

static void waits_with_those_who_have_asked_and_ended_their_side(void **state)
{
    struct MHD_Connection http;
    struct visitors visitors;

    (void)state;
    visitors_init(&visitors);
    come(&visitors, &http);
    shutdown(http.ends[1], SHUT_WR);
    visitors_asked(&http);
    visitors_part(&visitors);
    assert_false(is_parted(&http));
    visitors_answered(&http); /* the next request will not come */
    visitors_part(&visitors);
    assert_true(is_parted(&http));
    go(&visitors, &http);
}

static void parts_with_requests_that_take_too_long(void **state)
{
    struct MHD_Connection http;
    struct visitors visitors;

    (void)state;
    visitors_init(&visitors);
    come(&visitors, &http);
    for (int i = 0; i < 3; i++) { /* each request has its own time */
        now_ms += VISITORS_PATIENCE_MS - 1;
        assert_int_equal(send(http.ends[1], "x", 1, 0), 1);
        visitors_part(&visitors);
        assert_false(is_parted(&http));
        visitors_answered(&http);
    }
    now_ms += VISITORS_PATIENCE_MS;
    visitors_part(&visitors);
    assert_true(is_parted(&http));
    go(&visitors, &http);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_with_those_who_have_left),
        cmocka_unit_test(waits_with_those_who_have_asked_and_ended_their_side),
        cmocka_unit_test(parts_with_requests_that_take_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
