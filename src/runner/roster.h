#pragma once

#include "base/status.h"
#include "base/text.h"

#include <stddef.h>

struct connection;

/* Connections by their ids: those that may be sent to, from the handshake on. They are not owned. */
struct roster {
    struct connection **buckets; /* chained through connection->next_in_roster; NULL while none was added */
    size_t bucket_count;         /* a power of two */
    size_t count;
};

void roster_deinit(struct roster *roster); /* none is in it any more */

/* `connection->peer.id` must not change while it is in the roster. */
NODISCARD enum status roster_add(struct roster *roster, struct connection *connection);
void roster_remove(struct roster *roster, struct connection *connection); /* one that is not in it is fine */
struct connection *roster_find(const struct roster *roster, struct text id); /* NULL where there is none */
