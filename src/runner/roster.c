#include "runner/roster.h"
#include "runner/connection.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BUCKETS = 64 };

/* Ids are random: any eight of their characters are as good as a hash, once they are mixed. */
static size_t bucket_of(const struct roster *roster, const char *id)
{
    uint64_t random;

    memcpy(&random, id, sizeof random);
    return (size_t)(random * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (roster->bucket_count - 1);
}

static void link_in(struct roster *roster, struct connection *connection)
{
    struct connection **bucket = &roster->buckets[bucket_of(roster, connection->peer.id)];

    connection->next_in_roster = *bucket;
    *bucket = connection;
}

static enum status grow(struct roster *roster)
{
    struct roster larger = {.bucket_count = roster->bucket_count ? 2 * roster->bucket_count : FIRST_BUCKETS};

    larger.buckets = calloc(larger.bucket_count, sizeof *larger.buckets);
    if (!larger.buckets)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < roster->bucket_count; i++) {
        struct connection *next;
        for (struct connection *connection = roster->buckets[i]; connection; connection = next) {
            next = connection->next_in_roster;
            link_in(&larger, connection);
        }
    }
    free(roster->buckets);
    roster->buckets = larger.buckets;
    roster->bucket_count = larger.bucket_count;
    return STATUS_OK;
}

void roster_deinit(struct roster *roster)
{
    free(roster->buckets);
}

enum status roster_add(struct roster *roster, struct connection *connection)
{
    enum status status = STATUS_OK;

    pthread_mutex_lock(&roster->mutex);
    if (roster->count == roster->bucket_count)
        status = grow(roster);
    if (status == STATUS_OK) {
        link_in(roster, connection);
        roster->count++;
    }
    pthread_mutex_unlock(&roster->mutex);
    return status;
}

static void link_out(struct roster *roster, const struct connection *connection)
{
    if (roster->bucket_count == 0)
        return;
    struct connection **link = &roster->buckets[bucket_of(roster, connection->peer.id)];
    while (*link && *link != connection)
        link = &(*link)->next_in_roster;
    if (!*link)
        return;
    *link = connection->next_in_roster;
    roster->count--;
}

void roster_remove(struct roster *roster, struct connection *connection)
{
    pthread_mutex_lock(&roster->mutex);
    link_out(roster, connection);
    pthread_mutex_unlock(&roster->mutex);
}

struct connection *roster_find(const struct roster *roster, struct text id)
{
    if (roster->bucket_count == 0 || id.length != UUID_LENGTH)
        return NULL;
    struct connection *connection = roster->buckets[bucket_of(roster, id.data)];
    while (connection && memcmp(connection->peer.id, id.data, UUID_LENGTH) != 0)
        connection = connection->next_in_roster;
    return connection;
}

bool roster_has(struct roster *roster, struct text id)
{
    pthread_mutex_lock(&roster->mutex);
    bool has = roster_find(roster, id) != NULL;
    pthread_mutex_unlock(&roster->mutex);
    return has;
}
