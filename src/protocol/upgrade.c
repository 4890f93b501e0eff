#include "protocol/upgrade.h"
#include "protocol/token.h"

#include <string.h>

static enum upgrade_result refuse(struct upgrade_request *request, int status, const char *reason)
{
    request->refusal = status;
    request->reason = reason;
    return UPGRADE_REFUSED;
}

/*
 * The head is read strictly from left to right and refused at the first byte that is wrong, so that the
 * answer never depends on how the network cut it. Each take_… takes one piece off the front of *rest:
 * UPGRADE_COMPLETE where it was there, UPGRADE_INCOMPLETE where the bytes end before it does.
 */

static void advance(struct text *rest, size_t count)
{
    rest->data += count;
    rest->length -= count;
}

/* Takes bytes that `accepts` allows, and the `end` behind them, which is not part of *taken. */
static enum upgrade_result take_until(struct upgrade_request *request, struct text *rest, char end,
                                      bool (*accepts)(char c), const char *complaint, struct text *taken)
{
    for (size_t i = 0; i < rest->length; i++) {
        if (rest->data[i] == end) {
            *taken = (struct text){rest->data, i};
            advance(rest, i + 1);
            return UPGRADE_COMPLETE;
        }
        if (!accepts(rest->data[i]))
            return refuse(request, 400, complaint);
    }
    return UPGRADE_INCOMPLETE;
}

/* Takes exactly the `pattern`, in which '#' stands for a digit. */
static enum upgrade_result take_pattern(struct upgrade_request *request, struct text *rest,
                                        struct text pattern, const char *complaint)
{
    for (size_t i = 0; i < pattern.length; i++) {
        if (i == rest->length)
            return UPGRADE_INCOMPLETE;
        char c = rest->data[i];
        if (pattern.data[i] == '#' ? c < '0' || c > '9' : c != pattern.data[i])
            return refuse(request, 400, complaint);
    }
    advance(rest, pattern.length);
    return UPGRADE_COMPLETE;
}

/* More than RFC 3986 allows: browsers send such as '|' and '{' as they are. A fragment never belongs here. */
static bool target_accepts(char c)
{
    return c > ' ' && c < 0x7F && c != '#';
}

static bool value_accepts(char c)
{
    return c == '\t' || ((unsigned char)c >= ' ' && c != 0x7F);
}

static enum upgrade_result take_target(struct upgrade_request *request, struct text *rest)
{
    bool clipped = rest->length > UPGRADE_MAX_TARGET;
    struct text window = {rest->data, clipped ? UPGRADE_MAX_TARGET + 1 : rest->length};
    enum upgrade_result result = take_until(request, &window, ' ', target_accepts,
                                            "a character that no request target has", &request->target);

    if (result == UPGRADE_INCOMPLETE && clipped)
        return refuse(request, 414, "the request target is too long");
    if (result == UPGRADE_COMPLETE)
        advance(rest, request->target.length + 1);
    return result;
}

/* Origin form ("/path?query"), or absolute form, which a server must take too (RFC 9112, section 3.2.2). */
static enum upgrade_result split_target(struct upgrade_request *request)
{
    static const struct text schemes[] = {{"http://", 7}, {"https://", 8}};
    struct text path = request->target;

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        struct text scheme = schemes[i];
        if (path.length <= scheme.length ||
            !text_equal_ignore_case((struct text){path.data, scheme.length}, scheme))
            continue;
        advance(&path, scheme.length);
        if (path.data[0] == '/' || path.data[0] == '?')
            return refuse(request, 400, "a request target without a host");
        while (path.length > 0 && path.data[0] != '/' && path.data[0] != '?')
            advance(&path, 1);
        request->path = text_split(path, '?', &request->query);
        if (request->path.length == 0)
            request->path = TEXT("/");
        return UPGRADE_COMPLETE;
    }
    if (!text_starts_with(path, TEXT("/")))
        return refuse(request, 400, "a request target that is no path");
    request->path = text_split(path, '?', &request->query);
    return UPGRADE_COMPLETE;
}

static enum upgrade_result take_request_line(struct upgrade_request *request, struct text *rest)
{
    static const char not_a_version[] = "the request line does not end in an HTTP version";
    enum upgrade_result result;
    struct text method;

    /* RFC 9112, section 2.2: one empty line before the request is to be overlooked. */
    if (text_starts_with(*rest, TEXT("\r"))) {
        result = take_pattern(request, rest, TEXT("\r\n"), "a carriage return on its own");
        if (result != UPGRADE_COMPLETE)
            return result;
    }
    result =
        take_until(request, rest, ' ', token_accepts, "the request does not start with a method", &method);
    if (result != UPGRADE_COMPLETE)
        return result;
    if (method.length == 0)
        return refuse(request, 400, "the request does not start with a method");
    request->is_head = text_equal(method, TEXT("HEAD"));
    result = take_target(request, rest);
    if (result != UPGRADE_COMPLETE)
        return result;
    const char *version = rest->data;
    result = take_pattern(request, rest, TEXT("HTTP/#.#\r\n"), not_a_version);
    if (result != UPGRADE_COMPLETE)
        return result;

    char major = version[5];
    char minor = version[7];
    if (major != '1')
        return refuse(request, 505, "only HTTP/1.1 is spoken here");
    if (!text_equal(method, TEXT("GET")))
        return refuse(request, 405, "a WebSocket is opened with GET");
    if (minor == '0')
        return refuse(request, 400, "a WebSocket needs HTTP/1.1");
    return split_target(request);
}

static enum upgrade_result take_header(struct upgrade_request *request, struct text *rest)
{
    enum upgrade_result result;
    struct upgrade_header header;

    if (request->header_count == UPGRADE_MAX_HEADERS)
        return refuse(request, 431, "too many header lines");
    /* A folded line or a blank before the colon fails here too: a blank is no part of a token. */
    result =
        take_until(request, rest, ':', token_accepts, "a header line without a proper name", &header.name);
    if (result != UPGRADE_COMPLETE)
        return result;
    if (header.name.length == 0)
        return refuse(request, 400, "a header line without a proper name");
    result = take_until(request, rest, '\r', value_accepts, "a control character in a header", &header.value);
    if (result != UPGRADE_COMPLETE)
        return result;
    result = take_pattern(request, rest, TEXT("\n"), "a carriage return on its own");
    if (result != UPGRADE_COMPLETE)
        return result;

    header.value = text_trim(header.value);
    request->headers[request->header_count++] = header;
    return UPGRADE_COMPLETE;
}

static enum upgrade_result take_headers(struct upgrade_request *request, struct text *rest)
{
    while (rest->length > 0) {
        if (rest->data[0] == '\r')
            return take_pattern(request, rest, TEXT("\r\n"), "a carriage return on its own");
        enum upgrade_result result = take_header(request, rest);
        if (result != UPGRADE_COMPLETE)
            return result;
    }
    return UPGRADE_INCOMPLETE;
}

/* How many lines have that name; *value is the first one's. */
static size_t count(const struct upgrade_request *request, struct text name, struct text *value)
{
    size_t found = 0;

    *value = upgrade_header(request, name);
    for (size_t i = 0; i < request->header_count; i++)
        found += text_equal_ignore_case(request->headers[i].name, name);
    return found;
}

/* The next element of a comma list (RFC 9110, section 5.6.1: empty ones do not count); empty text at the end.
 */
static struct text next_element(struct text *rest)
{
    while (rest->length > 0) {
        struct text element = text_trim(text_split(*rest, ',', rest));
        if (element.length > 0)
            return element;
    }
    return (struct text){NULL, 0};
}

/* Whether any line of that name lists the word. */
static bool lists(const struct upgrade_request *request, struct text name, struct text word)
{
    for (size_t i = 0; i < request->header_count; i++) {
        struct text rest = request->headers[i].value;
        if (!text_equal_ignore_case(request->headers[i].name, name))
            continue;
        for (struct text element; (element = next_element(&rest)).length > 0;)
            if (text_equal_ignore_case(element, word))
                return true;
    }
    return false;
}

static bool only(struct text t, bool (*accepts)(char c))
{
    for (size_t i = 0; i < t.length; i++)
        if (!accepts(t.data[i]))
            return false;
    return t.length > 0;
}

static bool zero(char c)
{
    return c == '0';
}

static bool alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* RFC 3986, section 3.2: the host and port of an authority. */
static bool host_accepts(char c)
{
    static const char marks[] = "-._~!$&'()*+,;=%:[]";

    return alphanumeric(c) || memchr(marks, c, sizeof marks - 1);
}

static bool base64_accepts(char c)
{
    return alphanumeric(c) || c == '+' || c == '/';
}

/* The unused bits of the last character may be anything: the example in RFC 6455, section 4.1, has some set.
 */
static bool key_is_valid(struct text key)
{
    return key.length == 24 && only((struct text){key.data, 22}, base64_accepts) &&
           text_equal((struct text){key.data + 22, 2}, TEXT("=="));
}

/* Whether every offered subprotocol is a token; request->protocols becomes the first line that offers one. */
static bool take_protocols(struct upgrade_request *request)
{
    for (size_t i = 0; i < request->header_count; i++) {
        struct text rest = request->headers[i].value;
        if (!text_equal_ignore_case(request->headers[i].name, TEXT("Sec-WebSocket-Protocol")))
            continue;
        for (struct text element; (element = next_element(&rest)).length > 0;) {
            if (!token_is_valid(element))
                return false;
            if (request->protocols.length == 0)
                request->protocols = request->headers[i].value;
        }
    }
    return true;
}

/* What the whole head has to be: RFC 9112, section 3.2 and 6, then RFC 6455, section 4.2.1. */
static enum upgrade_result judge(struct upgrade_request *request)
{
    struct text value;

    if (count(request, TEXT("Host"), &value) != 1 || !only(value, host_accepts))
        return refuse(request, 400, "not exactly one proper Host header");
    if (!lists(request, TEXT("Upgrade"), TEXT("websocket")))
        return refuse(request, 426, "this is a WebSocket service: no Upgrade to websocket was asked for");
    if (!lists(request, TEXT("Connection"), TEXT("Upgrade")))
        return refuse(request, 426,
                      "this is a WebSocket service: the Connection header does not name Upgrade");
    if (count(request, TEXT("Transfer-Encoding"), &value) > 0)
        return refuse(request, 400, "an upgrade with a body");
    size_t lengths = count(request, TEXT("Content-Length"), &value);
    if (lengths > 1 || (lengths == 1 && !only(value, zero)))
        return refuse(request, 400, "an upgrade with a body");

    size_t versions = count(request, TEXT("Sec-WebSocket-Version"), &value);
    if (versions > 1)
        return refuse(request, 400, "more than one Sec-WebSocket-Version header");
    if (versions == 0 || !text_equal(value, TEXT("13")))
        return refuse(request, 426, "only version 13 of the WebSocket protocol is spoken here");
    if (count(request, TEXT("Sec-WebSocket-Key"), &request->key) != 1)
        return refuse(request, 400, "not exactly one Sec-WebSocket-Key header");
    if (!key_is_valid(request->key))
        return refuse(request, 400, "a Sec-WebSocket-Key that is not 16 bytes in base64");
    if (!take_protocols(request))
        return refuse(request, 400, "a Sec-WebSocket-Protocol that is no list of tokens");
    return UPGRADE_COMPLETE;
}

/* All but the header array, which is large and needs none of it. */
static void clear(struct upgrade_request *request)
{
    static const struct text none = {NULL, 0};

    request->target = request->path = request->query = none;
    request->header_count = 0;
    request->key = request->protocols = none;
    request->refusal = 0;
    request->is_head = false;
    request->reason = NULL;
}

enum upgrade_result upgrade_parse(struct upgrade_request *request, const char *data, size_t length,
                                  size_t *consumed)
{
    bool full = length >= UPGRADE_MAX_HEAD; /* a head that these bytes do not end is too long */
    struct text rest = {data, full ? UPGRADE_MAX_HEAD : length};

    clear(request);
    enum upgrade_result result = take_request_line(request, &rest);
    if (result == UPGRADE_INCOMPLETE && full)
        return refuse(request, 414, "the request line is too long");
    if (result != UPGRADE_COMPLETE)
        return result;
    result = take_headers(request, &rest);
    if (result == UPGRADE_INCOMPLETE && full)
        return refuse(request, 431, "the request head is too long");
    if (result != UPGRADE_COMPLETE)
        return result;
    result = judge(request);
    if (result == UPGRADE_COMPLETE)
        *consumed = (size_t)(rest.data - data);
    return result;
}

struct text upgrade_header(const struct upgrade_request *request, struct text name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (text_equal_ignore_case(request->headers[i].name, name))
            return request->headers[i].value;
    return (struct text){NULL, 0};
}

struct text upgrade_next_protocol(struct text *rest)
{
    return next_element(rest);
}
