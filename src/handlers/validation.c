#include "handlers/validation.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define FILE_NAME "configurapi-validation.so"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const struct validation_plugin *opened;
static char failure[512]; /* why it was not */

/* Beside the program or the library that this is part of. */
static void *open_beside(void)
{
    char path[4096];
    Dl_info here;

    if (!dladdr(&once, &here) || !here.dli_fname)
        return NULL;
    const char *slash = strrchr(here.dli_fname, '/');
    int folder = slash ? (int)(slash - here.dli_fname) : 1;
    int length = snprintf(path, sizeof path, "%.*s/" FILE_NAME, folder, slash ? here.dli_fname : ".");
    return length > 0 && (size_t)length < sizeof path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
}

static void open_plugin(void)
{
    void *library = open_beside();

    if (!library)
        library = dlopen(CONFIGURAPI_PLUGIN_DIRECTORY "/" FILE_NAME, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        snprintf(failure, sizeof failure, "schemas and patterns need " FILE_NAME ": %s", dlerror());
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
