#include "management/guard.h"

#include <arpa/inet.h>
#include <string.h>

/* Digits, at most five; or nothing at all. */
static bool is_port(struct text port)
{
    if (port.length > 5)
        return false;
    for (size_t i = 0; i < port.length; i++)
        if (port.data[i] < '0' || port.data[i] > '9')
            return false;
    return true;
}

/* The name before ":port"; of "[::1]:80" what stands in the brackets. The empty text where it is neither. */
static struct text name_of(struct text host, bool *bracketed)
{
    struct text port;

    *bracketed = host.length > 0 && host.data[0] == '[';
    if (!*bracketed) {
        struct text name = text_split(host, ':', &port);
        return is_port(port) ? name : TEXT("");
    }
    struct text inner = {host.data + 1, host.length - 1};
    struct text name = text_split(inner, ']', &port);
    if (name.length == inner.length || (port.length > 0 && port.data[0] != ':'))
        return TEXT("");
    if (port.length > 0)
        port = (struct text){port.data + 1, port.length - 1};
    return is_port(port) ? name : TEXT("");
}

static bool is_address(struct text name, int family)
{
    char ip[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (name.length >= sizeof ip || memchr(name.data, '\0', name.length))
        return false;
    memcpy(ip, name.data, name.length);
    ip[name.length] = '\0';
    return inet_pton(family, ip, &address) == 1;
}

bool guard_host(struct text host, const char *own_name)
{
    bool bracketed;
    struct text name = name_of(host, &bracketed);

    if (name.length == 0)
        return false;
    if (bracketed)
        return is_address(name, AF_INET6);
    return is_address(name, AF_INET) || text_equal_ignore_case(name, TEXT("localhost")) ||
           (own_name && text_equal_ignore_case(name, text_from_cstr(own_name)));
}

bool guard_origin(struct text origin, struct text host)
{
    const struct text scheme = TEXT("http://");

    return origin.length == scheme.length + host.length && text_starts_with(origin, scheme) &&
           text_equal_ignore_case((struct text){origin.data + scheme.length, host.length}, host);
}

bool guard_site(struct text site)
{
    return text_equal(site, TEXT("same-origin")) || text_equal(site, TEXT("none"));
}

bool guard_token(struct text authorization, const char *token)
{
    const struct text scheme = TEXT("Bearer ");
    size_t length = strlen(token);
    unsigned char differs = 0;

    if (authorization.length != scheme.length + length ||
        !text_equal_ignore_case((struct text){authorization.data, scheme.length}, scheme))
        return false;
    for (size_t i = 0; i < length; i++)
        differs |= (unsigned char)(authorization.data[scheme.length + i] ^ token[i]);
    return differs == 0;
}
