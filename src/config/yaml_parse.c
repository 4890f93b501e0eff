#include "config/yaml_parse.h"
#include "config/names.h"
#include "config/yaml_block.h"
#include "config/yaml_map.h"
#include "config/yaml_reader.h"
#include "config/yaml_tag.h"

#include <assert.h>
#include <string.h>

struct parser {
    struct yaml_reader reader;
    struct arena *arena;
    const struct report *report;
    struct names anchors; /* to struct anchor */
    unsigned depth;
    size_t merged;
};

struct anchor {
    struct yaml_value *value;
    bool open; /* what it stands for is being read */
};

static struct yaml_value *new_value(struct parser *parser, enum yaml_type type,
                                    struct config_position position)
{
    struct yaml_value *value = arena_alloc(parser->arena, sizeof *value);

    if (value)
        *value = (struct yaml_value){.type = type, .position = position, .size = 1};
    return value;
}

static enum status set_anchor(struct parser *parser, struct text name, struct yaml_value *value, bool open)
{
    struct anchor *anchor = arena_alloc(parser->arena, sizeof *anchor);

    if (!anchor)
        return STATUS_NO_MEMORY;
    *anchor = (struct anchor){value, open};
    return names_put(&parser->anchors, name, anchor);
}

static enum status follow_alias(struct parser *parser, const struct yaml_event *event,
                                struct yaml_value **value)
{
    const struct anchor *anchor = names_find(&parser->anchors, event->anchor);
    struct text shown = report_shown(event->anchor);

    if (!anchor)
        return report_at(parser->report, event->position, "the alias *%.*s has no anchor &%.*s before it",
                         TEXT_ARGS(shown), TEXT_ARGS(shown));
    if (anchor->open)
        return report_at(parser->report, event->position, "the alias *%.*s stands inside what it stands for",
                         TEXT_ARGS(shown));
    *value = new_value(parser, YAML_NULL, event->position);
    if (!*value)
        return STATUS_NO_MEMORY;
    **value = *anchor->value; /* items are shared */
    (*value)->position = event->position;
    (*value)->original = anchor->value;
    return STATUS_OK;
}

static enum status too_deep(struct parser *parser, struct config_position position)
{
    return report_at(parser->report, position, "the document is nested too deeply: more than %d levels",
                     YAML_MAX_DEPTH);
}

/* Sums up a list or a map that is complete. */
static enum status measure(struct parser *parser, struct yaml_value *value)
{
    for (struct yaml_item *item = value->items.first; item; item = item->next) {
        value->size += item->value->size + item->key.length / YAML_BYTES_PER_VALUE;
        if (value->size > YAML_MAX_SIZE)
            return report_at(parser->report, value->position,
                             "the document is too large: more than %d values, aliases written out",
                             YAML_MAX_SIZE);
        if (value->depth <= item->value->depth)
            value->depth = item->value->depth + 1;
    }
    return value->depth > YAML_MAX_DEPTH ? too_deep(parser, value->position) : STATUS_OK;
}

/* Looks at how an element stands to the list or the map it is in, and gives a block scalar its text. */
static enum status place(struct parser *parser, const struct yaml_value *parent, bool flow,
                         struct yaml_event *event)
{
    unsigned least = parent->position.column + 1;
    struct buffer text;

    /* A list may stand right below its key. */
    if (parent->type == YAML_MAP && event->type == YAML_EVENT_LIST && !event->flow)
        least--;
    if (!flow && !event->missing && event->position.column < least)
        return report_at(parser->report, event->position, "expected this to be indented further");

    if (event->block.length == 0)
        return STATUS_OK;
    buffer_init(&text, BUFFER_UNLIMITED);
    enum status status = yaml_block_append(&text, event->block, parent->position.column - 1);
    if (status == STATUS_OK)
        status = arena_copy_terminated(parser->arena, buffer_text(&text), &event->text);
    else if (status == STATUS_INVALID)
        status = report_at(parser->report, event->position,
                           "expected indented lines of text; write \"\" where there are none");
    buffer_deinit(&text);
    return status;
}

static enum status read_value(struct parser *parser, const struct yaml_event *event,
                              struct yaml_value **value);

static enum status read_list(struct parser *parser, const struct yaml_event *start, struct yaml_value *list)
{
    struct yaml_event event;
    struct yaml_value *value;

    for (;;) {
        enum status status = yaml_reader_next(&parser->reader, &event);
        if (status != STATUS_OK)
            return status;
        if (event.type == YAML_EVENT_LIST_END)
            break;
        if (event.missing)
            yaml_reader_pass(&parser->reader, '-');
        status = place(parser, list, start->flow, &event);
        if (status == STATUS_OK)
            status = read_value(parser, &event, &value);
        if (status != STATUS_OK)
            return status;
        if (!yaml_items_append(&list->items, parser->arena, value))
            return STATUS_NO_MEMORY;
    }
    enum status status = yaml_tag_list(list, start, parser->arena, parser->report);
    return status == STATUS_OK ? measure(parser, list) : status;
}

/* String(key), but that js-yaml takes no list within a list and asks no map. */
static enum status spell_key(struct parser *parser, const struct yaml_value *key, struct buffer *spelled)
{
    enum status status = STATUS_OK;

    if (key->type == YAML_MAP)
        return buffer_append_text(spelled, TEXT("[object Object]"));
    if (key->type != YAML_LIST)
        return yaml_string(spelled, key);
    for (struct yaml_item *item = key->items.first; item && status == STATUS_OK; item = item->next) {
        if (item->value->type == YAML_LIST)
            return report_at(parser->report, item->value->position,
                             "a key cannot be a list that holds lists");
        if (item != key->items.first)
            status = buffer_append(spelled, ",", 1);
        if (status == STATUS_OK && item->value->type != YAML_NULL)
            status = spell_key(parser, item->value, spelled);
    }
    return status;
}

static enum status key_text(struct parser *parser, const struct yaml_value *key, struct text *text)
{
    struct buffer spelled;

    *text = key->type == YAML_STRING ? key->text : TEXT("");
    if (key->type == YAML_STRING)
        return STATUS_OK;
    buffer_init(&spelled, YAML_MAX_KEY);
    enum status status = spell_key(parser, key, &spelled);
    if (status == STATUS_OK)
        status = arena_copy_terminated(parser->arena, buffer_text(&spelled), text);
    else if (status == STATUS_LIMIT)
        status =
            report_at(parser->report, key->position, "the key is too long: more than %d bytes", YAML_MAX_KEY);
    buffer_deinit(&spelled);
    return status;
}

/* Where js-yaml is stricter than YAML about keys. */
static enum status check_key(struct parser *parser, const struct yaml_map *map, const struct yaml_event *key,
                             bool flow, bool explicit_key)
{
    struct config_position colon;

    if (explicit_key)
        return STATUS_OK;
    if (!flow && key->missing && yaml_reader_sees(&parser->reader, ':', &colon))
        return report_at(parser->report, key->position, "expected a key before the colon");
    if (!flow && !map->value->items.first &&
        (key->tag.length > 0 || (key->type != YAML_EVENT_ALIAS && key->anchor.length > 0)))
        return report_at(parser->report, key->position,
                         "the first key of a map cannot have a tag or an anchor");
    if (flow && key->type != YAML_EVENT_LIST && key->type != YAML_EVENT_MAP &&
        yaml_reader_sees(&parser->reader, ':', &colon) && colon.line != key->position.line)
        return report_at(parser->report, colon, "expected the colon on the line of its key");
    return STATUS_OK;
}

/* A key, whose event was read, and its value. */
static enum status read_member(struct parser *parser, struct yaml_map *map, bool flow, bool explicit_key,
                               struct yaml_event *key_event)
{
    struct yaml_event event;
    struct yaml_value *key;
    struct yaml_value *value;
    struct text name;

    /* A map without brackets begins where its first key does; libfyaml's mark can be behind that. */
    if (!map->value->items.first && key_event->position.line == map->value->position.line &&
        key_event->position.column < map->value->position.column)
        map->value->position = key_event->position;
    enum status status = check_key(parser, map, key_event, flow, explicit_key);
    if (status == STATUS_OK)
        status = place(parser, map->value, flow || !explicit_key, key_event);
    if (status == STATUS_OK)
        status = read_value(parser, key_event, &key);
    if (status == STATUS_OK)
        status = key_text(parser, key, &name);
    if (status == STATUS_OK)
        status = yaml_reader_next(&parser->reader, &event);
    if (status != STATUS_OK)
        return status;
    if (event.missing) {
        event.position = key_event->position;
        yaml_reader_pass(&parser->reader, ':');
    }
    status = place(parser, map->value, flow, &event);
    if (status == STATUS_OK)
        status = read_value(parser, &event, &value);
    if (status != STATUS_OK)
        return status;
    /* js-yaml sees no merge key behind a '?', except in brackets. */
    if (yaml_tag_is_merge(key_event) && (flow || !explicit_key))
        return yaml_map_merge(map, value);
    return yaml_map_set(map, name, key_event->position, value);
}

static enum status read_map(struct parser *parser, const struct yaml_event *start, struct yaml_value *value)
{
    struct config_position position;
    struct yaml_event event;
    struct yaml_map map;
    enum status status = STATUS_OK;

    yaml_map_init(&map, value, parser->arena, parser->report, &parser->merged);
    while (status == STATUS_OK) {
        if (start->flow)
            yaml_reader_pass(&parser->reader, ',');
        bool explicit_key = yaml_reader_sees(&parser->reader, '?', &position);
        yaml_reader_pass(&parser->reader, '?');
        status = yaml_reader_next(&parser->reader, &event);
        if (status == STATUS_OK && event.type == YAML_EVENT_MAP_END)
            break;
        if (status == STATUS_OK)
            status = read_member(parser, &map, start->flow, explicit_key, &event);
    }
    if (status == STATUS_OK)
        status = yaml_map_finish(&map);
    if (status == STATUS_OK)
        status = yaml_tag_map(value, start, parser->report);
    return status == STATUS_OK ? measure(parser, value) : status;
}

static enum status read_collection(struct parser *parser, const struct yaml_event *event,
                                   struct yaml_value *value)
{
    enum status status = STATUS_OK;

    if (parser->depth == YAML_MAX_DEPTH)
        return too_deep(parser, event->position);
    if (event->anchor.length > 0)
        status = set_anchor(parser, event->anchor, value, true);
    if (status != STATUS_OK)
        return status;
    parser->depth++;
    if (value->type == YAML_LIST)
        status = read_list(parser, event, value);
    else
        status = read_map(parser, event, value);
    parser->depth--;
    return status;
}

static enum status read_value(struct parser *parser, const struct yaml_event *event,
                              struct yaml_value **value)
{
    enum status status;

    if (event->type == YAML_EVENT_ALIAS)
        return follow_alias(parser, event, value);
    assert(event->type == YAML_EVENT_SCALAR || event->type == YAML_EVENT_LIST ||
           event->type == YAML_EVENT_MAP);
    *value = new_value(parser, YAML_NULL, event->position);
    if (!*value)
        return STATUS_NO_MEMORY;
    if (event->type == YAML_EVENT_SCALAR) {
        status = yaml_tag_scalar(*value, event, parser->arena, parser->report);
    } else {
        (*value)->type = event->type == YAML_EVENT_LIST ? YAML_LIST : YAML_MAP;
        status = read_collection(parser, event, *value);
    }
    if (status == STATUS_OK && event->anchor.length > 0)
        status = set_anchor(parser, event->anchor, *value, false);
    return status;
}

static enum status read_document(struct parser *parser, struct yaml_value **root)
{
    struct yaml_event event;
    enum status status = yaml_reader_next(&parser->reader, &event);

    if (status == STATUS_OK && event.type == YAML_EVENT_END) {
        *root = new_value(parser, YAML_NULL, (struct config_position){1, 1});
        return *root ? STATUS_OK : STATUS_NO_MEMORY;
    }
    if (status == STATUS_OK)
        status = place(parser, &(struct yaml_value){.position = {1, 1}}, true, &event);
    if (status == STATUS_OK)
        status = read_value(parser, &event, root);
    if (status == STATUS_OK)
        status = yaml_reader_next(&parser->reader, &event);
    assert(status != STATUS_OK || event.type == YAML_EVENT_END);
    return status;
}

enum status yaml_parse(struct yaml_value **root, struct text text, struct arena *arena,
                       const struct report *report)
{
    struct parser parser = {.arena = arena, .report = report};
    enum status status = yaml_reader_open(&parser.reader, text, arena, report);

    if (status != STATUS_OK)
        return status;
    names_init(&parser.anchors, arena);
    status = read_document(&parser, root);
    yaml_reader_close(&parser.reader);
    return status;
}
