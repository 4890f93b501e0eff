#include "net/curl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct curl_functions table;
const struct curl_functions *const libcurl_table = &table;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char failure[256]; /* empty where the library was opened */

/* POSIX has dlsym return an object pointer for functions too; C knows no cast for that. */
static void *symbol(void *library, const char *name, void *slot)
{
    void *found = dlsym(library, name);

    memcpy(slot, &found, sizeof found);
    return found;
}

static void open_library(void)
{
    void *library = dlopen(CONFIGURAPI_CURL_LIBRARY, RTLD_NOW | RTLD_LOCAL);

    if (!library) {
        snprintf(failure, sizeof failure, "HTTP requests need libcurl (install Debian package libcurl4): %s",
                 dlerror());
        return;
    }
#define LIBCURL_LOOK_UP(name) \
    if (!symbol(library, "curl_" #name, &table.name)) { \
        snprintf(failure, sizeof failure, "%s has no curl_%s: too old?", CONFIGURAPI_CURL_LIBRARY, #name); \
        return; \
    }
    LIBCURL_FUNCTIONS(LIBCURL_LOOK_UP)
#undef LIBCURL_LOOK_UP
    CURLcode code = table.global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        snprintf(failure, sizeof failure, "%s could not be initialised: %s", CONFIGURAPI_CURL_LIBRARY,
                 table.easy_strerror(code));
}

enum status libcurl_open(struct buffer *error)
{
    pthread_once(&once, open_library);
    if (!failure[0])
        return STATUS_OK;
    enum status status = buffer_append_text(error, text_from_cstr(failure));
    return status == STATUS_OK ? STATUS_SYSTEM : status;
}
