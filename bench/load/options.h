#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OPTIONS_MAX_EXPECTED = 4 };

/* What the command line asks for; every number has been held to its range. */
struct options {
    uint16_t port;
    unsigned connections;
    unsigned in_flight; /* messages each connection keeps outstanding */
    bool stream;        /* one message a connection, whatever comes back */
    bool slow;          /* and that is read slowly */
    bool connect_only;  /* open the connections and hold them, sending nothing */
    double seconds;     /* the time that is measured */
    double warmup;      /* seconds before that */
    double connect_timeout;
    const char *message_path; /* NULL: the default message */
    const char *expected[OPTIONS_MAX_EXPECTED];
    unsigned expected_count;
};

/* Fills `options` from the arguments. False, with the reason on stderr, where they make no sense. */
bool options_parse(struct options *options, int argc, char **argv);
