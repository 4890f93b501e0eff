#include "config/yaml_map.h"
#include "config/javascript.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void yaml_map_init(struct yaml_map *map, struct yaml_value *value, struct arena *arena,
                   const struct report *report, size_t *merged)
{
    *map = (struct yaml_map){.value = value, .arena = arena, .report = report, .merged = merged};
    names_init(&map->keys, arena);
}

static void link_item(struct yaml_items *items, struct yaml_item *item)
{
    item->next = NULL;
    if (items->last)
        items->last->next = item;
    else
        items->first = item;
    items->last = item;
    items->count++;
}

struct yaml_item *yaml_items_append(struct yaml_items *items, struct arena *arena, struct yaml_value *value)
{
    struct yaml_item *item = arena_alloc(arena, sizeof *item);

    if (!item)
        return NULL;
    *item = (struct yaml_item){.value = value};
    link_item(items, item);
    return item;
}

static enum status add(struct yaml_map *map, struct text key, struct config_position position,
                       struct yaml_value *value, bool merged)
{
    struct yaml_item *item = yaml_items_append(&map->value->items, map->arena, value);

    if (!item)
        return STATUS_NO_MEMORY;
    item->key = key;
    item->key_position = position;
    item->merged = merged;
    return names_put(&map->keys, key, item);
}

enum status yaml_map_set(struct yaml_map *map, struct text key, struct config_position position,
                         struct yaml_value *value)
{
    struct yaml_item *item = names_find(&map->keys, key);
    struct text shown = report_shown(key);

    if (!item)
        return add(map, key, position, value, false);
    if (!item->merged)
        return report_at(map->report, position,
                         "the key \"%.*s\" is here twice: it was set at line %u, column %u", TEXT_ARGS(shown),
                         item->key_position.line, item->key_position.column);
    item->value = value;
    item->key_position = position;
    item->merged = false;
    return STATUS_OK;
}

static enum status count(struct yaml_map *map, struct config_position position)
{
    if ((*map->merged)++ < YAML_MAX_MERGED)
        return STATUS_OK;
    return report_at(map->report, position, "\"<<\" merges in too much: more than %d keys in one document",
                     YAML_MAX_MERGED);
}

static enum status merge_key(struct yaml_map *map, struct config_position position, struct text key,
                             struct yaml_value *value)
{
    enum status status = count(map, position);

    if (status != STATUS_OK || names_find(&map->keys, key))
        return status;
    return add(map, key, position, value, true);
}

static enum status merge_map(struct yaml_map *map, const struct yaml_value *source)
{
    enum status status = STATUS_OK;

    for (struct yaml_item *item = source->items.first; item && status == STATUS_OK; item = item->next)
        status = merge_key(map, source->position, item->key, item->value);
    return status;
}

static enum status merge_index(struct yaml_map *map, const struct yaml_value *source, size_t index,
                               struct yaml_value *value)
{
    char digits[24];
    struct text key;

    int length = snprintf(digits, sizeof digits, "%zu", index);
    enum status status = arena_copy(map->arena, (struct text){digits, (size_t)length + 1}, &key);
    key.length = (size_t)length; /* the NUL is behind it */
    return status == STATUS_OK ? merge_key(map, source->position, key, value) : status;
}

static enum status merge_list(struct yaml_map *map, const struct yaml_value *source)
{
    enum status status = STATUS_OK;
    size_t index = 0;

    for (struct yaml_item *item = source->items.first; item && status == STATUS_OK; item = item->next)
        status = merge_index(map, source, index++, item->value);
    return status;
}

static enum status merge_bytes(struct yaml_map *map, const struct yaml_value *source)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < source->text.length && status == STATUS_OK; i++) {
        struct yaml_value *byte = arena_alloc(map->arena, sizeof *byte);
        if (!byte)
            return STATUS_NO_MEMORY;
        *byte = (struct yaml_value){.type = YAML_NUMBER, .position = source->position, .size = 1};
        byte->number = (unsigned char)source->text.data[i];
        status = merge_index(map, source, i, byte);
    }
    return status;
}

static enum status merge_one(struct yaml_map *map, const struct yaml_value *source)
{
    enum status status = count(map, source->position);

    if (status != STATUS_OK)
        return status;
    switch (source->type) {
    case YAML_MAP: return merge_map(map, source);
    case YAML_LIST: return merge_list(map, source);
    case YAML_BINARY: return merge_bytes(map, source);
    case YAML_DATE: return STATUS_OK;
    default:
        return report_at(map->report, source->position,
                         "expected a map or a list of maps to merge in by \"<<\"");
    }
}

enum status yaml_map_merge(struct yaml_map *map, const struct yaml_value *source)
{
    enum status status = STATUS_OK;

    if (source->type != YAML_LIST)
        return merge_one(map, source);
    if (source->items.count > YAML_MAX_MERGE_LIST)
        return report_at(map->report, source->position, "\"<<\" takes at most %d maps", YAML_MAX_MERGE_LIST);
    for (struct yaml_item *item = source->items.first; item && status == STATUS_OK; item = item->next)
        status = merge_one(map, item->value);
    return status;
}

static int compare_indices(const void *a, const void *b)
{
    const struct yaml_item *const *left = a;
    const struct yaml_item *const *right = b;
    uint32_t x = 0;
    uint32_t y = 0;

    javascript_index((*left)->key, &x);
    javascript_index((*right)->key, &y);
    return (x > y) - (x < y);
}

enum status yaml_map_finish(struct yaml_map *map)
{
    struct yaml_items *items = &map->value->items;
    struct yaml_items ordered = {0};
    struct yaml_item **indices = arena_alloc(map->arena, items->count * sizeof *indices);
    struct yaml_item **others = arena_alloc(map->arena, items->count * sizeof *others);
    size_t index_count = 0;
    size_t other_count = 0;
    uint32_t index;

    if (!indices || !others)
        return STATUS_NO_MEMORY;
    for (struct yaml_item *item = items->first; item; item = item->next) {
        if (javascript_index(item->key, &index))
            indices[index_count++] = item;
        else
            others[other_count++] = item;
    }
    if (index_count == 0)
        return STATUS_OK;
    qsort(indices, index_count, sizeof *indices, compare_indices);
    for (size_t i = 0; i < index_count; i++)
        link_item(&ordered, indices[i]);
    for (size_t i = 0; i < other_count; i++)
        link_item(&ordered, others[i]);
    *items = ordered;
    return STATUS_OK;
}
