#pragma once

#include "base/status.h"
#include "base/text.h"
#include "pipeline/handler.h"

/* Every handler by its name, one namespace for all languages (CONTRACT, section 2); a later one of the same
 * name wins, as in 1.9.0. It owns the names. */

struct registry {
    struct handler *handlers; /* sorted by name */
    size_t count;
    size_t capacity;
};

void registry_init(struct registry *registry);
void registry_deinit(struct registry *registry);
NODISCARD enum status registry_add(struct registry *registry, struct text name, struct language *language);
/* NULL where there is none. */
const struct handler *registry_find(const struct registry *registry, struct text name);
