#pragma once

#include "base/status.h"
#include "base/text.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct connection;

/* Connections by their ids: those that may be sent to, from the handshake on. They are not owned. One
 * thread's, but for roster_has(). All zeroes is an empty one. */
struct roster {
    struct connection **buckets; /* chained through connection->next_in_roster; NULL while none was added */
    size_t bucket_count;         /* a power of two */
    size_t count;
    pthread_mutex_t mutex; /* held while they change, and by others who look */
};

void roster_deinit(struct roster *roster); /* none is in it any more */

/* `connection->peer.id` must not change while it is in the roster. */
NODISCARD enum status roster_add(struct roster *roster, struct connection *connection);
void roster_remove(struct roster *roster, struct connection *connection); /* one that is not in it is fine */
struct connection *roster_find(const struct roster *roster, struct text id); /* NULL where there is none */
/* Whether it is in the roster now; from any thread. */
bool roster_has(struct roster *roster, struct text id);
