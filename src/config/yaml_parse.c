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
    struct yaml_place end; /* nothing between here and the next event but indicators, comments and white space */
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
    void *at = NULL;

    while ((error = fy_diag_errors_iterate(reader->diag, &at)))
        if (error->type == FYET_ERROR)
            return report_at(reader->report, (struct config_position){(unsigned)error->line, (unsigned)error->column},
                             "%s", error->msg);
    return STATUS_NO_MEMORY;
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
static enum status check_printable(struct reader *reader, struct fy_token *value, struct config_position position,
                                   bool quoted)
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
    return status == STATUS_OK ? keep_token(reader, value, &node->text) : status;
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

static struct yaml_value *new_value(struct reader *reader, enum yaml_type type, struct config_position position)
{
    struct yaml_value *value = arena_alloc(reader->arena, sizeof *value);

    if (value)
        *value = (struct yaml_value){.type = type, .position = position, .size = 1};
    return value;
}

static struct yaml_item *append_item(struct reader *reader, struct yaml_items *items, struct yaml_value *value)
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

static enum status read_value(struct reader *reader, const struct node *node, bool in_flow, struct yaml_value **value);

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
        {"str", YAML_SCALAR_STRING},   {"null", YAML_SCALAR_NULL},   {"bool", YAML_SCALAR_BOOL},
        {"int", YAML_SCALAR_INT},      {"float", YAML_SCALAR_FLOAT}, {"timestamp", YAML_SCALAR_TIMESTAMP},
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
    enum status status = node->missing ? read_missing(reader, node, value) : read_present(reader, node, value);

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
            return report_at(reader->report, node->position,
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
            status = read_value(reader, &element, node->flow, &value);
        if (status != STATUS_OK)
            return status;
        if (!append_item(reader, &list->items, value))
            return STATUS_NO_MEMORY;
        if (element.missing && !node->flow)
            reader->end = (struct yaml_place){dash.offset + 1, {dash.position.line, dash.position.column + 1}};
    }
    move_end(reader, event, 0);
    fy_parser_event_free(reader->parser, event);
    status = measure(reader, list);
    return status == STATUS_OK ? tag_list(reader, node, list) : status;
}
