#include "runner/load.h"
#include "config/config.h"
#include "config/path.h"
#include "handlers/c_host.h"
#include "handlers/directory.h"
#include "handlers/standard.h"
#include "js/host.h"
#include "pipeline/registry.h"
#include "runner/js_loop.h"
#include "runner/runner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_shared_object(struct text name)
{
    return name.length > 3 && text_equal((struct text){name.data + name.length - 3, 3}, TEXT(".so"));
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

/* A module whose top-level `await` waits for something: the loop is turned until it has come. */
static enum status await_module(struct runner *runner, struct text name, struct buffer *error)
{
    bool waits = true;
    bool more = true;
    enum status status = STATUS_OK;

    while (waits && more && !runner->stopping && status == STATUS_OK) {
        more = uv_run(runner->loop, UV_RUN_ONCE);
        status = js_host_loaded(runner->js, name, runner->registry, &waits, error);
    }
    if (!waits || status != STATUS_OK)
        return status;
    if (runner->stopping)
        return STATUS_CLOSED;
    status =
        buffer_printf(error, "%.*s: its top-level await waits for what will never come", TEXT_ARGS(name));
    return status == STATUS_OK ? STATUS_INVALID : status;
}

/* `name` is NUL-terminated too. */
static enum status load_module(struct runner *runner, struct text name, struct buffer *error)
{
    bool waits;

    if (is_shared_object(name))
        return c_host_load(runner->c, name.data, runner->registry, error);
    if (is_standard(name) && !is_installed(name, runner->config->directory))
        return STATUS_OK;
    if (!runner->js) {
        enum status status = js_loop_open(runner, error);
        if (status != STATUS_OK)
            return status;
    }
    enum status status =
        js_host_load(runner->js, name, runner->config->directory, runner->registry, &waits, error);
    return status == STATUS_OK && waits ? await_module(runner, name, error) : status;
}

static enum status load_imports(struct runner *runner, struct buffer *error)
{
    const struct config *config = runner->config;

    for (size_t i = 0; i < config->import_count; i++) {
        const struct config_import *import = &config->imports[i];
        enum status status = buffer_printf(error, "%.*s:%u:%u: ", TEXT_ARGS(config->path),
                                           import->position.line, import->position.column);
        if (status == STATUS_OK)
            status = load_module(runner, import->name, error);
        if (status != STATUS_OK)
            return status;
        buffer_clear(error);
    }
    return STATUS_OK;
}

static enum status load_directory(struct runner *runner, const char *parent, struct buffer *error)
{
    struct directory directory;
    char *path;

    if (asprintf(&path, "%s/handlers", parent) < 0)
        return STATUS_NO_MEMORY;
    enum status status = directory_list(&directory, path);
    if (status == STATUS_SYSTEM &&
        buffer_printf(error, "%s: cannot be read: %s", path, strerror(errno)) != STATUS_OK)
        status = STATUS_NO_MEMORY;
    free(path);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < directory.count && status == STATUS_OK; i++)
        status = load_module(runner, text_from_cstr(directory.paths[i]), error);
    directory_deinit(&directory);
    return status;
}

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

enum status load_config(struct runner *runner, struct buffer *error)
{
    const struct configurapi_runner_options *options = &runner->options;
    struct buffer directory;

    if (options->config_path)
        return config_load(&runner->config, options->config_path, getenv("NODE_ENV"), error);
    buffer_init(&directory, BUFFER_UNLIMITED);
    enum status status = find_directory(runner, &directory, error);
    if (status == STATUS_OK)
        status = config_parse(&runner->config, text_from_cstr(options->config_text), "config", directory.data,
                              getenv("NODE_ENV"), error);
    buffer_deinit(&directory);
    return status;
}

enum status load_handlers(struct runner *runner, struct buffer *error)
{
    enum status status =
        standard_register(runner->c, runner->registry, runner->config->directory.data, error);

    if (status == STATUS_OK)
        status = load_imports(runner, error);

    if (status != STATUS_OK || (!runner->options.config_path && !runner->options.directory))
        return status;
    status = load_directory(runner, runner->config->directory.data, error);
    if (status != STATUS_NOT_FOUND)
        return status;
    char *working = getcwd(NULL, 0);
    if (!working)
        return STATUS_OK;
    status = load_directory(runner, working, error);
    free(working);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
