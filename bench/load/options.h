#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OPTIONS_MAX_EXPECTED = 4 };

enum mode {
    MODE_CLOSED, /* every reply lets the next message go */
    MODE_PACED,  /* messages go by the clock, whatever comes back */
    MODE_STREAM, /* one message a connection, and all that comes of it */
    MODE_SLOW,   /* the same, read slowly */
    MODE_HOLD,   /* connections that are held, and ask when told to */
    MODE_STORM   /* nothing but handshakes */
};

/* What the command line asks for; every number has been held to its range. */
struct options {
    uint16_t port;
    unsigned connections;
    enum mode mode;
    unsigned in_flight; /* messages a connection may have outstanding; the closed loop keeps so many */
    unsigned rate;      /* MODE_PACED: messages a second, all connections together */
    double seconds;     /* the time that is measured */
    double warmup;      /* seconds before that */
    double connect_timeout;
    const char *message_path; /* NULL: the default message */
    const char *expected[OPTIONS_MAX_EXPECTED];
    unsigned expected_count;
};

/* Fills `options` from the arguments. False, with the reason on stderr, where they make no sense. */
bool options_parse(struct options *options, int argc, char **argv);
