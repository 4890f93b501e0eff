#include "base/library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

bool library_open(struct library *library, const struct library_symbol *symbols, size_t count)
{
    void *handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL);

    if (!handle) {
        snprintf(library->failure, sizeof library->failure, "%s: %s", library->purpose, dlerror());
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        /* POSIX has dlsym return an object pointer for functions too; C knows no cast for that. */
        void *found = dlsym(handle, symbols[i].name);
        memcpy(symbols[i].slot, &found, sizeof found);
        if (!found && !symbols[i].optional) {
            snprintf(library->failure, sizeof library->failure, "%s has no %s: too old?", library->file,
                     symbols[i].name);
            return false;
        }
    }
    return true;
}

enum status library_status(const struct library *library, struct buffer *error)
{
    if (!library->failure[0])
        return STATUS_OK;
    enum status status = buffer_append_text(error, text_from_cstr(library->failure));
    return status == STATUS_OK ? STATUS_SYSTEM : status;
}
