#include "runner/js_work.h"
#include "runner/js_loop.h"

#include <stdlib.h>

struct pending {
    uv_work_t request;
    struct list node; /* in js->works */
    struct js_loop *js;
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
    struct js_loop *js = pending->js;

    work_end(pending->work, status == 0 && !js->closing);
    list_remove(&pending->node);
    free(pending);
    if (list_is_empty(&js->works))
        js_loop_works_ended(js);
}

enum status js_work_queue(void *owner, struct work *work)
{
    struct js_loop *js = owner;

    if (js->closing)
        return STATUS_CLOSED;
    struct pending *pending = malloc(sizeof *pending);
    if (!pending)
        return STATUS_NO_MEMORY;
    *pending = (struct pending){.js = js, .work = work, .request.data = pending};
    uv_queue_work(js->loop, &pending->request, on_thread, on_done); /* fails for no callback only */
    list_append(&js->works, &pending->node);
    return STATUS_OK;
}

void js_work_cancel(struct js_loop *js)
{
    for (struct list *node = js->works.next; node != &js->works; node = node->next)
        uv_cancel((uv_req_t *)&LIST_ENTRY(node, struct pending, node)->request); /* on_done comes later */
}
