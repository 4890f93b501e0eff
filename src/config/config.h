#pragma once

#include "base/buffer.h"
#include "base/log.h"
#include "base/status.h"
#include "base/text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * config.yaml as plain structs: exactly what configurapi 1.9.0's Config accepts and means by it, scalars as
 * js-yaml 3's safeLoad reads them. Everything is owned by the config and freed with it; nothing changes after
 * config_load, so it may be read from any thread.
 */

/* Where something stands in the file: both count from 1. */
struct config_position {
    unsigned line;
    unsigned column;
};

struct config_policy {
    struct text name; /* NUL-terminated too */
    /* A JSON array, never NULL; empty where the policy has no list of parameters. A YAML timestamp is an
     * object {"$date": "<ISO 8601>"}, !!binary {"$binary": "<base64>"}, a float that JSON does not have
     * {"$number": "NaN"}, "Infinity", "-Infinity" or "-0"; a map's own key that starts with '$' is then
     * written with one '$' more. What aliases put into several places is one json_t in all of them. */
    json_t *parameters;
    enum log_level log_level; /* LOG_TRACE where nothing is said */
    bool log_level_known;     /* false: a word that names no level. log_level is then LOG_NONE, but what the
                                 handler emits goes by its route's level, as in 1.9.0 */
    struct config_position position;
};

struct config_route {
    struct text name; /* NUL-terminated too */
    enum log_level log_level;
    struct config_policy *policies;
    size_t policy_count;
    struct config_position position;
};

struct config_import {
    struct text name; /* as written, or absolute where it starts with '.'; NUL-terminated too */
    struct config_position position;
};

struct config {
    struct text path;      /* as given to config_load; config_parse's `name` */
    struct text directory; /* absolute: where relative imports and handlers/ are looked up */
    struct config_import *imports;
    size_t import_count;
    struct config_route *routes; /* the enabled ones, one of each name: the last that the file has */
    size_t route_count;
};

/*
 * Reads a file. `node_env` is NODE_ENV's value, NULL where it is not set: routes whose `when` is another are
 * left out. On anything but STATUS_OK *config is unchanged and `error` holds one line that names the place
 * and what was expected: "config.yaml:7:11: expected …" (the path as given).
 */
NODISCARD enum status config_load(struct config **config, const char *path, const char *node_env,
                                  struct buffer *error);

/* The same from memory; `name` stands in errors where the path would, `directory` is absolute. */
NODISCARD enum status config_parse(struct config **config, struct text yaml, const char *name,
                                   const char *directory, const char *node_env, struct buffer *error);

void config_destroy(struct config *config); /* NULL is fine */

/* The route of that name, NULL where there is none. */
const struct config_route *config_route(const struct config *config, struct text name);
