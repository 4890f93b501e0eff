#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"
#include "config/config.h"
#include "config/names.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A YAML document as js-yaml 3's safeLoad gives it to JavaScript: aliases followed, merge keys merged, tags
 * applied, keys turned into strings and listed in JavaScript's order (indices first). Values live in an arena
 * and may be shared.
 */
enum yaml_type {
    YAML_NULL,
    YAML_BOOL,
    YAML_NUMBER,
    YAML_DATE,
    YAML_STRING,
    YAML_BINARY,
    YAML_LIST,
    YAML_MAP,
};

struct yaml_item {
    struct yaml_item *next;
    struct text key; /* of a map's item, as are the next two; NUL-terminated, data never NULL */
    struct config_position key_position;
    bool merged; /* came in by "<<" and was not set since */
    struct yaml_value *value;
};

struct yaml_items {
    struct yaml_item *first;
    struct yaml_item *last;
    size_t count;
};

struct yaml_value {
    enum yaml_type type;
    /* An alias's: where the alias stands; where it was left out: where its key or dash stands. */
    struct config_position position;
    unsigned depth; /* of nesting: 0 for a scalar */
    size_t size;    /* how many values this is when every alias is written out; long texts count as several */
    const struct yaml_value *original; /* of an alias: what it stands for; NULL otherwise */
    union {
        bool boolean;
        double number;           /* of a date the milliseconds since 1970 */
        struct text text;        /* YAML_STRING; YAML_BINARY: the bytes; NUL-terminated, data never NULL */
        struct yaml_items items; /* YAML_LIST, YAML_MAP */
    };
};

/* The value of a map's own key; NULL where it has none or the value is no map. */
const struct yaml_value *yaml_member(const struct yaml_value *value, struct text key);

/* JavaScript's truth: everything but null, false, 0, NaN and "". */
bool yaml_truthy(const struct yaml_value *value);

/* Appends String(value), but dates in UTC. STATUS_INVALID where JavaScript has none (a map with a "toString"
 * of its own), STATUS_LIMIT where the buffer's limit is passed. */
NODISCARD enum status yaml_string(struct buffer *out, const struct yaml_value *value);

/* What a message calls the value: "a list", "the number 5". Appended to the buffer; memory that is out leaves
 * less. */
void yaml_describe(struct buffer *out, const struct yaml_value *value);

/*
 * Values as JSON, with config.h's "$date" and so on. A list, map, date or bytes that aliases or "<<" put into
 * several places is one json_t in all of them.
 */
struct yaml_json {
    struct arena *arena;
    struct names made; /* by the address of the yaml_value */
    struct yaml_json_value *first;
};

void yaml_json_init(struct yaml_json *json, struct arena *arena);
void yaml_json_deinit(struct yaml_json *json); /* values that the caller owns stay */

/* NULL where memory is out. The caller owns it. */
NODISCARD json_t *yaml_json(struct yaml_json *json, const struct yaml_value *value);
