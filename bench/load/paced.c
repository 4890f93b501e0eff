/*
 * The open loop: messages go by the clock at random times, as those of many clients do who know nothing of
 * each other. A latency counts from when its message was due: one that waited behind others has waited.
 */
#include "load/modes.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>

static const double drain_seconds = 2;

struct pace {
    struct client *client;
    struct histogram
        late;       /* how long after it was due a message went: this side's own share of the latency */
    double gap_ns;  /* the mean */
    double next_ns; /* when the next message is due */
    uint64_t random;
};

/* xorshift64*, 53 bits of it: from 0 up to, not including, 1. */
static double random_share(struct pace *pace)
{
    pace->random ^= pace->random >> 12;
    pace->random ^= pace->random << 25;
    pace->random ^= pace->random >> 27;
    return (double)((pace->random * 2685821657736338717u) >> 11) / 9007199254740992.0;
}

static void send_due(struct pace *pace, uint64_t now_ns)
{
    struct client *client = pace->client;

    while (pace->next_ns <= (double)now_ns) {
        unsigned index = (unsigned)(random_share(pace) * client->options.connections);
        uint64_t due_ns = (uint64_t)pace->next_ns;
        client_ask(client, &client->connections[index], due_ns);
        histogram_add(&pace->late, clock_now_ns() - due_ns);
        pace->next_ns -= log(1 - random_share(pace)) * pace->gap_ns;
    }
}

/* Never sleeps: a timer would be later than what is measured. */
static double run_paced(struct pace *pace, double seconds)
{
    uint64_t began = clock_now_ns();
    uint64_t deadline = deadline_after(seconds);
    uint64_t now = began;

    pace->next_ns = (double)now;
    for (; now < deadline && pace->client->open && !pace->client->errors; now = clock_now_ns()) {
        send_due(pace, now);
        client_turn(pace->client, now, now);
    }
    return (double)(now - began) / 1e9;
}

static bool is_asking(const struct client *client)
{
    for (unsigned i = 0; i < client->options.connections; ++i)
        if (client->connections[i].outstanding)
            return true;
    return false;
}

/* The replies that are still out are the slow ones: they count. */
static void drain(struct client *client)
{
    uint64_t deadline = deadline_after(drain_seconds);

    for (uint64_t now; (now = clock_now_ns()) < deadline && client->open && is_asking(client);)
        client_turn(client, now, now);
    if (is_asking(client) && client->errors++ == 0)
        fprintf(stderr, "load: replies are missing after %.0f s\n", drain_seconds);
}

void measure_paced(struct client *client)
{
    struct pace pace = {.client = client, .gap_ns = 1e9 / client->options.rate, .random = 88172645463325252u};

    run_paced(&pace, client->options.warmup);
    drain(client);
    histogram_clear(&client->latencies);
    histogram_clear(&pace.late);
    double seconds = run_paced(&pace, client->options.seconds);
    drain(client);

    const struct histogram *latencies = &client->latencies;
    printf("{\"connections\":%u,\"rate\":%u,\"messages\":%llu,\"messages_per_second\":%.0f,"
           "\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"late_p99_us\":%.1f,"
           "\"errors\":%u}\n",
           client->options.connections, client->options.rate, (unsigned long long)latencies->count,
           seconds > 0 ? (double)latencies->count / seconds : 0,
           (double)histogram_quantile(latencies, 0.5) / 1e3, (double)histogram_quantile(latencies, 0.9) / 1e3,
           (double)histogram_quantile(latencies, 0.99) / 1e3,
           (double)histogram_quantile(latencies, 0.999) / 1e3,
           (double)histogram_quantile(&pace.late, 0.99) / 1e3, client->errors);
}
