#include "pipeline/registry.h"

#include <stdlib.h>
#include <string.h>

void registry_init(struct registry *registry)
{
    *registry = (struct registry){0};
}

void registry_deinit(struct registry *registry)
{
    for (size_t i = 0; i < registry->count; i++)
        free((char *)registry->handlers[i].name.data);
    free(registry->handlers);
    registry_init(registry);
}

static int compare(struct text a, struct text b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;

    return order ? order : (a.length > b.length) - (a.length < b.length);
}

/* Where the name stands, or would. */
static size_t position(const struct registry *registry, struct text name)
{
    size_t low = 0;
    size_t high = registry->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(registry->handlers[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct handler *registry_find(const struct registry *registry, struct text name)
{
    size_t at = position(registry, name);

    return at < registry->count && text_equal(registry->handlers[at].name, name) ? &registry->handlers[at]
                                                                                 : NULL;
}

static enum status make_room(struct registry *registry)
{
    if (registry->count < registry->capacity)
        return STATUS_OK;
    size_t capacity = registry->capacity ? 2 * registry->capacity : 32;
    struct handler *handlers = realloc(registry->handlers, capacity * sizeof *handlers);
    if (!handlers)
        return STATUS_NO_MEMORY;
    registry->handlers = handlers;
    registry->capacity = capacity;
    return STATUS_OK;
}

/* The handler of that name is there already. */
static enum status replace(struct handler *handler, struct language *language, enum handler_rank rank,
                           const void *data)
{
    if (rank == HANDLER_STANDARD)
        return STATUS_OK;
    if (handler->rank != HANDLER_STANDARD && (rank == HANDLER_NATIVE || handler->rank == HANDLER_NATIVE))
        return STATUS_INVALID;
    handler->language = language;
    handler->rank = rank;
    handler->data = data;
    return STATUS_OK;
}

enum status registry_add(struct registry *registry, struct text name, struct language *language,
                         enum handler_rank rank, const void *data)
{
    size_t at = position(registry, name);

    if (at < registry->count && text_equal(registry->handlers[at].name, name))
        return replace(&registry->handlers[at], language, rank, data);
    enum status status = make_room(registry);
    if (status != STATUS_OK)
        return status;
    char *copy = strndup(name.length ? name.data : "", name.length);
    if (!copy)
        return STATUS_NO_MEMORY;
    memmove(registry->handlers + at + 1, registry->handlers + at,
            (registry->count - at) * sizeof *registry->handlers);
    registry->handlers[at] = (struct handler){{copy, name.length}, language, rank, data};
    registry->count++;
    return STATUS_OK;
}
