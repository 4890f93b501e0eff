#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "js/world.h"

struct js_loop;

/* Sends what handlers request over HTTP; `owner` is the js_loop (see struct js_host_functions). */
NODISCARD enum status js_requests_send(void *owner, const struct world_request *request,
                                       struct buffer *error);
/* Of one that streams, by the id it was sent with; no harm where it has ended. */
void js_requests_read(void *owner, uint32_t id);
NODISCARD enum status js_requests_write(void *owner, uint32_t id, struct text bytes);
void js_requests_finish(void *owner, uint32_t id);
void js_requests_cancel(void *owner, uint32_t id);
/* Forgets those under way, once the client is destroyed. */
void js_requests_forget(struct js_loop *js);
