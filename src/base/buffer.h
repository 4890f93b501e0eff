#pragma once

#include "base/status.h"
#include "base/text.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A growing run of bytes with a maximum. An empty buffer owns no memory. A call that fails leaves the
 * contents as they were, so a caller may go on with what it has.
 */
struct buffer {
    char *data;      /* NULL while nothing was ever appended */
    size_t length;   /* bytes used */
    size_t capacity; /* bytes owned */
    size_t limit;    /* bytes it may ever hold; appending past it is STATUS_LIMIT */
};

#define BUFFER_UNLIMITED ((size_t)-1)

void buffer_init(struct buffer *buffer, size_t limit);
void buffer_deinit(struct buffer *buffer); /* frees; the buffer is empty and usable again */
void buffer_clear(struct buffer *buffer);  /* keeps the memory */

/* Room for `more` bytes beyond `length`, so that they can be written at data + length by hand. */
NODISCARD enum status buffer_reserve(struct buffer *buffer, size_t more);

static inline NODISCARD enum status buffer_append(struct buffer *buffer, const void *data, size_t length)
{
    if (length == 0)
        return STATUS_OK;
    if (length > buffer->capacity - buffer->length) {
        enum status status = buffer_reserve(buffer, length);
        if (status != STATUS_OK)
            return status;
    }
    memcpy(buffer->data + buffer->length, data, length);
    buffer->length += length;
    return STATUS_OK;
}

static inline NODISCARD enum status buffer_append_text(struct buffer *buffer, struct text text)
{
    return buffer_append(buffer, text.data, text.length);
}

/* In decimal. */
NODISCARD enum status buffer_append_integer(struct buffer *buffer, int64_t number);
/* A NUL comes behind what it has printed, for those who want a string; it is none of the contents. */
NODISCARD enum status buffer_printf(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
/* Drops `count` bytes from the front; the rest moves down. */
void buffer_consume(struct buffer *buffer, size_t count);
struct text buffer_text(const struct buffer *buffer);
