#include "config/yaml_parse.h"
#include "config/javascript.h"
#include "config/names.h"
#include "config/unicode.h"
#include "config/yaml_scalar.h"
#include "config/yaml_source.h"

#include <assert.h>
#include <libfyaml.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct fy_parser *parser;
    struct fy_diag *diag;
    struct arena *arena;
    const struct report *report;
    struct text source;
    struct names anchors; /* to struct anchor */
    unsigned depth;
    size_t merged;
    struct yaml_place
        end; /* nothing between here and the next event but indicators, comments and white space */
};

struct anchor {
    struct yaml_value *value;
    bool open; /* its own contents are being read */
};

/* An event that begins or is a node, without what belongs to libfyaml. */
struct node {
    enum fy_event_type type;
    struct config_position position;
    struct text tag;    /* in full; empty where there is none */
    struct text anchor; /* of an alias the name it refers to */
    struct text text;
    bool flow;    /* a collection in brackets */
    bool plain;   /* a scalar without quotes or indicator */
    bool missing; /* a scalar that was left out */
};

static struct config_position position_of(const struct fy_mark *mark)
{
    return (struct config_position){(unsigned)mark->line + 1, (unsigned)mark->column + 1};
}

static char char_at(const struct reader *reader, size_t offset)
{
    return offset < reader->source.length ? reader->source.data[offset] : '\0';
}

static enum status keep(struct reader *reader, const char *data, size_t length, struct text *copy)
{
    char *bytes = arena_alloc(reader->arena, length + 1);

    if (!bytes)
        return STATUS_NO_MEMORY;
    if (length > 0)
        memcpy(bytes, data, length);
    bytes[length] = '\0';
    *copy = (struct text){bytes, length};
    return STATUS_OK;
}

static enum status keep_token(struct reader *reader, struct fy_token *token, struct text *copy)
{
    size_t length = 0;
    const char *data = fy_token_get_text(token, &length);

    return data ? keep(reader, data, length, copy) : STATUS_NO_MEMORY;
}

static enum status syntax_error(struct reader *reader)
{
    struct fy_diag_error *error;
    struct config_position position = reader->end.position;
    const char *message = "expected something else than what follows here";
    void *at = NULL;

    while ((error = fy_diag_errors_iterate(reader->diag, &at))) {
        if (error->type == FYET_ERROR) {
            position = (struct config_position){(unsigned)error->line, (unsigned)error->column};
            message = error->msg;
            break;
        }
    }
    reader->repaired = yaml_source_repair(reader->source, position);
    return report_at(reader->report, position, "%s", message);
}

static enum status next_event(struct reader *reader, struct fy_event **event)
{
    *event = fy_parser_parse(reader->parser);
    return *event ? STATUS_OK : syntax_error(reader);
}

/* Where the indicator of a block scalar stands: libfyaml's mark is its first line of text. */
static struct config_position block_scalar_position(const struct reader *reader)
{
    struct yaml_place place = reader->end;

    for (;;) {
        place = yaml_source_skip(reader->source, place);
        char c = char_at(reader, place.offset);
        if (c == '|' || c == '>' || c == '\0')
            return place.position;
        /* Tags and anchors may hold any of the indicators, so they are skipped as words. */
        bool word = c == '!' || c == '&';
        do {
            place.offset++;
            place.position.column++;
            c = char_at(reader, place.offset);
        } while (word && c != ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\0');
    }
}

static void move_end(struct reader *reader, struct fy_event *event, unsigned past)
{
    const struct fy_mark *mark = fy_event_end_mark(event);

    if (!mark || mark->line < 0 || mark->input_pos + past <= reader->end.offset)
        return;
    reader->end = (struct yaml_place){mark->input_pos + past, position_of(mark)};
    reader->end.position.column += past;
}

static bool unprintable(uint32_t c, bool quoted)
{
    if (c == '\t' || c == '\n' || c == '\r')
        return false;
    if (quoted)
        return c < 0x20;
    return c < 0x20 || (c >= 0x7F && c <= 0x9F && c != 0x85) || c == 0xFFFE || c == 0xFFFF;
}

/* js-yaml's idea of what text may hold; between quotes it is a wider one. */
static enum status check_printable(struct reader *reader, struct fy_token *value,
                                   struct config_position position, bool quoted)
{
    const struct fy_mark *from = fy_token_start_mark(value);
    const struct fy_mark *to = fy_token_end_mark(value);
    const char *at = reader->source.data + from->input_pos;

    while (at < reader->source.data + to->input_pos) {
        uint32_t c = unicode_next(&at, reader->source.data + reader->source.length);
        if (unprintable(c, quoted))
            return report_at(reader->report, position, "the character U+%04X has no place in YAML text%s", c,
                             quoted ? "; write it as an escape in double quotes" : "");
    }
    return STATUS_OK;
}

static enum status take_scalar(struct reader *reader, struct fy_event *event, struct node *node)
{
    struct fy_token *value = event->scalar.value;

    node->missing = !value;
    if (!value)
        return STATUS_OK;
    enum fy_scalar_style style = fy_token_scalar_style(value);
    bool quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
    node->plain = style == FYSS_PLAIN;
    node->position = position_of(fy_token_start_mark(value));
    if (quoted)
        node->position.column--; /* the mark is behind the quote */
    else if (!node->plain)
        node->position = block_scalar_position(reader);
    move_end(reader, event, quoted);
    enum status status = check_printable(reader, value, node->position, quoted);
    if (status == STATUS_OK)
        status = keep_token(reader, value, &node->text);
    /* libfyaml gives a NUL for a block scalar without text at the end of the input. */
    if (!quoted && text_equal(node->text, (struct text){"", 1}))
        node->text.length = 0;
    return status;
}

/* Turns an event into a node and frees it. `place` is where the node stands if it was left out. */
static enum status take_node(struct reader *reader, struct fy_event *event, struct config_position place,
                             struct node *node)
{
    struct fy_token *tag = fy_event_get_tag_token(event);
    struct fy_token *anchor = fy_event_get_anchor_token(event);
    enum status status = STATUS_OK;

    *node = (struct node){.type = event->type, .position = place};
    if (event->type == FYET_SCALAR) {
        status = take_scalar(reader, event, node);
    } else {
        node->position = position_of(fy_event_start_mark(event));
        node->flow = fy_event_get_node_style(event) == FYNS_FLOW;
        move_end(reader, event, 0);
    }
    if (event->type == FYET_ALIAS) {
        node->position.column--; /* the mark is behind the asterisk */
        anchor = event->alias.anchor;
    }
    if (status == STATUS_OK && tag)
        status = keep_token(reader, tag, &node->tag);
    if (status == STATUS_OK && anchor)
        status = keep_token(reader, anchor, &node->anchor);
    fy_parser_event_free(reader->parser, event);
    return status;
}

static struct yaml_value *new_value(struct reader *reader, enum yaml_type type,
                                    struct config_position position)
{
    struct yaml_value *value = arena_alloc(reader->arena, sizeof *value);

    if (value)
        *value = (struct yaml_value){.type = type, .position = position, .size = 1};
    return value;
}

static struct yaml_item *append_item(struct reader *reader, struct yaml_items *items,
                                     struct yaml_value *value)
{
    struct yaml_item *item = arena_alloc(reader->arena, sizeof *item);

    if (!item)
        return NULL;
    *item = (struct yaml_item){.value = value};
    if (items->last)
        items->last->next = item;
    else
        items->first = item;
    items->last = item;
    items->count++;
    return item;
}

/* A text counts as one value more for each of so many bytes. */
enum { BYTES_PER_VALUE = 64 };

/* Sums up a collection that is complete. */
static enum status measure(struct reader *reader, struct yaml_value *value)
{
    for (struct yaml_item *item = value->items.first; item; item = item->next) {
        value->size += item->value->size + item->key.length / BYTES_PER_VALUE;
        if (value->depth <= item->value->depth)
            value->depth = item->value->depth + 1;
        if (value->size > YAML_MAX_SIZE)
            return report_at(reader->report, value->position,
                             "the document is too large: with aliases written out it has more than %d values",
                             YAML_MAX_SIZE);
        if (value->depth > YAML_MAX_DEPTH)
            return report_at(reader->report, value->position,
                             "the document is nested too deeply: more than %d levels", YAML_MAX_DEPTH);
    }
    return STATUS_OK;
}

static enum status read_value(struct reader *reader, const struct node *node, struct yaml_value **value);

static enum status read_alias(struct reader *reader, const struct node *node, struct yaml_value **value)
{
    struct text shown = report_shown(node->anchor);
    const struct anchor *anchor = names_find(&reader->anchors, node->anchor);

    if (!anchor)
        return report_at(reader->report, node->position, "the alias *%.*s has no anchor &%.*s before it",
                         TEXT_ARGS(shown), TEXT_ARGS(shown));
    if (anchor->open)
        return report_at(reader->report, node->position, "the alias *%.*s stands inside what it stands for",
                         TEXT_ARGS(shown));
    *value = new_value(reader, anchor->value->type, node->position);
    if (!*value)
        return STATUS_NO_MEMORY;
    **value = *anchor->value; /* its contents are shared */
    (*value)->position = node->position;
    return STATUS_OK;
}

static const struct text tag_prefix = {"tag:yaml.org,2002:", 18};

/* "int" of "tag:yaml.org,2002:int"; any other tag as it is. */
static struct text short_tag(struct text tag)
{
    if (!text_starts_with(tag, tag_prefix))
        return tag;
    return (struct text){tag.data + tag_prefix.length, tag.length - tag_prefix.length};
}

static bool has_tag(const struct node *node, const char *name)
{
    return text_starts_with(node->tag, tag_prefix) && text_equal(short_tag(node->tag), text_from_cstr(name));
}

/* "?" stands for no tag at all, "!" for "as it is written". */
static bool is_untagged(const struct node *node)
{
    return node->tag.length == 0 || text_equal(node->tag, TEXT("?"));
}

static bool is_as_written(const struct node *node)
{
    return text_equal(node->tag, TEXT("!"));
}

static enum status unfit_tag(struct reader *reader, const struct node *node, const char *kind)
{
    struct text shown = report_shown(short_tag(node->tag));

    return report_at(reader->report, node->position, "%s cannot have the tag %s%.*s", kind,
                     text_starts_with(node->tag, tag_prefix) ? "!!" : "", TEXT_ARGS(shown));
}

static void set_scalar(struct yaml_value *value, const struct yaml_scalar *scalar, struct text text)
{
    switch (scalar->type) {
    case YAML_SCALAR_NULL: value->type = YAML_NULL; break;
    case YAML_SCALAR_BOOL:
        value->type = YAML_BOOL;
        value->boolean = scalar->boolean;
        break;
    case YAML_SCALAR_INT:
    case YAML_SCALAR_FLOAT:
        value->type = YAML_NUMBER;
        value->number = scalar->number;
        break;
    case YAML_SCALAR_TIMESTAMP:
        value->type = YAML_DATE;
        value->number = scalar->number;
        break;
    case YAML_SCALAR_STRING:
    case YAML_SCALAR_MERGE:
        value->type = YAML_STRING;
        value->text = text;
        break;
    }
}

/* What a tag makes of a scalar that was left out; STATUS_INVALID where it makes nothing of it. */
static enum status read_missing(struct reader *reader, const struct node *node, struct yaml_value *value)
{
    static const char *const lists[] = {"seq", "omap", "pairs"};
    static const char *const maps[] = {"map", "set"};

    if (is_untagged(node) || is_as_written(node) || has_tag(node, "null") || has_tag(node, "merge"))
        return STATUS_OK;
    if (has_tag(node, "str")) {
        value->type = YAML_STRING;
        return keep(reader, NULL, 0, &value->text);
    }
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (has_tag(node, lists[i]))
            value->type = YAML_LIST;
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        if (has_tag(node, maps[i]))
            value->type = YAML_MAP;
    return value->type == YAML_NULL ? STATUS_INVALID : STATUS_OK;
}

static enum status read_present(struct reader *reader, const struct node *node, struct yaml_value *value)
{
    static const struct {
        const char *tag;
        enum yaml_scalar_type type;
    } tags[] = {
        {"str", YAML_SCALAR_STRING},  {"null", YAML_SCALAR_NULL},   {"bool", YAML_SCALAR_BOOL},
        {"int", YAML_SCALAR_INT},     {"float", YAML_SCALAR_FLOAT}, {"timestamp", YAML_SCALAR_TIMESTAMP},
        {"merge", YAML_SCALAR_MERGE},
    };
    struct yaml_scalar scalar = {.type = YAML_SCALAR_STRING};
    enum status status = STATUS_INVALID;

    if (has_tag(node, "binary")) {
        value->type = YAML_BINARY;
        status = yaml_scalar_binary(&value->text, reader->arena, node->text);
        return status;
    }
    if ((node->tag.length == 0 && !node->plain) || is_as_written(node))
        status = STATUS_OK;
    else if (is_untagged(node))
        status = yaml_scalar_resolve(&scalar, reader->arena, node->text);
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (has_tag(node, tags[i].tag))
            status = yaml_scalar_read(&scalar, reader->arena, tags[i].type, node->text);
    if (status == STATUS_OK)
        set_scalar(value, &scalar, node->text);
    return status;
}

static enum status read_scalar(struct reader *reader, const struct node *node, struct yaml_value *value)
{
    enum status status =
        node->missing ? read_missing(reader, node, value) : read_present(reader, node, value);

    if (status == STATUS_INVALID)
        return unfit_tag(reader, node, node->missing ? "nothing" : "this scalar");
    if (value->type == YAML_STRING || value->type == YAML_BINARY)
        value->size += value->text.length / BYTES_PER_VALUE;
    return status;
}

/* An !!omap is a list of maps that have one key each, none of them twice. */
static bool is_omap(struct reader *reader, const struct yaml_items *items, enum status *status)
{
    struct names seen;

    names_init(&seen, reader->arena);
    for (struct yaml_item *item = items->first; item && *status == STATUS_OK; item = item->next) {
        if (item->value->type != YAML_MAP || item->value->items.count != 1)
            return false;
        struct text key = item->value->items.first->key;
        if (names_find(&seen, key))
            return false;
        *status = names_put(&seen, key, item);
    }
    return true;
}

/* !!pairs makes [key, value] of each map. */
static enum status make_pairs(struct reader *reader, struct yaml_value *list)
{
    for (struct yaml_item *item = list->items.first; item; item = item->next) {
        if (item->value->type != YAML_MAP || item->value->items.count != 1)
            return STATUS_INVALID;
        const struct yaml_item *member = item->value->items.first;
        struct yaml_value *pair = new_value(reader, YAML_LIST, item->value->position);
        struct yaml_value *key = new_value(reader, YAML_STRING, member->key_position);
        if (!pair || !key)
            return STATUS_NO_MEMORY;
        key->text = member->key;
        key->size += key->text.length / BYTES_PER_VALUE;
        if (!append_item(reader, &pair->items, key) || !append_item(reader, &pair->items, member->value))
            return STATUS_NO_MEMORY;
        enum status status = measure(reader, pair);
        if (status != STATUS_OK)
            return status;
        item->value = pair;
    }
    return STATUS_OK;
}

static enum status tag_list(struct reader *reader, const struct node *node, struct yaml_value *list)
{
    enum status status = STATUS_OK;

    if (node->tag.length == 0 || is_as_written(node) || has_tag(node, "seq"))
        return STATUS_OK;
    if (has_tag(node, "omap")) {
        if (!is_omap(reader, &list->items, &status))
            return report_at(
                reader->report, node->position,
                "expected a list of maps with one key each, none of them twice: that is what !!omap is");
        return status;
    }
    if (!has_tag(node, "pairs"))
        return unfit_tag(reader, node, "a list");
    status = make_pairs(reader, list);
    if (status == STATUS_INVALID)
        return report_at(reader->report, node->position,
                         "expected a list of maps with one key each: that is what !!pairs is");
    return status;
}

static enum status read_list(struct reader *reader, const struct node *node, struct yaml_value *list)
{
    struct fy_event *event;
    enum status status;

    for (;;) {
        struct node element;
        struct yaml_value *value;
        struct yaml_place dash = yaml_source_skip(reader->source, reader->end);

        status = next_event(reader, &event);
        if (status != STATUS_OK)
            return status;
        if (event->type == FYET_SEQUENCE_END)
            break;
        status = take_node(reader, event, dash.position, &element);
        if (status == STATUS_OK)
            status = read_value(reader, &element, &value);
        if (status != STATUS_OK)
            return status;
        if (!append_item(reader, &list->items, value))
            return STATUS_NO_MEMORY;
        if (element.missing && !node->flow)
            reader->end =
                (struct yaml_place){dash.offset + 1, {dash.position.line, dash.position.column + 1}};
    }
    move_end(reader, event, 0);
    fy_parser_event_free(reader->parser, event);
    status = tag_list(reader, node, list);
    return status == STATUS_OK ? measure(reader, list) : status;
}

/* What js-yaml makes of a key: String() of it, but that it takes no lists within a list. */
static enum status spell_key(struct reader *reader, const struct yaml_value *key, struct buffer *spelled)
{
    enum status status = STATUS_OK;

    if (key->type == YAML_MAP)
        return buffer_append_text(spelled, TEXT("[object Object]"));
    if (key->type != YAML_LIST)
        return yaml_string(spelled, key);
    for (struct yaml_item *item = key->items.first; item && status == STATUS_OK; item = item->next) {
        if (item->value->type == YAML_LIST)
            return report_at(reader->report, key->position, "a key cannot be a list that holds lists");
        if (item != key->items.first)
            status = buffer_append(spelled, ",", 1);
        if (status == STATUS_OK && item->value->type != YAML_NULL)
            status = spell_key(reader, item->value, spelled);
    }
    return status;
}

static enum status key_text(struct reader *reader, const struct yaml_value *key, struct text *text)
{
    struct buffer spelled;

    if (key->type == YAML_STRING) {
        *text = key->text;
        return STATUS_OK;
    }
    buffer_init(&spelled, YAML_MAX_KEY);
    enum status status = spell_key(reader, key, &spelled);
    if (status == STATUS_OK)
        status = keep(reader, spelled.data, spelled.length, text);
    else if (status == STATUS_LIMIT)
        status =
            report_at(reader->report, key->position, "the key is too long: more than %d bytes", YAML_MAX_KEY);
    buffer_deinit(&spelled);
    return status;
}

/* A map that is being read: its items and where each key is among them. */
struct draft {
    struct yaml_value *map;
    struct names keys; /* to struct yaml_item */
};

static enum status add_item(struct reader *reader, struct draft *draft, struct text key,
                            struct config_position position, struct yaml_value *value, bool merged)
{
    struct yaml_item *item = append_item(reader, &draft->map->items, value);

    if (!item)
        return STATUS_NO_MEMORY;
    item->key = key;
    item->key_position = position;
    item->merged = merged;
    return names_put(&draft->keys, key, item);
}

static enum status set_item(struct reader *reader, struct draft *draft, struct text key,
                            struct config_position position, struct yaml_value *value)
{
    struct yaml_item *item = names_find(&draft->keys, key);
    struct text shown = report_shown(key);

    if (!item)
        return add_item(reader, draft, key, position, value, false);
    if (!item->merged)
        return report_at(reader->report, position,
                         "the key \"%.*s\" is here twice; first at line %u, column %u", TEXT_ARGS(shown),
                         item->key_position.line, item->key_position.column);
    item->value = value;
    item->key_position = position;
    item->merged = false;
    return STATUS_OK;
}

static enum status count_merged(struct reader *reader, struct config_position position)
{
    if (reader->merged++ < YAML_MAX_MERGED)
        return STATUS_OK;
    return report_at(reader->report, position, "\"<<\" merges in too much: more than %d keys in one document",
                     YAML_MAX_MERGED);
}

static enum status merge_item(struct reader *reader, struct draft *draft, struct config_position position,
                              struct text key, struct yaml_value *value)
{
    enum status status = count_merged(reader, position);

    if (status != STATUS_OK || names_find(&draft->keys, key))
        return status;
    return add_item(reader, draft, key, position, value, true);
}

/* The key of what has indices only. */
static enum status index_text(struct reader *reader, size_t index, struct text *text)
{
    char digits[JAVASCRIPT_NUMBER_SIZE];

    javascript_number(digits, (double)index);
    return keep(reader, digits, strlen(digits), text);
}

static enum status merge_bytes(struct reader *reader, struct draft *draft, const struct yaml_value *source)
{
    enum status status = STATUS_OK;
    struct text key;

    for (size_t i = 0; i < source->text.length && status == STATUS_OK; i++) {
        struct yaml_value *byte = new_value(reader, YAML_NUMBER, source->position);
        if (!byte)
            return STATUS_NO_MEMORY;
        byte->number = (unsigned char)source->text.data[i];
        status = index_text(reader, i, &key);
        if (status == STATUS_OK)
            status = merge_item(reader, draft, source->position, key, byte);
    }
    return status;
}

/* What JavaScript calls an object may be merged in: lists and bytes have their indices for keys, dates have
 * none. */
static enum status merge_one(struct reader *reader, struct draft *draft, const struct yaml_value *source)
{
    size_t index = 0;

    if (source->type != YAML_MAP && source->type != YAML_LIST && source->type != YAML_BINARY &&
        source->type != YAML_DATE)
        return report_at(reader->report, source->position,
                         "expected a map or a list of maps to merge in by \"<<\"");
    enum status status = count_merged(reader, source->position);
    if (status == STATUS_OK && source->type == YAML_BINARY)
        return merge_bytes(reader, draft, source);
    if (status != STATUS_OK || source->type == YAML_DATE)
        return status;
    for (struct yaml_item *item = source->items.first; item && status == STATUS_OK; item = item->next) {
        struct text key = item->key;
        if (source->type == YAML_LIST)
            status = index_text(reader, index++, &key);
        if (status == STATUS_OK)
            status = merge_item(reader, draft, source->position, key, item->value);
    }
    return status;
}

static enum status merge(struct reader *reader, struct draft *draft, const struct yaml_value *source)
{
    enum status status = STATUS_OK;

    if (source->type != YAML_LIST)
        return merge_one(reader, draft, source);
    if (source->items.count > YAML_MAX_MERGE_LIST)
        return report_at(reader->report, source->position, "\"<<\" takes at most %d maps",
                         YAML_MAX_MERGE_LIST);
    for (struct yaml_item *item = source->items.first; item && status == STATUS_OK; item = item->next)
        status = merge_one(reader, draft, item->value);
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

/* Puts the indices first, smallest to largest, and leaves the others in their order, as JavaScript's objects
 * do. */
static enum status order(struct reader *reader, struct yaml_items *items)
{
    struct yaml_items ordered = {0};
    struct yaml_items others = {0};
    struct yaml_item **indices = arena_alloc(reader->arena, (items->count + 1) * sizeof *indices);
    size_t count = 0;
    uint32_t index;

    if (!indices)
        return STATUS_NO_MEMORY;
    for (struct yaml_item *item = items->first, *next; item; item = next) {
        next = item->next;
        if (javascript_index(item->key, &index))
            indices[count++] = item;
        else
            link_item(&others, item);
    }
    qsort(indices, count, sizeof *indices, compare_indices);
    for (size_t i = 0; i < count; i++)
        link_item(&ordered, indices[i]);
    for (struct yaml_item *item = others.first, *next; item; item = next) {
        next = item->next;
        link_item(&ordered, item);
    }
    *items = ordered;
    return STATUS_OK;
}

static enum status tag_map(struct reader *reader, const struct node *node, const struct yaml_value *map)
{
    if (node->tag.length == 0 || is_as_written(node) || has_tag(node, "map"))
        return STATUS_OK;
    if (!has_tag(node, "set"))
        return unfit_tag(reader, node, "a map");
    for (struct yaml_item *item = map->items.first; item; item = item->next)
        if (item->value->type != YAML_NULL)
            return report_at(reader->report, item->value->position,
                             "expected keys without values: that is what !!set is");
    return STATUS_OK;
}

static bool is_merge_key(const struct node *key)
{
    if (has_tag(key, "merge"))
        return true;
    if (text_equal(key->tag, TEXT("?")) || (key->tag.length == 0 && key->plain))
        return text_equal(key->text, TEXT("<<"));
    return false;
}

/* Whether an indicator stands there, and not a word that begins with it. */
static bool is_indicator(const struct reader *reader, struct yaml_place place, char indicator)
{
    char next = char_at(reader, place.offset + 1);

    return char_at(reader, place.offset) == indicator &&
           (next == ' ' || next == '\t' || next == '\n' || next == '\r' || next == '\0');
}

static void skip_indicator(struct reader *reader, char indicator)
{
    struct yaml_place place = yaml_source_skip(reader->source, reader->end);

    if (is_indicator(reader, place, indicator))
        reader->end = (struct yaml_place){place.offset + 1, {place.position.line, place.position.column + 1}};
}

/* One key, whose event was read, and its value. `map` is the node, for its position. */
static enum status read_member(struct reader *reader, struct draft *draft, bool flow, struct fy_event *event)
{
    struct yaml_place place = yaml_source_skip(reader->source, reader->end);
    bool explicit_key = !flow && is_indicator(reader, place, '?');
    struct node key_node, value_node;
    struct yaml_value *key, *value;
    struct text name = {NULL, 0};

    if (explicit_key)
        skip_indicator(reader, '?');
    enum status status = take_node(reader, event, place.position, &key_node);
    if (status != STATUS_OK)
        return status;
    if (!flow && key_node.missing && is_indicator(reader, place, ':'))
        return report_at(reader->report, place.position, "expected a key before the colon");
    /* A map without brackets starts where its first key does, which need not be libfyaml's mark. */
    if (!draft->map->items.first && key_node.position.line == draft->map->position.line &&
        key_node.position.column < draft->map->position.column)
        draft->map->position = key_node.position;
    status = read_value(reader, &key_node, &key);
    if (status == STATUS_OK)
        status = key_text(reader, key, &name);
    if (status == STATUS_OK)
        status = next_event(reader, &event);
    if (status == STATUS_OK)
        status = take_node(reader, event, key_node.position, &value_node);
    if (status == STATUS_OK)
        status = read_value(reader, &value_node, &value);
    if (status != STATUS_OK)
        return status;
    if (value_node.missing)
        skip_indicator(reader, ':');
    if (is_merge_key(&key_node) && !explicit_key)
        return merge(reader, draft, value);
    return set_item(reader, draft, name, key_node.position, value);
}

static enum status read_map(struct reader *reader, const struct node *node, struct yaml_value *map)
{
    struct draft draft = {.map = map};
    struct fy_event *event;

    names_init(&draft.keys, reader->arena);
    for (;;) {
        enum status status = next_event(reader, &event);
        if (status != STATUS_OK)
            return status;
        if (event->type == FYET_MAPPING_END)
            break;
        status = read_member(reader, &draft, node->flow, event);
        if (status != STATUS_OK)
            return status;
    }
    move_end(reader, event, 0);
    fy_parser_event_free(reader->parser, event);
    enum status status = order(reader, &map->items);
    if (status == STATUS_OK)
        status = tag_map(reader, node, map);
    return status == STATUS_OK ? measure(reader, map) : status;
}

static enum status read_collection(struct reader *reader, const struct node *node, struct yaml_value *value)
{
    if (reader->depth == YAML_MAX_DEPTH)
        return report_at(reader->report, node->position,
                         "the document is nested too deeply: more than %d levels", YAML_MAX_DEPTH);
    reader->depth++;
    enum status status =
        value->type == YAML_LIST ? read_list(reader, node, value) : read_map(reader, node, value);
    reader->depth--;
    return status;
}

static enum status set_anchor(struct reader *reader, struct text name, struct yaml_value *value, bool open)
{
    struct anchor *anchor = arena_alloc(reader->arena, sizeof *anchor);

    if (!anchor)
        return STATUS_NO_MEMORY;
    *anchor = (struct anchor){value, open};
    return names_put(&reader->anchors, name, anchor);
}

static enum status read_value(struct reader *reader, const struct node *node, struct yaml_value **value)
{
    static const enum yaml_type types[] = {
        [FYET_SCALAR] = YAML_NULL,
        [FYET_SEQUENCE_START] = YAML_LIST,
        [FYET_MAPPING_START] = YAML_MAP,
    };
    enum status status = STATUS_OK;

    if (node->type == FYET_ALIAS)
        return read_alias(reader, node, value);
    assert(node->type == FYET_SCALAR || node->type == FYET_SEQUENCE_START ||
           node->type == FYET_MAPPING_START);
    *value = new_value(reader, types[node->type], node->position);
    if (!*value)
        return STATUS_NO_MEMORY;
    if (node->type == FYET_SCALAR) {
        status = read_scalar(reader, node, *value);
    } else {
        if (node->anchor.length > 0)
            status = set_anchor(reader, node->anchor, *value, true);
        if (status == STATUS_OK)
            status = read_collection(reader, node, *value);
    }
    if (status == STATUS_OK && node->anchor.length > 0)
        status = set_anchor(reader, node->anchor, *value, false);
    return status;
}

/* The one document between the stream's start and its end. */
static enum status read_stream(struct reader *reader, struct yaml_value **root)
{
    bool seen = false;
    enum status status = STATUS_OK;

    *root = new_value(reader, YAML_NULL, (struct config_position){1, 1});
    if (!*root)
        return STATUS_NO_MEMORY;
    while (status == STATUS_OK) {
        struct fy_event *event;
        struct node node;

        status = next_event(reader, &event);
        if (status != STATUS_OK)
            break;
        enum fy_event_type type = event->type;
        const struct fy_mark *mark = fy_event_start_mark(event);
        struct config_position position = mark ? position_of(mark) : (struct config_position){1, 1};
        if (type == FYET_STREAM_START || type == FYET_STREAM_END || type == FYET_DOCUMENT_START ||
            type == FYET_DOCUMENT_END) {
            move_end(reader, event, 0);
            fy_parser_event_free(reader->parser, event);
        }
        if (type == FYET_STREAM_END)
            break;
        if (type == FYET_DOCUMENT_START && seen)
            return report_at(reader->report, position, "expected one document, found another");
        if (type == FYET_STREAM_START || type == FYET_DOCUMENT_START || type == FYET_DOCUMENT_END)
            continue;
        seen = true;
        status = take_node(reader, event, (struct config_position){1, 1}, &node);
        if (status == STATUS_OK)
            status = read_value(reader, &node, root);
    }
    return status;
}

enum status yaml_parse(struct yaml_value **root, struct text text, struct arena *arena,
                       const struct report *report)
{
    struct reader reader = {.arena = arena, .report = report, .end = {.position = {1, 1}}};
    struct fy_diag_cfg diag_config;

    enum status status = yaml_source(&reader.source, text, arena, report);
    if (status != STATUS_OK)
        return status;
    if (reader.source.length == 0) {
        *root = new_value(&reader, YAML_NULL, reader.end.position);
        return *root ? STATUS_OK : STATUS_NO_MEMORY;
    }
    names_init(&reader.anchors, arena);
    fy_diag_cfg_default(&diag_config);
    diag_config.fp = NULL;
    reader.diag = fy_diag_create(&diag_config);
    if (!reader.diag)
        return STATUS_NO_MEMORY;
    fy_diag_set_collect_errors(reader.diag, true);
    const struct fy_parse_cfg config = {
        .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE |
                 FYPCF_SLOPPY_FLOW_INDENTATION | FYPCF_DISABLE_DEPTH_LIMIT,
        .diag = reader.diag,
    };
    reader.parser = fy_parser_create(&config);
    if (reader.parser && fy_parser_set_string(reader.parser, reader.source.data, reader.source.length) == 0)
        status = read_stream(&reader, root);
    else
        status = STATUS_NO_MEMORY;
    if (reader.parser)
        fy_parser_destroy(reader.parser);
    fy_diag_destroy(reader.diag);
    return status;
}
