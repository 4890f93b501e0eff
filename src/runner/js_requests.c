#include "runner/js_requests.h"
#include "js/host.h"
#include "net/http_client.h"
#include "runner/connect_event.h"
#include "runner/js_loop.h"

#include <stdlib.h>

enum {
    TIMEOUT_MS = 30 * 1000,
    MAX_RESPONSE = 64 * 1024 * 1024,
    SILENCE_MS = 300 * 1000, /* of a stream; as Node's fetch */
    MAX_HEADERS = 200,
};

struct pending {
    struct list node; /* in js->requests */
    struct js_loop *js;
    struct http_exchange *exchange;
    uint32_t id;
};

static enum status append_line(struct buffer *out, struct text line)
{
    enum status status = header_append_decoded(out, line);

    return status == STATUS_OK ? buffer_append(out, "\n", 1) : status;
}

static enum status append_headers(struct buffer *out, const struct http_response *response)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < response->header_count && status == STATUS_OK; i++) {
        status = append_line(out, response->headers[i].name);
        if (status == STATUS_OK)
            status = append_line(out, response->headers[i].value);
    }
    return status;
}

static void forget(struct pending *pending)
{
    list_remove(&pending->node);
    free(pending);
}

static void on_response(void *owner, const struct http_response *response)
{
    struct pending pending = *(struct pending *)owner;
    struct world_response result = {
        .error = response->error, .status = response->status, .body = response->body};
    struct buffer headers;

    buffer_init(&headers, BUFFER_UNLIMITED);
    if (append_headers(&headers, response) != STATUS_OK)
        result.error = "out of memory";
    result.headers = buffer_text(&headers);
    forget(owner); /* first: what is told may end everything */
    js_host_request_done(pending.js->host, pending.id, &result);
    buffer_deinit(&headers);
}

/* ---- those that stream ---- */

static void tell(struct pending *pending, const struct world_news *news)
{
    js_host_request_told(pending->js->host, pending->id, news);
}

static void on_end(void *owner, const char *error)
{
    struct pending *pending = owner;

    list_remove(&pending->node); /* what it is told of has ended: its id leads nowhere */
    tell(pending, &(struct world_news){.kind = NEWS_OF_END, .error = error});
    free(pending);
}

static void on_head(void *owner, const struct http_response *response)
{
    struct pending *pending = owner;
    struct world_news news = {.kind = NEWS_OF_HEAD, .status = response->status, .reason = response->reason};
    enum status status = STATUS_OK;
    struct buffer headers;

    buffer_init(&headers, BUFFER_UNLIMITED);
    for (size_t i = 0; i < response->header_count && status == STATUS_OK; i++)
        status = buffer_printf(&headers, "%.*s\n%.*s\n", TEXT_ARGS(response->headers[i].name),
                               TEXT_ARGS(response->headers[i].value));
    news.headers = buffer_text(&headers);
    if (status == STATUS_OK) {
        tell(pending, &news);
    } else {
        http_client_cancel(pending->exchange);
        on_end(pending, "out of memory");
    }
    buffer_deinit(&headers);
}

static void on_chunk(void *owner, struct text chunk)
{
    tell(owner, &(struct world_news){.kind = NEWS_OF_CHUNK, .chunk = chunk});
}

static void on_taken(void *owner)
{
    tell(owner, &(struct world_news){.kind = NEWS_OF_BODY_TAKEN});
}

static const struct http_stream_functions stream_functions = {
    .on_head = on_head,
    .on_chunk = on_chunk,
    .on_taken = on_taken,
    .on_end = on_end,
};

static struct pending *find(struct js_loop *js, uint32_t id)
{
    for (struct list *node = js->requests.next; node != &js->requests; node = node->next) {
        struct pending *pending = LIST_ENTRY(node, struct pending, node);
        if (pending->id == id)
            return pending;
    }
    return NULL;
}

void js_requests_read(void *owner, uint32_t id)
{
    struct pending *pending = find(owner, id);

    if (pending)
        http_client_read(pending->exchange);
}

enum status js_requests_write(void *owner, uint32_t id, struct text bytes)
{
    struct pending *pending = find(owner, id);

    return pending ? http_client_write(pending->exchange, bytes) : STATUS_CLOSED;
}

void js_requests_finish(void *owner, uint32_t id)
{
    struct pending *pending = find(owner, id);

    if (pending)
        http_client_finish(pending->exchange);
}

void js_requests_cancel(void *owner, uint32_t id)
{
    struct pending *pending = find(owner, id);

    if (!pending)
        return;
    http_client_cancel(pending->exchange);
    forget(pending);
}

/* ---- sending ---- */

/* The lines as names and values; how many there are, or MAX_HEADERS + 1 for too many. */
static size_t read_headers(struct http_header headers[MAX_HEADERS], struct text lines)
{
    size_t count = 0;

    while (lines.length > 0) {
        if (count == MAX_HEADERS)
            return MAX_HEADERS + 1;
        headers[count].name = text_split(lines, '\n', &lines);
        headers[count].value = text_split(lines, '\n', &lines);
        count++;
    }
    return count;
}

enum status js_requests_send(void *owner, const struct world_request *wanted, struct buffer *error)
{
    struct js_loop *js = owner;
    struct http_header headers[MAX_HEADERS];
    size_t header_count = read_headers(headers, wanted->headers);

    if (js->closing) { /* the client is, too */
        enum status printed = buffer_append_text(error, TEXT("the runner is stopping"));
        return printed == STATUS_OK ? STATUS_CLOSED : printed;
    }
    if (header_count > MAX_HEADERS) {
        enum status status = buffer_printf(error, "more than %d headers", MAX_HEADERS);
        return status == STATUS_OK ? STATUS_LIMIT : status;
    }
    struct pending *pending = malloc(sizeof *pending);
    if (!pending)
        return STATUS_NO_MEMORY;
    *pending = (struct pending){.js = js, .id = wanted->id};
    list_append(&js->requests, &pending->node);
    struct http_request request = {
        .method = wanted->method,
        .url = wanted->url,
        .headers = headers,
        .header_count = header_count,
        .body = wanted->body,
        .has_body = wanted->has_body,
        .body_follows = wanted->body_follows,
        .body_length = wanted->body_length,
        .decodes = wanted->streams,
        .timeout_ms = wanted->streams ? SILENCE_MS : TIMEOUT_MS,
        .max_response = wanted->streams ? SIZE_MAX : MAX_RESPONSE,
    };
    enum status status =
        wanted->streams
            ? http_client_open(js->http, &request, &stream_functions, pending, &pending->exchange, error)
            : http_client_send(js->http, &request, on_response, pending, NULL, error);
    if (status != STATUS_OK)
        forget(pending);
    return status;
}

void js_requests_forget(struct js_loop *js)
{
    while (!list_is_empty(&js->requests))
        forget(LIST_ENTRY(js->requests.next, struct pending, node));
}
