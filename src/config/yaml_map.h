#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "config/names.h"
#include "config/report.h"
#include "config/yaml_value.h"

#include <stdbool.h>

enum {
    YAML_MAX_MERGED = 10000,   /* maps and keys merged in by "<<" in a document; js-yaml's limit too */
    YAML_MAX_MERGE_LIST = 100, /* maps in one "<<"; js-yaml's limit too */
};

/* A map that is being read, with js-yaml's rules for keys that come twice. */
struct yaml_map {
    struct yaml_value *value;
    struct names keys; /* to struct yaml_item */
    struct arena *arena;
    const struct report *report;
    size_t *merged; /* how much "<<" has merged in so far, in the whole document */
};

void yaml_map_init(struct yaml_map *map, struct yaml_value *value, struct arena *arena,
                   const struct report *report, size_t *merged);
/* A key and its value. The same key twice is an error, except that the first may have come in by a merge. */
NODISCARD enum status yaml_map_set(struct yaml_map *map, struct text key, struct config_position position,
                                   struct yaml_value *value);
/* The value of "<<": a map, or a list of maps; keys that are there stay as they are. What else is an object
 * to JavaScript may be merged in too: lists and bytes have their indices for keys, dates have none. */
NODISCARD enum status yaml_map_merge(struct yaml_map *map, const struct yaml_value *source);
/* Puts the keys into JavaScript's order: indices first, from the smallest to the largest. */
NODISCARD enum status yaml_map_finish(struct yaml_map *map);

/* Adds to a list or a map; NULL where memory is out. */
struct yaml_item *yaml_items_append(struct yaml_items *items, struct arena *arena, struct yaml_value *value);
