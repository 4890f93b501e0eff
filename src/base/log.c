#include "base/log.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/log_json.h"
#include "base/utf8.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_ID = 256, MAX_MESSAGE = 64 * 1024 }; /* bytes */

static const char *const names[] = {[LOG_NONE] = "None",
                                    [LOG_ERROR] = "Error",
                                    [LOG_INFO] = "Info",
                                    [LOG_TRACE] = "Trace",
                                    [LOG_DEBUG] = "Debug"};
static const char *const words[] = {[LOG_NONE] = "none",
                                    [LOG_ERROR] = "error",
                                    [LOG_INFO] = "info",
                                    [LOG_TRACE] = "trace",
                                    [LOG_DEBUG] = "debug"};
static const char *const formats[] = {[LOG_TEXT] = "text", [LOG_JSON] = "json"};

void log_init(struct log *log, enum log_level level)
{
    *log = (struct log){.level = level, .output = STDOUT_FILENO, .errors = STDERR_FILENO};
}

/* Which of the words it is, whatever its case; `count` where none. */
static size_t find_word(const char *const *known, size_t count, struct text word)
{
    size_t i = 0;

    while (i < count && !text_equal_ignore_case(word, text_from_cstr(known[i])))
        i++;
    return i;
}

enum status log_level_parse(enum log_level *level, struct text word)
{
    size_t count = sizeof words / sizeof *words;
    size_t found = find_word(words, count, word);

    if (found == count)
        return STATUS_INVALID;
    *level = (enum log_level)found;
    return STATUS_OK;
}

enum status log_format_parse(enum log_format *format, struct text word)
{
    size_t count = sizeof formats / sizeof *formats;
    size_t found = find_word(formats, count, word);

    if (found == count)
        return STATUS_INVALID;
    *format = (enum log_format)found;
    return STATUS_OK;
}

/* Blanks, line breaks, and all else that a terminal might obey. */
static bool is_blank(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7F;
}

/* How many bytes are ASCII and stay as they are; *blank: whether a blank is the last so far. */
static size_t plain_run(struct text text, bool *blank)
{
    size_t i = 0;

    for (; i < text.length; i++) {
        char c = text.data[i];
        if ((unsigned char)c >= 0x7F || c < ' ' || (c == ' ' && *blank))
            break;
        *blank = c == ' ';
    }
    return i;
}

/* What the first of the text becomes, and how many bytes that was. */
static struct text replace_first(struct text text, size_t *length)
{
    size_t broken;
    bool cut;

    *length = 1;
    if (is_blank(text.data[0]))
        return TEXT(" ");
    *length = utf8_control(text.data, text.length);
    if (*length > 0)
        return TEXT(" ");
    unsigned char first = (unsigned char)text.data[0];
    size_t promised = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    size_t whole = utf8_prefix(text.data, text.length < promised ? text.length : promised, &broken, &cut);
    *length = whole > 0 ? promised : broken;
    return whole > 0 ? (struct text){text.data, promised} : TEXT("\uFFFD");
}

/* Runs of blanks as one; what is longer than `most` bytes is cut there, and an ellipsis says so. */
static enum status append_folded(struct buffer *line, struct text text, size_t most)
{
    size_t limit = line->length + most;
    bool blank = false;
    enum status status = buffer_reserve(line, (text.length < most ? text.length : most) + 1);

    while (text.length > 0 && status == STATUS_OK) {
        bool was_blank = blank;
        size_t length = plain_run(text, &blank);
        struct text piece = {text.data, length};
        bool is_plain = length > 0;
        if (!is_plain) {
            piece = replace_first(text, &length);
            blank = piece.data[0] == ' ';
        }
        text.data += length;
        text.length -= length;
        if (!is_plain && blank && was_blank)
            continue;
        size_t room = limit - line->length;
        bool fits = piece.length <= room;
        if (!fits)
            piece.length = is_plain ? room : 0;
        status = buffer_append_text(line, piece);
        if (!fits && status == STATUS_OK)
            return buffer_append_text(line, TEXT("\u2026"));
    }
    return status;
}

/* In one write where the system takes it; waits where the descriptor does not block. */
static void write_all(int descriptor, struct text line)
{
    while (line.length > 0) {
        ssize_t written = write(descriptor, line.data, line.length);
        if (written >= 0) {
            line.data += written;
            line.length -= (size_t)written;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd ready = {.fd = descriptor, .events = POLLOUT};
            poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            return; /* nowhere left to say so */
        }
    }
}

static enum status append_ended(struct buffer *texts, struct text text, size_t most)
{
    enum status status = append_folded(texts, text, most);

    return status == STATUS_OK ? buffer_append(texts, "", 1) : status;
}

static void hand_over(const struct log *log, enum log_level level, struct text event_id,
                      struct text correlation_id, struct text message)
{
    struct buffer texts;

    buffer_init(&texts, BUFFER_UNLIMITED);
    if (append_ended(&texts, event_id, MAX_ID) == STATUS_OK &&
        append_ended(&texts, correlation_id, MAX_ID) == STATUS_OK &&
        append_ended(&texts, message, MAX_MESSAGE) == STATUS_OK) {
        const char *id = texts.data;
        const char *correlation = id + strlen(id) + 1;
        log->sink(log->sink_owner, level, id, correlation, correlation + strlen(correlation) + 1);
    }
    buffer_deinit(&texts);
}

struct record {
    char time[CLOCK_ISO8601_LENGTH + 1];
    enum log_level level;
    struct text event_id;
    struct text correlation_id;
    struct text message;
};

static enum status append_text_line(struct buffer *line, const struct record *record)
{
    enum status status = buffer_printf(line, "%s %s: ", record->time, names[record->level]);

    if (status == STATUS_OK)
        status = append_folded(line, record->event_id, MAX_ID);
    if (status == STATUS_OK)
        status = buffer_append_text(line, TEXT(" - "));
    if (status == STATUS_OK)
        status = append_folded(line, record->correlation_id, MAX_ID);
    if (status == STATUS_OK)
        status = buffer_append_text(line, TEXT(" - "));
    if (status == STATUS_OK)
        status = append_folded(line, record->message, MAX_MESSAGE);
    return status == STATUS_OK ? buffer_append_text(line, TEXT("\n")) : status;
}

static enum status append_json_line(struct buffer *line, const struct record *record)
{
    const struct {
        struct text before;
        struct text value;
        size_t most;
    } members[] = {
        {TEXT("\",\"eventId\":"), record->event_id, MAX_ID},
        {TEXT(",\"correlationId\":"), record->correlation_id, MAX_ID},
        {TEXT(",\"message\":"), record->message, MAX_MESSAGE},
    };
    enum status status =
        buffer_printf(line, "{\"time\":\"%s\",\"level\":\"%s", record->time, words[record->level]);

    for (size_t i = 0; i < sizeof members / sizeof *members && status == STATUS_OK; i++) {
        status = buffer_append_text(line, members[i].before);
        if (status == STATUS_OK)
            status = log_json_append(line, members[i].value, members[i].most);
    }
    return status == STATUS_OK ? buffer_append_text(line, TEXT("}\n")) : status;
}

static void write_line(const struct log *log, enum log_level level, struct text event_id,
                       struct text correlation_id, struct text message)
{
    struct record record = {
        .level = level, .event_id = event_id, .correlation_id = correlation_id, .message = message};
    struct buffer line;

    buffer_init(&line, BUFFER_UNLIMITED);
    clock_iso8601(record.time, clock_wall_ms());
    enum status status =
        log->format == LOG_JSON ? append_json_line(&line, &record) : append_text_line(&line, &record);
    if (status == STATUS_OK)
        write_all(level == LOG_ERROR ? log->errors : log->output, buffer_text(&line));
    buffer_deinit(&line);
}

void log_event(const struct log *log, enum log_level level, struct text event_id, struct text correlation_id,
               struct text message)
{
    if (!log_enabled(log, level))
        return;
    if (log->sink)
        hand_over(log, level, event_id, correlation_id, message);
    else
        write_line(log, level, event_id, correlation_id, message);
}

void log_output(const struct log *log, bool is_error, struct text text)
{
    if (!log->sink) {
        write_all(is_error ? log->errors : log->output, text);
        return;
    }
    while (text.length > 0 && is_blank(text.data[text.length - 1]))
        text.length--;
    hand_over(log, is_error ? LOG_ERROR : LOG_INFO, TEXT("console"), TEXT(""), text);
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
