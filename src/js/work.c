#include "js/work.h"
#include "js/native.h"
#include "js/world.h"

JSValueRef work_start(struct work *work, struct world *world, uint32_t id, JSContextRef context,
                      JSValueRef *exception)
{
    work->world = world;
    work->id = id;
    list_init(&work->node);
    enum status status = world->functions->work(world->owner, work);
    if (status != STATUS_OK) {
        work->destroy(work);
        return native_throw(context, exception, "Error", "%s",
                            status == STATUS_CLOSED ? "The runner is stopping" : "Out of memory");
    }
    list_append(&world->works, &work->node);
    return jsc.JSValueMakeUndefined(context);
}

static void tell(struct work *work)
{
    JSContextRef context = work->world->context;
    JSValueRef exception = NULL;
    JSValueRef result = work->result(work, context, &exception);
    JSValueRef arguments[] = {
        jsc.JSValueMakeNumber(context, work->id),
        exception ? jsc.JSValueMakeUndefined(context) : result,
        exception ? exception : jsc.JSValueMakeUndefined(context),
    };

    world_call(work->world, WORLD_WORK_DONE, arguments, 3, NULL);
}

void work_end(struct work *work, bool done)
{
    if (work->world) {
        list_remove(&work->node);
        if (done)
            tell(work);
    }
    work->destroy(work);
}

void work_forget_all(struct list *works)
{
    while (!list_is_empty(works)) {
        struct work *work = LIST_ENTRY(works->next, struct work, node);
        list_remove(&work->node);
        work->world = NULL;
    }
}
