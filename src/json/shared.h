#pragma once

#include <jansson.h>

/*
 * JSON text has no two places for one object; values that do (YAML's aliases) are marked on their way into
 * it: a copy of `value` in which every list and map that has more than one owner, as its reference count
 * says, is
 * {"$shared": ["<id>", it]}, the same id wherever it stands. Ids are unique as long as `value` lives. The
 * caller owns the copy; NULL when memory is out.
 */
json_t *json_mark_shared(const json_t *value);
