/*
 * Writes what config_parse makes of documents, for comparison with the npm package.
 *
 *     config-dump DIRECTORY [NODE_ENV] < documents
 *
 * Standard input holds, for each document, its length (4 bytes, the lowest first) and its bytes. Each gets a
 * line of JSON:
 * {"error": "document:1:1: …"}, or {"imports": […], "routes": [{"name", "logLevel", "policies": [{"name",
 * "logLevel", "parameters"}]}]}; a policy's logLevel is null where its word names none.
 */
#include "config/config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const levels[] = {
    [LOG_NONE] = "none",   [LOG_ERROR] = "error", [LOG_INFO] = "info",
    [LOG_TRACE] = "trace", [LOG_DEBUG] = "debug",
};

static json_t *string(struct text text)
{
    return json_stringn_nocheck(text.data, text.length);
}

static json_t *policies_json(const struct config_route *route)
{
    json_t *list = json_array();

    for (size_t i = 0; i < route->policy_count; i++) {
        const struct config_policy *policy = &route->policies[i];
        json_array_append_new(list, json_pack("{s:o, s:s?, s:O}", "name", string(policy->name), "logLevel",
                                              policy->log_level_known ? levels[policy->log_level] : NULL,
                                              "parameters", policy->parameters));
    }
    return list;
}

static json_t *config_json(const struct config *config)
{
    json_t *imports = json_array();
    json_t *routes = json_array();

    for (size_t i = 0; i < config->import_count; i++)
        json_array_append_new(imports, string(config->imports[i].name));
    for (size_t i = 0; i < config->route_count; i++) {
        const struct config_route *route = &config->routes[i];
        json_array_append_new(routes, json_pack("{s:o, s:s, s:o}", "name", string(route->name), "logLevel",
                                                levels[route->log_level], "policies", policies_json(route)));
    }
    return json_pack("{s:o, s:o}", "imports", imports, "routes", routes);
}

static json_t *dump(struct text yaml, const char *directory, const char *node_env)
{
    struct config *config = NULL;
    struct buffer error;
    json_t *result;

    buffer_init(&error, BUFFER_UNLIMITED);
    if (config_parse(&config, yaml, "document", directory, node_env, &error) == STATUS_OK)
        result = config_json(config);
    else
        result = json_pack("{s:o}", "error", string(buffer_text(&error)));
    config_destroy(config);
    buffer_deinit(&error);
    return result;
}

/* False at the end of the input. */
static bool next_document(struct buffer *document)
{
    uint8_t header[4];

    buffer_clear(document);
    if (fread(header, 1, sizeof header, stdin) != sizeof header)
        return false;
    size_t length = header[0] | (size_t)header[1] << 8 | (size_t)header[2] << 16 | (size_t)header[3] << 24;
    if (buffer_reserve(document, length) != STATUS_OK)
        return false;
    document->length = fread(document->data, 1, length, stdin);
    return document->length == length;
}

int main(int argc, char **argv)
{
    struct buffer document;

    if (argc < 2)
        return EXIT_FAILURE;
    buffer_init(&document, BUFFER_UNLIMITED);
    while (next_document(&document)) {
        json_t *json = dump(buffer_text(&document), argv[1], argc > 2 ? argv[2] : NULL);
        char *line = json_dumps(json, JSON_COMPACT);
        puts(line);
        free(line);
        json_decref(json);
    }
    buffer_deinit(&document);
    return EXIT_SUCCESS;
}
