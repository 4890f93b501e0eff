#include "management/route.h"

#include <stddef.h>

static struct route make(enum route_target target, unsigned methods, const char *allowed, struct text id)
{
    return (struct route){.target = target, .id = id, .methods = methods, .allowed = allowed};
}

struct route route_of(struct text path)
{
    const struct text none = {"", 0};
    struct text rest;

    if (path.length == 0 || path.data[0] != '/')
        return make(ROUTE_NONE, 0, "", none);
    path = (struct text){path.data + 1, path.length - 1};
    if (text_equal(path, TEXT("list_@connections")) || text_equal(path, TEXT("@connections")))
        return make(ROUTE_LIST, ROUTE_GET, "GET, HEAD", none);
    if (text_equal(path, TEXT("post_@connection")))
        return make(ROUTE_POST, ROUTE_PUSH, "POST", none);
    if (text_equal(path, TEXT("health")))
        return make(ROUTE_HEALTH, ROUTE_GET, "GET, HEAD", none);
    if (text_equal(path, TEXT("metrics")))
        return make(ROUTE_METRICS, ROUTE_GET, "GET, HEAD", none);
    struct text first = text_split(path, '/', &rest);
    if (!text_equal(first, TEXT("@connections"))) {
        if (first.length > 0 && text_starts_with(rest, TEXT("/")))
            rest = (struct text){rest.data + 1, rest.length - 1};
        first = text_split(rest, '/', &rest);
        if (!text_equal(first, TEXT("@connections")))
            return make(ROUTE_NONE, 0, "", none);
        if (first.data + first.length == path.data + path.length) /* /stage/@connections */
            return make(ROUTE_LIST, ROUTE_GET, "GET, HEAD", none);
    }
    for (size_t i = 0; i < rest.length; i++)
        if (rest.data[i] == '/')
            return make(ROUTE_NONE, 0, "", none);
    return make(ROUTE_CONNECTION, ROUTE_GET | ROUTE_PUSH | ROUTE_DELETE, "GET, HEAD, POST, DELETE", rest);
}

unsigned route_method(struct text method)
{
    if (text_equal(method, TEXT("GET")) || text_equal(method, TEXT("HEAD")))
        return ROUTE_GET;
    if (text_equal(method, TEXT("POST")))
        return ROUTE_PUSH;
    return text_equal(method, TEXT("DELETE")) ? ROUTE_DELETE : 0;
}
