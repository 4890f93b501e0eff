#pragma once

#include "base/buffer.h"
#include "base/status.h"

#include <configurapi.h>
#include <stdbool.h>
#include <stddef.h>

/* Handlers that are functions of the program's, by name or for an event. */
struct handlers {
    struct configurapi_entry *entries; /* their names are owned */
    const char **events;               /* of the same index: NULL where it is only a name; owned */
    size_t count;
    bool has_events;
    struct buffer config; /* what handlers_config() has made */
};

void handlers_init(struct handlers *handlers);
void handlers_deinit(struct handlers *handlers);

/* Adds one under its name; with an event, to that event's handlers, and the name is made up. */
NODISCARD enum status handlers_add(struct handlers *handlers, const char *name, const char *event,
                                   configurapi_handler handler, void *data);

/* A configuration in which every event has its handlers; valid until the next one is added. */
NODISCARD enum status handlers_config(struct handlers *handlers, const char **config);
