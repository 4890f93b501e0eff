#pragma once

#include "base/text.h"

#include <stdbool.h>

/* What a request's path means. */

enum route_target {
    ROUTE_NONE,
    ROUTE_LIST,       /* /list_@connections, /@connections */
    ROUTE_CONNECTION, /* /@connections/ID */
    ROUTE_POST,       /* /post_@connection?id=ID */
    ROUTE_HEALTH,     /* /health */
    ROUTE_METRICS,    /* /metrics */
};

enum route_method {
    ROUTE_GET = 1,  /* HEAD too */
    ROUTE_PUSH = 2, /* POST */
    ROUTE_DELETE = 4,
};

struct route {
    enum route_target target;
    struct text id;      /* ROUTE_CONNECTION: in the path, decoded */
    unsigned methods;    /* enum route_method, those that it has */
    const char *allowed; /* the same, for an Allow header */
};

/* `path` is decoded, without its query. In front of "@connections" one other segment may stand, as the stage
 * of an API does, and behind that a second slash: clients append "/@connections" to an endpoint that may end
 * in a slash itself. */
struct route route_of(struct text path);

/* 0 where the server knows no such method. */
unsigned route_method(struct text method);
