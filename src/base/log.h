#pragma once

#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>

/*
 * The levels of configurapi 1.9.0, by how much they let through: each shows itself and everything above it in
 * this list. "debug" shows the most, as there.
 */
enum log_level {
    LOG_NONE,
    LOG_ERROR,
    LOG_INFO,
    LOG_TRACE,
    LOG_DEBUG,
};

enum log_format {
    LOG_TEXT,
    LOG_JSON,
};

/* Takes a line in place of the descriptors, its parts as they would stand in it. */
typedef void log_sink(void *owner, enum log_level level, const char *event_id, const char *correlation_id,
                      const char *message);

/*
 * Where log lines go. Lines of text look as the reference's:
 *     2026-01-01T00:00:00.000Z Trace: <event id> - <correlation id> - <message>
 * those of JSON have the same for programs to read:
 *     {"time":"2026-01-01T00:00:00.000Z","level":"trace","eventId":"…","correlationId":"…","message":"…"}
 * Ids and message may come from a client: runs of blanks, line breaks, control characters and what turns a
 * line's direction (utf8_control()) are folded to one space in them, in JSON escaped, bytes that are not
 * UTF-8 replaced by U+FFFD, and what is longer than 256 bytes of an id or 64 KiB of a message is cut, so that
 * nobody writes lines that are not ours, or many of them in one. Error lines go to `errors`, the others to
 * `output`: file descriptors it does not own. A line is written by one write(2), so that lines of several
 * threads do not mix. Where there is a sink, it gets them instead, on the thread that logs. Thread-safe:
 * nothing changes once lines are written.
 */
struct log {
    enum log_level level;
    enum log_format format; /* LOG_TEXT after log_init() */
    int output;
    int errors;
    log_sink *sink; /* NULL: none */
    void *sink_owner;
};

void log_init(struct log *log, enum log_level level);
/* LOG_NONE lets nothing through, and is no line's level. */
static inline bool log_enabled(const struct log *log, enum log_level level)
{
    return level != LOG_NONE && level <= log->level;
}
/* "trace" -> LOG_TRACE. STATUS_INVALID for any other word. */
NODISCARD enum status log_level_parse(enum log_level *level, struct text word);

/* "json" -> LOG_JSON, likewise. */
NODISCARD enum status log_format_parse(enum log_format *format, struct text word);

/* A line about one event. */
void log_event(const struct log *log, enum log_level level, struct text event_id, struct text correlation_id,
               struct text message);
/* What a script writes to its standard output or standard error, as it is; a sink gets it as a line of the
 * event "console". No level holds it back. */
void log_output(const struct log *log, bool is_error, struct text text);
/* A line about the runner itself: "configurapi -  - message", as the reference writes those. */
void log_write(const struct log *log, enum log_level level, const char *format, ...) PRINTF_LIKE(3, 4);
