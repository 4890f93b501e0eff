#include "config/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* One line, whatever the message quotes. */
static void flatten(struct buffer *line)
{
    for (size_t i = 0; i < line->length; i++)
        if ((unsigned char)line->data[i] < 0x20 || line->data[i] == 0x7F)
            line->data[i] = ' ';
}

enum status report_at(const struct report *report, struct config_position position, const char *format, ...)
{
    va_list arguments;
    char *message;

    buffer_clear(report->error);
    va_start(arguments, format);
    int length = vasprintf(&message, format, arguments);
    va_end(arguments);
    if (length < 0)
        return STATUS_NO_MEMORY;
    enum status status =
        buffer_printf(report->error, "%s:%u:%u: %s", report->name, position.line, position.column, message);
    free(message);
    if (status == STATUS_OK)
        flatten(report->error);
    return status == STATUS_NO_MEMORY ? status : STATUS_INVALID;
}

enum status report_file(const struct report *report, enum status status, const char *message)
{
    buffer_clear(report->error);
    enum status printed = buffer_printf(report->error, "%s: %s", report->name, message);
    if (printed == STATUS_OK)
        flatten(report->error);
    return printed == STATUS_NO_MEMORY ? printed : status;
}

struct text report_shown(struct text text)
{
    if (text.length <= REPORT_SHOWN)
        return text;
    text.length = REPORT_SHOWN;
    while (text.length > 0 && ((unsigned char)text.data[text.length] & 0xC0) == 0x80)
        text.length--;
    return text;
}
