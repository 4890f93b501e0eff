#include "js/host_parts.h"
#include "js/native.h"
#include "js/script.h"

#include <stdlib.h>

/* What a script asks for, see script.h. */

static JSValueRef undefined(JSContextRef context)
{
    return jsc.JSValueMakeUndefined(context);
}

static uint32_t number_of(JSContextRef context, JSValueRef argument)
{
    double number = jsc.JSValueToNumber(context, argument, NULL);

    return number >= 0 && number <= UINT32_MAX ? (uint32_t)number : 0;
}

/* A text of its own, ended by a NUL, in `copy`; NULL where there is none, or after an exception. */
static const char *optional_text(JSContextRef context, JSValueRef argument, struct buffer *copy,
                                 JSValueRef *exception)
{
    if (jsc.JSValueIsUndefined(context, argument) ||
        !native_argument_text(context, argument, copy, exception))
        return NULL;
    if (buffer_append(copy, "", 1) != STATUS_OK) {
        native_throw(context, exception, "RangeError", "Out of memory");
        return NULL;
    }
    return copy->data;
}

/* start(id, options, key, certificate, heard) */
static JSValueRef on_start(JSContextRef context, JSObjectRef function, JSObjectRef this_object, size_t count,
                           const JSValueRef arguments[], JSValueRef *exception)
{
    struct world *world = world_of(function);
    struct buffer texts[3];

    (void)this_object;
    if (count < 5)
        return native_throw(context, exception, "TypeError", "start(id, options, key, certificate, heard)");
    for (size_t i = 0; i < 3; i++)
        buffer_init(&texts[i], BUFFER_UNLIMITED);
    bool good = native_argument_text(context, arguments[1], &texts[0], exception);
    struct js_runner_settings settings = {.options = buffer_text(&texts[0]),
                                          .key = optional_text(context, arguments[2], &texts[1], exception),
                                          .certificate =
                                              optional_text(context, arguments[3], &texts[2], exception),
                                          .heard = number_of(context, arguments[4])};
    if (good && !*exception)
        world->script->start(world->script_owner, number_of(context, arguments[0]), &settings);
    for (size_t i = 0; i < 3; i++)
        buffer_deinit(&texts[i]);
    return undefined(context);
}

/* stop(id) */
static JSValueRef on_stop(JSContextRef context, JSObjectRef function, JSObjectRef this_object, size_t count,
                          const JSValueRef arguments[], JSValueRef *exception)
{
    struct world *world = world_of(function);

    (void)this_object, (void)exception;
    if (count > 0)
        world->script->stop(world->script_owner, number_of(context, arguments[0]));
    return undefined(context);
}

/* listen(id, heard) */
static JSValueRef on_listen(JSContextRef context, JSObjectRef function, JSObjectRef this_object, size_t count,
                            const JSValueRef arguments[], JSValueRef *exception)
{
    struct world *world = world_of(function);

    (void)this_object, (void)exception;
    if (count > 1)
        world->script->listen(world->script_owner, number_of(context, arguments[0]),
                              number_of(context, arguments[1]));
    return undefined(context);
}

const struct native native_script[] = {
    {"start", on_start},
    {"stop", on_stop},
    {"listen", on_listen},
    {NULL, NULL},
};

/* ---- the other way ---- */

void js_script_attach(struct js_host *host, const struct js_script_functions *functions, void *owner)
{
    host->world->script = functions;
    host->world->script_owner = owner;
}

enum status js_script_run(struct js_host *host, struct text path, char *const *arguments, size_t count,
                          struct buffer *error)
{
    JSContextRef context = host->world->context;
    JSValueRef *values = calloc(count + 1, sizeof *values);
    JSValueRef exception = NULL;
    enum status status = STATUS_OK;

    if (!values)
        return STATUS_NO_MEMORY;
    /* On the heap, where the collector does not look: kept by the world until the call has them. */
    values[0] = native_decoded(context, path, &exception);
    jsc.JSValueProtect(context, values[0]);
    for (size_t i = 0; i < count; i++) {
        values[i + 1] = native_decoded(context, text_from_cstr(arguments[i]), &exception);
        jsc.JSValueProtect(context, values[i + 1]);
    }
    struct buffer thrown;
    buffer_init(&thrown, BUFFER_UNLIMITED);
    JSValueRef refusal = world_call(host->world, WORLD_RUN_SCRIPT, values, count + 1, &thrown);
    if (!refusal)
        status = buffer_append_text(error, buffer_text(&thrown)); /* of ours: what scripts throw is caught */
    else if (!jsc.JSValueIsUndefined(context, refusal))
        status = engine_append_value(error, context, refusal);
    if (status == STATUS_OK && error->length > 0)
        status = STATUS_INVALID;
    buffer_deinit(&thrown);
    for (size_t i = 0; i <= count; i++)
        jsc.JSValueUnprotect(context, values[i]);
    free(values);
    return status;
}

void js_script_tell(struct js_host *host, uint32_t id, const struct js_runner_news *news)
{
    JSContextRef context = host->world->context;
    JSValueRef exception = NULL;
    JSValueRef arguments[5] = {jsc.JSValueMakeNumber(context, id),
                               jsc.JSValueMakeNumber(context, news->kind)};
    size_t count = 2;
    struct buffer error;

    if (news->kind == RUNNER_STARTED)
        for (size_t i = 0; i < 3; i++)
            arguments[count++] = jsc.JSValueMakeNumber(context, news->ports[i]);
    else
        arguments[count++] = native_decoded(context, news->message, &exception);
    if (news->kind == RUNNER_LINE)
        arguments[count++] = jsc.JSValueMakeNumber(context, news->level);
    buffer_init(&error, BUFFER_UNLIMITED);
    if (!world_call(host->world, WORLD_TELL_RUNNER, arguments, count, &error))
        log_write(host->log, LOG_ERROR, "%.*s", TEXT_ARGS(buffer_text(&error)));
    buffer_deinit(&error);
    js_host_turn(host);
}

void js_script_idle(struct js_host *host)
{
    world_call(host->world, WORLD_BEFORE_EXIT, NULL, 0, NULL);
    js_host_turn(host);
}

int js_script_end(struct js_host *host)
{
    JSValueRef code = world_call(host->world, WORLD_END, NULL, 0, NULL);

    return code ? (int)jsc.JSValueToNumber(host->world->context, code, NULL) & 0xFF : 0;
}
