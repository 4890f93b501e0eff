#include "runner/watch.h"
#include "config/config.h"
#include "js/host.h"
#include "runner/application.h"
#include "runner/close.h"
#include "runner/js_loop.h"
#include "runner/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SETTLE_MS = 100 };

struct watched {
    uv_fs_event_t handle;
    struct list node; /* in watch->directories */
    struct runner *runner;
    char path[];
};

/* ---- what has changed ---- */

static bool is_loaded(const struct watch *watch, const char *path)
{
    const char *end = watch->files.data + watch->files.length;

    for (const char *at = watch->files.data; at < end; at += strlen(at) + 1)
        if (strcmp(at, path) == 0)
            return true;
    return false;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t tail = strlen(end);

    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* Whether a reload might come to something else because of it. */
static bool matters(const struct watch *watch, const char *directory, const char *name)
{
    char *path;

    if (ends_with(directory, "/handlers") && directory_wants(name))
        return true;
    if (ends_with(directory, "/schemas") || strcmp(name, "handlers") == 0 || strcmp(name, "schemas") == 0)
        return true;
    if (watch->is_broken && (directory_wants(name) || ends_with(name, ".json")))
        return true;
    if (asprintf(&path, "%s/%s", directory, name) < 0)
        return true;
    bool matters = is_loaded(watch, path);
    free(path);
    return matters;
}

static void on_settled(uv_timer_t *timer)
{
    runner_reload(timer->data);
}

static void on_change(uv_fs_event_t *handle, const char *name, int events, int status)
{
    struct watched *watched = handle->data;
    struct runner *runner = watched->runner;

    (void)events;
    if (runner->stopping || (status == 0 && name && !matters(&runner->watch, watched->path, name)))
        return;
    uv_timer_start(&runner->watch.settle_timer, on_settled, SETTLE_MS, 0);
}

/* ---- what is watched ---- */

static void on_watched_closed(uv_handle_t *handle)
{
    struct watched *watched = handle->data;
    struct runner *runner = watched->runner;

    free(watched);
    close_handle_closed(runner);
}

static void unwatch(struct watched *watched)
{
    list_remove(&watched->node);
    watched->runner->open_handles++;
    uv_close((uv_handle_t *)&watched->handle, on_watched_closed);
}

static void complain(const struct runner *runner, const char *path, const char *why)
{
    log_write(&runner->log, LOG_ERROR, "%s is not watched: %s", path, why);
}

static void start_watching(struct runner *runner, const char *path)
{
    struct watched *watched = calloc(1, sizeof *watched + strlen(path) + 1);

    if (!watched) {
        complain(runner, path, "out of memory");
        return;
    }
    strcpy(watched->path, path);
    watched->runner = runner;
    watched->handle.data = watched;
    list_append(&runner->watch.directories, &watched->node);
    uv_fs_event_init(runner->loop, &watched->handle);
    uv_unref((uv_handle_t *)&watched->handle);
    int failure = uv_fs_event_start(&watched->handle, on_change, path, 0);
    if (failure == 0)
        return;
    complain(runner, path, uv_strerror(failure));
    unwatch(watched);
}

static void want(struct runner *runner, const char *path)
{
    struct list *directories = &runner->watch.directories;

    for (struct list *node = directories->next; node != directories; node = node->next) {
        if (strcmp(LIST_ENTRY(node, struct watched, node)->path, path) == 0)
            return;
    }
    start_watching(runner, path);
}

/* Where there is such a folder. */
static void want_folder(struct runner *runner, const char *parent, const char *name)
{
    struct stat found;
    char *path;

    if (asprintf(&path, "%s/%s", parent, name) < 0)
        return;
    if (stat(path, &found) == 0 && S_ISDIR(found.st_mode))
        want(runner, path);
    free(path);
}

static void want_parent(struct runner *runner, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *parent = slash && slash > path ? strndup(path, (size_t)(slash - path)) : NULL;

    if (parent)
        want(runner, parent);
    free(parent);
}

/* ---- collecting ---- */

static enum status append_file(struct buffer *files, const char *path)
{
    return buffer_append(files, path, strlen(path) + 1);
}

static enum status append_files(struct buffer *files, const struct application *application)
{
    const struct config *config = application->config;
    enum status status = STATUS_OK;

    for (size_t i = 0; config && i < config->import_count && status == STATUS_OK; i++)
        if (config->imports[i].name.data[0] == '/')
            status = append_file(files, config->imports[i].name.data);
    for (size_t i = 0; i < application->directory.count && status == STATUS_OK; i++)
        status = append_file(files, application->directory.paths[i]);
    if (status == STATUS_OK && application->js)
        status = js_host_append_files(application->js->host, files);
    return status;
}

/* The config file by its own name, where a file may come again or another link, and the file that it is. */
static enum status append_config(struct runner *runner)
{
    struct buffer *files = &runner->watch.files;
    const char *path = runner->options.config_path;
    const char *slash = path ? strrchr(path, '/') : NULL;
    struct text directory = runner->application->config->directory;
    char *config = path ? realpath(path, NULL) : NULL;
    enum status status = config ? append_file(files, config) : STATUS_OK;

    free(config);
    if (!path)
        return status;
    if (status == STATUS_OK)
        status = buffer_append_text(files, directory);
    if (status == STATUS_OK)
        status = buffer_append(files, "/", 1);
    return status == STATUS_OK ? append_file(files, slash ? slash + 1 : path) : status;
}

static enum status collect(struct runner *runner, const struct application *failed)
{
    struct buffer *files = &runner->watch.files;
    enum status status = append_config(runner);

    if (status == STATUS_OK)
        status = append_files(files, runner->application);
    return status == STATUS_OK && failed ? append_files(files, failed) : status;
}

static void want_all(struct runner *runner)
{
    const char *directory = runner->application->config->directory.data;
    const struct buffer *files = &runner->watch.files;

    want(runner, directory);
    want_folder(runner, directory, "handlers");
    want_folder(runner, directory, "schemas");
    for (size_t at = 0; at < files->length; at += strlen(files->data + at) + 1)
        want_parent(runner, files->data + at);
}

static void unwatch_all(struct list *directories)
{
    while (!list_is_empty(directories))
        unwatch(LIST_ENTRY(directories->next, struct watched, node));
}

/* All of them anew: a directory may have been replaced by another of the same name. */
void watch_renew(struct runner *runner, const struct application *failed)
{
    struct watch *watch = &runner->watch;
    struct list before;

    if (!watch->is_open)
        return;
    watch->is_broken = failed != NULL;
    buffer_clear(&watch->files);
    if (collect(runner, failed) != STATUS_OK) {
        log_write(&runner->log, LOG_ERROR, "out of memory: changes may go unseen");
        return;
    }
    list_init(&before);
    list_move_all(&before, &watch->directories);
    want_all(runner);
    unwatch_all(&before);
}

void watch_open(struct runner *runner)
{
    struct watch *watch = &runner->watch;

    if (!runner->options.watch || !runner->options.config_path)
        return;
    list_init(&watch->directories);
    buffer_init(&watch->files, BUFFER_UNLIMITED);
    uv_timer_init(runner->loop, &watch->settle_timer);
    uv_unref((uv_handle_t *)&watch->settle_timer);
    watch->settle_timer.data = runner;
    watch->is_open = true;
    watch_renew(runner, NULL);
}

static void on_timer_closed(uv_handle_t *handle)
{
    close_handle_closed(handle->data);
}

void watch_close(struct runner *runner)
{
    struct watch *watch = &runner->watch;

    if (!watch->is_open)
        return;
    watch->is_open = false;
    unwatch_all(&watch->directories);
    buffer_deinit(&watch->files);
    runner->open_handles++;
    uv_close((uv_handle_t *)&watch->settle_timer, on_timer_closed);
}
