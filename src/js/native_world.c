#include "js/native_world.h"
#include "js/embedded.h"
#include "js/native.h"
#include "js/watchdog.h"
#include "json/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static JSValueRef undefined(JSContextRef context)
{
    return jsc.JSValueMakeUndefined(context);
}

static uint32_t argument_number(JSContextRef context, size_t count, const JSValueRef arguments[],
                                size_t index)
{
    double number = index < count ? jsc.JSValueToNumber(context, arguments[index], NULL) : 0;

    return number >= 0 && number <= UINT32_MAX ? (uint32_t)number : 0;
}

/* log(level, message, slot): nothing comes of a line that there is no memory for, as with log_write(). */
static JSValueRef on_log(JSContextRef context, JSObjectRef function, JSObjectRef this_object, size_t count,
                         const JSValueRef arguments[], JSValueRef *exception)
{
    struct world *world = world_of(function);
    JSValueRef ignored = NULL;
    struct buffer message;

    (void)this_object;
    if (count < 2)
        return native_throw(context, exception, "TypeError", "log(level, message)");
    buffer_init(&message, BUFFER_UNLIMITED);
    if (native_argument_text(context, arguments[1], &message, &ignored))
        world->functions->log(world->owner, (int)argument_number(context, count, arguments, 0),
                              argument_number(context, count, arguments, 2), buffer_text(&message));
    buffer_deinit(&message);
    return undefined(context);
}

/* consoleWrite(stream, text or bytes): to standard output (1) or error (2) */
static JSValueRef on_console_write(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                                   size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    struct world *world = world_of(function);
    bool is_error = argument_number(context, count, arguments, 0) == 2;
    struct buffer text;
    uint8_t *bytes;
    size_t length;

    (void)this_object;
    if (count < 2)
        return native_throw(context, exception, "TypeError", "consoleWrite(stream, text)");
    if (!jsc.JSValueIsString(context, arguments[1])) {
        if (native_argument_bytes(context, arguments[1], &bytes, &length, exception))
            world->functions->output(world->owner, is_error, (struct text){(const char *)bytes, length});
        return undefined(context);
    }
    buffer_init(&text, BUFFER_UNLIMITED);
    if (native_argument_text(context, arguments[1], &text, exception))
        world->functions->output(world->owner, is_error, buffer_text(&text));
    buffer_deinit(&text);
    return undefined(context);
}

/* logEvent(level, id, correlationId, message, slot): likewise */
static JSValueRef on_log_event(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                               size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    struct world *world = world_of(function);
    JSValueRef ignored = NULL;
    struct buffer texts[3];
    bool good = count >= 4;

    (void)this_object, (void)exception;
    for (size_t i = 0; i < 3; i++)
        buffer_init(&texts[i], BUFFER_UNLIMITED);
    for (size_t i = 0; i < 3 && good; i++)
        good = native_argument_text(context, arguments[i + 1], &texts[i], &ignored);
    if (good)
        world->functions->log_event(world->owner, (int)argument_number(context, count, arguments, 0),
                                    argument_number(context, count, arguments, 4), buffer_text(&texts[0]),
                                    buffer_text(&texts[1]), buffer_text(&texts[2]));
    for (size_t i = 0; i < 3; i++)
        buffer_deinit(&texts[i]);
    return undefined(context);
}

/* uncaught(error) */
static JSValueRef on_uncaught(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                              size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    struct world *world = world_of(function);
    struct buffer description;

    (void)this_object;
    (void)exception;
    buffer_init(&description, BUFFER_UNLIMITED);
    world_describe(world, count > 0 ? arguments[0] : undefined(context), &description);
    world->functions->uncaught(world->owner, buffer_text(&description));
    buffer_deinit(&description);
    return undefined(context);
}

/* The engine's callback: (promise, reason). */
static JSValueRef on_rejection(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                               size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    (void)this_object, (void)exception;
    if (count >= 2)
        world_call(world_of(function), WORLD_REJECTED, arguments, 2, NULL);
    return undefined(context);
}

/* setTimer(delay, holds) */
static JSValueRef on_set_timer(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                               size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    struct world *world = world_of(function);
    double delay = count > 0 ? jsc.JSValueToNumber(context, arguments[0], exception) : -1;
    bool holds = count > 1 && jsc.JSValueToBoolean(context, arguments[1]);

    (void)this_object;
    world->functions->set_timer(world->owner, delay >= 0 && delay < 1e12 ? (int64_t)delay : -1, holds);
    return undefined(context);
}

/* wantImmediate() */
static JSValueRef on_want_immediate(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                                    size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    struct world *world = world_of(function);

    (void)this_object, (void)count, (void)arguments, (void)exception;
    world->functions->want_immediates(world->owner);
    return undefined(context);
}

/* exit(code) */
static JSValueRef on_exit_call(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                               size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    struct world *world = world_of(function);

    (void)this_object, (void)exception;
    world->functions->exit(world->owner, (int)(argument_number(context, count, arguments, 0) & 0xFF));
    return undefined(context);
}

/* The text that the runner has for a number, the only argument; undefined where it has none. */
static JSValueRef text_by_number(JSContextRef context, JSObjectRef function, size_t count,
                                 const JSValueRef arguments[], JSValueRef *exception,
                                 struct text (*text_of)(void *owner, uint32_t number))
{
    struct text text = text_of(world_of(function)->owner, argument_number(context, count, arguments, 0));

    return text.length ? native_string(context, text, exception) : undefined(context);
}

/* eventId(slot) -> the id, or undefined */
static JSValueRef on_event_id(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                              size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    (void)this_object;
    return text_by_number(context, function, count, arguments, exception,
                          world_of(function)->functions->event_id);
}

/* wantIds() */
static JSValueRef on_want_ids(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                              size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    struct world *world = world_of(function);

    (void)this_object, (void)count, (void)arguments, (void)exception;
    world->functions->want_ids(world->owner);
    return undefined(context);
}

/* messageId(slot) -> JSON text, or undefined */
static JSValueRef on_message_id(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                                size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    (void)this_object;
    return text_by_number(context, function, count, arguments, exception,
                          world_of(function)->functions->message_id);
}

/* peerId(peer) -> a string, or undefined */
static JSValueRef on_peer_id(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                             size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    (void)this_object;
    return text_by_number(context, function, count, arguments, exception,
                          world_of(function)->functions->peer_id);
}

/* congestion(peer) -> see world.h */
static JSValueRef on_congestion(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                                size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    struct world *world = world_of(function);
    uint32_t peer_slot = argument_number(context, count, arguments, 0);

    (void)this_object, (void)exception;
    return jsc.JSValueMakeNumber(context, world->functions->congestion(world->owner, peer_slot));
}

enum { PUSH_NO_MEMORY = -3 };

/* Appends a text that is to be pushed; false where memory is out, as push() says it. */
static bool append_pushed(JSContextRef context, JSValueRef text, struct buffer *out)
{
    JSValueRef ignored = NULL;

    return native_argument_text(context, text, out, &ignored);
}

/* push(peer, message, binary, ifRoom) -> see world.h */
static JSValueRef on_push(JSContextRef context, JSObjectRef function, JSObjectRef this_object, size_t count,
                          const JSValueRef arguments[], JSValueRef *exception)
{
    struct world *world = world_of(function);
    struct buffer *message = world->functions->push_buffer(world->owner);
    struct text data = {NULL, 0};
    bool made = true;

    (void)this_object;
    if (count < 4)
        return native_throw(context, exception, "TypeError", "push(peer, message, binary, ifRoom)");
    bool binary = jsc.JSValueToBoolean(context, arguments[2]);
    if (binary) {
        uint8_t *bytes = NULL;
        if (!native_argument_bytes(context, arguments[1], &bytes, &data.length, exception))
            return undefined(context);
        data.data = (char *)bytes;
    } else {
        made = append_pushed(context, arguments[1], message);
        data = buffer_text(message);
    }
    int sent = made ? world->functions->push(world->owner, argument_number(context, count, arguments, 0),
                                             data, binary, jsc.JSValueToBoolean(context, arguments[3]))
                    : PUSH_NO_MEMORY;
    return jsc.JSValueMakeNumber(context, sent);
}

/* pushChunk(peer, head, text, ifRoom): a text message of `head`, `text` as a JSON string, and "}" */
static JSValueRef on_push_chunk(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                                size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    struct world *world = world_of(function);
    struct buffer *message = world->functions->push_buffer(world->owner);
    struct buffer text;

    (void)this_object;
    if (count < 4)
        return native_throw(context, exception, "TypeError", "pushChunk(peer, head, text, ifRoom)");
    buffer_init(&text, BUFFER_UNLIMITED);
    bool made = append_pushed(context, arguments[1], message) &&
                append_pushed(context, arguments[2], &text) &&
                json_append_string(message, buffer_text(&text)) == STATUS_OK &&
                buffer_append(message, "}", 1) == STATUS_OK;
    int sent = made ? world->functions->push(world->owner, argument_number(context, count, arguments, 0),
                                             buffer_text(message), false,
                                             jsc.JSValueToBoolean(context, arguments[3]))
                    : PUSH_NO_MEMORY;
    buffer_deinit(&text);
    return jsc.JSValueMakeNumber(context, sent);
}

/* giveUp(peer) */
static JSValueRef on_give_up(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                             size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    struct world *world = world_of(function);

    (void)this_object, (void)exception;
    world->functions->give_up(world->owner, argument_number(context, count, arguments, 0));
    return undefined(context);
}

/* An argument that is a string, kept in `copy`, or bytes, which are its own. */
static bool read_text_or_bytes(JSContextRef context, JSValueRef argument, struct buffer *copy,
                               struct text *text, JSValueRef *exception)
{
    uint8_t *bytes = NULL;

    if (!jsc.JSValueIsString(context, argument)) {
        bool good = native_argument_bytes(context, argument, &bytes, &text->length, exception);
        text->data = (char *)bytes;
        return good;
    }
    bool good = native_argument_text(context, argument, copy, exception);
    *text = buffer_text(copy);
    return good;
}

/* The first five arguments of a request: id, method, url, headers, body (the last undefined where there is
 * none). What views them lasts until JavaScript runs again, and as long as `texts`. */
static bool read_request(JSContextRef context, const JSValueRef arguments[], struct world_request *request,
                         struct buffer texts[4], JSValueRef *exception)
{
    request->id = argument_number(context, 5, arguments, 0);
    for (size_t i = 0; i < 2; i++)
        if (!native_argument_text(context, arguments[i + 1], &texts[i], exception))
            return false;
    request->method = buffer_text(&texts[0]);
    request->url = buffer_text(&texts[1]);
    request->has_body = !request->body_follows && !jsc.JSValueIsUndefined(context, arguments[4]);
    return read_text_or_bytes(context, arguments[3], &texts[2], &request->headers, exception) &&
           (!request->has_body ||
            read_text_or_bytes(context, arguments[4], &texts[3], &request->body, exception));
}

static void send_request(JSContextRef context, struct world *world, const JSValueRef arguments[],
                         struct world_request request, JSValueRef *exception)
{
    struct buffer texts[4];
    struct buffer error;

    buffer_init(&error, BUFFER_UNLIMITED);
    for (size_t i = 0; i < 4; i++)
        buffer_init(&texts[i], BUFFER_UNLIMITED);
    if (read_request(context, arguments, &request, texts, exception) &&
        world->functions->request(world->owner, &request, &error) != STATUS_OK)
        native_throw(context, exception, "Error", "%.*s",
                     TEXT_ARGS(error.length ? buffer_text(&error) : TEXT("Out of memory")));
    for (size_t i = 0; i < 4; i++)
        buffer_deinit(&texts[i]);
    buffer_deinit(&error);
}

/* request(id, method, url, headers, body): see struct world_request; throws where it can not be sent */
static JSValueRef on_request(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                             size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    (void)this_object;
    if (count < 5)
        return native_throw(context, exception, "TypeError", "request(id, method, url, headers, body)");
    send_request(context, world_of(function), arguments, (struct world_request){0}, exception);
    return undefined(context);
}

/* openRequest(id, method, url, headers, body, length): the same of one that streams; where there is a length,
 * the body follows, and -1 is one that is not known */
static JSValueRef on_open_request(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                                  size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    struct world_request request = {.streams = true};

    (void)this_object;
    if (count < 5)
        return native_throw(context, exception, "TypeError", "openRequest(id, method, url, headers, body)");
    request.body_follows = count > 5 && !jsc.JSValueIsUndefined(context, arguments[5]);
    if (request.body_follows) {
        double length = jsc.JSValueToNumber(context, arguments[5], NULL);
        request.body_length = length >= 0 && length < 9e15 ? (int64_t)length : -1;
    }
    send_request(context, world_of(function), arguments, request, exception);
    return undefined(context);
}

/* readRequest(id) */
static JSValueRef on_read_request(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                                  size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    struct world *world = world_of(function);

    (void)this_object, (void)exception;
    world->functions->request_read(world->owner, argument_number(context, count, arguments, 0));
    return undefined(context);
}

/* writeRequest(id, bytes) */
static JSValueRef on_write_request(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                                   size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    struct world *world = world_of(function);
    uint8_t *bytes = NULL;
    size_t length = 0;

    (void)this_object;
    if (count < 2)
        return native_throw(context, exception, "TypeError", "writeRequest(id, bytes)");
    if (native_argument_bytes(context, arguments[1], &bytes, &length, exception) &&
        world->functions->request_write(world->owner, argument_number(context, count, arguments, 0),
                                        (struct text){(char *)bytes, length}) == STATUS_NO_MEMORY)
        return native_throw(context, exception, "RangeError", "Out of memory");
    return undefined(context);
}

/* finishRequest(id) */
static JSValueRef on_finish_request(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                                    size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    struct world *world = world_of(function);

    (void)this_object, (void)exception;
    world->functions->request_finish(world->owner, argument_number(context, count, arguments, 0));
    return undefined(context);
}

/* cancelRequest(id) */
static JSValueRef on_cancel_request(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                                    size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    struct world *world = world_of(function);

    (void)this_object, (void)exception;
    world->functions->request_cancel(world->owner, argument_number(context, count, arguments, 0));
    return undefined(context);
}

/* internalModule(name) -> its wrapper function */
static JSValueRef on_internal_module(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                                     size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    struct buffer name;
    JSValueRef module = NULL;

    (void)function, (void)this_object;
    buffer_init(&name, 256);
    if (count > 0 && native_argument_text(context, arguments[0], &name, exception)) {
        if (buffer_append(&name, "", 1) == STATUS_OK)
            module = native_evaluate_internal(context, name.data, exception);
        else
            native_throw(context, exception, "RangeError", "Out of memory");
    }
    buffer_deinit(&name);
    return module ? module : undefined(context);
}

/* What only few worlds ever need is no part of `native`, but of objects that part(name) makes. */
static const struct {
    const char *name;
    const struct native *functions;
} parts[] = {
    {"fs", native_fs},      {"os", native_os},       {"crypto", native_hash},   {"crypto", native_kdf},
    {"crypto", native_key}, {"crypto", native_sign}, {"crypto", native_cipher}, {"script", native_script},
};

static void install(struct world *world, JSObjectRef object, const struct native *table);

/* part(name) -> an object with the functions of that part, a new one each time */
static JSValueRef on_part(JSContextRef context, JSObjectRef function, JSObjectRef this_object, size_t count,
                          const JSValueRef arguments[], JSValueRef *exception)
{
    struct buffer name;
    JSObjectRef part = NULL;

    (void)this_object;
    buffer_init(&name, 256);
    bool good = count > 0 && native_argument_text(context, arguments[0], &name, exception);
    for (size_t i = 0; good && i < sizeof parts / sizeof *parts; i++) {
        if (!text_equal(buffer_text(&name), text_from_cstr(parts[i].name)))
            continue;
        if (!part)
            part = jsc.JSObjectMake(context, NULL, NULL);
        install(world_of(function), part, parts[i].functions);
    }
    if (!part && !*exception)
        native_throw(context, exception, "Error", "no part '%.*s'", TEXT_ARGS(buffer_text(&name)));
    buffer_deinit(&name);
    return part ? part : undefined(context);
}

/* runJobs(): the promises' jobs that are due, now; false where they are left to the engine, which runs them
 * later: it may have no way to run them here, a script may be waiting for what it has called to return, or
 * one was ended (see watchdog.h), and the engine has not got over that yet. */
static JSValueRef on_run_jobs(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                              size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    (void)this_object, (void)count, (void)arguments, (void)exception;
    const struct world *world = world_of(function);
    bool ended = world->watchdog && world->watchdog->ended;
    return jsc.JSValueMakeBoolean(context, world->depth == 1 && !ended && engine_run_jobs(world->group));
}

static const struct native functions[] = {
    {"log", on_log},
    {"logEvent", on_log_event},
    {"consoleWrite", on_console_write},
    {"uncaught", on_uncaught},
    {"setTimer", on_set_timer},
    {"wantImmediate", on_want_immediate},
    {"exit", on_exit_call},
    {"eventId", on_event_id},
    {"wantIds", on_want_ids},
    {"messageId", on_message_id},
    {"peerId", on_peer_id},
    {"congestion", on_congestion},
    {"push", on_push},
    {"pushChunk", on_push_chunk},
    {"giveUp", on_give_up},
    {"request", on_request},
    {"openRequest", on_open_request},
    {"readRequest", on_read_request},
    {"writeRequest", on_write_request},
    {"finishRequest", on_finish_request},
    {"cancelRequest", on_cancel_request},
    {"internalModule", on_internal_module},
    {"part", on_part},
    {"runJobs", on_run_jobs},
    {NULL, NULL},
};

/* A function object that carries its world. */
static JSObjectRef bind(struct world *world, JSObjectCallAsFunctionCallback callback)
{
    JSClassDefinition definition = {.className = "NativeFunction", .callAsFunction = callback};
    JSClassRef class = jsc.JSClassCreate(&definition);
    JSObjectRef function = jsc.JSObjectMake(world->context, class, world);

    jsc.JSClassRelease(class);
    return function;
}

static void install(struct world *world, JSObjectRef object, const struct native *table)
{
    for (const struct native *native = table; native->name; native++) {
        JSStringRef name = jsc.JSStringCreateWithUTF8CString(native->name);
        jsc.JSObjectSetProperty(world->context, object, name, bind(world, native->function),
                                kJSPropertyAttributeNone, NULL);
        jsc.JSStringRelease(name);
    }
}

void native_world_install(struct world *world, JSObjectRef object)
{
    install(world, object, functions);
}

void native_world_watch_rejections(struct world *world)
{
    JSValueRef exception = NULL;

    if (jsc.extras.JSGlobalContextSetUnhandledRejectionCallback)
        jsc.extras.JSGlobalContextSetUnhandledRejectionCallback(world->context, bind(world, on_rejection),
                                                                &exception);
}

JSValueRef native_evaluate_internal(JSContextRef context, const char *name, JSValueRef *exception)
{
    static const char prologue[] = "(function (exports, require, module, native) {";
    static const char epilogue[] = "\n})";
    const struct embedded_module *module = embedded_modules;

    while (module->name && strcmp(module->name, name) != 0)
        module++;
    if (!module->name) {
        native_throw(context, exception, "Error", "no internal module '%s'", name);
        return NULL;
    }
    bool wrap = strcmp(name, "loader") != 0;
    char url[128];
    snprintf(url, sizeof url, "configurapi:%s.js", name);
    struct buffer source;
    buffer_init(&source, BUFFER_UNLIMITED);
    if ((wrap && buffer_append(&source, prologue, sizeof prologue - 1) != STATUS_OK) ||
        buffer_append(&source, module->source, module->length) != STATUS_OK ||
        (wrap && buffer_append(&source, epilogue, sizeof epilogue - 1) != STATUS_OK)) {
        buffer_deinit(&source);
        native_throw(context, exception, "RangeError", "Out of memory");
        return NULL;
    }
    JSStringRef script = engine_string(buffer_text(&source));
    if (!script)
        native_throw(context, exception, "RangeError", "Out of memory");
    JSStringRef source_url = jsc.JSStringCreateWithUTF8CString(url);
    JSValueRef value = script ? jsc.JSEvaluateScript(context, script, NULL, source_url, 1, exception) : NULL;
    if (script)
        jsc.JSStringRelease(script);
    jsc.JSStringRelease(source_url);
    buffer_deinit(&source);
    return value;
}
