#include "library/handlers.h"
#include "json/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void handlers_init(struct handlers *handlers)
{
    *handlers = (struct handlers){0};
    buffer_init(&handlers->config, BUFFER_UNLIMITED);
}

void handlers_deinit(struct handlers *handlers)
{
    for (size_t i = 0; i < handlers->count; i++) {
        free((char *)handlers->entries[i].name);
        free((char *)handlers->events[i]);
    }
    free(handlers->entries);
    free(handlers->events);
    buffer_deinit(&handlers->config);
}

static bool is_of(const struct handlers *handlers, size_t i, const char *event)
{
    return handlers->events[i] && strcmp(handlers->events[i], event) == 0;
}

/* As the log calls it: the event's first handler by the event's name, the others with a number behind it. */
static char *make_up_name(const struct handlers *handlers, const char *event)
{
    size_t number = 1;
    char *name;

    for (size_t i = 0; i < handlers->count; i++)
        number += is_of(handlers, i, event);
    if (number == 1)
        return strdup(event);
    return asprintf(&name, "%s (%zu)", event, number) < 0 ? NULL : name;
}

static enum status make_room(struct handlers *handlers)
{
    struct configurapi_entry *entries =
        realloc(handlers->entries, (handlers->count + 1) * sizeof *handlers->entries);
    if (!entries)
        return STATUS_NO_MEMORY;
    handlers->entries = entries;
    const char **events = realloc(handlers->events, (handlers->count + 1) * sizeof *handlers->events);
    if (!events)
        return STATUS_NO_MEMORY;
    handlers->events = events;
    return STATUS_OK;
}

enum status handlers_add(struct handlers *handlers, const char *name, const char *event,
                         configurapi_handler handler, void *data)
{
    enum status status = make_room(handlers);

    if (status != STATUS_OK)
        return status;
    char *own_name = event ? make_up_name(handlers, event) : strdup(name);
    char *own_event = event ? strdup(event) : NULL;
    if (!own_name || (event && !own_event)) {
        free(own_name);
        free(own_event);
        return STATUS_NO_MEMORY;
    }
    handlers->entries[handlers->count] = (struct configurapi_entry){own_name, handler, data};
    handlers->events[handlers->count++] = own_event;
    handlers->has_events |= event != NULL;
    return STATUS_OK;
}

static bool is_first(const struct handlers *handlers, size_t i)
{
    for (size_t earlier = 0; earlier < i; earlier++)
        if (is_of(handlers, earlier, handlers->events[i]))
            return false;
    return true;
}

static enum status append_event(const struct handlers *handlers, size_t first, struct buffer *out)
{
    const char *event = handlers->events[first];
    enum status status = buffer_append_text(out, TEXT("{\"name\":"));

    if (status == STATUS_OK)
        status = json_append_string(out, text_from_cstr(event));
    if (status == STATUS_OK)
        status = buffer_append_text(out, TEXT(",\"policies\":["));
    for (size_t i = first; i < handlers->count && status == STATUS_OK; i++) {
        if (!is_of(handlers, i, event))
            continue;
        if (i > first)
            status = buffer_append(out, ",", 1);
        if (status == STATUS_OK)
            status = json_append_string(out, text_from_cstr(handlers->entries[i].name));
    }
    return status == STATUS_OK ? buffer_append_text(out, TEXT("]}")) : status;
}

enum status handlers_config(struct handlers *handlers, const char **config)
{
    struct buffer *out = &handlers->config;
    bool any = false;

    buffer_clear(out);
    enum status status = buffer_append_text(out, TEXT("{\"api\":{\"events\":["));
    for (size_t i = 0; i < handlers->count && status == STATUS_OK; i++) {
        if (!handlers->events[i] || !is_first(handlers, i))
            continue;
        if (any)
            status = buffer_append(out, ",", 1);
        any = true;
        if (status == STATUS_OK)
            status = append_event(handlers, i, out);
    }
    if (status == STATUS_OK)
        status = buffer_append_text(out, TEXT("]}}"));
    if (status == STATUS_OK)
        status = buffer_append(out, "", 1);
    *config = out->data;
    return status;
}
