#include "runner/js_work.h"
#include "runner/close.h"
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

static void close_end(struct runner *runner);

static void on_done(uv_work_t *request, int status)
{
    struct pending *pending = request->data;

    work_end(pending->work, status == 0 && !pending->runner->closing);
    list_remove(&pending->node);
    if (list_is_empty(&pending->runner->works))
        close_end(pending->runner);
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

/* The time that work under way has to end in. */
struct work_end {
    uv_timer_t timer;
    struct runner *runner;
};

static void on_closed(uv_handle_t *handle)
{
    struct runner *runner = ((struct work_end *)handle->data)->runner;

    free(handle->data);
    close_handle_closed(runner);
}

static void close_end(struct runner *runner)
{
    struct work_end *end = runner->work_end;

    runner->work_end = NULL;
    if (end)
        uv_close((uv_handle_t *)&end->timer, on_closed);
}

static void on_late(uv_timer_t *timer)
{
    close_end(((struct work_end *)timer->data)->runner);
}

void js_work_end(struct runner *runner)
{
    struct work_end *end = list_is_empty(&runner->works) ? NULL : malloc(sizeof *end);

    for (struct list *node = runner->works.next; node != &runner->works; node = node->next)
        uv_cancel((uv_req_t *)&LIST_ENTRY(node, struct pending, node)->request); /* on_done comes later */
    if (!end)
        return;
    end->runner = runner;
    end->timer.data = end;
    runner->work_end = end;
    runner->open_handles++;
    uv_timer_init(runner->loop, &end->timer);
    uv_timer_start(&end->timer, on_late, LAST_MOMENT_MS, 0);
}
