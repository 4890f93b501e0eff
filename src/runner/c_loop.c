#include "runner/c_loop.h"
#include "handlers/c_host.h"
#include "net/http_client.h"
#include "runner/runner.h"

#include <stdlib.h>

enum {
    TIMEOUT_MS = 30 * 1000,
    MAX_RESPONSE = 64 * 1024,
};

/* A request under way. */
struct posting {
    struct list node; /* in runner->postings */
    struct http_exchange *exchange;
    void (*done)(int status, const char *error, void *data);
    void *data;
};

static void on_response(void *owner, const struct http_response *response)
{
    struct posting posting = *(struct posting *)owner;
    struct buffer error;

    list_remove(&((struct posting *)owner)->node);
    free(owner);
    buffer_init(&error, BUFFER_UNLIMITED);
    bool good = !response->error && response->status >= 200 && response->status <= 299;
    enum status printed = response->error ? buffer_printf(&error, "%s", response->error)
                                          : buffer_printf(&error, "the answer was %d", response->status);
    const char *complaint = printed == STATUS_OK ? error.data : "out of memory";
    posting.done(response->error ? 0 : response->status, good ? NULL : complaint, posting.data);
    buffer_deinit(&error);
}

static enum status send_request(struct runner *runner, struct text url, const struct http_header *headers,
                                size_t header_count, struct text body, struct posting *posting)
{
    struct http_request request = {
        .method = TEXT("POST"),
        .url = url,
        .headers = headers,
        .header_count = header_count,
        .body = body,
        .has_body = true,
        .timeout_ms = TIMEOUT_MS,
        .max_response = MAX_RESPONSE,
    };
    struct buffer error; /* the status says enough */

    buffer_init(&error, BUFFER_UNLIMITED);
    enum status status =
        http_client_send(runner->http, &request, on_response, posting, &posting->exchange, &error);
    buffer_deinit(&error);
    return status;
}

static enum status post(void *owner, struct text url, struct text token, struct text body,
                        void (*done)(int status, const char *error, void *data), void *data)
{
    struct runner *runner = owner;
    struct buffer authorization;

    if (runner->closing)
        return STATUS_CLOSED;
    struct posting *posting = malloc(sizeof *posting);
    if (!posting)
        return STATUS_NO_MEMORY;
    *posting = (struct posting){.done = done, .data = data};
    buffer_init(&authorization, BUFFER_UNLIMITED);
    enum status status = buffer_printf(&authorization, "Bearer %.*s", TEXT_ARGS(token));
    if (status == STATUS_OK) {
        const struct http_header headers[] = {
            {TEXT("Content-Type"), TEXT("application/json")},
            {TEXT("Authorization"), buffer_text(&authorization)},
        };
        list_append(&runner->postings, &posting->node);
        status = send_request(runner, url, headers, token.length ? 2 : 1, body, posting);
        if (status != STATUS_OK)
            list_remove(&posting->node);
    }
    buffer_deinit(&authorization);
    if (status != STATUS_OK)
        free(posting);
    return status;
}

static void wake(void *owner)
{
    struct runner *runner = owner;

    uv_async_send(&runner->c_mail);
}

static struct uv_loop_s *loop(void *owner)
{
    struct runner *runner = owner;

    return runner->loop;
}

static const struct c_host_functions functions = {.wake = wake, .loop = loop, .post = post};

static void on_mail(uv_async_t *async)
{
    struct runner *runner = async->data;

    c_host_turn(runner->c); /* what it leaves is the turn's */
}

void c_loop_init(struct runner *runner)
{
    uv_async_init(runner->loop, &runner->c_mail, on_mail);
    runner->c_mail.data = runner;
    uv_unref((uv_handle_t *)&runner->c_mail);
}

enum status c_loop_open(struct runner *runner)
{
    return c_host_create(&runner->c, &functions, runner, &runner->log);
}

void c_loop_give_up(struct runner *runner)
{
    while (!list_is_empty(&runner->postings)) {
        struct posting *posting = LIST_ENTRY(runner->postings.next, struct posting, node);
        void (*done)(int, const char *, void *) = posting->done;
        void *data = posting->data;
        list_remove(&posting->node);
        http_client_cancel(posting->exchange);
        free(posting);
        done(0, "the runner has stopped", data);
    }
}
