#include "net/curl.h"
#include "base/library.h"

#include <pthread.h>
#include <stdio.h>

static struct curl_functions table;
const struct curl_functions *const libcurl_table = &table;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct library library = {
    .file = CONFIGURAPI_CURL_LIBRARY,
    .purpose = "HTTP requests need libcurl (install Debian package libcurl4)",
};

static void open_library(void)
{
#define LIBCURL_SYMBOL(name) {"curl_" #name, &table.name, false},
    const struct library_symbol symbols[] = {LIBCURL_FUNCTIONS(LIBCURL_SYMBOL)};
#undef LIBCURL_SYMBOL

    if (!library_open(&library, symbols, sizeof symbols / sizeof *symbols))
        return;
    CURLcode code = table.global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        snprintf(library.failure, sizeof library.failure, "%s could not be initialised: %s", library.file,
                 table.easy_strerror(code));
}

enum status libcurl_open(struct buffer *error)
{
    pthread_once(&once, open_library);
    return library_status(&library, error);
}
