#include "fuzz.h"

#include "management/guard.h"
#include "management/route.h"

#include <arpa/inet.h>

/*
 * The management server's first look at a request. The input's lines are a path, a method, a Host, an Origin,
 * an Authorization header's value and a token. libmicrohttpd gives all of them as C strings: a line ends at a
 * NUL, too.
 */

enum { LONGEST = 256 }; /* bytes of the names that are made here */

static const char own_name[] = "manager.example";

static void check_route(struct text path)
{
    struct route route = route_of(path);
    struct text allowed = text_from_cstr(route.allowed);
    unsigned methods = 0;

    HOLDS(route.target <= ROUTE_METRICS);
    HOLDS((route.target == ROUTE_NONE) == (route.methods == 0));
    HOLDS(route.target == ROUTE_NONE || text_starts_with(path, TEXT("/")));
    while (allowed.length > 0) {
        struct text method = text_trim(text_split(allowed, ',', &allowed));
        HOLDS(route_method(method) != 0);
        methods |= route_method(method);
    }
    HOLDS(methods == route.methods);
    HOLDS(fuzz_inside(route.id, path));
    if (route.target != ROUTE_CONNECTION) {
        HOLDS(route.id.length == 0);
        return;
    }
    HOLDS(route.id.length == 0 || !memchr(route.id.data, '/', route.id.length));
    const struct text before = TEXT("@connections/");
    HOLDS(path.length > before.length + route.id.length);
    struct text end = {path.data + path.length - route.id.length - before.length, before.length};
    HOLDS(text_equal(end, before));
    HOLDS(end.data[-1] == '/');
}

static void check_method(struct text method)
{
    unsigned found = route_method(method);

    HOLDS(found == 0 || found == ROUTE_GET || found == ROUTE_PUSH || found == ROUTE_DELETE);
    for (size_t i = 0; found && i < method.length; i++)
        HOLDS(method.data[i] >= 'A' && method.data[i] <= 'Z'); /* methods know their case */
}

/* Four decimal numbers, none above 255 nor with a needless zero. */
static bool is_ipv4(struct text name)
{
    for (int part = 0; part < 4; part++) {
        struct text digits = text_split(name, '.', &name);
        unsigned value = 0;
        if (digits.length < 1 || digits.length > 3 || (digits.length > 1 && digits.data[0] == '0'))
            return false;
        for (size_t i = 0; i < digits.length; i++) {
            if (digits.data[i] < '0' || digits.data[i] > '9')
                return false;
            value = 10 * value + (unsigned)(digits.data[i] - '0');
        }
        if (value > 255 || (part < 3) != (name.data != NULL))
            return false;
    }
    return true;
}

static bool is_one_of(char c, const char *characters)
{
    return c && strchr(characters, c);
}

static bool accepted_with(struct text host, const char *before, const char *after)
{
    char changed[LONGEST];
    int length = snprintf(changed, sizeof changed, "%s%.*s%s", before, TEXT_ARGS(host), after);

    HOLDS(length > 0 && length < LONGEST);
    return guard_host((struct text){changed, (size_t)length}, own_name);
}

/* What it must look like to be let in. */
static void check_accepted(struct text host)
{
    static const char of_names[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:[]";
    struct text port;
    struct text name = text_split(host, ':', &port);

    HOLDS(host.length > 0 && host.length < LONGEST / 2);
    for (size_t i = 0; i < host.length; i++)
        HOLDS(is_one_of(host.data[i], of_names));
    if (host.data[0] == '[') {
        for (size_t i = 1; i < host.length && host.data[i] != ']'; i++)
            HOLDS(is_one_of(host.data[i], "0123456789abcdefABCDEF:."));
    } else {
        HOLDS(is_ipv4(name) || text_equal_ignore_case(name, TEXT("localhost")) ||
              text_equal_ignore_case(name, text_from_cstr(own_name)));
    }
    HOLDS(!accepted_with(host, "", "/"));
    HOLDS(!accepted_with(host, "", "@evil.example"));
    HOLDS(!accepted_with(host, "", ".evil.example"));
    HOLDS(!accepted_with(host, "user@", ""));
    HOLDS(!accepted_with(host, " ", ""));
    HOLDS(!accepted_with(host, "", " "));
    HOLDS(!accepted_with(host, "", ":80:80"));
}

static void check_host(struct text host)
{
    bool accepted = guard_host(host, own_name);

    if (accepted)
        check_accepted(host);
    else
        HOLDS(!guard_host(host, NULL));
    if (accepted && !guard_host(host, NULL))
        HOLDS(
            text_equal_ignore_case((struct text){host.data, sizeof own_name - 1}, text_from_cstr(own_name)));
    if (is_ipv4(host) && host.length > 0)
        HOLDS(accepted && accepted_with(host, "", ":8080") && accepted_with(host, "", ":"));
}

static void check_origin(struct text origin, struct text host)
{
    char own[LONGEST];

    if (guard_origin(origin, host)) {
        HOLDS(origin.length == host.length + strlen("http://"));
        struct text end = {origin.data + origin.length - host.length, host.length};
        HOLDS(text_equal_ignore_case(end, host));
    }
    if (host.length > LONGEST / 2)
        return;
    int length = snprintf(own, sizeof own, "http://%.*s", TEXT_ARGS(host));
    HOLDS(guard_origin((struct text){own, (size_t)length}, host));
    HOLDS(!guard_origin((struct text){own, (size_t)length - 1}, host));
    HOLDS(!guard_origin(host, host));
}

static void check_token(struct text authorization, struct text line)
{
    const char *token = strndup(line.data ? line.data : "", line.length);
    const struct text scheme = TEXT("Bearer ");

    HOLDS(token);
    struct text good = {NULL, scheme.length + line.length};
    char *bytes = malloc(good.length);
    HOLDS(bytes);
    memcpy(bytes, scheme.data, scheme.length);
    if (line.length > 0)
        memcpy(bytes + scheme.length, line.data, line.length);
    good.data = bytes;
    HOLDS(guard_token(good, token));
    HOLDS(!guard_token((struct text){good.data, good.length - 1}, token));
    for (size_t i = 0; i < good.length; i++) {
        bytes[i] ^= 1;
        HOLDS(!guard_token(good, token));
        bytes[i] ^= 1;
    }
    if (guard_token(authorization, token))
        HOLDS(text_equal((struct text){authorization.data + scheme.length, line.length}, line));
    free(bytes);
    free((void *)(uintptr_t)token);
}

static struct text take_line(struct text *input)
{
    struct text unused;
    struct text line = text_split(*input, '\n', input);

    return fuzz_copy(text_split(line, '\0', &unused));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text input = fuzz_input(data, size);
    struct text path = take_line(&input);
    struct text method = take_line(&input);
    struct text host = take_line(&input);
    struct text origin = take_line(&input);
    struct text authorization = take_line(&input);
    struct text token = take_line(&input);

    check_route(path);
    check_method(method);
    check_host(host);
    check_origin(origin, host);
    check_token(authorization, token);

    fuzz_free(path);
    fuzz_free(method);
    fuzz_free(host);
    fuzz_free(origin);
    fuzz_free(authorization);
    fuzz_free(token);
    return 0;
}
