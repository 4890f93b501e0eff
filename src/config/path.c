#include "config/path.h"

#include <stdlib.h>
#include <unistd.h>

static void drop_last(struct buffer *out, size_t start)
{
    while (out->length > start && out->data[--out->length] != '/')
        ;
}

/* Goes down from the directory that `out` holds from `start` on; "" there is the root. */
static enum status descend(struct buffer *out, size_t start, struct text path)
{
    while (path.length > 0) {
        struct text name = text_split(path, '/', &path);

        if (name.length == 0 || text_equal(name, TEXT(".")))
            continue;
        if (text_equal(name, TEXT(".."))) {
            drop_last(out, start);
            continue;
        }
        enum status status = buffer_append(out, "/", 1);
        if (status == STATUS_OK)
            status = buffer_append_text(out, name);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status path_resolve(struct buffer *out, struct text from, struct text path)
{
    size_t start = out->length;
    enum status status = STATUS_OK;

    if (!text_starts_with(path, TEXT("/")))
        status = descend(out, start, from);
    if (status == STATUS_OK)
        status = descend(out, start, path);
    if (status == STATUS_OK && out->length == start)
        status = buffer_append(out, "/", 1);
    return status;
}

enum status path_directory(struct buffer *out, struct text file)
{
    char *working = NULL;

    if (!text_starts_with(file, TEXT("/"))) {
        working = getcwd(NULL, 0);
        if (!working)
            return STATUS_SYSTEM;
    }
    while (file.length > 0 && file.data[file.length - 1] != '/')
        file.length--;
    enum status status = path_resolve(out, text_from_cstr(working), file);
    free(working);
    return status;
}
