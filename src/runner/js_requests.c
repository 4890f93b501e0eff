#include "runner/js_requests.h"
#include "js/host.h"
#include "net/http_client.h"
#include "runner/connect_event.h"
#include "runner/runner.h"

#include <stdlib.h>

enum {
    TIMEOUT_MS = 30 * 1000,
    MAX_RESPONSE = 64 * 1024 * 1024,
    MAX_HEADERS = 100,
};

struct pending {
    struct list node; /* in runner->requests */
    struct runner *runner;
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

static void on_response(void *owner, const struct http_response *response)
{
    struct pending *pending = owner;
    struct world_response result = {
        .error = response->error, .status = response->status, .body = response->body};
    struct buffer headers;

    buffer_init(&headers, BUFFER_UNLIMITED);
    if (append_headers(&headers, response) != STATUS_OK)
        result.error = "out of memory";
    result.headers = buffer_text(&headers);
    js_host_request_done(pending->runner->js, pending->id, &result);
    buffer_deinit(&headers);
    list_remove(&pending->node);
    free(pending);
}

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
    struct runner *runner = owner;
    struct http_header headers[MAX_HEADERS];
    size_t header_count = read_headers(headers, wanted->headers);

    if (runner->closing) { /* the client is, too */
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
    *pending = (struct pending){.runner = runner, .id = wanted->id};
    list_append(&runner->requests, &pending->node);
    struct http_request request = {
        .method = wanted->method,
        .url = wanted->url,
        .headers = headers,
        .header_count = header_count,
        .body = wanted->body,
        .has_body = wanted->has_body,
        .timeout_ms = TIMEOUT_MS,
        .max_response = MAX_RESPONSE,
    };
    enum status status = http_client_send(runner->http, &request, on_response, pending, NULL, error);
    if (status != STATUS_OK) {
        list_remove(&pending->node);
        free(pending);
    }
    return status;
}

void js_requests_forget(struct runner *runner)
{
    while (!list_is_empty(&runner->requests)) {
        struct pending *pending = LIST_ENTRY(runner->requests.next, struct pending, node);
        list_remove(&pending->node);
        free(pending);
    }
}
