#include "js/engine.h"
#include "base/library.h"
#include "base/utf8.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SMALL_HEAP = 2 * 1024 * 1024 };

static struct engine table;
const struct engine *const jsc_table = &table;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_context; /* of threads that got theirs here */
static struct library library = {
    .file = CONFIGURAPI_ENGINE_LIBRARY,
    .purpose = "JavaScript handlers need JavaScriptCore (install Debian package libjavascriptcoregtk-4.1-0)",
};

/* Before the first group is made. */
static void set_options(const struct engine_extras *extras)
{
    /* Its own SIGUSR1 comes from others, too (log rotation, process managers), and is a crash then. */
    if (extras->JSConfigureSignalForGC && !getenv("JSC_SIGNAL_FOR_GC"))
        (void)extras->JSConfigureSignalForGC(SIGRTMAX - 2);
    /* As in other engines, `return f()` keeps its frame: stacks are whole, and a function that calls itself
     * for ever ends in a RangeError, not in an endless loop. */
    if (extras->jsc_options_set_boolean)
        (void)extras->jsc_options_set_boolean("useTailCalls", 0);
    /* Compiled loops look whether they are to end (js/watchdog.h). What the engine does otherwise, patching
     * them while they run, does not always reach them. */
    if (extras->jsc_options_set_boolean)
        (void)extras->jsc_options_set_boolean("usePollingTraps", 1);
    /* A small heap may grow to four times what lives in it before the engine looks for garbage. Twice costs
     * no speed that could be measured, and with a thousand streams it is 25 MB less. What the user has set
     * counts. */
    if (extras->jsc_options_set_double && !getenv("JSC_heapGrowthMaxIncrease"))
        (void)extras->jsc_options_set_double("heapGrowthMaxIncrease", 1);
    /* How little garbage is worth a collection. With the engine's own 1 MB, collections took an eighth of the
     * time of a busy server; with 2 MB it is 8 MB larger then, and with more not much faster. */
    if (extras->jsc_options_set_uint && !getenv("JSC_smallHeapSize"))
        (void)extras->jsc_options_set_uint("smallHeapSize", SMALL_HEAP);
}

static void open_library(void)
{
    struct engine_extras *extras = &table.extras;
#define ENGINE_SYMBOL(name) {#name, &table.name, false},
    const struct library_symbol symbols[] = {
        ENGINE_FUNCTIONS(ENGINE_SYMBOL) /* and what may be missing: */
        {"JSStringCreateWithCharactersNoCopy", &extras->JSStringCreateWithCharactersNoCopy, true},
        {"JSGlobalContextSetUnhandledRejectionCallback",
         &extras->JSGlobalContextSetUnhandledRejectionCallback, true},
        {"JSGetMemoryUsageStatistics", &extras->JSGetMemoryUsageStatistics, true},
        {"JSSynchronousGarbageCollectForDebugging", &extras->JSSynchronousGarbageCollectForDebugging, true},
        {"JSContextGroupSetExecutionTimeLimit", &extras->JSContextGroupSetExecutionTimeLimit, true},
        {"JSContextGroupClearExecutionTimeLimit", &extras->JSContextGroupClearExecutionTimeLimit, true},
        {"JSConfigureSignalForGC", &extras->JSConfigureSignalForGC, true},
        {"g_main_context_iteration", &extras->g_main_context_iteration, true},
        {"g_main_context_new", &extras->g_main_context_new, true},
        {"g_main_context_push_thread_default", &extras->g_main_context_push_thread_default, true},
        {"g_main_context_pop_thread_default", &extras->g_main_context_pop_thread_default, true},
        {"g_main_context_unref", &extras->g_main_context_unref, true},
        {"_ZN3WTF20initializeMainThreadEv", &extras->WTF_initializeMainThread, true},
        {"_ZN3WTF21MemoryPressureHandler9singletonEv", &extras->WTF_memory_pressure_handler, true},
        {"_ZN3JSC12JSLockHolderC1EPNS_2VME", &extras->JSLockHolder_construct, true},
        {"_ZN3JSC12JSLockHolderD1Ev", &extras->JSLockHolder_destroy, true},
        {"_ZN3JSC2VM15drainMicrotasksEv", &extras->VM_drain_microtasks, true},
        {"jsc_options_set_boolean", &extras->jsc_options_set_boolean, true},
        {"jsc_options_set_double", &extras->jsc_options_set_double, true},
        {"jsc_options_set_uint", &extras->jsc_options_set_uint, true},
    };
#undef ENGINE_SYMBOL

    if (!library_open(&library, symbols, sizeof symbols / sizeof *symbols))
        return;
    set_options(extras);
    if (pthread_key_create(&thread_context, extras->g_main_context_unref) != 0)
        snprintf(library.failure, sizeof library.failure, "no key for threads' data is left");
}

/* The thread's context, made when it is first asked for; NULL where the engine's deferred work can not be
 * run. */
static void *context_of_thread(void)
{
    const struct engine_extras *extras = &table.extras;
    void *context = pthread_getspecific(thread_context);

    if (context || !extras->g_main_context_iteration || !extras->g_main_context_new ||
        !extras->g_main_context_push_thread_default || !extras->g_main_context_pop_thread_default ||
        !extras->g_main_context_unref || !extras->WTF_initializeMainThread ||
        !extras->WTF_memory_pressure_handler)
        return context;
    context = extras->g_main_context_new();
    pthread_setspecific(thread_context, context); /* unreferenced at the thread's end */
    return context;
}

/* The engine's timers look at memory's pressure as WebKit's main thread is told of it, and fail where nobody
 * has said which that is. The handler, once made, keeps what it needs of this thread. */
static void name_main_thread(void)
{
    table.extras.WTF_initializeMainThread();
    (void)table.extras.WTF_memory_pressure_handler();
}

JSContextGroupRef engine_make_group(void **main_context)
{
    static pthread_once_t named = PTHREAD_ONCE_INIT;
    void *context = context_of_thread();

    *main_context = context;
    if (!context)
        return table.JSContextGroupCreate();
    /* Only while the group is made: others of the thread have contexts of their own. */
    table.extras.g_main_context_push_thread_default(context);
    pthread_once(&named, name_main_thread);
    JSContextGroupRef group = table.JSContextGroupCreate();
    table.extras.g_main_context_pop_thread_default(context);
    return group;
}

/* Whether the three functions are there. */
static bool has_lock(void)
{
    const struct engine_extras *extras = &table.extras;

    return extras->JSLockHolder_construct && extras->JSLockHolder_destroy && extras->VM_drain_microtasks;
}

void engine_lock(struct engine_lock *lock, JSContextGroupRef group)
{
    if (has_lock())
        table.extras.JSLockHolder_construct(lock->holder, group);
}

void engine_unlock(struct engine_lock *lock)
{
    if (has_lock())
        table.extras.JSLockHolder_destroy(lock->holder);
}

bool engine_run_jobs(JSContextGroupRef group)
{
    struct engine_lock lock;

    if (!has_lock())
        return false;
    engine_lock(&lock, group); /* a function of C's is called without the lock */
    table.extras.VM_drain_microtasks(group);
    engine_unlock(&lock);
    return true;
}

enum status engine_open(struct buffer *error)
{
    pthread_once(&once, open_library);
    return library_status(&library, error);
}

/* Narrows ASCII from the front, sixteen units a step so that the compiler can use vectors; returns how many.
 */
static size_t narrow_ascii(char *out, const JSChar *units, size_t count)
{
    size_t done = 0;

    for (; done + 16 <= count; done += 16) {
        JSChar any = 0;
        for (size_t i = 0; i < 16; i++)
            any |= units[done + i];
        if (any >= 0x80)
            break;
        for (size_t i = 0; i < 16; i++)
            out[done + i] = (char)units[done + i];
    }
    while (done < count && units[done] < 0x80) {
        out[done] = (char)units[done];
        done++;
    }
    return done;
}

enum status engine_append_utf8(struct buffer *out, const JSChar *units, size_t count)
{
    if (count == 0)
        return STATUS_OK;
    /* ASCII, nearly always: try with one byte a unit, and take three for each of the rest where it is not. */
    enum status status = buffer_reserve(out, count);
    if (status != STATUS_OK)
        return status;
    size_t done = narrow_ascii(out->data + out->length, units, count);
    if (done == count) {
        out->length += done;
        return STATUS_OK;
    }
    status = buffer_reserve(out, done + 3 * (count - done));
    if (status != STATUS_OK)
        return status;
    char *at = out->data + out->length + done;
    while (done < count) {
        size_t ascii = narrow_ascii(at, units + done, count - done);
        at += ascii;
        done += ascii;
        if (done == count)
            break;
        uint32_t c = units[done++];
        if (c >= 0xD800 && c < 0xE000) {
            bool paired = c < 0xDC00 && done < count && units[done] >= 0xDC00 && units[done] < 0xE000;
            c = paired ? 0x10000 + ((c - 0xD800) << 10) + (units[done++] - 0xDC00u) : 0xFFFD;
        }
        at += utf8_encode(c, at);
    }
    out->length = (size_t)(at - out->data);
    return STATUS_OK;
}

enum status engine_append_string(struct buffer *out, JSStringRef string)
{
    return engine_append_utf8(out, jsc.JSStringGetCharactersPtr(string), jsc.JSStringGetLength(string));
}

enum status engine_append_value(struct buffer *out, JSContextRef context, JSValueRef value)
{
    JSValueRef exception = NULL;
    JSStringRef string = jsc.JSValueToStringCopy(context, value, &exception);

    if (!string)
        return STATUS_INVALID;
    enum status status = engine_append_string(out, string);
    jsc.JSStringRelease(string);
    return status;
}

size_t engine_utf16_from_utf8(JSChar *out, const char *data, size_t length)
{
    const uint8_t *at = (const uint8_t *)data;
    const uint8_t *end = length ? at + length : at;
    JSChar *start = out;

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
        if (at == end)
            break;
        uint32_t c = *at++;
        if (c >= 0xF0) {
            c = (c & 0x07) << 18 | (at[0] & 0x3Fu) << 12 | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu);
            at += 3;
            *out++ = (JSChar)(0xD800 + ((c - 0x10000) >> 10));
            c = 0xDC00 + ((c - 0x10000) & 0x3FF);
        } else if (c >= 0xE0) {
            c = (c & 0x0F) << 12 | (at[0] & 0x3Fu) << 6 | (at[1] & 0x3Fu);
            at += 2;
        } else if (c >= 0x80) {
            c = (c & 0x1F) << 6 | (at[0] & 0x3Fu);
            at += 1;
        }
        *out++ = (JSChar)c;
    }
    return (size_t)(out - start);
}

JSStringRef engine_string(struct text text)
{
    JSChar small[512];
    JSChar *units = text.length <= 512 ? small : malloc(text.length * sizeof *units);

    if (!units)
        return NULL;
    units[0] = 0; /* for the empty text */
    size_t count = engine_utf16_from_utf8(units, text.data, text.length);
    JSStringRef string = jsc.JSStringCreateWithCharacters(units, count);
    if (units != small)
        free(units);
    return string;
}
