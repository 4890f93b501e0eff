#include "runner/load.h"
#include "config/config.h"
#include "config/path.h"
#include "handlers/c_host.h"
#include "handlers/directory.h"
#include "handlers/standard.h"
#include "js/host.h"
#include "pipeline/registry.h"
#include "runner/application.h"
#include "runner/js_loop.h"
#include "runner/runner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* In any case, as directory_wants() has it. */
static bool is_shared_object(struct text name)
{
    return name.length > 3 &&
           text_equal_ignore_case((struct text){name.data + name.length - 3, 3}, TEXT(".so"));
}

/* Packages whose handlers the runner has itself. */
static bool is_standard(struct text name)
{
    return text_equal(name, TEXT("configurapi-handler-http")) ||
           text_equal(name, TEXT("configurapi-handler-json"));
}

/* Whether node_modules/<name> is in the directory, which is absolute, or in one above it. */
static bool is_installed(struct text name, struct text directory)
{
    struct stat found;
    char *path;

    while (directory.length > 0) {
        if (asprintf(&path, "%.*s/node_modules/%.*s", TEXT_ARGS(directory), TEXT_ARGS(name)) < 0)
            return false;
        bool is_there = stat(path, &found) == 0;
        free(path);
        if (is_there)
            return true;
        while (directory.length > 0 && directory.data[directory.length - 1] != '/')
            directory.length--;
        if (directory.length > 0)
            directory.length--;
    }
    return false;
}

/* ---- the configuration ---- */

/* Where the configuration's text would be if it were a file. */
static enum status find_directory(const struct runner *runner, struct buffer *directory, struct buffer *error)
{
    const char *path = runner->options.directory;
    char *working = getcwd(NULL, 0);

    if (!working) {
        enum status status = buffer_printf(error, "the working directory is gone: %s", strerror(errno));
        return status == STATUS_OK ? STATUS_SYSTEM : status;
    }
    enum status status = path_resolve(directory, text_from_cstr(working), text_from_cstr(path ? path : "."));
    if (status == STATUS_OK)
        status = buffer_append(directory, "", 1);
    free(working);
    return status;
}

static enum status load_config(struct application *application, struct buffer *error)
{
    const struct configurapi_runner_options *options = &application->runner->options;
    struct buffer directory;

    if (options->config_path)
        return config_load(&application->config, options->config_path, getenv("NODE_ENV"), error);
    buffer_init(&directory, BUFFER_UNLIMITED);
    enum status status = find_directory(application->runner, &directory, error);
    if (status == STATUS_OK)
        status = config_parse(&application->config, text_from_cstr(options->config_text), "config",
                              directory.data, getenv("NODE_ENV"), error);
    buffer_deinit(&directory);
    return status;
}

/* ---- its modules ---- */

/* STATUS_NOT_FOUND where there is no handlers/ in it. */
static enum status list_handlers(struct directory *directory, const char *parent, struct buffer *error)
{
    char *path;

    if (asprintf(&path, "%s/handlers", parent) < 0)
        return STATUS_NO_MEMORY;
    enum status status = directory_list(directory, path);
    if (status == STATUS_SYSTEM &&
        buffer_printf(error, "%s: cannot be read: %s", path, strerror(errno)) != STATUS_OK)
        status = STATUS_NO_MEMORY;
    free(path);
    return status;
}

static enum status find_handlers(struct application *application, struct buffer *error)
{
    const struct configurapi_runner_options *options = &application->runner->options;

    if (!options->config_path && !options->directory)
        return STATUS_OK;
    enum status status = list_handlers(&application->directory, application->config->directory.data, error);
    if (status != STATUS_NOT_FOUND)
        return status;
    char *working = getcwd(NULL, 0);
    if (!working)
        return STATUS_OK;
    status = list_handlers(&application->directory, working, error);
    free(working);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status add_own_handlers(struct application *application, struct buffer *error)
{
    struct runner *runner = application->runner;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < runner->handler_count && status == STATUS_OK; i++)
        status = c_host_add(runner->c, &application->registry, &runner->handlers[i], HANDLER_NATIVE, error);
    return status == STATUS_OK ? standard_register(runner->c, &application->registry,
                                                   application->config->directory.data, error)
                               : status;
}

enum status load_begin(struct application *application, struct buffer *error)
{
    enum status status = load_config(application, error);

    if (status == STATUS_OK)
        status = add_own_handlers(application, error);
    return status == STATUS_OK ? find_handlers(application, error) : status;
}

/* Its JavaScript world: one of its own, or the script's. */
static enum status enter_world(struct application *application, struct buffer *error)
{
    struct runner *runner = application->runner;

    if (runner->world) {
        application->js = runner->world;
        application->guest = js_host_join(runner->world->host, &runner->log);
        if (!application->guest)
            return STATUS_NO_MEMORY;
        return js_host_limit(runner->world->host, runner->options.max_blocking_ms);
    }
    enum status status = js_loop_create(&application->js, runner->loop, &runner->log, error);
    if (status != STATUS_OK)
        return status;
    application->guest = js_host_guest(application->js->host);
    return js_host_limit(application->js->host, runner->options.max_blocking_ms);
}

/* `name` is NUL-terminated too. */
static enum status load_module(struct application *application, struct text name, bool *waits,
                               struct buffer *error)
{
    struct runner *runner = application->runner;
    struct text directory = application->config->directory;

    if (is_shared_object(name))
        return c_host_load(runner->c, name.data, &application->registry, error);
    if (is_standard(name) && !is_installed(name, directory))
        return STATUS_OK;
    if (!application->js) {
        enum status status = enter_world(application, error);
        if (status != STATUS_OK)
            return status;
    }
    return js_host_load(application->guest, name, directory, &application->registry, waits, error);
}

/* The next module. Where it is one of `import`, its place is put into `error`, in front of what may be wrong
 * with it. */
static enum status next_module(const struct application *application, struct text *name, struct buffer *error)
{
    const struct config *config = application->config;
    size_t i = application->next_module;

    if (i >= config->import_count) {
        *name = text_from_cstr(application->directory.paths[i - config->import_count]);
        return STATUS_OK;
    }
    const struct config_import *import = &config->imports[i];
    *name = import->name;
    return buffer_printf(error, "%.*s:%u:%u: ", TEXT_ARGS(config->path), import->position.line,
                         import->position.column);
}

enum status load_go_on(struct application *application, bool *waits, struct buffer *error)
{
    size_t count = application->config->import_count + application->directory.count;

    for (; application->next_module < count; application->next_module++) {
        struct text name;
        *waits = false;
        enum status status = next_module(application, &name, error);
        if (status != STATUS_OK)
            return status;
        if (application->awaits)
            status = js_host_loaded(application->guest, name, &application->registry, waits, error);
        else
            status = load_module(application, name, waits, error);
        if (status != STATUS_OK)
            return status;
        buffer_clear(error);
        application->awaits = *waits;
        if (*waits)
            return STATUS_OK;
    }
    return STATUS_OK;
}

enum status load_refuse_waiting(const struct application *application, struct buffer *error)
{
    struct text name;
    enum status status = next_module(application, &name, error);

    if (status == STATUS_OK)
        status =
            buffer_printf(error, "%.*s: its top-level await waits for what will never come", TEXT_ARGS(name));
    return status == STATUS_OK ? STATUS_INVALID : status;
}
