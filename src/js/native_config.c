#include "config/config.h"
#include "js/native.h"
#include "json/shared.h"

#include <jansson.h>
#include <stdlib.h>

static const char *const levels[] = {[LOG_NONE] = "none",
                                     [LOG_ERROR] = "error",
                                     [LOG_INFO] = "info",
                                     [LOG_TRACE] = "trace",
                                     [LOG_DEBUG] = "debug"};

static json_t *describe_route(const struct config_route *route)
{
    json_t *policies = json_array();

    for (size_t i = 0; i < route->policy_count; i++) {
        const struct config_policy *policy = &route->policies[i];
        const char *level = policy->log_level_known ? levels[policy->log_level] : NULL;
        json_array_append_new(policies, json_pack("{s:s%,s:o,s:s*}", "name", policy->name.data,
                                                  policy->name.length, "parameters",
                                                  json_mark_shared(policy->parameters), "logLevel", level));
    }
    return json_pack("{s:s%,s:s,s:o}", "name", route->name.data, route->name.length, "logLevel",
                     levels[route->log_level], "policies", policies);
}

/* {"modules":[…],"routes":[{"name","logLevel","policies":[{"name","parameters","logLevel"}]}]}; NULL: out of
 * memory. */
static char *describe(const struct config *config)
{
    json_t *modules = json_array();
    json_t *routes = json_array();

    for (size_t i = 0; i < config->import_count; i++)
        json_array_append_new(modules,
                              json_stringn(config->imports[i].name.data, config->imports[i].name.length));
    for (size_t i = 0; i < config->route_count; i++)
        json_array_append_new(routes, describe_route(&config->routes[i]));
    json_t *described = json_pack("{s:o,s:o}", "modules", modules, "routes", routes);
    char *text = described ? json_dumps(described, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(described);
    return text;
}

static JSValueRef parse(JSContextRef context, const struct buffer texts[3], JSValueRef *exception)
{
    struct config *config;
    struct buffer error;
    JSValueRef result;

    buffer_init(&error, BUFFER_UNLIMITED);
    struct text content = {texts[0].data, texts[0].length - 1};
    enum status status =
        config_parse(&config, content, texts[1].data, texts[2].data, getenv("NODE_ENV"), &error);
    if (status == STATUS_OK) {
        char *text = describe(config);
        result = text ? native_string(context, text_from_cstr(text), exception)
                      : native_throw(context, exception, "Error", "out of memory");
        free(text);
        config_destroy(config);
    } else {
        result = native_throw(context, exception, "Error", "%.*s", TEXT_ARGS(buffer_text(&error)));
    }
    buffer_deinit(&error);
    return result;
}

/* parseConfig(content, name, directory) -> JSON text */
static JSValueRef parse_config(JSContextRef context, JSObjectRef function, JSObjectRef this_object,
                               size_t count, const JSValueRef arguments[], JSValueRef *exception)
{
    struct buffer texts[3];
    bool good = count >= 3;

    (void)function, (void)this_object;
    for (size_t i = 0; i < 3; i++)
        buffer_init(&texts[i], BUFFER_UNLIMITED);
    for (size_t i = 0; i < 3 && good; i++)
        good = native_argument_text(context, arguments[i], &texts[i], exception) &&
               buffer_append(&texts[i], "", 1) == STATUS_OK;
    JSValueRef result = good ? parse(context, texts, exception) : jsc.JSValueMakeUndefined(context);
    for (size_t i = 0; i < 3; i++)
        buffer_deinit(&texts[i]);
    return result;
}

const struct native native_config[] = {{"parseConfig", parse_config}, {NULL, NULL}};
