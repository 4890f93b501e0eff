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
struct language;
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
    /* Whether something can still be pushed. */
    bool (*is_open)(const struct peer *peer);
    /* Ends the connection: memory is out for something that it would wait for in vain. */
    void (*give_up)(struct peer *peer);
};

/* A language that knows the connection. */
struct acquaintance {
    struct language *language;
    struct acquaintance *next;
    uint32_t slot; /* the language's own number for it */
};

/* What a language is told of a connection. */
enum peer_news {
    PEER_DRAINED, /* a congested one has room again (only where `awaits_drain` was set) */
    PEER_CLOSED,  /* nothing can be pushed to it any more */
    PEER_GONE,    /* it has ended, and its memory goes: the language must not know it any more */
};

struct peer {
    const struct peer_functions *functions;
    char id[UUID_LENGTH + 1];
    bool identity_is_news; /* JavaScript has not been told it */
    bool awaits_drain;     /* a sender waits: tell it when congestion ends */
    /* The latest that has met it, its `language` NULL where none has; behind it, where there are several, the
     * others: two in an application of two languages, and old JavaScript worlds after a reload. */
    struct acquaintance known;
    struct configurapi_client *client; /* the C host's own; NULL while it has none */
    char *identity; /* JSON text of what on_connect set, where handlers in C may ask for it; owned, NULL: none
                     */
};

/* The language's acquaintance; NULL where it does not know the connection. */
static inline struct acquaintance *peer_acquaintance(struct peer *peer, const struct language *language)
{
    struct acquaintance *known = &peer->known;

    while (known && known->language != language)
        known = known->next;
    return known;
}

/* The language, which does not know the connection yet, does from now on. */
NODISCARD enum status peer_meet(struct peer *peer, struct language *language, uint32_t slot);
/* It does not any more; nothing happens where it never did. */
void peer_part(struct peer *peer, const struct language *language);
/* Tells every language that knows the connection. */
void peer_tell(struct peer *peer, enum peer_news news);
