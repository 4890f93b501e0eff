#include "json/shared.h"

#include <stdint.h>
#include <stdio.h>

static json_t *copy_list(const json_t *list)
{
    json_t *copy = json_array();

    for (size_t i = 0; copy && i < json_array_size(list); i++) {
        if (json_array_append_new(copy, json_mark_shared(json_array_get(list, i))) != 0) {
            json_decref(copy);
            copy = NULL;
        }
    }
    return copy;
}

static json_t *copy_map(const json_t *map)
{
    json_t *copy = json_object();
    void *at = json_object_iter((json_t *)(uintptr_t)map); /* jansson's iterators know no const */

    for (; copy && at; at = json_object_iter_next((json_t *)(uintptr_t)map, at)) {
        if (json_object_setn_new_nocheck(copy, json_object_iter_key(at), json_object_iter_key_len(at),
                                         json_mark_shared(json_object_iter_value(at))) != 0) {
            json_decref(copy);
            copy = NULL;
        }
    }
    return copy;
}

json_t *json_mark_shared(const json_t *value)
{
    char id[2 * sizeof value + 1];

    if (!json_is_array(value) && !json_is_object(value))
        return json_incref((json_t *)(uintptr_t)value);
    json_t *copy = json_is_array(value) ? copy_list(value) : copy_map(value);
    if (!copy || value->refcount == 1)
        return copy;
    snprintf(id, sizeof id, "%jx", (uintmax_t)(uintptr_t)value);
    return json_pack("{s:[s,o]}", "$shared", id, copy);
}
