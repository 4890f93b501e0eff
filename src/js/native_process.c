#include "js/native.h"

#include "base/clock.h"
#include "js/memory.h"

#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* When the process began, on the clock of clock_now_ns(). Found once, then only read. */
static pthread_once_t start_once = PTHREAD_ONCE_INIT;
static uint64_t start_ns;

static uint64_t boot_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* A small file of /proc, NUL-terminated; its length, or 0. */
static size_t read_proc(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(out, 1, size - 1, file) : 0;

    if (file)
        fclose(file);
    out[length] = '\0';
    return length;
}

static void find_start(void)
{
    char stat[1024];
    unsigned long long ticks = 0;
    uint64_t age = 0;

    read_proc("/proc/self/stat", stat, sizeof stat);
    /* Field 22; the name, field 2, is in brackets and may have blanks and brackets of its own. */
    const char *rest = strrchr(stat, ')');
    if (rest &&
        sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
               &ticks) == 1) {
        uint64_t began = (uint64_t)ticks * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
        uint64_t now = boot_clock_ns();
        age = now > began ? now - began : 0;
    }
    start_ns = clock_now_ns() - age;
}

static double since_start_ms(void)
{
    pthread_once(&start_once, find_start);
    return (double)(clock_now_ns() - start_ns) / 1e6;
}

/* now() -> milliseconds since the process began */
NATIVE_FUNCTION(now)
{
    NATIVE_NEEDS_NONE;
    return jsc.JSValueMakeNumber(context, since_start_ms());
}

/* timeOrigin() -> milliseconds from 1970 to the moment now() counts from */
NATIVE_FUNCTION(time_origin)
{
    NATIVE_NEEDS_NONE;
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    return jsc.JSValueMakeNumber(context,
                                 (double)wall.tv_sec * 1e3 + (double)wall.tv_nsec / 1e6 - since_start_ms());
}

/* uptime() -> seconds since the process began */
NATIVE_FUNCTION(uptime)
{
    NATIVE_NEEDS_NONE;
    return jsc.JSValueMakeNumber(context, since_start_ms() / 1e3);
}

/* hrtime() -> [seconds, nanoseconds] of the monotonic clock */
NATIVE_FUNCTION(hrtime)
{
    NATIVE_NEEDS_NONE;
    uint64_t ns = clock_now_ns();
    JSValueRef both[] = {jsc.JSValueMakeNumber(context, (double)(ns / 1000000000u)),
                         jsc.JSValueMakeNumber(context, (double)(ns % 1000000000u))};
    return jsc.JSObjectMakeArray(context, 2, both, exception);
}

static double get_number(JSContextRef context, JSObjectRef object, const char *name)
{
    JSValueRef ignored = NULL;
    JSStringRef key = jsc.JSStringCreateWithUTF8CString(name);
    JSValueRef value = jsc.JSObjectGetProperty(context, object, key, &ignored);
    double number = value ? jsc.JSValueToNumber(context, value, &ignored) : 0;

    jsc.JSStringRelease(key);
    return isfinite(number) ? number : 0;
}

/* residentMemory() -> bytes of the whole process */
NATIVE_FUNCTION(resident_memory)
{
    NATIVE_NEEDS_NONE;
    return jsc.JSValueMakeNumber(context, (double)memory_resident());
}

/* memoryUsage() -> {rss, heapTotal, heapUsed, external, arrayBuffers}; the heap is this world's, as its last
 * collection left it (before the first, all of it counts as used), and the engine counts what array buffers
 * hold together with everything else outside it */
NATIVE_FUNCTION(memory_usage)
{
    NATIVE_NEEDS_NONE;
    JSObjectRef usage = jsc.JSObjectMake(context, NULL, NULL);
    JSObjectRef heap =
        jsc.extras.JSGetMemoryUsageStatistics ? jsc.extras.JSGetMemoryUsageStatistics(context) : NULL;
    double total = heap ? get_number(context, heap, "heapCapacity") : 0;
    double outside = heap ? get_number(context, heap, "extraMemorySize") : 0;
    double inside = heap ? get_number(context, heap, "heapSize") - outside : 0;

    native_set_number(context, usage, "rss", (double)memory_resident());
    native_set_number(context, usage, "heapTotal", total);
    native_set_number(context, usage, "heapUsed", inside > 0 ? inside : total);
    native_set_number(context, usage, "external", outside);
    native_set_number(context, usage, "arrayBuffers", outside);
    return usage;
}

/* cwd() -> string */
NATIVE_FUNCTION(cwd)
{
    NATIVE_NEEDS_NONE;
    char *path = getcwd(NULL, 0);
    if (!path)
        return native_throw(context, exception, "Error", "The working directory is gone: %s",
                            strerror(errno));
    JSValueRef value = native_decoded(context, text_from_cstr(path), exception);
    free(path);
    return value;
}

/* execPath() -> string, empty where the kernel does not say */
NATIVE_FUNCTION(exec_path)
{
    NATIVE_NEEDS_NONE;
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    return native_decoded(context, (struct text){path, length > 0 ? (size_t)length : 0}, exception);
}

/* environment() -> object */
NATIVE_FUNCTION(environment)
{
    NATIVE_NEEDS_NONE;
    JSObjectRef object = jsc.JSObjectMake(context, NULL, NULL);
    for (char **at = environ; at && *at; at++) {
        const char *equals = strchr(*at, '=');
        if (!equals || equals == *at)
            continue;
        JSValueRef name = native_decoded(context, (struct text){*at, (size_t)(equals - *at)}, exception);
        JSValueRef value = native_decoded(context, text_from_cstr(equals + 1), exception);
        JSStringRef key = *exception ? NULL : jsc.JSValueToStringCopy(context, name, exception);
        if (!key)
            return jsc.JSValueMakeUndefined(context);
        jsc.JSObjectSetProperty(context, object, key, value, kJSPropertyAttributeNone, NULL);
        jsc.JSStringRelease(key);
    }
    return object;
}

/* argv() -> array of strings: the command line as it was given */
NATIVE_FUNCTION(argv)
{
    NATIVE_NEEDS_NONE;
    enum { MOST = 128 * 1024 }; /* as much as is of use; the kernel would take 2 MiB */
    JSObjectRef array = jsc.JSObjectMakeArray(context, 0, NULL, exception);
    char *line = malloc(MOST);
    size_t length = line ? read_proc("/proc/self/cmdline", line, MOST) : 0;
    unsigned index = 0;
    for (size_t at = 0; array && at < length; at += strlen(line + at) + 1) {
        JSValueRef word = native_decoded(context, text_from_cstr(line + at), exception);
        jsc.JSObjectSetPropertyAtIndex(context, array, index++, word, NULL);
    }
    free(line);
    return array ? array : jsc.JSValueMakeUndefined(context);
}

/* pid() and ppid() -> number */
NATIVE_FUNCTION(pid)
{
    NATIVE_NEEDS_NONE;
    return jsc.JSValueMakeNumber(context, getpid());
}

NATIVE_FUNCTION(ppid)
{
    NATIVE_NEEDS_NONE;
    return jsc.JSValueMakeNumber(context, getppid());
}

/* arch() -> Node's name for the processor */
NATIVE_FUNCTION(arch)
{
    NATIVE_NEEDS_NONE;
#if defined __x86_64__
    struct text name = TEXT("x64");
#elif defined __aarch64__
    struct text name = TEXT("arm64");
#elif defined __i386__
    struct text name = TEXT("ia32");
#elif defined __arm__
    struct text name = TEXT("arm");
#elif defined __riscv && __riscv_xlen == 64
    struct text name = TEXT("riscv64");
#elif defined __powerpc64__
    struct text name = TEXT("ppc64");
#elif defined __s390x__
    struct text name = TEXT("s390x");
#elif defined __loongarch64
    struct text name = TEXT("loong64");
#else
    struct text name = TEXT("unknown");
#endif
    return native_string(context, name, exception);
}

/* version() -> the runner's own, as --version says it */
NATIVE_FUNCTION(version)
{
    NATIVE_NEEDS_NONE;
    return native_string(context, TEXT(CONFIGURAPI_VERSION), exception);
}

/* engineVersion() -> the library's version, "2.50.6"; empty where it does not say */
NATIVE_FUNCTION(engine_version)
{
    NATIVE_NEEDS_NONE;
    static const char *const names[] = {"jsc_get_major_version", "jsc_get_minor_version",
                                        "jsc_get_micro_version"};
    unsigned parts[3];
    char text[64];
    void *library = dlopen(CONFIGURAPI_ENGINE_LIBRARY, RTLD_LAZY | RTLD_NOLOAD);
    bool found = library;

    for (size_t i = 0; found && i < 3; i++) {
        unsigned (*part)(void) = NULL;
        void *address = dlsym(library, names[i]);
        memcpy(&part, &address, sizeof part);
        found = part;
        parts[i] = part ? part() : 0;
    }
    if (library)
        dlclose(library);
    int length = found ? snprintf(text, sizeof text, "%u.%u.%u", parts[0], parts[1], parts[2]) : 0;
    return native_string(context, (struct text){text, (size_t)length}, exception);
}

const struct native native_process[] = {
    {"now", now},
    {"timeOrigin", time_origin},
    {"uptime", uptime},
    {"hrtime", hrtime},
    {"memoryUsage", memory_usage},
    {"residentMemory", resident_memory},
    {"cwd", cwd},
    {"execPath", exec_path},
    {"environment", environment},
    {"argv", argv},
    {"pid", pid},
    {"ppid", ppid},
    {"arch", arch},
    {"version", version},
    {"engineVersion", engine_version},
    {NULL, NULL},
};
