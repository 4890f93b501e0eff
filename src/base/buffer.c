#include "base/buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 64 };

void buffer_init(struct buffer *buffer, size_t limit)
{
    *buffer = (struct buffer){.limit = limit};
}

void buffer_deinit(struct buffer *buffer)
{
    free(buffer->data);
    buffer_init(buffer, buffer->limit);
}

void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
}

enum status buffer_reserve(struct buffer *buffer, size_t more)
{
    if (more > buffer->limit - buffer->length)
        return STATUS_LIMIT;
    size_t needed = buffer->length + more;
    if (needed <= buffer->capacity)
        return STATUS_OK;

    size_t capacity = buffer->capacity ? buffer->capacity : SMALLEST;
    while (capacity < needed)
        capacity = capacity > BUFFER_UNLIMITED / 2 ? needed : capacity * 2;
    if (capacity > buffer->limit)
        capacity = buffer->limit;
    char *data = realloc(buffer->data, capacity);
    if (!data)
        return STATUS_NO_MEMORY;
    buffer->data = data;
    buffer->capacity = capacity;
    return STATUS_OK;
}

enum status buffer_append_integer(struct buffer *buffer, int64_t number)
{
    char digits[20]; /* of 2^63, with its sign */
    char *at = digits + sizeof digits;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    do
        *--at = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (number < 0)
        *--at = '-';
    return buffer_append(buffer, at, (size_t)(digits + sizeof digits - at));
}

enum status buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        return STATUS_SYSTEM;
    /* vsnprintf writes a NUL that is not part of the contents. */
    enum status status = buffer_reserve(buffer, (size_t)length + 1);
    if (status != STATUS_OK)
        return status;
    va_start(arguments, format);
    vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    buffer->length += (size_t)length;
    return STATUS_OK;
}

void buffer_consume(struct buffer *buffer, size_t count)
{
    assert(count <= buffer->length);
    buffer->length -= count;
    if (buffer->length)
        memmove(buffer->data, buffer->data + count, buffer->length);
}

struct text buffer_text(const struct buffer *buffer)
{
    return (struct text){buffer->data, buffer->length};
}
