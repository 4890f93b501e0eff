#include "runner/js_work.h"
#include "runner/runner.h"

#include <stdlib.h>

enum { LAST_MOMENT_MS = 500 };

struct pending {
    uv_work_t request;
    struct list node; /* in runner->works */
    struct runner *runner;
    struct work *work;
};

static void on_thread(uv_work_t *request)
{
    struct pending *pending = request->data;

    pending->work->run(pending->work);
}

static void on_done(uv_work_t *request, int status)
{
    struct pending *pending = request->data;

    work_end(pending->work, status == 0 && !pending->runner->closing);
    list_remove(&pending->node);
    free(pending);
}

enum status js_work_queue(void *owner, struct work *work)
{
    struct runner *runner = owner;

    if (runner->closing)
        return STATUS_CLOSED;
    struct pending *pending = malloc(sizeof *pending);
    if (!pending)
        return STATUS_NO_MEMORY;
    *pending = (struct pending){.runner = runner, .work = work, .request.data = pending};
    uv_queue_work(runner->loop, &pending->request, on_thread, on_done); /* fails for no callback only */
    list_append(&runner->works, &pending->node);
    return STATUS_OK;
}

static void on_late(uv_timer_t *timer)
{
    bool *late = timer->data;

    *late = true;
}

static void on_closed(uv_handle_t *handle)
{
    handle->data = NULL;
}

bool js_work_finish(struct runner *runner)
{
    bool late = false;
    uv_timer_t timer;

    for (struct list *node = runner->works.next; node != &runner->works; node = node->next)
        uv_cancel((uv_req_t *)&LIST_ENTRY(node, struct pending, node)->request); /* on_done comes later */
    uv_timer_init(runner->loop, &timer);
    timer.data = &late;
    uv_timer_start(&timer, on_late, LAST_MOMENT_MS, 0);
    while (!list_is_empty(&runner->works) && !late)
        uv_run(runner->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, on_closed);
    while (timer.data)
        uv_run(runner->loop, UV_RUN_NOWAIT);
    return list_is_empty(&runner->works);
}
