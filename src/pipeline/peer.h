#pragma once

#include "base/status.h"
#include "base/text.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A connection as the pipeline and the handlers' languages see it: who it is, and how to send to it. It is
 * embedded in the runner's connection, which implements the functions.
 */

struct configurapi_client;
struct peer;

enum congestion {
    CONGESTION_NONE,
    CONGESTION_OPEN,  /* above the high-water mark */
    CONGESTION_EARLY, /* the same before the handshake's end: what on_connect waits for must not wait for it
                       */
};

struct peer_functions {
    /* Queues one whole message, text or binary; data is copied. STATUS_CLOSED once nothing can be sent any
     * more, STATUS_LIMIT where that would be too much to hold before the handshake's end. */
    enum status (*push)(struct peer *peer, struct text data, bool binary);
    /* Whether so much is unsent that a sender should wait. */
    enum congestion (*congestion)(const struct peer *peer);
};

struct peer {
    const struct peer_functions *functions;
    char id[UUID_LENGTH + 1];
    uint32_t language_slot;            /* the JavaScript host's own number for it; 0 while it has none */
    struct configurapi_client *client; /* the C host's own; NULL while it has none */
    char *identity; /* JSON text of what on_connect set, where handlers in C may ask for it; owned, NULL: none
                     */
    bool identity_is_news; /* JavaScript has not been told it */
    bool awaits_drain;     /* a sender waits: tell it when congestion ends */
};
