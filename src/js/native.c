#include "js/native.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* As V8's; past it JavaScriptCore would abort rather than throw. */
enum { MAX_STRING_LENGTH = 0x1FFFFFE8 };

void native_install(JSContextRef context, JSObjectRef object, const struct native *table)
{
    for (; table->name; table++) {
        JSStringRef name = jsc.JSStringCreateWithUTF8CString(table->name);
        JSObjectRef function = jsc.JSObjectMakeFunctionWithCallback(context, name, table->function);
        jsc.JSObjectSetProperty(context, object, name, function, kJSPropertyAttributeNone, NULL);
        jsc.JSStringRelease(name);
    }
}

/* The global constructor of that name, or NULL where a script put something else in its place. */
static JSObjectRef find_constructor(JSContextRef context, const char *name)
{
    JSStringRef key = jsc.JSStringCreateWithUTF8CString(name);
    JSValueRef ignored = NULL;
    JSValueRef found = jsc.JSObjectGetProperty(context, jsc.JSContextGetGlobalObject(context), key, &ignored);

    jsc.JSStringRelease(key);
    return found && jsc.JSValueIsObject(context, found) ? (JSObjectRef)(uintptr_t)found : NULL;
}

JSValueRef native_throw(JSContextRef context, JSValueRef *exception, const char *constructor,
                        const char *format, ...)
{
    char message[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);

    JSStringRef string = jsc.JSStringCreateWithUTF8CString(message);
    JSValueRef argument = jsc.JSValueMakeString(context, string);
    jsc.JSStringRelease(string);

    JSObjectRef error = NULL;
    JSObjectRef found = find_constructor(context, constructor);
    JSValueRef ignored = NULL;
    if (found)
        error = jsc.JSObjectCallAsConstructor(context, found, 1, &argument, &ignored);
    if (!error)
        error = jsc.JSObjectMakeError(context, 1, &argument, &ignored);
    *exception = error ? error : argument;
    return jsc.JSValueMakeUndefined(context);
}

JSValueRef native_string(JSContextRef context, struct text text, JSValueRef *exception)
{
    if (text.length > MAX_STRING_LENGTH)
        return native_throw(context, exception, "RangeError", "Invalid string length");
    JSStringRef string = engine_string(text);
    if (!string)
        return native_throw(context, exception, "RangeError", "Out of memory");
    JSValueRef value = jsc.JSValueMakeString(context, string);
    jsc.JSStringRelease(string);
    return value;
}

JSValueRef native_units(JSContextRef context, const JSChar *units, size_t count, JSValueRef *exception)
{
    if (count > MAX_STRING_LENGTH)
        return native_throw(context, exception, "RangeError", "Invalid string length");
    JSStringRef string = jsc.JSStringCreateWithCharacters(units, count);
    JSValueRef value = jsc.JSValueMakeString(context, string);
    jsc.JSStringRelease(string);
    return value;
}

/* One character outside ASCII from the front of `*at` (WHATWG Encoding, 8.1.1). A malformed one is U+FFFD and
 * takes the bytes up to the first that cannot belong to it. */
static uint32_t decode_character(const uint8_t **at, const uint8_t *end, bool *valid)
{
    uint32_t first = *(*at)++;
    uint32_t lower = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    uint32_t upper = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    uint32_t c = first & (0x3Fu >> more);

    if (first < 0xC2 || first > 0xF4) {
        *valid = false;
        return 0xFFFD;
    }
    while (more-- > 0) {
        if (*at == end || **at < lower || **at > upper) {
            *valid = false;
            return 0xFFFD;
        }
        c = c << 6 | (*(*at)++ & 0x3Fu);
        lower = 0x80;
        upper = 0xBF;
    }
    return c;
}

size_t native_utf16_from_bytes(JSChar *out, const uint8_t *bytes, size_t length, bool *valid)
{
    const uint8_t *at = bytes;
    const uint8_t *end = length ? bytes + length : bytes;
    JSChar *start = out;

    *valid = true;
    while (at < end) {
        while (end - at >= 16) {
            uint8_t any = 0;
            for (size_t i = 0; i < 16; i++)
                any |= at[i];
            if (any >= 0x80)
                break;
            for (size_t i = 0; i < 16; i++)
                out[i] = at[i];
            at += 16;
            out += 16;
        }
        while (at < end && *at < 0x80)
            *out++ = *at++;
        while (at < end && *at >= 0x80) {
            uint32_t c = decode_character(&at, end, valid);
            if (c >= 0x10000) {
                *out++ = (JSChar)(0xD800 + ((c - 0x10000) >> 10));
                c = 0xDC00 + ((c - 0x10000) & 0x3FF);
            }
            *out++ = (JSChar)c;
        }
    }
    return (size_t)(out - start);
}

JSValueRef native_decoded(JSContextRef context, struct text bytes, JSValueRef *exception)
{
    JSChar small[512];
    JSChar *units = bytes.length <= 512 ? small : malloc(bytes.length * sizeof *units);
    bool valid;

    if (!units)
        return native_throw(context, exception, "RangeError", "Out of memory");
    size_t count = native_utf16_from_bytes(units, (const uint8_t *)bytes.data, bytes.length, &valid);
    JSValueRef value = native_units(context, units, count, exception);
    if (units != small)
        free(units);
    return value;
}

bool native_argument_text(JSContextRef context, JSValueRef argument, struct buffer *out,
                          JSValueRef *exception)
{
    JSStringRef string = jsc.JSValueToStringCopy(context, argument, exception);

    if (!string)
        return false;
    enum status status = engine_append_string(out, string);
    jsc.JSStringRelease(string);
    if (status != STATUS_OK)
        native_throw(context, exception, "RangeError", "%s",
                     status == STATUS_LIMIT ? "The string is too long" : "Out of memory");
    return status == STATUS_OK;
}

bool native_argument_bytes(JSContextRef context, JSValueRef argument, uint8_t **bytes, size_t *length,
                           JSValueRef *exception)
{
    JSValueRef ignored = NULL;
    JSObjectRef object = NULL;
    JSTypedArrayType type = kJSTypedArrayTypeNone;

    if (jsc.JSValueIsObject(context, argument)) {
        object = (JSObjectRef)(uintptr_t)argument;
        type = jsc.JSValueGetTypedArrayType(context, argument, &ignored);
    }
    if (type == kJSTypedArrayTypeArrayBuffer) {
        *length = jsc.JSObjectGetArrayBufferByteLength(context, object, &ignored);
        *bytes = jsc.JSObjectGetArrayBufferBytesPtr(context, object, &ignored);
        return true;
    }
    /* A DataView has no type of its own in the API, but all that follows. */
    if (object &&
        (type != kJSTypedArrayTypeNone || jsc.JSObjectGetTypedArrayBuffer(context, object, &ignored))) {
        uint8_t *start = jsc.JSObjectGetTypedArrayBytesPtr(context, object, &ignored);
        *length = start ? jsc.JSObjectGetTypedArrayByteLength(context, object, &ignored) : 0;
        *bytes = start ? start + jsc.JSObjectGetTypedArrayByteOffset(context, object, &ignored) : NULL;
        return true;
    }
    native_throw(context, exception, "TypeError", "Expected an ArrayBuffer or a view on one");
    return false;
}

/* Runs on any thread: free and nothing else. */
static void on_collected(void *bytes, void *user)
{
    (void)user;
    free(bytes);
}

JSValueRef native_bytes(JSContextRef context, uint8_t *bytes, size_t length, JSValueRef *exception)
{
    JSObjectRef array;

    if (length == 0) {
        free(bytes);
        array = jsc.JSObjectMakeTypedArray(context, kJSTypedArrayTypeUint8Array, 0, exception);
    } else {
        /* Takes the bytes over whether or not it succeeds. */
        array = jsc.JSObjectMakeTypedArrayWithBytesNoCopy(context, kJSTypedArrayTypeUint8Array, bytes, length,
                                                          on_collected, NULL, exception);
    }
    return array ? array : jsc.JSValueMakeUndefined(context);
}

JSValueRef native_taken(JSContextRef context, struct buffer *contents, JSValueRef *exception)
{
    struct buffer taken = *contents;

    buffer_init(contents, contents->limit);
    if (taken.capacity - taken.length > 64) { /* more was reserved than came */
        char *fitting = realloc(taken.data, taken.length ? taken.length : 1);
        taken.data = fitting ? fitting : taken.data;
    }
    return native_bytes(context, (uint8_t *)taken.data, taken.length, exception);
}

void native_set(JSContextRef context, JSObjectRef object, const char *name, JSValueRef value)
{
    JSStringRef key = jsc.JSStringCreateWithUTF8CString(name);

    jsc.JSObjectSetProperty(context, object, key, value, kJSPropertyAttributeNone, NULL);
    jsc.JSStringRelease(key);
}

void native_set_number(JSContextRef context, JSObjectRef object, const char *name, double value)
{
    native_set(context, object, name, jsc.JSValueMakeNumber(context, value));
}

void native_set_text(JSContextRef context, JSObjectRef object, const char *name, struct text value,
                     JSValueRef *exception)
{
    native_set(context, object, name, native_decoded(context, value, exception));
}
