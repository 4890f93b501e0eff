#pragma once

/*
 * How a call ended. Every function that can fail returns one of these and may not be ignored; a library's own
 * error codes are translated into one of these where that library lives.
 */
enum status {
    STATUS_OK = 0,
    STATUS_NO_MEMORY, /* the allocator refused */
    STATUS_LIMIT,     /* a configured maximum would have been passed; nothing was changed */
    STATUS_INVALID,   /* the input breaks its format */
    STATUS_NOT_FOUND,
    STATUS_CLOSED, /* the other side is gone */
    STATUS_SYSTEM, /* the operating system or a library refused; errno or a message says why */
};

#define NODISCARD __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_index, first_argument) \
    __attribute__((format(printf, format_index, first_argument)))

/* A constant string, for messages. */
const char *status_name(enum status status);
