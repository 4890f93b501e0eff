#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"
#include "config/config.h"

/* Where the one line goes that says what is wrong with a config. */
struct report {
    const char *name;     /* the file as the user calls it; not owned */
    struct buffer *error; /* not owned */
};

enum { REPORT_SHOWN = 80 };

/* Replaces what the buffer holds by "name:line:column: message". STATUS_INVALID, to be returned as it is, or
 * STATUS_NO_MEMORY where that could not be written. */
NODISCARD enum status report_at(const struct report *report, struct config_position position,
                                const char *format, ...) PRINTF_LIKE(3, 4);
/* The same without a place: "name: message". Returns `status`, or STATUS_NO_MEMORY. */
NODISCARD enum status report_file(const struct report *report, enum status status, const char *message);

/* As much of a user's text as a message should show, cut between characters. */
struct text report_shown(struct text text);
