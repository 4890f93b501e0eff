#include "js/native.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_SOURCE = 256 * 1024 * 1024 };

/* The argument as a path with a NUL behind it. */
static bool path_argument(JSContextRef context, size_t count, const JSValueRef arguments[],
                          struct buffer *path, JSValueRef *exception)
{
    if (count < 1) {
        native_throw(context, exception, "TypeError", "a path is needed");
        return false;
    }
    if (!native_argument_text(context, arguments[0], path, exception))
        return false;
    if (memchr(path->data ? path->data : "", '\0', path->length) || buffer_append(path, "", 1) != STATUS_OK) {
        native_throw(context, exception, "TypeError", "a path must not have a NUL in it");
        return false;
    }
    return true;
}

enum status native_read_all(int descriptor, struct buffer *contents)
{
    for (;;) {
        enum status status = buffer_reserve(contents, 64 * 1024);
        if (status != STATUS_OK)
            return status;
        ssize_t got =
            read(descriptor, contents->data + contents->length, contents->capacity - contents->length);
        if (got == 0)
            return STATUS_OK;
        if (got < 0 && errno != EINTR)
            return STATUS_SYSTEM;
        contents->length += got > 0 ? (size_t)got : 0;
    }
}

/* readText(path) -> the file's text; bytes that are not UTF-8 become U+FFFD */
static JSValueRef read_text(JSContextRef context, JSObjectRef function, JSObjectRef this_object, size_t count,
                            const JSValueRef arguments[], JSValueRef *exception)
{
    struct buffer path;
    struct buffer contents;
    JSValueRef text = jsc.JSValueMakeUndefined(context);

    (void)function, (void)this_object;
    buffer_init(&path, PATH_MAX);
    buffer_init(&contents, MAX_SOURCE);
    if (!path_argument(context, count, arguments, &path, exception))
        goto out;
    int descriptor = open(path.data, O_RDONLY | O_CLOEXEC);
    enum status status = descriptor < 0 ? STATUS_SYSTEM : native_read_all(descriptor, &contents);
    int reason = errno;
    if (descriptor >= 0)
        close(descriptor);
    text = status == STATUS_OK
               ? native_decoded(context, buffer_text(&contents), exception)
               : native_throw(context, exception, "Error", "%s: cannot be read: %s", path.data,
                              status == STATUS_SYSTEM ? strerror(reason) : status_name(status));
out:
    buffer_deinit(&contents);
    buffer_deinit(&path);
    return text;
}

/* fileKind(path) -> "file", "directory" or undefined */
static JSValueRef file_kind(JSContextRef context, JSObjectRef function, JSObjectRef this_object, size_t count,
                            const JSValueRef arguments[], JSValueRef *exception)
{
    struct buffer path;
    struct stat found;
    struct text kind = {NULL, 0};

    (void)function, (void)this_object;
    buffer_init(&path, PATH_MAX);
    if (path_argument(context, count, arguments, &path, exception) && stat(path.data, &found) == 0)
        kind = S_ISREG(found.st_mode) ? TEXT("file") : S_ISDIR(found.st_mode) ? TEXT("directory") : kind;
    buffer_deinit(&path);
    return kind.length ? native_string(context, kind, exception) : jsc.JSValueMakeUndefined(context);
}

/* realPath(path) -> the path without symbolic links */
static JSValueRef real_path(JSContextRef context, JSObjectRef function, JSObjectRef this_object, size_t count,
                            const JSValueRef arguments[], JSValueRef *exception)
{
    struct buffer path;
    JSValueRef result = jsc.JSValueMakeUndefined(context);

    (void)function, (void)this_object;
    buffer_init(&path, PATH_MAX);
    if (path_argument(context, count, arguments, &path, exception)) {
        char *real = realpath(path.data, NULL);
        result = real ? native_string(context, text_from_cstr(real), exception)
                      : native_throw(context, exception, "Error", "%s: %s", path.data, strerror(errno));
        free(real);
    }
    buffer_deinit(&path);
    return result;
}

/* evaluate(source, url) -> the script's value */
static JSValueRef evaluate(JSContextRef context, JSObjectRef function, JSObjectRef this_object, size_t count,
                           const JSValueRef arguments[], JSValueRef *exception)
{
    (void)function, (void)this_object;
    if (count < 2)
        return native_throw(context, exception, "TypeError", "evaluate(source, url)");
    JSStringRef source = jsc.JSValueToStringCopy(context, arguments[0], exception);
    JSStringRef url = source ? jsc.JSValueToStringCopy(context, arguments[1], exception) : NULL;
    JSValueRef value = url ? jsc.JSEvaluateScript(context, source, NULL, url, 1, exception) : NULL;
    if (url)
        jsc.JSStringRelease(url);
    if (source)
        jsc.JSStringRelease(source);
    return value ? value : jsc.JSValueMakeUndefined(context);
}

const struct native native_files[] = {
    {"readText", read_text},
    {"fileKind", file_kind},
    {"realPath", real_path},
    {"evaluate", evaluate},
    {NULL, NULL},
};
