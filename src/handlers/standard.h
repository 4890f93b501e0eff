#pragma once

#include "base/buffer.h"
#include "base/status.h"

/*
 * The standard handlers, which every configuration can name without an import: what the npm packages
 * configurapi-handler-http and configurapi-handler-json have, with their parameters and results. An
 * application's own handler of the same name takes the place of one.
 */

struct c_host;
struct registry;

/* `directory` is absolute: validateJsonRequestHandler finds schemas/ there; the first call's holds. */
NODISCARD enum status standard_register(struct c_host *host, struct registry *registry, const char *directory,
                                        struct buffer *error);
/* Has schemas read again that were read before. */
void standard_refresh(struct c_host *host);
