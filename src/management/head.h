#pragma once

#include "base/text.h"
#include "management/microhttpd.h"

#include <stdbool.h>

/* What of a request's head says where it goes and how long it is (RFC 9112, sections 3.2 and 6). */
struct head {
    struct text host; /* of the target, where it is a URL; otherwise the Host header's */
    struct text path;
    unsigned hosts; /* how many headers of that name there are */
    unsigned lengths;
    unsigned codings;
    bool is_chunked; /* Transfer-Encoding says that and nothing else */
};

/* `target` is the request's without its query. The texts are the request's. */
void head_read(struct head *head, struct MHD_Connection *http, const char *target);

/* Why the length of the request is in doubt, with a status; NULL: it is not. Such a request is answered at
 * once, since nobody knows how much of it there is to be read. */
const char *head_refuses(const struct head *head, unsigned *status);

/* Whether every Origin and Sec-Fetch-Site header lets it through (guard.h). */
bool head_is_own(const struct head *head, struct MHD_Connection *http);
