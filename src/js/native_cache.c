#include "js/embedded.h"
#include "js/native.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/*
 * Compiled sources on disk, in `configurapi-runner-ws` below $XDG_CACHE_HOME or ~/.cache
 * (https://specifications.freedesktop.org/basedir-spec/latest/). What is read is run: a directory or a file
 * that is not this user's own, or that others may write to, counts as none. Nothing here fails; a cache that
 * does not work is only slow.
 */

enum {
    MAX_ENTRY = 256 * 1024 * 1024,
    UNUSED_SECONDS = 30 * 24 * 60 * 60, /* an entry that nobody has looked at for so long goes */
};

static bool is_private(int descriptor, mode_t kind)
{
    struct stat found;

    return fstat(descriptor, &found) == 0 && (found.st_mode & S_IFMT) == kind && found.st_uid == geteuid() &&
           (found.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* The directory's path; false where the environment names none. */
static bool directory_path(char *path, size_t size)
{
    const char *base = getenv("XDG_CACHE_HOME");
    const char *below = "";

    if (!base || base[0] != '/') {
        base = getenv("HOME");
        below = "/.cache";
    }
    if (!base || base[0] != '/')
        return false;
    int length = snprintf(path, size, "%s%s/configurapi-runner-ws", base, below);
    return length > 0 && (size_t)length < size;
}

static void make_directories(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    (void)mkdir(path, 0700);
}

/* -1 where there is none that can be trusted. */
static int open_directory(bool make)
{
    char path[PATH_MAX];

    if (!directory_path(path, sizeof path))
        return -1;
    if (make)
        make_directories(path);
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory >= 0 && !is_private(directory, S_IFDIR)) {
        close(directory);
        return -1;
    }
    return directory;
}

/* The argument as a file's name; an entry lies in the directory itself. */
static bool name_argument(JSContextRef context, JSValueRef argument, struct buffer *name,
                          JSValueRef *exception)
{
    if (!native_argument_text(context, argument, name, exception))
        return false;
    bool good = name->length > 0 && !memchr(name->data, '/', name->length) &&
                !memchr(name->data, '\0', name->length) && name->data[0] != '.' &&
                buffer_append(name, "", 1) == STATUS_OK;
    if (!good)
        native_throw(context, exception, "TypeError", "not the name of an entry");
    return good;
}

static bool read_entry(int directory, const char *name, struct buffer *contents)
{
    int file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (file < 0)
        return false;
    bool good = is_private(file, S_IFREG) && native_read_all(file, contents) == STATUS_OK;
    close(file);
    return good;
}

/* cacheRead(name) -> the entry's text, or undefined */
NATIVE_FUNCTION(cache_read)
{
    struct buffer name;
    struct buffer contents;
    JSValueRef text = jsc.JSValueMakeUndefined(context);

    NATIVE_NEEDS(1);
    buffer_init(&name, NAME_MAX);
    buffer_init(&contents, MAX_ENTRY);
    if (name_argument(context, arguments[0], &name, exception)) {
        int directory = open_directory(false);
        if (directory >= 0 && read_entry(directory, name.data, &contents))
            text = native_decoded(context, buffer_text(&contents), exception);
        if (directory >= 0)
            close(directory);
    }
    buffer_deinit(&contents);
    buffer_deinit(&name);
    return text;
}

static bool write_all(int file, struct text text)
{
    while (text.length > 0) {
        ssize_t written = write(file, text.data, text.length);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0)
            text = (struct text){text.data + written, text.length - (size_t)written};
    }
    return true;
}

/* Whole or not at all: under another name first. */
static void write_entry(int directory, const char *name, struct text text)
{
    char temporary[64];

    snprintf(temporary, sizeof temporary, ".%ld-%lx.new", (long)getpid(), (unsigned long)pthread_self());
    int file =
        openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file < 0 && errno == EEXIST) /* of a process that has long gone */
        (void)unlinkat(directory, temporary, 0);
    if (file < 0)
        return;
    bool good = write_all(file, text);
    good = close(file) == 0 && good;
    if (!good || renameat(directory, temporary, directory, name) != 0)
        (void)unlinkat(directory, temporary, 0);
}

/* cacheWrite(name, text) */
NATIVE_FUNCTION(cache_write)
{
    struct buffer name;
    struct buffer text;

    NATIVE_NEEDS(2);
    buffer_init(&name, NAME_MAX);
    buffer_init(&text, MAX_ENTRY);
    if (name_argument(context, arguments[0], &name, exception) &&
        native_argument_text(context, arguments[1], &text, exception)) {
        int directory = open_directory(true);
        if (directory >= 0) {
            write_entry(directory, name.data, buffer_text(&text));
            close(directory);
        }
    }
    buffer_deinit(&text);
    buffer_deinit(&name);
    return jsc.JSValueMakeUndefined(context);
}

static bool is_unused(int directory, const char *name, time_t now)
{
    struct stat found;

    if (fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(found.st_mode))
        return false;
    time_t last = found.st_atime > found.st_mtime ? found.st_atime : found.st_mtime;
    return now - last > UNUSED_SECONDS;
}

/* cachePrune(): removes what has not been used for a month */
NATIVE_FUNCTION(cache_prune)
{
    NATIVE_NEEDS_NONE;
    int directory = open_directory(false);
    DIR *entries = directory >= 0 ? fdopendir(directory) : NULL;
    time_t now = time(NULL);

    if (!entries) {
        if (directory >= 0)
            close(directory);
        return jsc.JSValueMakeUndefined(context);
    }
    for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries))
        if (is_unused(directory, entry->d_name, now))
            (void)unlinkat(directory, entry->d_name, 0);
    closedir(entries);
    return jsc.JSValueMakeUndefined(context);
}

/* FNV-1a (https://datatracker.ietf.org/doc/html/rfc9923): spreads names well, proves nothing. */
static const uint64_t hash_start = UINT64_C(0xcbf29ce484222325);

static uint64_t hash_byte(uint64_t hash, uint8_t byte)
{
    return (hash ^ byte) * UINT64_C(0x100000001b3);
}

static JSValueRef hash_text(JSContextRef context, uint64_t hash, JSValueRef *exception)
{
    char text[17];

    snprintf(text, sizeof text, "%016llx", (unsigned long long)hash);
    return native_string(context, text_from_cstr(text), exception);
}

/* contentHash(text) -> 16 hexadecimal digits */
NATIVE_FUNCTION(content_hash)
{
    uint64_t hash = hash_start;

    NATIVE_NEEDS(1);
    JSStringRef string = jsc.JSValueToStringCopy(context, arguments[0], exception);
    if (!string)
        return jsc.JSValueMakeUndefined(context);
    const JSChar *units = jsc.JSStringGetCharactersPtr(string);
    size_t length = jsc.JSStringGetLength(string);
    for (size_t i = 0; i < length; i++)
        hash = hash_byte(hash_byte(hash, (uint8_t)(units[i] & 0xFF)), (uint8_t)(units[i] >> 8));
    jsc.JSStringRelease(string);
    return hash_text(context, hash, exception);
}

/* embeddedHash() -> the same of the world's own JavaScript; of npm's bundles, which are large, the lengths
 * count.
 */
NATIVE_FUNCTION(embedded_hash)
{
    uint64_t hash = hash_start;

    NATIVE_NEEDS_NONE;
    for (const struct embedded_module *module = embedded_modules; module->name; module++) {
        bool is_bundle = strncmp(module->name, "vendor_", 7) == 0;
        for (const char *at = module->name; *at; at++)
            hash = hash_byte(hash, (uint8_t)*at);
        for (size_t i = 0; i < sizeof module->length; i++)
            hash = hash_byte(hash, (uint8_t)(module->length >> 8 * i));
        for (size_t i = 0; i < module->length && !is_bundle; i++)
            hash = hash_byte(hash, (uint8_t)module->source[i]);
    }
    return hash_text(context, hash, exception);
}

const struct native native_cache[] = {
    {"cacheRead", cache_read},     {"cacheWrite", cache_write},     {"cachePrune", cache_prune},
    {"contentHash", content_hash}, {"embeddedHash", embedded_hash}, {NULL, NULL},
};
