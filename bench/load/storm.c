/* Handshakes and nothing else: a connection whose upgrade was answered is reset, and another one starts. */
#include "load/modes.h"

#include "base/clock.h"

#include <stdio.h>

/* A connection that was opened leaves its slot to the next. */
static void reuse_opened(struct client *client, uint64_t *handshakes)
{
    for (unsigned i = 0; i < client->options.connections; ++i) {
        struct connection *connection = &client->connections[i];
        if (connection->state == CONNECTION_HANDSHAKE)
            continue;
        if (connection->state == CONNECTION_OPEN) {
            ++*handshakes;
            --client->open;
            connection_reset(connection);
        }
        client_start(client, i);
        if (client->errors)
            return;
    }
}

static double run_storm(struct client *client, double seconds, uint64_t *handshakes)
{
    uint64_t began = clock_now_ns();
    uint64_t deadline = deadline_after(seconds);
    uint64_t now = began;

    *handshakes = 0;
    for (; now < deadline && !client->errors; now = clock_now_ns()) {
        reuse_opened(client, handshakes);
        client_turn(client, now, deadline);
    }
    return (double)(now - began) / 1e9;
}

void storm(struct client *client)
{
    uint64_t handshakes;

    run_storm(client, client->options.warmup, &handshakes);
    double cpu = cpu_seconds();
    double seconds = run_storm(client, client->options.seconds, &handshakes);
    cpu = cpu_seconds() - cpu;
    if (seconds <= 0)
        return;
    printf("{\"connections\":%u,\"handshakes_per_second\":%.0f,\"cpu\":%.2f,\"errors\":%u}\n",
           client->options.connections, (double)handshakes / seconds, cpu / seconds, client->errors);
}
