#include "js/host_parts.h"

#include "json/shared.h"

#include <jansson.h>
#include <stdlib.h>

static enum status describe_chain(const struct chain *chain, struct buffer *out)
{
    json_t *policies = json_array();
    enum status status = STATUS_NO_MEMORY;
    char *text = NULL;

    for (size_t i = 0; policies && i < chain->count; i++) {
        const struct config_policy *policy = &chain->policies[i];
        enum log_level route_level = chain->route->log_level;
        enum log_level traces = policy->log_level < route_level ? policy->log_level : route_level;
        enum log_level emits = policy->log_level_known ? policy->log_level : route_level;
        json_t *described = json_pack("[s%oii]", policy->name.data, policy->name.length,
                                      json_mark_shared(policy->parameters), (int)emits, (int)traces);
        if (!described || json_array_append_new(policies, described) != 0)
            goto out;
    }
    text = policies ? json_dumps(policies, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    if (text)
        status = buffer_append_text(out, text_from_cstr(text));
out:
    free(text);
    json_decref(policies);
    return status;
}

enum status host_prepare(struct language *language, struct chain *chain, const struct registry *registry,
                         struct buffer *error)
{
    const struct js_guest *guest = guest_of(language);
    struct js_host *host = guest->host;
    struct buffer described;

    (void)registry; /* the world knows its handlers by their names */
    buffer_init(&described, BUFFER_UNLIMITED);
    enum status status = describe_chain(chain, &described);
    JSValueRef arguments[] = {status == STATUS_OK ? host_string(host, buffer_text(&described)) : NULL,
                              host_string(host, chain->route->name),
                              jsc.JSValueMakeNumber(host->world->context, guest->log->level)};
    buffer_deinit(&described);
    if (!arguments[0] || !arguments[1])
        return STATUS_NO_MEMORY;
    JSValueRef id = world_call(host->world, WORLD_PREPARE, arguments, 3, error);
    if (!id)
        return STATUS_INVALID;
    chain->id = (uint32_t)jsc.JSValueToNumber(host->world->context, id, NULL);
    return STATUS_OK;
}

static enum status register_handler(struct js_guest *guest, struct text module, struct text name,
                                    struct registry *registry, struct buffer *error)
{
    enum status status = registry_add(registry, name, &guest->language, HANDLER_SCRIPT, NULL);

    if (status != STATUS_INVALID)
        return status;
    status =
        buffer_printf(error, "%.*s: a handler in C is named '%.*s', too", TEXT_ARGS(module), TEXT_ARGS(name));
    return status == STATUS_OK ? STATUS_INVALID : status;
}

static enum status register_handlers(struct js_guest *guest, struct text module, struct text names,
                                     struct registry *registry, struct buffer *error)
{
    json_t *list = json_loadb(names.data, names.length, JSON_ALLOW_NUL, NULL);
    enum status status = list ? STATUS_OK : STATUS_NO_MEMORY;
    size_t index;
    json_t *name;

    json_array_foreach(list, index, name)
    {
        if (status == STATUS_OK)
            status = register_handler(guest, module,
                                      (struct text){json_string_value(name), json_string_length(name)},
                                      registry, error);
    }
    json_decref(list);
    return status;
}

/* What WORLD_LOAD or WORLD_LOADED gave. */
static enum status take_loaded(struct js_guest *guest, struct text name, JSValueRef loaded, bool *waits,
                               struct registry *registry, struct buffer *error)
{
    JSContextRef context = guest->host->world->context;
    struct buffer names;

    *waits = loaded && jsc.JSValueIsUndefined(context, loaded);
    if (!loaded)
        return STATUS_INVALID;
    if (*waits)
        return STATUS_OK;
    buffer_init(&names, BUFFER_UNLIMITED);
    enum status status = engine_append_value(&names, context, loaded);
    if (status == STATUS_OK)
        status = register_handlers(guest, name, buffer_text(&names), registry, error);
    buffer_deinit(&names);
    return status;
}

enum status js_host_load(struct js_guest *guest, struct text name, struct text directory,
                         struct registry *registry, bool *waits, struct buffer *error)
{
    struct js_host *host = guest->host;
    JSValueRef arguments[] = {host_string(host, name), host_string(host, directory)};

    if (!arguments[0] || !arguments[1])
        return STATUS_NO_MEMORY;
    enum status status = take_loaded(guest, name, world_call(host->world, WORLD_LOAD, arguments, 2, error),
                                     waits, registry, error);
    /* What only waited for promises is through now: their jobs ran as the call returned. */
    return status == STATUS_OK && *waits ? js_host_loaded(guest, name, registry, waits, error) : status;
}

enum status js_host_loaded(struct js_guest *guest, struct text name, struct registry *registry, bool *waits,
                           struct buffer *error)
{
    return take_loaded(guest, name, world_call(guest->host->world, WORLD_LOADED, NULL, 0, error), waits,
                       registry, error);
}
