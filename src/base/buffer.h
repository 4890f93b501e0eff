#pragma once

#include "base/status.h"
#include "base/text.h"

#include <stddef.h>

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
NODISCARD enum status buffer_append(struct buffer *buffer, const void *data, size_t length);
NODISCARD enum status buffer_append_text(struct buffer *buffer, struct text text);
NODISCARD enum status buffer_printf(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
/* Drops `count` bytes from the front; the rest moves down. */
void buffer_consume(struct buffer *buffer, size_t count);
struct text buffer_text(const struct buffer *buffer);
