#pragma once

#include "base/buffer.h"
#include "base/status.h"

#include <JavaScriptCore/JavaScript.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * JavaScriptCore's C API, opened when the first JavaScript world is made: a process that runs no JavaScript
 * never maps the library. Every call goes through the table `jsc`, which is filled once and then only read.
 */

/* What the installed headers declare. */
#define ENGINE_FUNCTIONS(X) \
    X(JSContextGroupCreate) \
    X(JSContextGroupRelease) \
    X(JSEvaluateScript) \
    X(JSGarbageCollect) \
    X(JSGlobalContextCreateInGroup) \
    X(JSGlobalContextRelease) \
    X(JSContextGetGlobalObject) \
    X(JSObjectCallAsConstructor) \
    X(JSObjectCallAsFunction) \
    X(JSObjectGetArrayBufferByteLength) \
    X(JSObjectGetArrayBufferBytesPtr) \
    X(JSObjectGetPrivate) \
    X(JSObjectGetProperty) \
    X(JSObjectGetTypedArrayBuffer) \
    X(JSObjectGetTypedArrayByteLength) \
    X(JSObjectGetTypedArrayByteOffset) \
    X(JSObjectGetTypedArrayBytesPtr) \
    X(JSObjectIsFunction) \
    X(JSObjectMake) \
    X(JSObjectMakeArray) \
    X(JSObjectMakeArrayBufferWithBytesNoCopy) \
    X(JSObjectMakeError) \
    X(JSObjectMakeFunctionWithCallback) \
    X(JSObjectMakeTypedArray) \
    X(JSObjectMakeTypedArrayWithBytesNoCopy) \
    X(JSObjectSetPrivate) \
    X(JSObjectSetProperty) \
    X(JSObjectSetPropertyAtIndex) \
    X(JSClassCreate) \
    X(JSClassRelease) \
    X(JSStringCreateWithCharacters) \
    X(JSStringCreateWithUTF8CString) \
    X(JSStringGetCharactersPtr) \
    X(JSStringGetLength) \
    X(JSStringRelease) \
    X(JSValueGetType) \
    X(JSValueGetTypedArrayType) \
    X(JSValueIsObject) \
    X(JSValueIsString) \
    X(JSValueIsUndefined) \
    X(JSValueMakeBoolean) \
    X(JSValueMakeFromJSONString) \
    X(JSValueMakeNull) \
    X(JSValueMakeNumber) \
    X(JSValueMakeString) \
    X(JSValueMakeUndefined) \
    X(JSValueProtect) \
    X(JSValueToBoolean) \
    X(JSValueToNumber) \
    X(JSValueToStringCopy) \
    X(JSValueUnprotect)

/* What the library exports without declaring it; each may be NULL, and its user does without. */
struct engine_extras {
    /* The characters must stay where they are until the string is released; until what JSValueMakeString()
     * makes of it has gone, too, for that does not copy them. */
    JSStringRef (*JSStringCreateWithCharactersNoCopy)(const JSChar *characters, size_t count);
    void (*JSGlobalContextSetUnhandledRejectionCallback)(JSGlobalContextRef context, JSObjectRef function,
                                                         JSValueRef *exception);
    JSObjectRef (*JSGetMemoryUsageStatistics)(JSContextRef context);
    /* All there is, before it returns. */
    void (*JSSynchronousGarbageCollectForDebugging)(JSContextRef context);
    /* From now on what runs longer is ended, unless `is_over`, called then, says no. Seconds. */
    void (*JSContextGroupSetExecutionTimeLimit)(JSContextGroupRef group, double limit,
                                                bool (*is_over)(JSContextRef context, void *data),
                                                void *data);
    void (*JSContextGroupClearExecutionTimeLimit)(JSContextGroupRef group);
    /* Which signal its threads suspend each other by; before anything else of it is used. */
    bool (*JSConfigureSignalForGC)(int signal);
    /* Sets one of the engine's own options, before its first context; false where it has none of that name.
     */
    int (*jsc_options_set_boolean)(const char *option, int value);
    int (*jsc_options_set_double)(const char *option, double value);
    int (*jsc_options_set_uint)(const char *option, unsigned value);
    /* What the engine defers goes to a GLib main context, that of the thread when its first group is made:
     * runs one piece of it. */
    int (*g_main_context_iteration)(void *main_context, int may_block);
    void *(*g_main_context_new)(void);
    void (*g_main_context_push_thread_default)(void *main_context);
    void (*g_main_context_pop_thread_default)(void *main_context);
    void (*g_main_context_unref)(void *main_context);
    /* C++: WTF::initializeMainThread() and WTF::MemoryPressureHandler::singleton(). */
    void (*WTF_initializeMainThread)(void);
    void *(*WTF_memory_pressure_handler)(void);
    /* C++, where a group is a JSC::VM: JSLockHolder's constructor and destructor, and VM::drainMicrotasks().
     * All three or none. */
    void (*JSLockHolder_construct)(void *holder, JSContextGroupRef vm);
    void (*JSLockHolder_destroy)(void *holder);
    void (*VM_drain_microtasks)(JSContextGroupRef vm);
};

struct engine {
#define ENGINE_MEMBER(name) __typeof__(&name) name;
    ENGINE_FUNCTIONS(ENGINE_MEMBER)
#undef ENGINE_MEMBER
    struct engine_extras extras;
};

extern const struct engine *const jsc_table;
#define jsc (*jsc_table)

/* Opens the library; later calls return at once. Safe to call from several threads. STATUS_SYSTEM where it is
 * missing or lacks a function: `error` then says what and which package has it. */
NODISCARD enum status engine_open(struct buffer *error);

/* A group, for this thread. What the engine defers (the end of garbage, registries' callbacks, its own
 * timers) waits in *main_context, for g_main_context_iteration() from this thread; NULL where that can not
 * be. */
JSContextGroupRef engine_make_group(void **main_context);

/* The engine runs promises' jobs by itself when nobody holds its lock any more: when the outermost call into
 * JavaScript returns, if not for these two. It enters the world anew for each job then. */

/* Runs the jobs that are due, from within a function that JavaScript has called. False where that can not be,
 * and nothing was done. */
bool engine_run_jobs(JSContextGroupRef group);

/* The lock for several calls, or for none where it can not be had. */
struct engine_lock {
    void *holder[8]; /* it takes one in the versions that there are */
};
void engine_lock(struct engine_lock *lock, JSContextGroupRef group);
void engine_unlock(struct engine_lock *lock);

/* Strings across the border. JavaScript's are UTF-16; a lone surrogate becomes U+FFFD on its way out. */
NODISCARD enum status engine_append_utf8(struct buffer *out, const JSChar *units, size_t count);
NODISCARD enum status engine_append_string(struct buffer *out, JSStringRef string);
/* Appends String(value); a value whose conversion throws appends nothing and is STATUS_INVALID. */
NODISCARD enum status engine_append_value(struct buffer *out, JSContextRef context, JSValueRef value);
/* Widens valid UTF-8 to UTF-16: `out` has room for `length` units; returns how many were written. */
size_t engine_utf16_from_utf8(JSChar *out, const char *data, size_t length);
/* A JavaScript string of valid UTF-8; the caller releases it. NULL when memory is out. */
NODISCARD JSStringRef engine_string(struct text text);
