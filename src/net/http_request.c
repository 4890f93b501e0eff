#include "net/http_request.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_token(struct text text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return text.length > 0;
}

static bool has_break(struct text text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] == '\r' || text.data[i] == '\n' || text.data[i] == '\0')
            return true;
    return false;
}

/* These frame the request: one that differs from what is sent would have the server take a part of the body
 * for the next request. */
static bool is_ours(struct text name)
{
    return text_equal_ignore_case(name, TEXT("content-length")) ||
           text_equal_ignore_case(name, TEXT("transfer-encoding")) ||
           text_equal_ignore_case(name, TEXT("expect"));
}

static enum status after(enum status written, enum status why)
{
    return written == STATUS_OK ? why : written;
}

enum status http_request_check(const struct http_request *request, struct buffer *error)
{
    if (!is_token(request->method))
        return after(buffer_printf(error, "the method is not a token"), STATUS_INVALID);
    if ((request->has_body || request->body_follows) && text_equal(request->method, TEXT("HEAD")))
        return after(buffer_printf(error, "a HEAD request has no body"), STATUS_INVALID);
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        if (!is_token(header->name))
            return after(buffer_printf(error, "the name of header %zu is not a token", i + 1),
                         STATUS_INVALID);
        if (has_break(header->value))
            return after(buffer_printf(error, "header %.*s: a line break or NUL in its value",
                                       TEXT_ARGS(header->name)),
                         STATUS_INVALID);
        if (is_ours(header->name))
            return after(buffer_printf(error, "header %.*s cannot be set", TEXT_ARGS(header->name)),
                         STATUS_INVALID);
    }
    return STATUS_OK;
}

/* `host` as a URL has it, once curl has normalised it. */
static bool is_loopback(const char *host)
{
    static const char suffix[] = ".localhost"; /* RFC 6761, 6.3 */
    struct in_addr four;
    size_t length = strlen(host);

    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET;
    if (length >= sizeof suffix && strcasecmp(host + length - (sizeof suffix - 1), suffix) == 0)
        return true;
    return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0;
}

/* Whether other readers might see another host in it than curl does: to a browser, and to what JavaScript
 * decides by, a backslash is a slash, and tabs and line breaks are nothing. In a query it is only that. */
static bool is_ambiguous(struct text url)
{
    bool in_query = false;

    for (size_t i = 0; i < url.length; i++) {
        unsigned char c = (unsigned char)url.data[i];
        in_query = in_query || c == '?' || c == '#';
        if (c <= ' ' || c == 0x7F || (c == '\\' && !in_query))
            return true;
    }
    return false;
}

/* Checks the URL, and says whether it names this machine. */
static enum status check_url(const char *url, bool *loopback, struct buffer *error)
{
    enum status status = STATUS_OK;
    char *scheme = NULL;
    char *host = NULL;
    CURLU *parts = libcurl.url();

    if (!parts)
        return STATUS_NO_MEMORY;
    if (libcurl.url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
        libcurl.url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK) {
        status = after(buffer_printf(error, "the URL is malformed"), STATUS_INVALID);
        goto out;
    }
    if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0) {
        status = after(buffer_printf(error, "unsupported protocol '%s': only http and https are", scheme),
                       STATUS_INVALID);
        goto out;
    }
    if (libcurl.url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK) {
        status = after(buffer_printf(error, "the URL has no host"), STATUS_INVALID);
        goto out;
    }
    *loopback = is_loopback(host);

out:
    libcurl.free(scheme);
    libcurl.free(host);
    libcurl.url_cleanup(parts);
    return status;
}

static enum status add_header(struct curl_slist **headers, const char *line)
{
    struct curl_slist *longer = libcurl.slist_append(*headers, line);

    if (!longer)
        return STATUS_NO_MEMORY;
    *headers = longer;
    return STATUS_OK;
}

static enum status add_headers(struct curl_slist **headers, const struct http_request *request, bool has_body)
{
    /* curl's own Expect would cost a round trip, or a second. */
    enum status status = add_header(headers, "Expect:");
    bool has_type = false;
    struct buffer line;

    buffer_init(&line, BUFFER_UNLIMITED);
    for (size_t i = 0; status == STATUS_OK && i < request->header_count; i++) {
        struct text name = request->headers[i].name;
        struct text value = text_trim(request->headers[i].value);
        has_type = has_type || text_equal_ignore_case(name, TEXT("content-type"));
        buffer_clear(&line);
        status = buffer_append_text(&line, name);
        /* curl takes "Name:" for "send no such header", "Name;" for an empty one. */
        if (status == STATUS_OK)
            status = buffer_append_text(&line, value.length ? TEXT(": ") : TEXT(";"));
        if (status == STATUS_OK)
            status = buffer_append_text(&line, value);
        if (status == STATUS_OK)
            status = buffer_append(&line, "", 1);
        if (status == STATUS_OK)
            status = add_header(headers, line.data);
    }
    if (status == STATUS_OK && has_body && !has_type)
        status = add_header(headers, "Content-Type:"); /* curl's own would be a form's */
    buffer_deinit(&line);
    return status;
}

static CURLcode set_general(CURL *easy)
{
    static const struct {
        CURLoption option;
        long value;
    } options[] = {
        {CURLOPT_NOSIGNAL, 1},
        {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
        {CURLOPT_CONNECTTIMEOUT_MS, HTTP_CLIENT_CONNECT_TIMEOUT_MS},
        {CURLOPT_FOLLOWLOCATION, 0},
        {CURLOPT_SSL_VERIFYPEER, 1},
        {CURLOPT_SSL_VERIFYHOST, 2},
        {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
#if LIBCURL_VERSION_NUM < 0x075500
        {CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS},
#endif
    };
    CURLcode code = CURLE_OK;

    for (size_t i = 0; code == CURLE_OK && i < sizeof options / sizeof *options; i++)
        code = libcurl_set_long(easy, options[i].option, options[i].value);
#if LIBCURL_VERSION_NUM >= 0x075500
    if (code == CURLE_OK)
        code = libcurl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
    /* Without it, giving up while a name is looked up would block the loop until the resolver gives up too.
     * An older library at run time does not know it. */
    (void)libcurl_set_long(easy, CURLOPT_QUICK_EXIT, 1);
#endif
    return code;
}

/* Certificates besides the system's: as Node's variable says, or OpenSSL's. */
static CURLcode set_authorities(CURL *easy)
{
    const char *file = getenv("NODE_EXTRA_CA_CERTS");

    if (!file || !*file)
        file = getenv("SSL_CERT_FILE");
    return file && *file ? libcurl_set_string(easy, CURLOPT_CAINFO, file) : CURLE_OK;
}

static CURLcode set_body(CURL *easy, struct text body)
{
    curl_off_t size = (curl_off_t)body.length;
    const void *data = body.length ? body.data : "";
    CURLcode code =
        libcurl.easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, size); /* first: the copy takes it */

    return code == CURLE_OK ? libcurl.easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, data) : code;
}

/* curl reads it from a callback, and says Transfer-Encoding: chunked where its length is not known. */
static CURLcode set_following_body(CURL *easy, int64_t length)
{
    curl_off_t size = length < 0 ? -1 : (curl_off_t)length;
    CURLcode code = libcurl_set_long(easy, CURLOPT_UPLOAD, 1);

    return code == CURLE_OK ? libcurl.easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, size) : code;
}

/* `method` and `url` are the request's, ended by NUL. */
static CURLcode set_request(CURL *easy, const struct http_request *request, const char *method,
                            const char *url, bool has_body, bool loopback)
{
    CURLcode code = set_general(easy);

    if (code == CURLE_OK)
        code = set_authorities(easy);
    if (code == CURLE_OK)
        code = libcurl_set_string(easy, CURLOPT_URL, url);
    if (code == CURLE_OK && loopback)
        code = libcurl_set_string(easy, CURLOPT_NOPROXY, "*");
    if (code == CURLE_OK && request->body_follows)
        code = set_following_body(easy, request->body_length);
    else if (code == CURLE_OK && has_body)
        code = set_body(easy, request->body);
    if (code == CURLE_OK && request->decodes)
        code = libcurl_set_string(easy, CURLOPT_ACCEPT_ENCODING, ""); /* all that it knows */
    if (code == CURLE_OK && strcmp(method, "HEAD") == 0)
        code = libcurl_set_long(easy, CURLOPT_NOBODY, 1); /* lest it waits for the body */
    else if (code == CURLE_OK)
        code = libcurl_set_string(easy, CURLOPT_CUSTOMREQUEST, method);
    return code;
}

enum status http_request_apply(const struct http_request *request, CURL *easy, struct curl_slist **headers,
                               struct buffer *error)
{
    bool loopback = false;
    struct buffer texts; /* the method and the URL, each ended by NUL */
    bool has_body = request->has_body || text_equal(request->method, TEXT("POST")) ||
                    text_equal(request->method, TEXT("PUT"));

    if (is_ambiguous(request->url))
        return after(buffer_printf(error, "the URL is malformed"), STATUS_INVALID);
    buffer_init(&texts, BUFFER_UNLIMITED);
    enum status status = buffer_printf(&texts, "%.*s%c%.*s%c", TEXT_ARGS(request->method), '\0',
                                       TEXT_ARGS(request->url), '\0');
    if (status != STATUS_OK)
        goto out;
    const char *method = texts.data;
    const char *url = texts.data + request->method.length + 1;
    status = check_url(url, &loopback, error);
    if (status != STATUS_OK)
        goto out;
    status = add_headers(headers, request, has_body);
    if (status != STATUS_OK)
        goto out;
    CURLcode code = set_request(easy, request, method, url, has_body, loopback);
    if (code == CURLE_OK)
        code = libcurl_set_pointer(easy, CURLOPT_HTTPHEADER, *headers);
    if (code == CURLE_OUT_OF_MEMORY)
        status = STATUS_NO_MEMORY;
    else if (code != CURLE_OK)
        status = after(buffer_printf(error, "libcurl: %s", libcurl.easy_strerror(code)), STATUS_SYSTEM);

out:
    buffer_deinit(&texts);
    return status;
}
