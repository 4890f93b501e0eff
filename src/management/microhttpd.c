#include "management/microhttpd.h"
#include "base/library.h"

#include <pthread.h>

static struct mhd_functions table;
const struct mhd_functions *const mhd_table = &table;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct library library = {
    .file = CONFIGURAPI_MICROHTTPD_LIBRARY,
    .purpose =
        "the management server needs libmicrohttpd (install Debian package libmicrohttpd12, or run with "
        "--no-management)",
};

static void open_library(void)
{
#define MHD_SYMBOL(name) {"MHD_" #name, &table.name, false},
    const struct library_symbol symbols[] = {MHD_FUNCTIONS(MHD_SYMBOL)};
#undef MHD_SYMBOL

    library_open(&library, symbols, sizeof symbols / sizeof *symbols);
}

enum status mhd_open(struct buffer *error)
{
    pthread_once(&once, open_library);
    return library_status(&library, error);
}
