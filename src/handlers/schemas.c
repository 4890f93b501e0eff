#include "handlers/schemas.h"
#include "base/list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONGEST_NAME = 200, LARGEST_FILE = 1 << 20, PIECE = 4096 };

struct schemas {
    char *directory;
    const struct validation_plugin *plugin; /* NULL until it is needed */
    struct list read;                       /* struct entry */
};

struct entry {
    struct list node;
    struct schema *schema;
    char name[]; /* the event's */
};

enum status schemas_create(struct schemas **schemas, const char *directory)
{
    struct schemas *made = malloc(sizeof *made);

    if (!made)
        return STATUS_NO_MEMORY;
    made->directory = strdup(directory);
    if (!made->directory) {
        free(made);
        return STATUS_NO_MEMORY;
    }
    made->plugin = NULL;
    list_init(&made->read);
    *schemas = made;
    return STATUS_OK;
}

void schemas_forget(struct schemas *schemas)
{
    while (!list_is_empty(&schemas->read)) {
        struct entry *entry = LIST_ENTRY(schemas->read.next, struct entry, node);
        list_remove(&entry->node);
        schemas->plugin->schema_destroy(entry->schema);
        free(entry);
    }
}

void schemas_destroy(struct schemas *schemas)
{
    if (!schemas)
        return;
    schemas_forget(schemas);
    free(schemas->directory);
    free(schemas);
}

static bool is_file_name(struct text name)
{
    return name.length > 0 && name.length <= LONGEST_NAME && name.data[0] != '.' &&
           !memchr(name.data, '/', name.length) && !memchr(name.data, '\0', name.length);
}

/* STATUS_NOT_FOUND or STATUS_SYSTEM, with errno, where it can not be read. */
static enum status read_file(struct buffer *out, const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stat found;
    ssize_t count = -1;

    if (descriptor < 0)
        return errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_SYSTEM;
    enum status status = fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode) ? STATUS_OK : STATUS_SYSTEM;
    while (status == STATUS_OK) {
        size_t room = out->limit - out->length;
        status = room == 0 ? STATUS_LIMIT : buffer_reserve(out, room < PIECE ? room : PIECE);
        if (status == STATUS_OK)
            count = read(descriptor, out->data + out->length, out->capacity - out->length);
        if (status != STATUS_OK || count <= 0)
            break;
        out->length += (size_t)count;
    }
    close(descriptor);
    return status == STATUS_OK && count < 0 ? STATUS_SYSTEM : status;
}

static enum status complain(struct buffer *error, enum status status, struct text event,
                            const char *complaint)
{
    return buffer_printf(error, "schemas/%.*s.json: %s", TEXT_ARGS(event), complaint) == STATUS_OK
               ? status
               : STATUS_NO_MEMORY;
}

enum status schemas_plugin(struct schemas *schemas, const struct validation_plugin **plugin,
                           struct buffer *error)
{
    enum status status = schemas->plugin ? STATUS_OK : validation_open(&schemas->plugin, error);

    *plugin = schemas->plugin;
    return status;
}

static enum status read_schema(struct schemas *schemas, struct schema **schema, struct text event,
                               struct buffer *error)
{
    struct buffer json;
    struct buffer complaint;
    const struct validation_plugin *plugin;
    char *path;

    enum status status = schemas_plugin(schemas, &plugin, error);
    if (status != STATUS_OK)
        return status;
    if (asprintf(&path, "%s/schemas/%.*s.json", schemas->directory, TEXT_ARGS(event)) < 0)
        return STATUS_NO_MEMORY;
    buffer_init(&json, LARGEST_FILE + 1); /* one more is seen to be too many */
    buffer_init(&complaint, BUFFER_UNLIMITED);
    status = read_file(&json, path);
    if (status == STATUS_NOT_FOUND || status == STATUS_SYSTEM)
        status = complain(error, status, event, strerror(errno));
    else if (status == STATUS_LIMIT)
        status = complain(error, STATUS_INVALID, event, "larger than 1 MiB");
    else if (status == STATUS_OK)
        status = plugin->schema_create(schema, buffer_text(&json), &complaint);
    if (complaint.length > 0 && buffer_append(&complaint, "", 1) == STATUS_OK)
        status = complain(error, status, event, complaint.data);
    buffer_deinit(&json);
    buffer_deinit(&complaint);
    free(path);
    return status;
}

enum status schemas_find(struct schemas *schemas, struct text event, const struct schema **schema,
                         struct buffer *error)
{
    for (struct list *node = schemas->read.next; node != &schemas->read; node = node->next) {
        struct entry *known = LIST_ENTRY(node, struct entry, node);
        if (text_equal(text_from_cstr(known->name), event)) {
            *schema = known->schema;
            return STATUS_OK;
        }
    }
    if (!is_file_name(event))
        return complain(error, STATUS_NOT_FOUND, TEXT("…"), "an event of this name has no schema");
    struct entry *entry = malloc(sizeof *entry + event.length + 1);
    if (!entry)
        return STATUS_NO_MEMORY;
    enum status status = read_schema(schemas, &entry->schema, event, error);
    if (status != STATUS_OK) {
        free(entry);
        return status;
    }
    memcpy(entry->name, event.data, event.length);
    entry->name[event.length] = '\0';
    list_append(&schemas->read, &entry->node);
    *schema = entry->schema;
    return STATUS_OK;
}
