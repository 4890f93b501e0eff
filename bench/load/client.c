#include "load/client.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SCRATCH_SIZE = 256 * 1024, EVENTS_PER_TURN = 256, CONNECTING_AT_ONCE = 64 };

void client_fail(struct client *client, struct connection *connection, const char *problem)
{
    /* One line says what is wrong; thousands would say it no better. */
    if (client->errors++ == 0)
        fprintf(stderr, "load: connection %td: %s\n", connection - client->connections, problem);
    if (connection->state == CONNECTION_HANDSHAKE)
        --client->handshaking;
    else if (connection->state == CONNECTION_OPEN)
        --client->open;
    connection_close(connection);
}

/* Waits for room only while something is due: a writable socket would otherwise wake the loop for ever. */
static void watch(struct client *client, struct connection *connection, bool writing, int operation)
{
    struct epoll_event event = {.events = EPOLLIN | (writing ? EPOLLOUT : 0u), .data.ptr = connection};

    if (epoll_ctl(client->epoll, operation, connection->socket, &event) != 0)
        client_fail(client, connection, strerror(errno));
}

void client_start(struct client *client, unsigned index)
{
    struct connection *connection = &client->connections[index];
    const char *problem = connection_open(connection, index, &client->options, &client->message);

    if (client->started <= index)
        client->started = index + 1;
    if (connection->state == CONNECTION_HANDSHAKE)
        ++client->handshaking;
    if (problem)
        client_fail(client, connection, problem);
    else
        watch(client, connection, !connection->requested, EPOLL_CTL_ADD);
}

static void on_latency(void *context, uint64_t latency_ns)
{
    struct client *client = context;

    histogram_add(&client->latencies, latency_ns);
}

static void on_event(struct client *client, struct connection *connection, uint32_t events)
{
    enum connection_state before = connection->state;
    bool was_writing = events & EPOLLOUT;
    const char *problem = NULL;

    if (before == CONNECTION_CLOSED)
        return;
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        problem = connection_read(connection, client->scratch, SCRATCH_SIZE, on_latency, client);
    if (before != connection->state) {
        --client->handshaking;
        ++client->open;
    }
    if (!problem && (connection->unsent || was_writing))
        problem = connection_write(connection);
    if (problem)
        client_fail(client, connection, problem);
    else if (was_writing || connection->unsent)
        watch(client, connection, connection->unsent != 0, EPOLL_CTL_MOD);
}

void client_turn(struct client *client, uint64_t now_ns, uint64_t deadline_ns)
{
    struct epoll_event events[EVENTS_PER_TURN];
    int timeout_ms = now_ns < deadline_ns ? (int)((deadline_ns - now_ns) / 1000000 + 1) : 0;
    int count = epoll_wait(client->epoll, events, EVENTS_PER_TURN, timeout_ms);

    for (int i = 0; i < count; ++i)
        on_event(client, events[i].data.ptr, events[i].events);
}

uint64_t deadline_after(double seconds)
{
    return clock_now_ns() + (uint64_t)(seconds * 1e9);
}

bool client_open(struct client *client)
{
    uint64_t deadline = deadline_after(client->options.connect_timeout);

    for (uint64_t now; (now = clock_now_ns()) < deadline;) {
        while (client->started < client->options.connections && client->handshaking < CONNECTING_AT_ONCE &&
               !client->errors)
            client_start(client, client->started);
        if (!client->handshaking || client->errors)
            break;
        client_turn(client, now, deadline);
    }
    if (client->open == client->options.connections)
        return true;
    fprintf(stderr, "load: %u of %u connections opened\n", client->open, client->options.connections);
    client->errors += client->errors == 0;
    return false;
}

static void write_due(struct client *client, struct connection *connection)
{
    const char *problem = connection_write(connection);

    if (problem)
        client_fail(client, connection, problem);
    else if (connection->unsent)
        watch(client, connection, true, EPOLL_CTL_MOD);
}

void client_ask(struct client *client, struct connection *connection, uint64_t due_ns)
{
    bool waiting = connection->unsent != 0;

    if (connection->state != CONNECTION_OPEN)
        return;
    if (!connection_ask(connection, due_ns))
        client_fail(client, connection, "the server does not keep up");
    else if (!waiting)
        write_due(client, connection);
}

void client_ask_all(struct client *client)
{
    for (unsigned i = 0; i < client->options.connections; ++i) {
        struct connection *connection = &client->connections[i];
        while (connection_ask(connection, clock_now_ns()))
            continue;
        write_due(client, connection);
    }
}

double client_run(struct client *client, double seconds)
{
    uint64_t began = clock_now_ns();
    uint64_t deadline = deadline_after(seconds);
    uint64_t now = began;

    for (; now < deadline && client->open; now = clock_now_ns())
        client_turn(client, now, deadline);
    return (double)(now - began) / 1e9;
}

void client_read(struct client *client, struct connection *connection, size_t most)
{
    if (connection->state != CONNECTION_OPEN)
        return;
    const char *problem = connection_read(connection, client->scratch, most, on_latency, client);
    if (problem)
        client_fail(client, connection, problem);
}

struct received client_received(const struct client *client)
{
    struct received sum = {0};

    for (unsigned i = 0; i < client->started; ++i) {
        sum.messages += client->connections[i].messages;
        sum.bytes += client->connections[i].bytes;
    }
    return sum;
}

double cpu_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Many connections need many descriptors; what cannot be had shows when they are opened. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

bool client_init(struct client *client, const struct options *options)
{
    *client = (struct client){.options = *options, .epoll = -1};
    if (!message_init(&client->message, options->message_path, options->in_flight))
        return false;
    raise_descriptor_limit();
    client->scratch = malloc(SCRATCH_SIZE);
    client->connections = calloc(options->connections, sizeof *client->connections);
    client->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!client->scratch || !client->connections || client->epoll < 0) {
        perror("load");
        return false;
    }
    return true;
}

void client_deinit(struct client *client)
{
    for (unsigned i = 0; i < client->started; ++i)
        connection_close(&client->connections[i]);
    free(client->connections);
    free(client->scratch);
    message_deinit(&client->message);
    if (client->epoll >= 0)
        close(client->epoll);
}
