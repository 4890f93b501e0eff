#include "base/log.h"
#include "base/buffer.h"
#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const names[] = {[LOG_NONE] = "None",
                                    [LOG_ERROR] = "Error",
                                    [LOG_INFO] = "Info",
                                    [LOG_TRACE] = "Trace",
                                    [LOG_DEBUG] = "Debug"};

void log_init(struct log *log, enum log_level level)
{
    *log = (struct log){.level = level, .output = STDOUT_FILENO, .errors = STDERR_FILENO};
}

enum status log_level_parse(enum log_level *level, struct text word)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (text_equal_ignore_case(word, text_from_cstr(names[i]))) {
            *level = (enum log_level)i;
            return STATUS_OK;
        }
    }
    return STATUS_INVALID;
}

static bool white(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static enum status append_folded(struct buffer *line, struct text message)
{
    enum status status = buffer_reserve(line, message.length);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < message.length; i++) {
        if (!white(message.data[i]))
            line->data[line->length++] = message.data[i];
        else if (i == 0 || !white(message.data[i - 1]))
            line->data[line->length++] = ' ';
    }
    return STATUS_OK;
}

static void write_all(int descriptor, struct text line)
{
    while (line.length > 0) {
        ssize_t written = write(descriptor, line.data, line.length);
        if (written <= 0)
            return; /* nowhere left to say so */
        line.data += written;
        line.length -= (size_t)written;
    }
}

void log_event(const struct log *log, enum log_level level, struct text event_id, struct text correlation_id,
               struct text message)
{
    char time[CLOCK_ISO8601_LENGTH + 1];
    struct buffer line;

    if (!log_enabled(log, level))
        return;
    buffer_init(&line, BUFFER_UNLIMITED);
    clock_iso8601(time, clock_wall_ms());
    if (buffer_printf(&line, "%s %s: %.*s - %.*s - ", time, names[level], TEXT_ARGS(event_id),
                      TEXT_ARGS(correlation_id)) == STATUS_OK &&
        append_folded(&line, message) == STATUS_OK && buffer_append(&line, "\n", 1) == STATUS_OK)
        write_all(level == LOG_ERROR ? log->errors : log->output, buffer_text(&line));
    buffer_deinit(&line);
}

void log_write(const struct log *log, enum log_level level, const char *format, ...)
{
    va_list arguments;
    char *message;

    if (!log_enabled(log, level))
        return;
    va_start(arguments, format);
    int length = vasprintf(&message, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    log_event(log, level, TEXT("configurapi"), TEXT(""), (struct text){message, (size_t)length});
    free(message);
}
