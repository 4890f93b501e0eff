#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "config/report.h"
#include "config/yaml_value.h"

enum {
    YAML_MAX_SIZE = 1000000,    /* values in a document, aliases written out */
    YAML_MAX_DEPTH = 256,       /* of nesting, aliases written out */
    YAML_MAX_KEY = 1024 * 1024, /* bytes of a list that is spelled as a key */
};

/*
 * Reads the one document of a text as js-yaml 3's safeLoad does; *root is YAML_NULL for an empty one. The
 * tree lives in the arena, which also gets what is needed on the way. STATUS_INVALID: the report says what is
 * wrong and where.
 */
NODISCARD enum status yaml_parse(struct yaml_value **root, struct text text, struct arena *arena,
                                 const struct report *report);
