#include "js/native_handle.h"
#include "js/native.h"

#include <pthread.h>
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

/* One class for all handles of all worlds, made once and then only read: a context remembers every class it
 * has ever seen an object of. */
static pthread_once_t class_once = PTHREAD_ONCE_INIT;
static JSClassRef handle_class;

static void make_class(void)
{
    JSClassDefinition definition = {
        .className = "Handle", .attributes = kJSClassAttributeNoAutomaticPrototype, .finalize = on_collected};

    handle_class = jsc.JSClassCreate(&definition);
}

JSValueRef handle_make(JSContextRef context, const struct handle_kind *kind, void *object,
                       JSValueRef *exception)
{
    struct handle *handle = malloc(sizeof *handle);

    if (!handle) {
        kind->destroy(object);
        return native_throw(context, exception, "RangeError", "Out of memory");
    }
    *handle = (struct handle){.kind = kind, .object = object};
    pthread_once(&class_once, make_class);
    return jsc.JSObjectMake(context, handle_class, handle);
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
