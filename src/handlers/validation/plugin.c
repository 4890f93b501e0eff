#include "handlers/validation/plugin.h"

__attribute__((visibility("default"))) extern const struct validation_plugin configurapi_validation;

const struct validation_plugin configurapi_validation = {
    .version = VALIDATION_PLUGIN_VERSION,
    .schema_create = schema_create,
    .schema_destroy = schema_destroy,
    .schema_validate = schema_validate,
    .pattern_create = pattern_create,
    .pattern_destroy = pattern_destroy,
    .pattern_matches = pattern_matches,
};
