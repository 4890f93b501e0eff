#include "load/options.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_CONNECTIONS = 100000, MAX_IN_FLIGHT = 1024, MAX_RATE = 10000000, MAX_SECONDS = 3600 };

static const char usage[] =
    "usage: load --port N [--connections 64] [--in-flight 1] [--seconds 3] [--warmup 1] [--message FILE]\n"
    "            [--expect TEXT]... [--connect-timeout 10] [--rate N | --stream | --slow N | --hold N | "
    "--storm]\n"
    "\n"
    "Opens WebSocket connections to 127.0.0.1 and prints one line of JSON about --seconds, after --warmup\n"
    "seconds of the same. The first reply of each connection must contain every --expect.\n"
    "\n"
    "             keeps --in-flight messages outstanding on each connection\n"
    "  --rate N   sends N messages a second at random times, --in-flight (default 1024) on a connection at "
    "most;\n"
    "             latencies count from when a message was due, not from when it could be sent\n"
    "  --stream   sends one message on each connection and counts what comes of it\n"
    "  --slow N   does so with N connections and reads 4 KB of each ten times a second\n"
    "  --hold N   holds N connections for --seconds or until stdin ends; each line on stdin, the path of a\n"
    "             message or nothing for the default, has every one of them ask once\n"
    "  --storm    opens connections and resets them once the handshake is done, --connections at once\n";

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
    {"rate", required_argument, NULL, 'r'},
    {"stream", no_argument, NULL, 'x'},
    {"slow", required_argument, NULL, 'l'},
    {"hold", required_argument, NULL, 'h'},
    {"storm", no_argument, NULL, 'f'},
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
    case 'r': options->mode = MODE_PACED; return whole("rate", value, MAX_RATE, &options->rate);
    case 'x': options->mode = MODE_STREAM; return true;
    case 'l': options->mode = MODE_SLOW; return whole("slow", value, MAX_CONNECTIONS, &options->connections);
    case 'h': options->mode = MODE_HOLD; return whole("hold", value, MAX_CONNECTIONS, &options->connections);
    case 'f': options->mode = MODE_STORM; return true;
    default: fputs(usage, stderr); return false;
    }
}

bool options_parse(struct options *options, int argc, char **argv)
{
    *options = (struct options){.connections = 64, .seconds = 3, .warmup = 1, .connect_timeout = 10};
    for (int letter; (letter = getopt_long(argc, argv, "", known, NULL)) != -1;)
        if (!take(options, letter, optarg))
            return false;
    if (optind != argc || !options->port) {
        fputs(usage, stderr);
        return false;
    }
    if (options->in_flight == 0)
        options->in_flight = options->mode == MODE_PACED ? MAX_IN_FLIGHT : 1;
    return true;
}
