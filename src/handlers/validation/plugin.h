#pragma once

#include "handlers/validation/pattern.h"
#include "handlers/validation/schema.h"

/*
 * Schemas and regular expressions are a shared object of their own, configurapi-validation.so beside the
 * program or in its folder under the libraries, opened when a handler first needs them: valijson brings C++'s
 * library along and patterns PCRE2, which most programs never use.
 */

#define VALIDATION_PLUGIN_SYMBOL "configurapi_validation"

enum { VALIDATION_PLUGIN_VERSION = 2 };

struct validation_plugin {
    unsigned version;
    enum status (*schema_create)(struct schema **schema, struct text json, struct buffer *error);
    void (*schema_destroy)(struct schema *schema);
    enum status (*schema_validate)(const struct schema *schema, const json_t *value, struct buffer *failures);
    enum status (*pattern_create)(struct pattern **pattern, struct text source);
    void (*pattern_destroy)(struct pattern *pattern);
    enum status (*pattern_matches)(const struct pattern *pattern, struct text subject, bool whole,
                                   struct text groups[PATTERN_GROUPS], uint64_t *steps);
};
