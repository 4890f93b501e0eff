#include "handlers/validation.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME "configurapi-validation.so"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const struct validation_plugin *opened;
static char failure[512]; /* why it was not */

/* Where the plugin may be, seen from the folder of the program or the library that this is part of: where
 * they were built, beside an installed library, under an installed program's prefix. Then where it would have
 * been installed, and where Debian's package has it. */
static const char *const places[] = {
    "", "configurapi-runner-ws/", "../" CONFIGURAPI_PLUGIN_RELATIVE_DIRECTORY "/",
    CONFIGURAPI_PLUGIN_DIRECTORY "/", "/usr/" CONFIGURAPI_PLUGIN_RELATIVE_DIRECTORY "/"};

/* With a slash at its end. A program knows itself by the name it was called by, which may be no path. */
static void find_here(char *folder, size_t size)
{
    Dl_info here;
    ssize_t length = -1;

    if (dladdr(&once, &here) && here.dli_fname && strchr(here.dli_fname, '/'))
        length = snprintf(folder, size, "%s", here.dli_fname);
    else
        length = readlink("/proc/self/exe", folder, size - 1);
    if (length < 0 || (size_t)length >= size)
        length = 0;
    while (length > 0 && folder[length - 1] != '/')
        length--;
    folder[length] = '\0';
}

static void *open_file(void)
{
    char folder[4096];
    char path[8192];
    void *library = NULL;

    find_here(folder, sizeof folder);
    for (size_t i = 0; i < sizeof places / sizeof *places && !library; i++) {
        bool is_absolute = places[i][0] == '/';
        if (!is_absolute && !folder[0])
            continue; /* the working directory is anybody's */
        snprintf(path, sizeof path, "%s%s" FILE_NAME, is_absolute ? "" : folder, places[i]);
        library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    }
    return library;
}

static void open_plugin(void)
{
    void *library = open_file();

    if (!library) {
        snprintf(failure, sizeof failure,
                 "schemas and patterns need " FILE_NAME " (Debian package configurapi-validation): %s",
                 dlerror());
        return;
    }
    const struct validation_plugin *found = dlsym(library, VALIDATION_PLUGIN_SYMBOL);
    if (found && found->version == VALIDATION_PLUGIN_VERSION)
        opened = found;
    else
        snprintf(failure, sizeof failure, FILE_NAME " is of another version of this program");
}

enum status validation_open(const struct validation_plugin **plugin, struct buffer *error)
{
    pthread_once(&once, open_plugin);
    if (opened) {
        *plugin = opened;
        return STATUS_OK;
    }
    enum status status = buffer_append_text(error, text_from_cstr(failure));
    return status == STATUS_OK ? STATUS_SYSTEM : status;
}
