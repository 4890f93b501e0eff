#pragma once

#include "base/status.h"
#include "base/text.h"
#include "pipeline/handler.h"

/* Every handler by its name, one namespace for all languages (CONTRACT, section 2). It owns the names. */

struct registry {
    struct handler *handlers; /* sorted by name */
    size_t count;
    size_t capacity;
};

void registry_init(struct registry *registry);
void registry_deinit(struct registry *registry);
/* `data` is the language's own. STATUS_INVALID where both are there and one of them is native; nothing is
 * changed then. */
NODISCARD enum status registry_add(struct registry *registry, struct text name, struct language *language,
                                   enum handler_rank rank, const void *data);
/* NULL where there is none. */
const struct handler *registry_find(const struct registry *registry, struct text name);
