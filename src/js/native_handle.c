#include "js/native_handle.h"
#include "js/native.h"

#include <stdlib.h>

struct handle {
    const struct handle_kind *kind;
    void *object;
};

static void on_collected(JSObjectRef object)
{
    struct handle *handle = jsc.JSObjectGetPrivate(object);

    handle->kind->destroy(handle->object);
    free(handle);
}

JSValueRef handle_make(JSContextRef context, const struct handle_kind *kind, void *object,
                       JSValueRef *exception)
{
    JSClassDefinition definition = {.className = kind->name, .finalize = on_collected};
    struct handle *handle = malloc(sizeof *handle);

    if (!handle) {
        kind->destroy(object);
        return native_throw(context, exception, "RangeError", "Out of memory");
    }
    *handle = (struct handle){.kind = kind, .object = object};
    JSClassRef class = jsc.JSClassCreate(&definition);
    JSObjectRef made = jsc.JSObjectMake(context, class, handle);
    jsc.JSClassRelease(class);
    return made;
}

void *handle_get(JSContextRef context, JSValueRef value, const struct handle_kind *kind,
                 JSValueRef *exception)
{
    struct handle *handle =
        jsc.JSValueIsObject(context, value) ? jsc.JSObjectGetPrivate((JSObjectRef)(uintptr_t)value) : NULL;

    if (handle && handle->kind == kind)
        return handle->object;
    native_throw(context, exception, "TypeError", "Expected a %s", kind->name);
    return NULL;
}
