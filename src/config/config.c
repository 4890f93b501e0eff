#include "config/config.h"
#include "config/names.h"
#include "config/path.h"
#include "config/report.h"
#include "config/yaml_parse.h"
#include "config/yaml_value.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_FILE = 16 * 1024 * 1024,
    MAX_NAME = 1024 * 1024, /* bytes of an event's name: a list that stands for one can spell anything */
    READ_SIZE = 64 * 1024,
};

/* What the header shows, and what it stands on. */
struct owned_config {
    struct config config;
    struct names routes; /* to struct config_route */
    struct arena arena;
};

/* On the way from a document to a config. */
struct builder {
    struct owned_config *owned;
    const char *node_env; /* NULL where it is not set */
    struct report report;
    struct text event;  /* the name of the one at hand, for messages; empty where it has none yet */
    struct text policy; /* the same */
    struct yaml_json json;
};

enum { WHERE_SIZE = 2 * REPORT_SHOWN + 32 };

/* "event "getData", policy "checkHandler": ", as much of it as is known. */
static const char *where(const struct builder *builder, char out[WHERE_SIZE])
{
    struct text event = report_shown(builder->event);
    struct text policy = report_shown(builder->policy);

    out[0] = '\0';
    if (policy.length > 0)
        snprintf(out, WHERE_SIZE, "event \"%.*s\", policy \"%.*s\": ", TEXT_ARGS(event), TEXT_ARGS(policy));
    else if (event.length > 0)
        snprintf(out, WHERE_SIZE, "event \"%.*s\": ", TEXT_ARGS(event));
    return out;
}

static enum status unexpected(const struct builder *builder, const char *expected,
                              const struct yaml_value *found)
{
    char prefix[WHERE_SIZE];
    struct buffer description;

    buffer_init(&description, BUFFER_UNLIMITED);
    yaml_describe(&description, found);
    enum status status = report_at(&builder->report, found->position, "%sexpected %s, found %.*s",
                                   where(builder, prefix), expected, TEXT_ARGS(buffer_text(&description)));
    buffer_deinit(&description);
    return status;
}

static enum status missing(const struct builder *builder, const char *key, const char *whole,
                           const struct yaml_value *found)
{
    char prefix[WHERE_SIZE];

    return report_at(&builder->report, found->position, "%sexpected \"%s\" in %s", where(builder, prefix),
                     key, whole);
}

/*
 * Iterates as 1.9.0 does, with one exception: it takes a string for the list of its characters, which nobody
 * means. What has no elements (the empty string, no bytes) is an empty list.
 */
static enum status list_items(const struct builder *builder, const struct yaml_value *value,
                              const char *elements, const struct yaml_items **items)
{
    static const struct yaml_items none;
    char prefix[WHERE_SIZE];
    char expected[64];

    *items = &none;
    if (value->type == YAML_LIST) {
        *items = &value->items;
        return STATUS_OK;
    }
    bool characters = value->type == YAML_STRING || value->type == YAML_BINARY;
    if (characters && value->text.length == 0)
        return STATUS_OK;
    if (value->type == YAML_STRING) {
        struct text shown = report_shown(value->text);
        return report_at(&builder->report, value->position, "%sexpected a list of %s; write \"- %.*s\"",
                         where(builder, prefix), elements, TEXT_ARGS(shown));
    }
    snprintf(expected, sizeof expected, "a list of %s", elements);
    return unexpected(builder, expected, value);
}

static enum status read_import(struct builder *builder, const struct yaml_value *value,
                               struct config_import *import)
{
    struct buffer path;

    if (value->type != YAML_STRING)
        return unexpected(builder, "a module's name or path", value);
    import->position = value->position;
    if (!text_starts_with(value->text, TEXT(".")))
        return arena_copy_terminated(&builder->owned->arena, value->text, &import->name);
    buffer_init(&path, BUFFER_UNLIMITED);
    enum status status = path_resolve(&path, builder->owned->config.directory, value->text);
    if (status == STATUS_OK)
        status = arena_copy_terminated(&builder->owned->arena, buffer_text(&path), &import->name);
    buffer_deinit(&path);
    return status;
}

static enum status read_imports(struct builder *builder, const struct yaml_value *document)
{
    const struct yaml_value *value = yaml_member(document, TEXT("import"));
    struct config *config = &builder->owned->config;
    const struct yaml_items *items;

    if (!value)
        return STATUS_OK;
    enum status status = list_items(builder, value, "modules", &items);
    if (status != STATUS_OK)
        return status;
    config->imports = arena_alloc(&builder->owned->arena, items->count * sizeof *config->imports);
    if (!config->imports)
        return STATUS_NO_MEMORY;
    for (const struct yaml_item *item = items->first; item && status == STATUS_OK; item = item->next) {
        status = read_import(builder, item->value, &config->imports[config->import_count]);
        if (status == STATUS_OK)
            config->import_count++;
    }
    return status;
}

/* `known` is false for a word that names no level. */
static enum status read_log_level(const struct builder *builder, const struct yaml_value *map,
                                  enum log_level *level, bool *known)
{
    const struct yaml_value *value = yaml_member(map, TEXT("logLevel"));

    *level = LOG_TRACE;
    *known = true;
    if (!value || !yaml_truthy(value))
        return STATUS_OK;
    if (value->type != YAML_STRING)
        return unexpected(builder, "a log level (debug, trace, info, error or none)", value);
    *known = log_level_parse(level, value->text) == STATUS_OK;
    if (!*known)
        *level = LOG_NONE;
    return STATUS_OK;
}

/* The name of a policy: itself, or its first key; of a list and of bytes that is the first index. */
static enum status policy_name(struct builder *builder, const struct yaml_value *value, struct text *name)
{
    *name = TEXT("");
    if (value->type == YAML_STRING)
        *name = value->text;
    else if (value->type == YAML_MAP && value->items.first)
        *name = value->items.first->key;
    else if ((value->type == YAML_LIST && value->items.first) ||
             (value->type == YAML_BINARY && value->text.length > 0))
        *name = TEXT("0");
    if (name->length > 0)
        return STATUS_OK;
    if (value->type == YAML_MAP && value->items.first)
        return report_at(&builder->report, value->items.first->key_position,
                         "event \"%.*s\": expected the name of a policy, found an empty one",
                         TEXT_ARGS(report_shown(builder->event)));
    return unexpected(builder, "a policy: its name, or a map from its name to a list of parameters", value);
}

/* The list under the policy's name, else the one under "parameters"; NULL where neither is a list. */
static const struct yaml_value *policy_parameters(const struct yaml_value *value, struct text name)
{
    const struct yaml_value *found = yaml_member(value, name);

    if (value->type == YAML_LIST)
        found = value->items.first->value;
    if (!found || found->type != YAML_LIST)
        found = yaml_member(value, TEXT("parameters"));
    return found && found->type == YAML_LIST ? found : NULL;
}

static enum status read_policy(struct builder *builder, const struct yaml_value *value,
                               struct config_policy *policy)
{
    struct text name;
    enum status status = policy_name(builder, value, &name);

    if (status != STATUS_OK)
        return status;
    builder->policy = name;
    policy->position = value->position;
    status = read_log_level(builder, value, &policy->log_level, &policy->log_level_known);
    builder->policy = TEXT("");
    if (status == STATUS_OK)
        status = arena_copy_terminated(&builder->owned->arena, name, &policy->name);
    if (status != STATUS_OK)
        return status;
    const struct yaml_value *parameters = policy_parameters(value, name);
    policy->parameters = parameters ? yaml_json(&builder->json, parameters) : json_array();
    return policy->parameters ? STATUS_OK : STATUS_NO_MEMORY;
}

static void release_policies(struct config_route *route)
{
    for (size_t i = 0; i < route->policy_count; i++)
        json_decref(route->policies[i].parameters);
    route->policy_count = 0;
}

static enum status read_policies(struct builder *builder, const struct yaml_value *map,
                                 struct config_route *route)
{
    const struct yaml_value *value = yaml_member(map, TEXT("policies"));
    const struct yaml_items *items;

    if (!value)
        return missing(builder, "policies", "the event", map);
    enum status status = list_items(builder, value, "policies", &items);
    if (status != STATUS_OK)
        return status;
    route->policies = arena_alloc(&builder->owned->arena, items->count * sizeof *route->policies);
    if (!route->policies)
        return STATUS_NO_MEMORY;
    for (const struct yaml_item *item = items->first; item && status == STATUS_OK; item = item->next) {
        status = read_policy(builder, item->value, &route->policies[route->policy_count]);
        if (status == STATUS_OK)
            route->policy_count++;
    }
    return status;
}

/* Whatever stands for a name is one: 5 is "5". Of an event that is left out nobody asks for it. */
static enum status read_name(struct builder *builder, const struct yaml_value *value, bool enabled,
                             struct text *name)
{
    struct buffer spelled;

    buffer_init(&spelled, MAX_NAME);
    enum status status = yaml_string(&spelled, value);
    if (status == STATUS_OK)
        status = arena_copy_terminated(&builder->owned->arena, buffer_text(&spelled), name);
    else if (status != STATUS_NO_MEMORY)
        status = enabled ? unexpected(builder, "the name of an event", value) : STATUS_OK;
    buffer_deinit(&spelled);
    return status;
}

static bool is_enabled(const struct builder *builder, const struct yaml_value *map)
{
    const struct yaml_value *when = yaml_member(map, TEXT("when"));

    if (!when || !yaml_truthy(when))
        return true;
    return builder->node_env && when->type == YAML_STRING &&
           text_equal(when->text, text_from_cstr(builder->node_env));
}

/* A later event takes the place of an earlier one that has its name. */
static enum status add_route(struct builder *builder, const struct config_route *route)
{
    struct config *config = &builder->owned->config;
    struct config_route *same = names_find(&builder->owned->routes, route->name);

    if (same) {
        release_policies(same);
        *same = *route;
        return STATUS_OK;
    }
    config->routes[config->route_count] = *route;
    enum status status =
        names_put(&builder->owned->routes, route->name, &config->routes[config->route_count]);
    if (status == STATUS_OK)
        config->route_count++;
    return status;
}

static enum status read_event(struct builder *builder, const struct yaml_value *value)
{
    const struct yaml_value *name = yaml_member(value, TEXT("name"));
    struct config_route route = {.position = value->position};

    if (value->type != YAML_MAP)
        return unexpected(builder, "an event: a map with \"name\" and \"policies\"", value);
    if (!name)
        return missing(builder, "name", "the event", value);
    bool enabled = is_enabled(builder, value);
    enum status status = read_name(builder, name, enabled, &route.name);
    if (status != STATUS_OK)
        return status;
    builder->event = route.name;
    bool known;
    status = read_log_level(builder, value, &route.log_level, &known);
    if (status == STATUS_OK)
        status = read_policies(builder, value, &route);
    builder->event = TEXT("");
    if (status == STATUS_OK && enabled)
        status = add_route(builder, &route);
    if (status != STATUS_OK || !enabled)
        release_policies(&route);
    return status;
}

static enum status read_events(struct builder *builder, const struct yaml_value *document)
{
    const struct yaml_value *api = yaml_member(document, TEXT("api"));
    struct config *config = &builder->owned->config;
    const struct yaml_items *items;

    if (!api)
        return missing(builder, "api", "the config", document);
    const struct yaml_value *events = yaml_member(api, TEXT("events"));
    if (api->type != YAML_MAP)
        return unexpected(builder, "a map with \"events\"", api);
    if (!events)
        return missing(builder, "events", "\"api\"", api);
    enum status status = list_items(builder, events, "events", &items);
    if (status != STATUS_OK)
        return status;
    config->routes = arena_alloc(&builder->owned->arena, items->count * sizeof *config->routes);
    if (!config->routes)
        return STATUS_NO_MEMORY;
    for (const struct yaml_item *item = items->first; item && status == STATUS_OK; item = item->next)
        status = read_event(builder, item->value);
    return status;
}

static enum status read_document(struct builder *builder, struct text yaml)
{
    struct yaml_value *document;
    struct arena scratch;

    arena_init(&scratch, NULL, 0);
    yaml_json_init(&builder->json, &scratch);
    enum status status = yaml_parse(&document, yaml, &scratch, &builder->report);
    if (status == STATUS_OK && document->type != YAML_MAP)
        status = unexpected(builder, "a map with \"api\"", document);
    if (status == STATUS_OK)
        status = read_imports(builder, document);
    if (status == STATUS_OK)
        status = read_events(builder, document);
    yaml_json_deinit(&builder->json);
    arena_deinit(&scratch);
    return status;
}

/* As config_parse; the report has the name. */
static enum status build(struct config **config, struct text yaml, struct text directory,
                         const char *node_env, struct report report)
{
    struct owned_config *owned = malloc(sizeof *owned);
    struct builder builder = {.owned = owned, .node_env = node_env, .report = report};

    if (!owned)
        return STATUS_NO_MEMORY;
    *owned = (struct owned_config){0};
    arena_init(&owned->arena, NULL, 0);
    names_init(&owned->routes, &owned->arena);
    enum status status =
        arena_copy_terminated(&owned->arena, text_from_cstr(report.name), &owned->config.path);
    if (status == STATUS_OK)
        status = arena_copy_terminated(&owned->arena, directory, &owned->config.directory);
    if (status == STATUS_OK)
        status = read_document(&builder, yaml);
    if (status == STATUS_OK)
        *config = &owned->config;
    else
        config_destroy(&owned->config);
    return status == STATUS_NO_MEMORY ? report_file(&report, status, "out of memory") : status;
}

enum status config_parse(struct config **config, struct text yaml, const char *name, const char *directory,
                         const char *node_env, struct buffer *error)
{
    return build(config, yaml, text_from_cstr(directory), node_env, (struct report){name, error});
}

static enum status read_file(struct buffer *contents, int descriptor)
{
    for (;;) {
        enum status status = buffer_reserve(contents, READ_SIZE);
        if (status != STATUS_OK)
            return status;
        ssize_t count = read(descriptor, contents->data + contents->length, READ_SIZE);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return STATUS_SYSTEM;
        if (count == 0)
            return STATUS_OK;
        contents->length += (size_t)count;
    }
}

static enum status load_failed(const struct report *report, enum status status)
{
    char message[128];

    if (status == STATUS_LIMIT)
        return report_file(report, status, "cannot be read: larger than 16 MiB");
    if (status == STATUS_NO_MEMORY)
        return report_file(report, status, "out of memory");
    snprintf(message, sizeof message, "cannot be read: %s", strerror(errno));
    return report_file(report, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_SYSTEM, message);
}

enum status config_load(struct config **config, const char *path, const char *node_env, struct buffer *error)
{
    struct report report = {path, error};
    struct buffer contents;
    struct buffer directory;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);

    if (descriptor < 0)
        return load_failed(&report, STATUS_SYSTEM);
    buffer_init(&contents, MAX_FILE + READ_SIZE);
    buffer_init(&directory, BUFFER_UNLIMITED);
    enum status status = read_file(&contents, descriptor);
    if (status == STATUS_OK)
        status = path_directory(&directory, text_from_cstr(path));
    if (status == STATUS_OK)
        status = build(config, buffer_text(&contents), buffer_text(&directory), node_env, report);
    else
        status = load_failed(&report, status);
    close(descriptor);
    buffer_deinit(&directory);
    buffer_deinit(&contents);
    return status;
}

void config_destroy(struct config *config)
{
    if (!config)
        return;
    struct owned_config *owned = (struct owned_config *)(void *)config; /* its first member */
    for (size_t i = 0; i < config->route_count; i++)
        release_policies(&config->routes[i]);
    arena_deinit(&owned->arena);
    free(owned);
}

const struct config_route *config_route(const struct config *config, struct text name)
{
    const struct owned_config *owned = (const struct owned_config *)(const void *)config;

    return names_find(&owned->routes, name);
}
