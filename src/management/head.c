#include "management/head.h"
#include "management/guard.h"

static enum MHD_Result count(void *owner, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct head *head = owner;
    struct text key = text_from_cstr(name);

    (void)kind;
    if (text_equal_ignore_case(key, TEXT(MHD_HTTP_HEADER_HOST))) {
        if (head->hosts++ == 0)
            head->host = text_from_cstr(value);
    } else if (text_equal_ignore_case(key, TEXT(MHD_HTTP_HEADER_CONTENT_LENGTH))) {
        head->lengths++;
    } else if (text_equal_ignore_case(key, TEXT(MHD_HTTP_HEADER_TRANSFER_ENCODING))) {
        head->codings++;
        head->is_chunked = text_equal_ignore_case(text_from_cstr(value), TEXT("chunked"));
    }
    return MHD_YES;
}

/* Of a URL its host counts, and not the Host header (RFC 9112, section 3.2.2). */
static void read_target(struct head *head, struct text target)
{
    const struct text scheme = TEXT("http://");
    struct text start = {target.data, target.length < scheme.length ? target.length : scheme.length};

    head->path = target;
    if (!text_equal_ignore_case(start, scheme))
        return;
    target = (struct text){target.data + scheme.length, target.length - scheme.length};
    head->host = text_split(target, '/', &head->path);
    head->path = head->host.length == target.length
                     ? TEXT("/")
                     : (struct text){target.data + head->host.length, target.length - head->host.length};
}

void head_read(struct head *head, struct MHD_Connection *http, const char *target)
{
    *head = (struct head){.host = TEXT("")};
    mhd.get_connection_values(http, MHD_HEADER_KIND, count, head);
    read_target(head, text_from_cstr(target));
}

const char *head_refuses(const struct head *head, unsigned *status)
{
    *status = 400;
    if (head->hosts > 1)
        return "There is more than one Host header.";
    if (head->lengths > 1)
        return "There is more than one Content-Length header.";
    if (head->codings > 0 && head->lengths > 0)
        return "Transfer-Encoding and Content-Length do not go together.";
    *status = 501;
    return head->codings > 1 || (head->codings == 1 && !head->is_chunked)
               ? "Of transfer codings only chunked is known."
               : NULL;
}

struct origins {
    struct text host;
    bool is_own;
};

static enum MHD_Result look(void *owner, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct origins *origins = owner;
    struct text key = text_from_cstr(name);

    (void)kind;
    if (text_equal_ignore_case(key, TEXT(MHD_HTTP_HEADER_ORIGIN)))
        origins->is_own &= guard_origin(text_from_cstr(value), origins->host);
    else if (text_equal_ignore_case(key, TEXT("Sec-Fetch-Site")))
        origins->is_own &= guard_site(text_from_cstr(value));
    return MHD_YES;
}

bool head_is_own(const struct head *head, struct MHD_Connection *http)
{
    struct origins origins = {head->host, true};

    mhd.get_connection_values(http, MHD_HEADER_KIND, look, &origins);
    return origins.is_own;
}
