#include "config/yaml_tag.h"
#include "config/names.h"
#include "config/yaml_map.h"
#include "config/yaml_scalar.h"

static const struct text prefix = {"tag:yaml.org,2002:", sizeof "tag:yaml.org,2002:" - 1};

/* "int" of "tag:yaml.org,2002:int"; any other tag as it is. */
static struct text short_tag(struct text tag)
{
    if (!text_starts_with(tag, prefix))
        return tag;
    return (struct text){tag.data + prefix.length, tag.length - prefix.length};
}

/* Whether the tag is `name` of YAML's own. */
static bool is(const struct yaml_event *event, const char *name)
{
    return text_starts_with(event->tag, prefix) && text_equal(short_tag(event->tag), text_from_cstr(name));
}

/* "!": whatever it is, as it is written. */
static bool is_as_written(const struct yaml_event *event)
{
    return text_equal(event->tag, TEXT("!"));
}

/* No tag and no quotes, or the tag "?", which says that there is none. */
static bool is_open(const struct yaml_event *event)
{
    return (event->tag.length == 0 && event->plain) || text_equal(event->tag, TEXT("?"));
}

static enum status unfit(const struct report *report, const struct yaml_event *event, const char *what)
{
    return report_at(report, event->position, "%s cannot have the tag %s%.*s", what,
                     text_starts_with(event->tag, prefix) ? "!!" : "",
                     TEXT_ARGS(report_shown(short_tag(event->tag))));
}

static void set(struct yaml_value *value, const struct yaml_scalar *scalar, struct text text)
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
        value->size += text.length / YAML_BYTES_PER_VALUE;
        break;
    }
}

/* A scalar that was left out. */
static enum status tag_missing(struct yaml_value *value, const struct yaml_event *event)
{
    if (event->tag.length == 0 || is_as_written(event) || is_open(event) || is(event, "null") ||
        is(event, "merge"))
        return STATUS_OK;
    if (is(event, "seq") || is(event, "omap") || is(event, "pairs"))
        value->type = YAML_LIST;
    else if (is(event, "map") || is(event, "set"))
        value->type = YAML_MAP;
    else if (is(event, "str"))
        set(value, &(struct yaml_scalar){.type = YAML_SCALAR_STRING}, TEXT(""));
    else
        return STATUS_INVALID;
    return STATUS_OK;
}

static enum status tag_binary(struct yaml_value *value, const struct yaml_event *event, struct arena *arena)
{
    enum status status = yaml_scalar_binary(&value->text, arena, event->text);

    value->type = YAML_BINARY;
    value->size += value->text.length / YAML_BYTES_PER_VALUE;
    return status;
}

static enum status tag_present(struct yaml_value *value, const struct yaml_event *event, struct arena *arena)
{
    static const struct {
        const char *tag;
        enum yaml_scalar_type type;
    } tags[] = {
        {"str", YAML_SCALAR_STRING},          {"null", YAML_SCALAR_NULL},
        {"bool", YAML_SCALAR_BOOL},           {"int", YAML_SCALAR_INT},
        {"float", YAML_SCALAR_FLOAT},         {"merge", YAML_SCALAR_MERGE},
        {"timestamp", YAML_SCALAR_TIMESTAMP},
    };
    struct yaml_scalar scalar = {.type = YAML_SCALAR_STRING};
    enum status status = STATUS_INVALID;

    if (is(event, "binary"))
        return tag_binary(value, event, arena);
    if (is_open(event))
        status = yaml_scalar_resolve(&scalar, arena, event->text);
    else if (event->tag.length == 0 || is_as_written(event))
        status = STATUS_OK;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (is(event, tags[i].tag))
            status = yaml_scalar_read(&scalar, arena, tags[i].type, event->text);
    if (status == STATUS_OK)
        set(value, &scalar, event->text);
    return status;
}

enum status yaml_tag_scalar(struct yaml_value *value, const struct yaml_event *event, struct arena *arena,
                            const struct report *report)
{
    enum status status = event->missing ? tag_missing(value, event) : tag_present(value, event, arena);

    return status == STATUS_INVALID ? unfit(report, event, event->missing ? "nothing" : "this scalar")
                                    : status;
}

/* A list of maps that have one key each, none of them twice. STATUS_INVALID where it is none. */
static enum status check_omap(const struct yaml_items *items, struct arena *arena)
{
    struct names seen;
    enum status status = STATUS_OK;

    names_init(&seen, arena);
    for (struct yaml_item *item = items->first; item && status == STATUS_OK; item = item->next) {
        if (item->value->type != YAML_MAP || item->value->items.count != 1)
            return STATUS_INVALID;
        struct text key = item->value->items.first->key;
        if (names_find(&seen, key))
            return STATUS_INVALID;
        status = names_put(&seen, key, item);
    }
    return status;
}

/* [key, value] instead of a map that has just that key. */
static enum status make_pair(struct yaml_item *item, struct arena *arena)
{
    const struct yaml_item *member = item->value->items.first;
    struct yaml_value *values = arena_alloc(arena, 2 * sizeof *values);

    if (!values)
        return STATUS_NO_MEMORY;
    struct yaml_value *pair = &values[0];
    struct yaml_value *key = &values[1];
    *pair = (struct yaml_value){.type = YAML_LIST, .position = item->value->position, .size = 1};
    *key = (struct yaml_value){.type = YAML_NULL, .position = member->key_position, .size = 1};
    set(key, &(struct yaml_scalar){.type = YAML_SCALAR_STRING}, member->key);
    if (!yaml_items_append(&pair->items, arena, key) ||
        !yaml_items_append(&pair->items, arena, member->value))
        return STATUS_NO_MEMORY;
    pair->size += key->size + member->value->size;
    pair->depth = member->value->depth + 1;
    item->value = pair;
    return STATUS_OK;
}

static enum status make_pairs(struct yaml_items *items, struct arena *arena)
{
    enum status status = STATUS_OK;

    for (struct yaml_item *item = items->first; item; item = item->next)
        if (item->value->type != YAML_MAP || item->value->items.count != 1)
            return STATUS_INVALID;
    for (struct yaml_item *item = items->first; item && status == STATUS_OK; item = item->next)
        status = make_pair(item, arena);
    return status;
}

enum status yaml_tag_list(struct yaml_value *value, const struct yaml_event *event, struct arena *arena,
                          const struct report *report)
{
    enum status status;

    if (event->tag.length == 0 || is_as_written(event) || is(event, "seq"))
        return STATUS_OK;
    if (is(event, "omap"))
        status = check_omap(&value->items, arena);
    else if (is(event, "pairs"))
        status = make_pairs(&value->items, arena);
    else
        return unfit(report, event, "a list");
    if (status != STATUS_INVALID)
        return status;
    return report_at(report, event->position, "expected a list of maps with one key each%s",
                     is(event, "omap") ? ", none of them twice" : "");
}

enum status yaml_tag_map(const struct yaml_value *value, const struct yaml_event *event,
                         const struct report *report)
{
    if (event->tag.length == 0 || is_as_written(event) || is(event, "map"))
        return STATUS_OK;
    if (!is(event, "set"))
        return unfit(report, event, "a map");
    for (struct yaml_item *item = value->items.first; item; item = item->next)
        if (item->value->type != YAML_NULL)
            return report_at(report, item->value->position, "expected a set: keys without values");
    return STATUS_OK;
}

bool yaml_tag_is_merge(const struct yaml_event *event)
{
    return is(event, "merge") || (is_open(event) && !event->missing && text_equal(event->text, TEXT("<<")));
}
