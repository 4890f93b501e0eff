/*
 * A closed-loop load generator: every connection keeps so many messages outstanding, and each reply lets the
 * next message go. It speaks to the loopback only, and every phase of it ends by the clock.
 */
#include "load/connection.h"
#include "load/histogram.h"
#include "load/message.h"
#include "load/options.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    SCRATCH_SIZE = 256 * 1024,
    EVENTS_PER_TURN = 256,
    CONNECTING_AT_ONCE = 64,
    SLOW_READ = 4096,
    SLOW_INTERVAL_US = 100000
};

struct load {
    struct options options;
    struct message message;
    struct connection *connections; /* options.connections of them */
    uint8_t *scratch;               /* what is read passes through here, whichever connection it is from */
    int epoll;
    unsigned started; /* connections, whatever became of them */
    unsigned handshaking;
    unsigned open;
    unsigned errors;
    struct histogram latencies;
};

static void fail(struct load *load, struct connection *connection, const char *problem)
{
    /* One line says what is wrong; thousands would say it no better. */
    if (load->errors++ == 0)
        fprintf(stderr, "load: connection %td: %s\n", connection - load->connections, problem);
    if (connection->state == CONNECTION_HANDSHAKE)
        --load->handshaking;
    else if (connection->state == CONNECTION_OPEN)
        --load->open;
    connection_close(connection);
}

/* Waits for room only while something is due: a writable socket would otherwise wake the loop for ever. */
static void watch(struct load *load, struct connection *connection, bool writing, int operation)
{
    struct epoll_event event = {.events = EPOLLIN | (writing ? EPOLLOUT : 0u), .data.ptr = connection};

    if (epoll_ctl(load->epoll, operation, connection->socket, &event) != 0)
        fail(load, connection, strerror(errno));
}

static void start_connection(struct load *load)
{
    unsigned index = load->started++;
    struct connection *connection = &load->connections[index];
    const char *problem = connection_open(connection, index, &load->options, &load->message);

    if (connection->state == CONNECTION_HANDSHAKE)
        ++load->handshaking;
    if (problem)
        fail(load, connection, problem);
    else
        watch(load, connection, true, EPOLL_CTL_ADD);
}

static void on_latency(void *context, uint64_t latency_ns)
{
    struct load *load = context;

    histogram_add(&load->latencies, latency_ns);
}

static void on_event(struct load *load, struct connection *connection, uint32_t events)
{
    enum connection_state before = connection->state;
    bool was_writing = events & EPOLLOUT;
    const char *problem = NULL;

    if (before == CONNECTION_CLOSED)
        return;
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        problem = connection_read(connection, load->scratch, SCRATCH_SIZE, on_latency, load);
    if (before != connection->state) {
        --load->handshaking;
        ++load->open;
    }
    if (!problem && (connection->unsent || was_writing))
        problem = connection_write(connection);
    if (problem)
        fail(load, connection, problem);
    else if (was_writing || connection->unsent)
        watch(load, connection, connection->unsent != 0, EPOLL_CTL_MOD);
}

/* One turn of the loop, at most until the deadline. */
static void turn(struct load *load, uint64_t now_ns, uint64_t deadline_ns)
{
    struct epoll_event events[EVENTS_PER_TURN];
    int timeout_ms = (int)((deadline_ns - now_ns) / 1000000 + 1);
    int count = epoll_wait(load->epoll, events, EVENTS_PER_TURN, timeout_ms);

    for (int i = 0; i < count; ++i)
        on_event(load, events[i].data.ptr, events[i].events);
}

static uint64_t deadline_after(double seconds)
{
    return clock_now_ns() + (uint64_t)(seconds * 1e9);
}

static bool open_connections(struct load *load)
{
    uint64_t deadline = deadline_after(load->options.connect_timeout);

    for (uint64_t now; (now = clock_now_ns()) < deadline;) {
        while (load->started < load->options.connections && load->handshaking < CONNECTING_AT_ONCE &&
               !load->errors)
            start_connection(load);
        if (!load->handshaking || load->errors)
            break;
        turn(load, now, deadline);
    }
    if (load->open == load->options.connections)
        return true;
    fprintf(stderr, "load: %u of %u connections opened\n", load->open, load->options.connections);
    load->errors += load->errors == 0;
    return false;
}

static void send_first_messages(struct load *load)
{
    for (unsigned i = 0; i < load->options.connections; ++i) {
        struct connection *connection = &load->connections[i];
        const char *problem = connection_start(connection, clock_now_ns());
        if (problem)
            fail(load, connection, problem);
        else if (connection->unsent)
            watch(load, connection, true, EPOLL_CTL_MOD);
    }
}

/* Runs the loop for so long, or until nobody is left; returns the seconds it took. */
static double run(struct load *load, double seconds)
{
    uint64_t began = clock_now_ns();
    uint64_t deadline = deadline_after(seconds);
    uint64_t now = began;

    for (; now < deadline && load->open; now = clock_now_ns())
        turn(load, now, deadline);
    return (double)(now - began) / 1e9;
}

static double cpu_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void hold(struct load *load, double connect_seconds)
{
    fprintf(stderr, "load: %u connections open\n", load->open);
    double seconds = run(load, load->options.seconds);
    printf("{\"connections\":%u,\"open\":%u,\"connect_seconds\":%.3f,\"seconds\":%.3f,\"errors\":%u}\n",
           load->options.connections, load->open, connect_seconds, seconds, load->errors);
}

struct received {
    uint64_t messages;
    uint64_t bytes;
};

static struct received received(const struct load *load)
{
    struct received sum = {0};

    for (unsigned i = 0; i < load->started; ++i) {
        sum.messages += load->connections[i].messages;
        sum.bytes += load->connections[i].bytes;
    }
    return sum;
}

static void measure_streams(struct load *load)
{
    send_first_messages(load);
    run(load, load->options.warmup);
    double cpu = cpu_seconds();
    struct received before = received(load);
    double seconds = run(load, load->options.seconds);
    struct received after = received(load);
    cpu = cpu_seconds() - cpu;

    double bytes = (double)(after.bytes - before.bytes);
    printf("{\"connections\":%u,\"messages_per_second\":%.0f,\"mb_per_second\":%.2f,\"cpu\":%.2f,\"errors\":%"
           "u}\n",
           load->options.connections, (double)(after.messages - before.messages) / seconds,
           bytes / seconds / 1e6, cpu / seconds, load->errors);
}

static void read_slowly(struct load *load)
{
    for (unsigned i = 0; i < load->started; ++i) {
        struct connection *connection = &load->connections[i];
        const char *problem = connection->state == CONNECTION_OPEN
                                  ? connection_read(connection, load->scratch, SLOW_READ, on_latency, load)
                                  : NULL;
        if (problem)
            fail(load, connection, problem);
    }
}

/* Nobody waits for what comes: a look ten times a second is all it gets. */
static void crawl(struct load *load)
{
    send_first_messages(load);
    for (unsigned i = 0; i < load->started; ++i)
        epoll_ctl(load->epoll, EPOLL_CTL_DEL, load->connections[i].socket, NULL);
    uint64_t deadline = deadline_after(load->options.seconds);
    while (clock_now_ns() < deadline && load->open) {
        read_slowly(load);
        usleep(SLOW_INTERVAL_US);
    }
    printf("{\"connections\":%u,\"open\":%u,\"bytes\":%llu,\"errors\":%u}\n", load->options.connections,
           load->open, (unsigned long long)received(load).bytes, load->errors);
}

static void measure(struct load *load)
{
    send_first_messages(load);
    run(load, load->options.warmup);
    histogram_clear(&load->latencies);
    double cpu = cpu_seconds();
    double seconds = run(load, load->options.seconds);
    cpu = cpu_seconds() - cpu;

    const struct histogram *latencies = &load->latencies;
    if (latencies->count == 0 && load->errors == 0) {
        load->errors = 1;
        fputs("load: no reply came\n", stderr);
    }
    printf("{\"connections\":%u,\"in_flight\":%u,\"messages\":%llu,\"seconds\":%.3f,\"messages_per_second\":%"
           ".0f,"
           "\"p50_us\":%.1f,\"p99_us\":%.1f,\"cpu\":%.2f,\"errors\":%u}\n",
           load->options.connections, load->options.in_flight, (unsigned long long)latencies->count, seconds,
           seconds > 0 ? (double)latencies->count / seconds : 0,
           (double)histogram_quantile(latencies, 0.5) / 1e3,
           (double)histogram_quantile(latencies, 0.99) / 1e3, seconds > 0 ? cpu / seconds : 0, load->errors);
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

static bool init(struct load *load)
{
    if (!message_init(&load->message, &load->options))
        return false;
    raise_descriptor_limit();
    load->scratch = malloc(SCRATCH_SIZE);
    load->connections = calloc(load->options.connections, sizeof *load->connections);
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!load->scratch || !load->connections || load->epoll < 0) {
        perror("load");
        return false;
    }
    return true;
}

static void deinit(struct load *load)
{
    for (unsigned i = 0; i < load->started; ++i)
        connection_close(&load->connections[i]);
    free(load->connections);
    free(load->scratch);
    message_deinit(&load->message);
    if (load->epoll >= 0)
        close(load->epoll);
}

int main(int argc, char **argv)
{
    /* The histogram makes it too large for comfort on the stack. */
    struct load *load = calloc(1, sizeof *load);
    int exit_status = EXIT_FAILURE;

    if (!load)
        return EXIT_FAILURE;
    load->epoll = -1;
    if (!options_parse(&load->options, argc, argv) || !init(load))
        goto out;
    uint64_t began = clock_now_ns();
    if (!open_connections(load))
        goto out;
    if (load->options.connect_only)
        hold(load, (double)(clock_now_ns() - began) / 1e9);
    else if (load->options.slow)
        crawl(load);
    else if (load->options.stream)
        measure_streams(load);
    else
        measure(load);
    if (!load->errors)
        exit_status = EXIT_SUCCESS;
out:
    deinit(load);
    free(load);
    return exit_status;
}
