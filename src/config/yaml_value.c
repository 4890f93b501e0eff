#include "config/yaml_value.h"
#include "base/utf8.h"
#include "config/javascript.h"
#include "config/report.h"

#include <math.h>
#include <stdint.h>

const struct yaml_value *yaml_member(const struct yaml_value *value, struct text key)
{
    if (value->type != YAML_MAP)
        return NULL;
    for (const struct yaml_item *item = value->items.first; item; item = item->next)
        if (text_equal(item->key, key))
            return item->value;
    return NULL;
}

bool yaml_truthy(const struct yaml_value *value)
{
    switch (value->type) {
    case YAML_NULL: return false;
    case YAML_BOOL: return value->boolean;
    case YAML_NUMBER: return value->number != 0 && !isnan(value->number);
    case YAML_STRING: return value->text.length > 0;
    default: return true;
    }
}

/* Array.prototype.join: null is nothing there. */
static enum status append_list(struct buffer *out, const struct yaml_items *items)
{
    enum status status = STATUS_OK;

    for (const struct yaml_item *item = items->first; item && status == STATUS_OK; item = item->next) {
        if (item != items->first)
            status = buffer_append(out, ",", 1);
        if (status == STATUS_OK && item->value->type != YAML_NULL)
            status = yaml_string(out, item->value);
    }
    return status;
}

enum status yaml_string(struct buffer *out, const struct yaml_value *value)
{
    char number[JAVASCRIPT_NUMBER_SIZE];
    char date[JAVASCRIPT_DATE_SIZE];

    switch (value->type) {
    case YAML_NULL: return buffer_append_text(out, TEXT("null"));
    case YAML_BOOL: return buffer_append_text(out, value->boolean ? TEXT("true") : TEXT("false"));
    case YAML_NUMBER:
        javascript_number(number, value->number);
        return buffer_append_text(out, text_from_cstr(number));
    case YAML_DATE:
        javascript_date(date, value->number);
        return buffer_append_text(out, text_from_cstr(date));
    case YAML_STRING: return buffer_append_text(out, value->text);
    case YAML_BINARY: return utf8_append_repaired(out, value->text);
    case YAML_LIST: return append_list(out, &value->items);
    case YAML_MAP: break;
    }
    if (yaml_member(value, TEXT("toString")))
        return STATUS_INVALID;
    return buffer_append_text(out, TEXT("[object Object]"));
}

void yaml_describe(struct buffer *out, const struct yaml_value *value)
{
    enum status status = STATUS_OK;

    switch (value->type) {
    case YAML_NULL: status = buffer_append_text(out, TEXT("nothing")); break;
    case YAML_NUMBER: status = buffer_append_text(out, TEXT("the number ")); break;
    case YAML_DATE: status = buffer_append_text(out, TEXT("a date")); break;
    case YAML_STRING: {
        struct text shown = report_shown(value->text);
        status = buffer_printf(out, "the string \"%.*s\"%s", TEXT_ARGS(shown),
                               shown.length < value->text.length ? "..." : "");
        break;
    }
    case YAML_BINARY: status = buffer_append_text(out, TEXT("binary data")); break;
    case YAML_LIST: status = buffer_append_text(out, TEXT("a list")); break;
    case YAML_MAP: status = buffer_append_text(out, TEXT("a map")); break;
    case YAML_BOOL: break;
    }
    if (status == STATUS_OK && (value->type == YAML_NUMBER || value->type == YAML_BOOL))
        status = yaml_string(out, value);
    (void)status; /* a message cut short is still one */
}

/* What JSON has no form for: {"$date": "…"} and the like. */
static json_t *special(const char *kind, const char *text)
{
    return json_pack("{s:s}", kind, text);
}

static json_t *number_json(double number)
{
    if (!isfinite(number)) {
        char text[JAVASCRIPT_NUMBER_SIZE];
        javascript_number(text, number);
        return special("$number", text);
    }
    if (number == 0 && signbit(number))
        return special("$number", "-0");
    /* Up to 2^53 every whole double is that integer and none other. */
    if (fabs(number) <= 9007199254740992.0 && floor(number) == number)
        return json_integer((json_int_t)number);
    return json_real(number);
}

static json_t *date_json(double ms)
{
    char text[JAVASCRIPT_DATE_SIZE];

    javascript_iso_date(text, ms);
    return special("$date", text);
}

static json_t *binary_json(struct text bytes)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct buffer base64;

    buffer_init(&base64, BUFFER_UNLIMITED);
    if (buffer_reserve(&base64, bytes.length / 3 * 4 + 5) != STATUS_OK)
        return NULL;
    for (size_t i = 0; i < bytes.length; i += 3) {
        size_t left = bytes.length - i;
        uint32_t group = (uint32_t)(unsigned char)bytes.data[i] << 16;
        if (left > 1)
            group |= (uint32_t)(unsigned char)bytes.data[i + 1] << 8;
        if (left > 2)
            group |= (unsigned char)bytes.data[i + 2];
        base64.data[base64.length++] = alphabet[group >> 18];
        base64.data[base64.length++] = alphabet[group >> 12 & 63];
        base64.data[base64.length++] = left > 1 ? alphabet[group >> 6 & 63] : '=';
        base64.data[base64.length++] = left > 2 ? alphabet[group & 63] : '=';
    }
    base64.data[base64.length] = '\0';
    json_t *json = special("$binary", base64.data);
    buffer_deinit(&base64);
    return json;
}

static json_t *list_json(struct yaml_json *json, const struct yaml_items *items)
{
    json_t *list = json_array();

    for (const struct yaml_item *item = items->first; item && list; item = item->next) {
        if (json_array_append_new(list, yaml_json(json, item->value)) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

/* Sets a member; a key that begins with '$' gets one more, so that it cannot be taken for one of ours. */
static int set_member(json_t *map, struct text key, json_t *value)
{
    struct buffer escaped;

    if (!text_starts_with(key, TEXT("$")))
        return json_object_setn_new_nocheck(map, key.data, key.length, value);
    buffer_init(&escaped, BUFFER_UNLIMITED);
    if (buffer_append(&escaped, "$", 1) != STATUS_OK || buffer_append_text(&escaped, key) != STATUS_OK) {
        buffer_deinit(&escaped);
        json_decref(value);
        return -1;
    }
    int result = json_object_setn_new_nocheck(map, escaped.data, escaped.length, value);
    buffer_deinit(&escaped);
    return result;
}

static json_t *map_json(struct yaml_json *json, const struct yaml_items *items)
{
    json_t *map = json_object();

    for (const struct yaml_item *item = items->first; item && map; item = item->next) {
        if (set_member(map, item->key, yaml_json(json, item->value)) != 0) {
            json_decref(map);
            map = NULL;
        }
    }
    return map;
}

struct yaml_json_value {
    struct yaml_json_value *next;
    const struct yaml_value *key;
    json_t *json;
};

void yaml_json_init(struct yaml_json *json, struct arena *arena)
{
    *json = (struct yaml_json){.arena = arena};
    names_init(&json->made, arena);
}

void yaml_json_deinit(struct yaml_json *json)
{
    for (struct yaml_json_value *value = json->first; value; value = value->next)
        json_decref(value->json);
    json->first = NULL;
}

/* Keeps what was made, so that the next place of the value gets the same. */
static json_t *remember(struct yaml_json *json, const struct yaml_value *value, json_t *made)
{
    struct yaml_json_value *kept = made ? arena_alloc(json->arena, sizeof *kept) : NULL;

    if (!kept) {
        json_decref(made);
        return NULL;
    }
    *kept = (struct yaml_json_value){json->first, value, json_incref(made)};
    json->first = kept;
    struct text key = {(const char *)&kept->key, sizeof kept->key};
    if (names_put(&json->made, key, made) == STATUS_OK)
        return made;
    json_decref(made);
    return NULL;
}

json_t *yaml_json(struct yaml_json *json, const struct yaml_value *value)
{
    const struct yaml_value *original = value->original ? value->original : value;
    json_t *made = names_find(&json->made, (struct text){(const char *)&original, sizeof original});

    if (made)
        return json_incref(made);
    switch (value->type) {
    case YAML_NULL: return json_null();
    case YAML_BOOL: return json_boolean(value->boolean);
    case YAML_NUMBER: return number_json(value->number);
    case YAML_STRING: return json_stringn_nocheck(value->text.data, value->text.length);
    case YAML_DATE: return remember(json, original, date_json(value->number));
    case YAML_BINARY: return remember(json, original, binary_json(value->text));
    case YAML_LIST: return remember(json, original, list_json(json, &value->items));
    case YAML_MAP: return remember(json, original, map_json(json, &value->items));
    }
    return NULL;
}
