/* One message on each connection, and what comes of it: read as it comes, or slowly. */
#include "load/modes.h"

#include "base/clock.h"

#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { SLOW_READ = 4096, SLOW_INTERVAL_US = 100000 };

void measure_streams(struct client *client)
{
    client_ask_all(client);
    client_run(client, client->options.warmup);
    double cpu = cpu_seconds();
    struct received before = client_received(client);
    double seconds = client_run(client, client->options.seconds);
    struct received after = client_received(client);
    cpu = cpu_seconds() - cpu;

    double bytes = (double)(after.bytes - before.bytes);
    printf("{\"connections\":%u,\"messages_per_second\":%.0f,\"mb_per_second\":%.2f,\"cpu\":%.2f,"
           "\"errors\":%u}\n",
           client->options.connections, (double)(after.messages - before.messages) / seconds,
           bytes / seconds / 1e6, cpu / seconds, client->errors);
}

/* Nobody waits for what comes: a look ten times a second is all it gets. */
void read_slowly(struct client *client)
{
    client_ask_all(client);
    for (unsigned i = 0; i < client->started; ++i)
        epoll_ctl(client->epoll, EPOLL_CTL_DEL, client->connections[i].socket, NULL);
    uint64_t deadline = deadline_after(client->options.seconds);
    while (clock_now_ns() < deadline && client->open) {
        for (unsigned i = 0; i < client->started; ++i)
            client_read(client, &client->connections[i], SLOW_READ);
        usleep(SLOW_INTERVAL_US);
    }
    printf("{\"connections\":%u,\"open\":%u,\"bytes\":%llu,\"errors\":%u}\n", client->options.connections,
           client->open, (unsigned long long)client_received(client).bytes, client->errors);
}
