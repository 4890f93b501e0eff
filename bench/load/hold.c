/*
 * Connections that are there, so that somebody can look at what they cost the server. Whoever does so says on
 * stdin when they ask: a line is the path of a message, or empty for the default one. What was done is said
 * on stdout, a line each.
 */
#include "load/modes.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_LINE = 4096, ASKING_AT_ONCE = 64, LOOK_NS = 10000000 };

struct orders {
    char line[MAX_LINE];
    size_t length;
    bool ended;
};

static void report(const struct client *client, const char *what)
{
    printf("{\"did\":\"%s\",\"open\":%u,\"errors\":%u}\n", what, client->open, client->errors);
    fflush(stdout);
}

/* Every connection asks once, some at once. */
static void ask_each(struct client *client, uint64_t deadline)
{
    unsigned asked = 0;

    histogram_clear(&client->latencies);
    for (uint64_t now; (now = clock_now_ns()) < deadline && client->latencies.count < client->started;) {
        while (asked < client->started && asked - client->latencies.count < ASKING_AT_ONCE)
            client_ask(client, &client->connections[asked++], now);
        if (client->errors)
            return;
        client_turn(client, now, deadline);
    }
    if (client->latencies.count < client->started && client->errors++ == 0)
        fputs("load: replies are missing\n", stderr);
}

static void obey(struct client *client, const char *path, uint64_t deadline)
{
    message_deinit(&client->message);
    if (!message_init(&client->message, *path ? path : NULL, client->options.in_flight)) {
        ++client->errors;
        return;
    }
    ask_each(client, deadline);
    report(client, "ask");
}

/* What has come on stdin; never waits. */
static void read_orders(struct orders *orders)
{
    if (orders->length == MAX_LINE) {
        orders->ended = true;
        return;
    }
    ssize_t length = read(STDIN_FILENO, orders->line + orders->length, MAX_LINE - orders->length);
    if (length > 0)
        orders->length += (size_t)length;
    else if (length == 0 || (errno != EAGAIN && errno != EINTR))
        orders->ended = true;
}

void hold(struct client *client)
{
    struct orders orders = {0};
    uint64_t deadline = deadline_after(client->options.seconds);

    report(client, "open");
    for (uint64_t now;
         (now = clock_now_ns()) < deadline && client->open && !client->errors && !orders.ended;) {
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        client_turn(client, now, now + LOOK_NS < deadline ? now + LOOK_NS : deadline);
        if (poll(&input, 1, 0) <= 0)
            continue;
        read_orders(&orders);
        for (char *end; (end = memchr(orders.line, '\n', orders.length)) != NULL;) {
            *end = '\0';
            obey(client, orders.line, deadline);
            orders.length -= (size_t)(end + 1 - orders.line);
            memmove(orders.line, end + 1, orders.length);
        }
    }
}
