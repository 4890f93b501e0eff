#include "handlers/directory.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool ends_with(const char *name, const char *ending)
{
    size_t length = strlen(name);
    size_t tail = strlen(ending);

    return length > tail && strcasecmp(name + length - tail, ending) == 0;
}

bool directory_wants(const char *name)
{
    static const char *const endings[] = {".js", ".cjs", ".mjs", ".ts", ".cts", ".mts", ".so"};
    static const char *const declarations[] = {".d.ts", ".d.cts", ".d.mts"};

    for (size_t i = 0; i < sizeof declarations / sizeof *declarations; i++)
        if (ends_with(name, declarations[i]))
            return false;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (ends_with(name, endings[i]))
            return true;
    return false;
}

static int is_wanted(const struct dirent *entry)
{
    return directory_wants(entry->d_name);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static enum status add(struct directory *directory, const char *path, const char *name)
{
    struct stat found;
    char *joined;

    if (asprintf(&joined, "%s/%s", path, name) < 0)
        return STATUS_NO_MEMORY;
    if (stat(joined, &found) != 0 || !S_ISREG(found.st_mode)) {
        free(joined);
        return STATUS_OK;
    }
    directory->paths[directory->count++] = joined;
    return STATUS_OK;
}

enum status directory_list(struct directory *directory, const char *path)
{
    struct dirent **entries;
    enum status status = STATUS_OK;
    int count = scandir(path, &entries, is_wanted, by_name);

    *directory = (struct directory){0};
    if (count < 0)
        return errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_SYSTEM;
    directory->paths = calloc((size_t)count + 1, sizeof *directory->paths);
    if (!directory->paths)
        status = STATUS_NO_MEMORY;
    for (int i = 0; i < count; i++) {
        if (status == STATUS_OK)
            status = add(directory, path, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (status != STATUS_OK)
        directory_deinit(directory);
    return status;
}

void directory_deinit(struct directory *directory)
{
    for (size_t i = 0; i < directory->count; i++)
        free(directory->paths[i]);
    free(directory->paths);
    *directory = (struct directory){0};
}
