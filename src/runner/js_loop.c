#include "runner/js_loop.h"
#include "js/host.h"
#include "net/http_client.h"
#include "runner/js_requests.h"
#include "runner/js_work.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    IDLE_INTERVAL_MS = 250,
    LAST_MOMENT_MS = 500,
};

static void on_timer(uv_timer_t *timer)
{
    struct js_loop *js = timer->data;

    js_host_fire_timers(js->host);
}

static void set_timer(void *owner, int64_t delay_ms, bool holds)
{
    struct js_loop *js = owner;

    if (delay_ms < 0 || js->closing) {
        uv_timer_stop(&js->timer);
        return;
    }
    if (holds)
        uv_ref((uv_handle_t *)&js->timer);
    else
        uv_unref((uv_handle_t *)&js->timer);
    uv_update_time(js->loop); /* JavaScript may have run for long since the loop looked at the clock */
    uv_timer_start(&js->timer, on_timer, (uint64_t)delay_ms, 0);
}

static void on_immediates(uv_idle_t *idle)
{
    struct js_loop *js = idle->data;

    uv_idle_stop(idle); /* what it runs may want another turn */
    js_host_run_immediates(js->host);
}

static void want_immediates(void *owner)
{
    struct js_loop *js = owner;

    if (!js->closing)
        uv_idle_start(&js->immediates, on_immediates);
}

/* At once, as Node's. Nothing of ours waits in a buffer: log lines are written as they come. */
static void exit_now(void *owner, int code)
{
    (void)owner;
    _exit(code);
}

static const struct js_host_functions functions = {
    .set_timer = set_timer,
    .want_immediates = want_immediates,
    .exit = exit_now,
    .request = js_requests_send,
    .work = js_work_queue,
    .request_read = js_requests_read,
    .request_write = js_requests_write,
    .request_finish = js_requests_finish,
    .request_cancel = js_requests_cancel,
};

static void on_idle(uv_timer_t *timer)
{
    struct js_loop *js = timer->data;

    js_host_idle(js->host);
}

static void open_handles(struct js_loop *js)
{
    uv_timer_init(js->loop, &js->timer);
    uv_timer_init(js->loop, &js->idle_timer);
    uv_timer_init(js->loop, &js->end_timer);
    uv_idle_init(js->loop, &js->immediates);
    js->timer.data = js->idle_timer.data = js->end_timer.data = js->immediates.data = js;
    uv_unref((uv_handle_t *)&js->idle_timer);
    uv_timer_start(&js->idle_timer, on_idle, IDLE_INTERVAL_MS, IDLE_INTERVAL_MS);
}

enum status js_loop_create(struct js_loop **js, uv_loop_t *loop, const struct log *log, struct buffer *error)
{
    struct js_loop *made = calloc(1, sizeof *made);

    if (!made)
        return STATUS_NO_MEMORY;
    made->loop = loop;
    list_init(&made->requests);
    list_init(&made->works);
    list_init(&made->runners);
    enum status status = http_client_create(&made->http, loop);
    if (status == STATUS_OK)
        status = js_host_create(&made->host, &functions, made, log, error);
    if (status != STATUS_OK) {
        http_client_destroy(made->http);
        free(made);
        return status;
    }
    open_handles(made);
    *js = made;
    return STATUS_OK;
}

bool js_loop_is_busy(const struct js_loop *js)
{
    return !list_is_empty(&js->works) || !list_is_empty(&js->requests) ||
           js_host_closing_sources(js->host) > 0;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct js_loop *js = handle->data;

    if (--js->open_handles == 0)
        js->on_closed(js->owner);
}

static void on_late(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, on_handle_closed);
}

void js_loop_works_ended(struct js_loop *js)
{
    if (js->closing && !uv_is_closing((uv_handle_t *)&js->end_timer))
        uv_close((uv_handle_t *)&js->end_timer, on_handle_closed);
}

void js_loop_close(struct js_loop *js, void (*on_closed)(void *owner), void *owner)
{
    uv_handle_t *handles[] = {(uv_handle_t *)&js->timer, (uv_handle_t *)&js->idle_timer,
                              (uv_handle_t *)&js->immediates};

    js->closing = true;
    js->on_closed = on_closed;
    js->owner = owner;
    http_client_destroy(js->http);
    js_requests_forget(js);
    js_work_cancel(js);
    js->open_handles = sizeof handles / sizeof *handles + 1;
    for (size_t i = 0; i < sizeof handles / sizeof *handles; i++)
        uv_close(handles[i], on_handle_closed);
    if (list_is_empty(&js->works))
        js_loop_works_ended(js);
    else
        uv_timer_start(&js->end_timer, on_late, LAST_MOMENT_MS, 0);
}

void js_loop_destroy(struct js_loop *js)
{
    if (!js)
        return;
    js_host_destroy(js->host);
    free(js);
}
