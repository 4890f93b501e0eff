#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "js/world.h"

struct runner;

/* Sends what handlers request over HTTP; `owner` is the runner (see struct js_host_functions). */
NODISCARD enum status js_requests_send(void *owner, const struct world_request *request,
                                       struct buffer *error);
/* Forgets those under way, once the client is destroyed. */
void js_requests_forget(struct runner *runner);
