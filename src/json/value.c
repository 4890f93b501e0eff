#include "json/value.h"
#include "base/number.h"
#include "json/write.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEEPEST = 2048 };

enum status json_read_value(struct text text, json_t **value)
{
    const size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
    json_error_t error = {0}; /* jansson leaves it alone where memory is out at once */
    json_t *read = json_loadb(text.data, text.length, flags, &error);

    if (!read && json_error_code(&error) == json_error_numeric_overflow)
        read = json_loadb(text.data, text.length, flags | JSON_DECODE_INT_AS_REAL, &error);
    if (!read)
        return error.text[0] == '\0' || json_error_code(&error) == json_error_out_of_memory ? STATUS_NO_MEMORY
                                                                                            : STATUS_INVALID;
    *value = read;
    return STATUS_OK;
}

static enum status append_real(struct buffer *out, double number)
{
    char text[32];

    /* Whole numbers as JavaScript writes them, without a point, as far as others read integers. */
    if (number == floor(number) && fabs(number) < 0x1p63)
        return buffer_printf(out, "%.0f", number == 0 ? 0 : number);
    for (int digits = 15; digits <= 17; digits++) {
        number_print(text, sizeof text, "%.*g", digits, number);
        if (number_read(text, NULL) == number)
            break;
    }
    return buffer_append_text(out, text_from_cstr(text));
}

static enum status append(struct buffer *out, const json_t *value, unsigned depth);

static enum status append_array(struct buffer *out, const json_t *array, unsigned depth)
{
    enum status status = buffer_append(out, "[", 1);

    for (size_t i = 0; i < json_array_size(array) && status == STATUS_OK; i++) {
        if (i > 0)
            status = buffer_append(out, ",", 1);
        if (status == STATUS_OK)
            status = append(out, json_array_get(array, i), depth);
    }
    return status == STATUS_OK ? buffer_append(out, "]", 1) : status;
}

static enum status append_object(struct buffer *out, const json_t *object, unsigned depth)
{
    json_t *walked = (json_t *)(uintptr_t)object; /* jansson's iterators know no const */
    enum status status = buffer_append(out, "{", 1);
    bool first = true;

    for (void *at = json_object_iter(walked); at && status == STATUS_OK;
         at = json_object_iter_next(walked, at)) {
        if (!first)
            status = buffer_append(out, ",", 1);
        first = false;
        if (status == STATUS_OK)
            status = json_append_string(
                out, (struct text){json_object_iter_key(at), json_object_iter_key_len(at)});
        if (status == STATUS_OK)
            status = buffer_append(out, ":", 1);
        if (status == STATUS_OK)
            status = append(out, json_object_iter_value(at), depth);
    }
    return status == STATUS_OK ? buffer_append(out, "}", 1) : status;
}

static enum status append(struct buffer *out, const json_t *value, unsigned depth)
{
    if (depth > DEEPEST)
        return STATUS_INVALID;
    switch (json_typeof(value)) {
    case JSON_OBJECT: return append_object(out, value, depth + 1);
    case JSON_ARRAY: return append_array(out, value, depth + 1);
    case JSON_STRING:
        return json_append_string(out, (struct text){json_string_value(value), json_string_length(value)});
    case JSON_INTEGER: return buffer_append_integer(out, json_integer_value(value));
    case JSON_REAL: return append_real(out, json_real_value(value));
    case JSON_TRUE: return buffer_append_text(out, TEXT("true"));
    case JSON_FALSE: return buffer_append_text(out, TEXT("false"));
    case JSON_NULL: return buffer_append_text(out, TEXT("null"));
    }
    return STATUS_INVALID;
}

enum status json_append_value(struct buffer *out, const json_t *value)
{
    size_t length_before = out->length;
    enum status status = append(out, value, 0);

    if (status != STATUS_OK)
        out->length = length_before;
    return status;
}
