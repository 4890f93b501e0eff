/* For LD_PRELOAD: a dlsym() that finds none of the names in HIDDEN, which are separated by blanks. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_hidden(const char *name)
{
    const char *hidden = getenv("HIDDEN");
    size_t length = strlen(name);

    for (const char *at = hidden; at && (at = strstr(at, name)); at += length)
        if ((at == hidden || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

__attribute__((visibility("default"))) void *dlsym(void *restrict handle, const char *restrict name)
{
    void *(*next)(void *, const char *);
    void *found = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");

    memcpy(&next, &found, sizeof next);
    return is_hidden(name) ? NULL : next(handle, name);
}
