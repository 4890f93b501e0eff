#pragma once

#include "base/text.h"

#include <stdbool.h>

/* Who may ask: what keeps web pages and strangers from the management server (CONTRACT, section 8). */

/* Whether a Host header's value names the server by an IP address, as localhost, or by `own_name` (NULL for
 * none), with or without a port. A page that resolves its own name to this machine is not let in. */
bool guard_host(struct text host, const char *own_name);

/* Whether an Origin header's value is the server's own, asked for as `host`. */
bool guard_origin(struct text origin, struct text host);

/* Whether a Sec-Fetch-Site header's value, in which a browser says who has made the request, is the server's
 * own pages or the user (W3C, Fetch Metadata). It is said of links and images, too, of which Origin is not.
 */
bool guard_site(struct text site);

/* Whether an Authorization header's value is "Bearer <token>". Takes the same time wherever they differ. */
bool guard_token(struct text authorization, const char *token);
