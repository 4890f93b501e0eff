#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "protocol/upgrade.h"

/* The texts that on_connect and on_disconnect are made of (CONTRACT, section 3; see enum event_kind). */

/* {"headers":{…},"query":{…},"path":"…","pathAndQuery":"…"}: header names in lower case, repeated ones joined
 * with ", ", cookies with "; ", as Node does; the query decoded as a form's, the last of several values
 * winning. */
NODISCARD enum status connect_event_append(struct buffer *out, const struct upgrade_request *request);

/* Appends a header's bytes as UTF-8: they are it, or each is taken for a character of Latin-1, as Node takes
 * them. */
NODISCARD enum status header_append_decoded(struct buffer *out, struct text bytes);

/* {"code":…,"reason":"…"} */
NODISCARD enum status disconnect_event_append(struct buffer *out, unsigned code, struct text reason);

/* The subprotocol that on_connect's reply `{"statusCode":…,"headers":{…},…}` chooses: one of those offered,
 * in the request's memory; the first where the reply is empty or names none; empty where none is offered. */
struct text connect_event_protocol(struct text reply, const struct upgrade_request *request);
