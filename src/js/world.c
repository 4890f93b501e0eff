#include "js/world.h"
#include "js/embedded.h"
#include "js/native.h"
#include "js/native_world.h"
#include "js/watchdog.h"

#include <stdlib.h>
#include <string.h>

static const char *const entry_names[WORLD_ENTRY_COUNT] = {
    [WORLD_ATTACH] = "attach",
    [WORLD_DISPATCH] = "dispatch",
    [WORLD_COLLECT] = "collect",
    [WORLD_REFILL] = "refill",
    [WORLD_LOAD] = "load",
    [WORLD_LOADED] = "loaded",
    [WORLD_PREPARE] = "prepare",
    [WORLD_CORRELATION_ID] = "correlationId",
    [WORLD_PEER_IDENTITY] = "peerIdentity",
    [WORLD_OPEN_STREAMS] = "openStreams",
    [WORLD_CLOSING_SOURCES] = "closingSources",
    [WORLD_READ] = "read",
    [WORLD_SWEEP] = "sweep",
    [WORLD_FILES] = "files",
    [WORLD_REQUEST_DONE] = "requestDone",
    [WORLD_WORK_DONE] = "workDone",
    [WORLD_REQUEST_TOLD] = "requestTold",
    [WORLD_SET_POSTBACK_BASE] = "setPostbackBase",
    [WORLD_RUN_TIMERS] = "runTimers",
    [WORLD_RUN_IMMEDIATES] = "runImmediates",
    [WORLD_DESCRIBE] = "describe",
    [WORLD_REJECTED] = "rejected",
    [WORLD_RUN_SCRIPT] = "runScript",
    [WORLD_TELL_RUNNER] = "tellRunner",
    [WORLD_BEFORE_EXIT] = "beforeExit",
    [WORLD_INTERRUPTING] = "interrupting",
    [WORLD_INTERRUPTED] = "interrupted",
    [WORLD_RUN_JOBS] = "runJobs",
    [WORLD_END] = "end",
};

static JSValueRef get(struct world *world, JSObjectRef object, const char *name, JSValueRef *exception)
{
    JSStringRef key = jsc.JSStringCreateWithUTF8CString(name);
    JSValueRef value = jsc.JSObjectGetProperty(world->context, object, key, exception);

    jsc.JSStringRelease(key);
    return value;
}

/* What an exception says before the world can describe it by itself. */
static void describe_plainly(struct world *world, JSValueRef exception, struct buffer *error)
{
    static const char *const parts[] = {"sourceURL", "line"};

    if (engine_append_value(error, world->context, exception) != STATUS_OK ||
        !jsc.JSValueIsObject(world->context, exception))
        return;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        JSValueRef part = get(world, (JSObjectRef)exception, parts[i], NULL);
        if (!part || buffer_append_text(error, TEXT(" ")) != STATUS_OK ||
            engine_append_value(error, world->context, part) != STATUS_OK)
            return;
    }
}

/* loader.js gives the function that loads internal modules; bootstrap.js, loaded with it, gives the entries.
 */
static JSObjectRef bootstrap(struct world *world, JSValueRef *exception)
{
    JSObjectRef native = jsc.JSObjectMake(world->context, NULL, NULL);

    native_install(world->context, native, native_encoding);
    native_install(world->context, native, native_process);
    native_install(world->context, native, native_files);
    native_install(world->context, native, native_config);
    native_install(world->context, native, native_cache);
    native_world_install(world, native);

    JSValueRef make = native_evaluate_internal(world->context, "loader", exception);
    if (!make)
        return NULL;
    JSValueRef load = jsc.JSObjectCallAsFunction(world->context, (JSObjectRef)make, NULL, 1,
                                                 (const JSValueRef[]){native}, exception);
    if (!load)
        return NULL;
    JSStringRef name = jsc.JSStringCreateWithUTF8CString("./bootstrap");
    JSValueRef argument = jsc.JSValueMakeString(world->context, name);
    jsc.JSStringRelease(name);
    JSValueRef entries =
        jsc.JSObjectCallAsFunction(world->context, (JSObjectRef)load, NULL, 1, &argument, exception);
    return (JSObjectRef)entries;
}

static bool take_entries(struct world *world, JSObjectRef exports, JSValueRef *exception)
{
    for (size_t i = 0; i < WORLD_ENTRY_COUNT; i++) {
        JSValueRef entry = get(world, exports, entry_names[i], exception);
        if (!entry || !jsc.JSValueIsObject(world->context, entry))
            return false;
        jsc.JSValueProtect(world->context, entry);
        world->entries[i] = (JSObjectRef)entry;
    }
    return true;
}

enum status world_create(struct world **world, const struct world_functions *functions, void *owner,
                         struct buffer *error)
{
    JSValueRef exception = NULL;
    enum status status = engine_open(error);

    if (status != STATUS_OK)
        return status;
    struct world *made = calloc(1, sizeof *made);
    if (!made)
        return STATUS_NO_MEMORY;
    made->functions = functions;
    made->owner = owner;
    list_init(&made->works);
    made->group = engine_make_group(&made->main_context);
    made->context = jsc.JSGlobalContextCreateInGroup(made->group, NULL);

    JSObjectRef exports = bootstrap(made, &exception);
    if (!exports || !take_entries(made, exports, &exception)) {
        if (exception)
            describe_plainly(made, exception, error);
        world_destroy(made);
        return STATUS_SYSTEM;
    }
    native_world_watch_rejections(made);
    world_idle(made); /* now, while there are descriptors: the engine aborts where it can not open its own */
    *world = made;
    return STATUS_OK;
}

void world_destroy(struct world *world)
{
    if (!world)
        return;
    work_forget_all(&world->works);
    watchdog_destroy(world->watchdog);
    for (size_t i = 0; i < WORLD_ENTRY_COUNT; i++)
        if (world->entries[i])
            jsc.JSValueUnprotect(world->context, world->entries[i]);
    jsc.JSGlobalContextRelease(world->context);
    jsc.JSContextGroupRelease(world->group);
    free(world);
}

/* Scripts were ended: what is left to do, and what there is to say that no event's failure does. */
static void interrupted(struct world *world, enum world_entry entry, struct buffer *error)
{
    JSContextRef context = world->context;
    struct buffer text;

    /* The engine still holds it in its hands, and drops what it is asked first. */
    JSStringRef dropped = jsc.JSValueToStringCopy(context, jsc.JSValueMakeNumber(context, 0), NULL);
    if (dropped)
        jsc.JSStringRelease(dropped);
    /* What is left to do may have to be ended, too: then it is still that call's. */
    if (entry != WORLD_INTERRUPTED && entry != WORLD_RUN_JOBS)
        world->ended = entry;
    /* Who gets through now was not at it. Not within the next call: the engine may end it later for one of
     * these. */
    world_call(world, WORLD_RUN_JOBS, NULL, 0, error);
    bool is_loading = world->ended == WORLD_LOAD || world->ended == WORLD_LOADED;
    JSValueRef arguments[] = {jsc.JSValueMakeNumber(context, world->watchdog->limit_ms),
                              jsc.JSValueMakeBoolean(context, world->ended == WORLD_DISPATCH),
                              jsc.JSValueMakeBoolean(context, is_loading)};
    JSValueRef said = world_call(world, WORLD_INTERRUPTED, arguments, 3, error);
    buffer_init(&text, BUFFER_UNLIMITED);
    if (said && engine_append_value(error ? error : &text, context, said) == STATUS_OK && text.length > 0)
        world->functions->uncaught(world->owner, buffer_text(&text));
    buffer_deinit(&text);
}

void world_describe(struct world *world, JSValueRef error, struct buffer *out)
{
    JSValueRef exception = NULL;
    watchdog_enter(world->watchdog);
    world->depth++;
    JSValueRef text = jsc.JSObjectCallAsFunction(world->context, world->entries[WORLD_DESCRIBE], NULL, 1,
                                                 &error, &exception);

    world->depth--;
    if (watchdog_leave(world->watchdog))
        interrupted(world, WORLD_DESCRIBE, NULL);
    if (!text || engine_append_value(out, world->context, text) != STATUS_OK)
        describe_plainly(world, error, out);
}

JSValueRef world_call(struct world *world, enum world_entry entry, const JSValueRef *arguments, size_t count,
                      struct buffer *error)
{
    JSValueRef exception = NULL;
    struct engine_lock lock;

    watchdog_enter(world->watchdog);
    engine_lock(&lock, world->group);
    world->depth++;
    JSValueRef result =
        jsc.JSObjectCallAsFunction(world->context, world->entries[entry], NULL, count, arguments, &exception);
    world->depth--;

    /* The engine runs what jobs there are when it is unlocked. Where the call was ended, interrupted() has
     * them run in another one, which can be ended again. */
    bool is_ended = !result && world->watchdog && world->watchdog->ended;
    if (!is_ended)
        engine_unlock(&lock);
    bool was_ended = watchdog_leave(world->watchdog);
    if (was_ended)
        interrupted(world, entry, error);
    if (is_ended)
        engine_unlock(&lock);
    if (was_ended)
        return NULL;
    if (!exception)
        return result;
    if (error)
        world_describe(world, exception, error);
    return NULL;
}

/* The engine is about to end what runs. */
static void on_end(void *owner)
{
    struct world *world = owner;

    world_call(world, WORLD_INTERRUPTING, NULL, 0, NULL);
}

enum status world_limit(struct world *world, uint32_t limit_ms)
{
    if (world->watchdog)
        return STATUS_OK;
    return watchdog_create(&world->watchdog, world->group, limit_ms, on_end, world);
}

/* Calls an entry that does one thing at a time, until it says that there is no more. */
static void call_until_done(struct world *world, enum world_entry entry)
{
    struct buffer error;
    bool more = true;

    buffer_init(&error, BUFFER_UNLIMITED);
    for (bool first = true; more; first = false) {
        JSValueRef argument = jsc.JSValueMakeBoolean(world->context, first);
        JSValueRef result = world_call(world, entry, &argument, 1, &error);
        if (!result)
            world->functions->uncaught(world->owner, buffer_text(&error));
        more = result && jsc.JSValueToBoolean(world->context, result);
    }
    buffer_deinit(&error);
}

void world_run_timers(struct world *world)
{
    call_until_done(world, WORLD_RUN_TIMERS);
}

void world_run_immediates(struct world *world)
{
    call_until_done(world, WORLD_RUN_IMMEDIATES);
}

void world_end(struct world *world)
{
    world_call(world, WORLD_END, NULL, 0, NULL);
}

void world_idle(struct world *world)
{
    watchdog_enter(world->watchdog); /* finalizers are scripts' */
    world->depth++;
    if (world->main_context)
        for (int i = 0; i < 8 && jsc.extras.g_main_context_iteration(world->main_context, 0); i++)
            ;
    world->depth--;
    if (watchdog_leave(world->watchdog))
        interrupted(world, WORLD_DESCRIBE, NULL);
    JSValueRef swept = world_call(world, WORLD_SWEEP, NULL, 0, NULL);
    if (swept)
        litter_made(&world->litter, jsc.JSValueToNumber(world->context, swept, NULL));
    litter_sweep(&world->litter, world->context);
}

static JSValueRef text_value(struct world *world, struct text text)
{
    JSValueRef exception = NULL;

    return native_decoded(world->context, text, &exception);
}

/* The body's own copy, which the engine frees. */
static JSValueRef bytes_value(struct world *world, struct text bytes)
{
    JSValueRef exception = NULL;
    uint8_t *copy = malloc(bytes.length ? bytes.length : 1);

    if (!copy)
        return jsc.JSValueMakeUndefined(world->context);
    if (bytes.length)
        memcpy(copy, bytes.data, bytes.length);
    return native_bytes(world->context, copy, bytes.length, &exception);
}

void world_request_done(struct world *world, uint32_t id, const struct world_response *response)
{
    JSContextRef context = world->context;
    JSValueRef arguments[] = {
        jsc.JSValueMakeNumber(context, id),
        jsc.JSValueMakeNumber(context, response->status),
        text_value(world, response->headers),
        bytes_value(world, response->body),
        response->error ? text_value(world, text_from_cstr(response->error))
                        : jsc.JSValueMakeUndefined(context),
    };

    world_call(world, WORLD_REQUEST_DONE, arguments, 5, NULL);
}

void world_request_told(struct world *world, uint32_t id, const struct world_news *news)
{
    JSContextRef context = world->context;
    JSValueRef arguments[5] = {jsc.JSValueMakeNumber(context, id),
                               jsc.JSValueMakeNumber(context, news->kind)};
    size_t count = 2;

    if (news->kind == NEWS_OF_HEAD) {
        arguments[count++] = jsc.JSValueMakeNumber(context, news->status);
        arguments[count++] = bytes_value(world, news->reason);
        arguments[count++] = bytes_value(world, news->headers);
    } else if (news->kind == NEWS_OF_CHUNK) {
        arguments[count++] = bytes_value(world, news->chunk);
    } else if (news->kind == NEWS_OF_END && news->error) {
        arguments[count++] = text_value(world, text_from_cstr(news->error));
    }
    world_call(world, WORLD_REQUEST_TOLD, arguments, count, NULL);
}

size_t world_heap_bytes(struct world *world)
{
    if (!jsc.extras.JSGetMemoryUsageStatistics)
        return 0;
    JSObjectRef usage = jsc.extras.JSGetMemoryUsageStatistics(world->context);
    JSValueRef size = usage ? get(world, usage, "heapSize", NULL) : NULL;

    return size ? (size_t)jsc.JSValueToNumber(world->context, size, NULL) : 0;
}

struct world *world_of(JSObjectRef function)
{
    return jsc.JSObjectGetPrivate(function);
}
