#include "handlers/c_module.h"
#include "handlers/c_host_parts.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A shared object that is open. */
struct module {
    struct list node; /* in the host's modules */
    void *library;
    const struct configurapi_module *table; /* NULL until it has been loaded */
    struct stat file;                       /* as it was then */
    bool told;                              /* that it is another one now */
    char path[];
};

static enum status complain(struct buffer *error, const char *path, const char *complaint)
{
    enum status status = buffer_printf(error, "%s: %s", path, complaint);

    return status == STATUS_OK ? STATUS_INVALID : status;
}

/* dlerror() begins with the path, for most of what it says. */
static enum status complain_of_library(struct buffer *error, const char *path)
{
    const char *complaint = dlerror();
    size_t length = strlen(path);

    if (strncmp(complaint, path, length) == 0 && strncmp(complaint + length, ": ", 2) == 0)
        complaint += length + 2;
    return complain(error, path, complaint);
}

static enum status check(const struct configurapi_module *table, const char *path, struct buffer *error)
{
    if (!table)
        return complain(error, path,
                        "exports no `configurapi_module`: CONFIGURAPI_MODULE of configurapi.h defines it");
    if (table->abi == CONFIGURAPI_ABI)
        return STATUS_OK;
    enum status status = buffer_printf(
        error, "%s: built for version %u of configurapi.h, this runner has version %u: build it again", path,
        (unsigned)table->abi, CONFIGURAPI_ABI);
    return status == STATUS_OK ? STATUS_INVALID : status;
}

static enum status add_handlers(struct c_host *host, const struct configurapi_module *table, const char *path,
                                struct registry *registry, struct buffer *error)
{
    for (const struct configurapi_entry *entry = table->entries; entry->name; entry++) {
        enum status status = buffer_printf(error, "%s: ", path);
        if (status == STATUS_OK)
            status = c_host_add(host, registry, entry, HANDLER_NATIVE, error);
        if (status != STATUS_OK)
            return status;
        buffer_clear(error);
    }
    return STATUS_OK;
}

static enum status open_module(struct c_host *host, struct module *module, struct buffer *error)
{
    module->library = dlopen(module->path, RTLD_NOW | RTLD_LOCAL);
    if (!module->library)
        return complain_of_library(error, module->path);
    const struct configurapi_module *table = dlsym(module->library, "configurapi_module");
    enum status status = check(table, module->path, error);
    if (status != STATUS_OK)
        return status;
    if (table->load && !table->load((configurapi_runtime *)(void *)host))
        return complain(error, module->path, "its load() failed");
    module->table = table;
    if (stat(module->path, &module->file) != 0)
        module->told = true; /* it has gone meanwhile: that it is another one can not be told */
    return STATUS_OK;
}

static void unload(struct c_host *host, struct module *module)
{
    if (module->table && module->table->unload)
        module->table->unload((configurapi_runtime *)(void *)host);
    module->table = NULL;
}

static void close_module(struct module *module)
{
    list_remove(&module->node);
    if (module->library)
        dlclose(module->library);
    free(module);
}

static struct module *find(struct c_host *host, const char *path)
{
    for (struct list *node = host->modules.next; node != &host->modules; node = node->next) {
        struct module *module = LIST_ENTRY(node, struct module, node);
        if (strcmp(module->path, path) == 0)
            return module;
    }
    return NULL;
}

/* Code cannot be taken from under threads and events that may run it: a module is loaded once. */
static void note_change(struct c_host *host, struct module *module)
{
    struct stat now;

    if (module->told || stat(module->path, &now) != 0 ||
        (now.st_ino == module->file.st_ino && now.st_mtim.tv_sec == module->file.st_mtim.tv_sec &&
         now.st_mtim.tv_nsec == module->file.st_mtim.tv_nsec))
        return;
    module->told = true;
    log_write(host->log, LOG_ERROR, "%s has changed: a module in C is loaded again by the next start only",
              module->path);
}

static enum status load(struct c_host *host, const char *path, struct registry *registry,
                        struct buffer *error)
{
    struct module *module = find(host, path);

    if (module) {
        note_change(host, module);
        return add_handlers(host, module->table, path, registry, error);
    }
    module = calloc(1, sizeof *module + strlen(path) + 1);
    if (!module)
        return STATUS_NO_MEMORY;
    strcpy(module->path, path);
    list_append(&host->modules, &module->node);
    enum status status = open_module(host, module, error);
    if (status == STATUS_OK)
        return add_handlers(host, module->table, path, registry, error);
    close_module(module);
    return status;
}

/* load() uses its buffer for one handler's line after another. `error` may have the place of the import in it
 * (see load.c), which is to stay in front of the line that is left in the end. */
enum status c_host_load(struct c_host *host, const char *path, struct registry *registry,
                        struct buffer *error)
{
    struct buffer line;

    buffer_init(&line, BUFFER_UNLIMITED);
    enum status status = load(host, path, registry, &line);
    if (status != STATUS_OK && buffer_append_text(error, buffer_text(&line)) != STATUS_OK)
        status = STATUS_NO_MEMORY;
    buffer_deinit(&line);
    return status;
}

void c_module_unload_all(struct c_host *host)
{
    for (struct list *node = host->modules.previous; node != &host->modules; node = node->previous)
        unload(host, LIST_ENTRY(node, struct module, node));
}

void c_module_close_all(struct c_host *host)
{
    while (!list_is_empty(&host->modules))
        close_module(LIST_ENTRY(host->modules.previous, struct module, node));
}
