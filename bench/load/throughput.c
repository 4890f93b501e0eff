/* The closed loop: every connection keeps so many messages outstanding, and each reply lets the next one go.
 */
#include "load/modes.h"

#include <stdio.h>

void measure_throughput(struct client *client)
{
    const struct histogram *latencies = &client->latencies;

    client_ask_all(client);
    client_run(client, client->options.warmup);
    histogram_clear(&client->latencies);
    struct received before = client_received(client);
    double cpu = cpu_seconds();
    double seconds = client_run(client, client->options.seconds);
    cpu = cpu_seconds() - cpu;
    double bytes = (double)(client_received(client).bytes - before.bytes);

    if (latencies->count == 0 && client->errors == 0) {
        client->errors = 1;
        fputs("load: no reply came\n", stderr);
    }
    if (seconds <= 0)
        return;
    printf("{\"connections\":%u,\"in_flight\":%u,\"messages\":%llu,\"seconds\":%.3f,"
           "\"messages_per_second\":%.0f,\"mb_per_second\":%.2f,"
           "\"p50_us\":%.1f,\"p99_us\":%.1f,\"cpu\":%.2f,\"errors\":%u}\n",
           client->options.connections, client->options.in_flight, (unsigned long long)latencies->count,
           seconds, (double)latencies->count / seconds, bytes / seconds / 1e6,
           (double)histogram_quantile(latencies, 0.5) / 1e3,
           (double)histogram_quantile(latencies, 0.99) / 1e3, cpu / seconds, client->errors);
}
