#include "management/metrics_text.h"
#include "base/number.h"

#include <stdarg.h>
#include <stdio.h>

/* Appends until something fails; the rest is then left out. */
struct writer {
    struct buffer *out;
    enum status status;
};

static void print(struct writer *writer, const char *format, ...) PRINTF_LIKE(2, 3);
static void print(struct writer *writer, const char *format, ...)
{
    char line[512];
    va_list arguments;

    if (writer->status != STATUS_OK)
        return;
    va_start(arguments, format);
    int length = number_vprint(line, sizeof line, format, arguments);
    va_end(arguments);
    writer->status = length < 0 || (size_t)length >= sizeof line
                         ? STATUS_LIMIT
                         : buffer_append(writer->out, line, (size_t)length);
}

static void describe(struct writer *writer, const char *name, const char *type, const char *help)
{
    print(writer, "# HELP configurapi_%s %s\n# TYPE configurapi_%s %s\n", name, help, name, type);
}

static void write_one(struct writer *writer, const char *name, const char *type, const char *help,
                      uint64_t value)
{
    describe(writer, name, type, help);
    print(writer, "configurapi_%s %llu\n", name, (unsigned long long)value);
}

/* name{route="…"; what follows is the caller's. Backslashes, quotes and line ends are escaped, as the format
 * wants it. */
static void write_route(struct writer *writer, const char *name, struct text route)
{
    print(writer, "configurapi_%s{route=\"", name);
    for (size_t i = 0; i < route.length && writer->status == STATUS_OK; i++) {
        char c = route.data[i];
        if (c == '\\' || c == '"')
            print(writer, "\\%c", c);
        else if (c == '\n')
            print(writer, "\\n");
        else
            writer->status = buffer_append(writer->out, &c, 1);
    }
    print(writer, "\"");
}

static void write_statuses(struct writer *writer, const struct metrics *metrics)
{
    describe(writer, "events_total", "counter",
             "Events that have ended, by route (none: empty) and status (0: others).");
    for (size_t i = 0; i < metrics->route_count; i++) {
        const struct route_metrics *route = metrics->routes[i];
        for (size_t j = 0; j < route->status_count; j++) {
            write_route(writer, "events_total", route->name);
            print(writer, ",status=\"%d\"} %llu\n", route->statuses[j].status,
                  (unsigned long long)route->statuses[j].count);
        }
    }
}

static void write_durations(struct writer *writer, const struct metrics *metrics)
{
    describe(writer, "handler_seconds", "histogram",
             "Seconds from a message to the end of its event, by route; a stream's last chunk is its end.");
    for (size_t i = 0; i < metrics->route_count; i++) {
        const struct route_metrics *route = metrics->routes[i];
        uint64_t sum = 0;
        if (route->count == 0)
            continue;
        for (size_t j = 0; j <= METRICS_BUCKETS; j++) {
            sum += route->buckets[j];
            write_route(writer, "handler_seconds_bucket", route->name);
            if (j < METRICS_BUCKETS)
                print(writer, ",le=\"%g\"} %llu\n", metrics_bounds[j], (unsigned long long)sum);
            else
                print(writer, ",le=\"+Inf\"} %llu\n", (unsigned long long)sum);
        }
        write_route(writer, "handler_seconds_sum", route->name);
        print(writer, "} %.9f\n", (double)route->duration_ns / 1e9);
        write_route(writer, "handler_seconds_count", route->name);
        print(writer, "} %llu\n", (unsigned long long)route->count);
    }
}

static void write_rejections(struct writer *writer, const struct metrics *metrics)
{
    static const char *const reasons[REJECTION_COUNT] = {
        [REJECTED_BAD_REQUEST] = "bad_request", [REJECTED_METHOD] = "method",
        [REJECTED_NO_UPGRADE] = "no_upgrade",   [REJECTED_TOO_LONG] = "too_long",
        [REJECTED_TOO_SLOW] = "too_slow",       [REJECTED_ORIGIN] = "origin",
        [REJECTED_FULL] = "too_many",           [REJECTED_BY_ON_CONNECT] = "on_connect",
    };

    describe(writer, "upgrades_rejected_total", "counter", "Upgrades that were not let in, by reason.");
    for (size_t i = 0; i < REJECTION_COUNT; i++)
        print(writer, "configurapi_upgrades_rejected_total{reason=\"%s\"} %llu\n", reasons[i],
              (unsigned long long)metrics->rejected[i]);
}

enum status metrics_text_append(struct buffer *out, const struct counts *counts)
{
    const struct metrics *metrics = &counts->metrics;
    struct writer writer = {out, STATUS_OK};

    write_one(&writer, "connections", "gauge", "Connections that are there.", counts->connections);
    write_one(&writer, "connections_total", "counter", "Connections that were opened.", metrics->connections);
    write_one(&writer, "messages_received_total", "counter", "Messages from clients.", metrics->messages_in);
    write_one(&writer, "messages_sent_total", "counter", "Messages to clients.", metrics->messages_out);
    write_one(&writer, "received_bytes_total", "counter", "Bytes of messages from clients.",
              metrics->bytes_in);
    write_one(&writer, "sent_bytes_total", "counter", "Bytes of messages to clients.", metrics->bytes_out);
    write_one(&writer, "events_in_flight", "gauge", "Events that have not ended.", counts->events);
    write_one(&writer, "streams_open", "gauge", "Streams that have not ended.", counts->streams);
    write_one(&writer, "buffered_bytes", "gauge", "Bytes held for or from clients.", counts->buffered_bytes);
    write_one(&writer, "javascript_heap_bytes", "gauge", "JavaScript's heap, as its last collection left it.",
              counts->heap_bytes);
    write_rejections(&writer, metrics);
    write_statuses(&writer, metrics);
    write_durations(&writer, metrics);
    return writer.status;
}
