#include "load/options.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_CONNECTIONS = 100000, MAX_IN_FLIGHT = 1024, MAX_SECONDS = 3600 };

static const char usage[] =
    "usage: load --port N [--connections 64] [--in-flight 1] [--seconds 3] [--warmup 1] [--message FILE]\n"
    "            [--expect TEXT]... [--stream] [--slow N] [--connect-only N] [--connect-timeout 10]\n"
    "\n"
    "Keeps --in-flight messages outstanding on each of --connections WebSocket connections to 127.0.0.1 for\n"
    "--seconds, after --warmup seconds of the same, and prints one line of JSON. The first reply of each\n"
    "connection must contain every --expect. --connect-only opens N connections, sends nothing and holds "
    "them\n"
    "for --seconds. --stream sends one message on each connection and counts what comes of it; --slow does "
    "so\n"
    "with N connections and reads 4 KB of each ten times a second.\n";

static bool whole(const char *name, const char *text, unsigned long highest, unsigned *number)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end || value < 1 || value > highest) {
        fprintf(stderr, "load: --%s: expected 1 to %lu, got '%s'\n", name, highest, text);
        return false;
    }
    *number = (unsigned)value;
    return true;
}

static bool duration(const char *name, const char *text, double *seconds)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end || !isfinite(value) || value < 0 || value > MAX_SECONDS) {
        fprintf(stderr, "load: --%s: expected 0 to %d seconds, got '%s'\n", name, MAX_SECONDS, text);
        return false;
    }
    *seconds = value;
    return true;
}

static bool expect(struct options *options, const char *text)
{
    if (options->expected_count == OPTIONS_MAX_EXPECTED) {
        fprintf(stderr, "load: --expect: at most %d of them\n", OPTIONS_MAX_EXPECTED);
        return false;
    }
    options->expected[options->expected_count++] = text;
    return true;
}

static const struct option known[] = {
    {"port", required_argument, NULL, 'p'},
    {"connections", required_argument, NULL, 'c'},
    {"in-flight", required_argument, NULL, 'i'},
    {"seconds", required_argument, NULL, 's'},
    {"warmup", required_argument, NULL, 'w'},
    {"message", required_argument, NULL, 'm'},
    {"expect", required_argument, NULL, 'e'},
    {"connect-only", required_argument, NULL, 'o'},
    {"stream", no_argument, NULL, 'r'},
    {"slow", required_argument, NULL, 'l'},
    {"connect-timeout", required_argument, NULL, 't'},
    {0},
};

static bool take(struct options *options, int letter, const char *value)
{
    unsigned port;

    switch (letter) {
    case 'p':
        if (!whole("port", value, UINT16_MAX, &port))
            return false;
        options->port = (uint16_t)port;
        return true;
    case 'c': return whole("connections", value, MAX_CONNECTIONS, &options->connections);
    case 'i': return whole("in-flight", value, MAX_IN_FLIGHT, &options->in_flight);
    case 's': return duration("seconds", value, &options->seconds);
    case 'w': return duration("warmup", value, &options->warmup);
    case 't': return duration("connect-timeout", value, &options->connect_timeout);
    case 'm': options->message_path = value; return true;
    case 'e': return expect(options, value);
    case 'o':
        options->connect_only = true;
        return whole("connect-only", value, MAX_CONNECTIONS, &options->connections);
    case 'r': options->stream = true; return true;
    case 'l':
        options->stream = options->slow = true;
        return whole("slow", value, MAX_CONNECTIONS, &options->connections);
    default: fputs(usage, stderr); return false;
    }
}

bool options_parse(struct options *options, int argc, char **argv)
{
    *options =
        (struct options){.connections = 64, .in_flight = 1, .seconds = 3, .warmup = 1, .connect_timeout = 10};
    for (int letter; (letter = getopt_long(argc, argv, "", known, NULL)) != -1;)
        if (!take(options, letter, optarg))
            return false;
    if (optind != argc || !options->port) {
        fputs(usage, stderr);
        return false;
    }
    return true;
}
