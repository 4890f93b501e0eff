#include "base/log_json.h"
#include "base/utf8.h"

#include <stdbool.h>

static enum status append_escaped(struct buffer *line, char c)
{
    if (c == '\n')
        return buffer_append(line, "\\n", 2);
    if (c == '"' || c == '\\')
        return buffer_printf(line, "\\%c", c);
    return buffer_printf(line, "\\u%04x", (unsigned char)c);
}

/* Of two bytes or three, as utf8_control() has them. */
static enum status append_escaped_control(struct buffer *line, const char *at, size_t length)
{
    unsigned last = (unsigned char)at[length - 1] & 0x3F;
    unsigned middle = (unsigned char)at[1] & 0x3F;

    return buffer_printf(line, "\\u%04x", length == 2 ? 0x80 | last : 0x2000 | middle << 6 | last);
}

/* Characters that are whole. */
static enum status append_characters(struct buffer *line, struct text text)
{
    enum status status = STATUS_OK;
    size_t start = 0;

    for (size_t i = 0; i < text.length && status == STATUS_OK; i++) {
        char c = text.data[i];
        size_t control = (unsigned char)c >= 0x80 ? utf8_control(text.data + i, text.length - i) : 0;
        if (control == 0 && (unsigned char)c >= 0x20 && c != 0x7F && c != '"' && c != '\\')
            continue;
        status = buffer_append(line, text.data + start, i - start);
        if (status == STATUS_OK)
            status = control ? append_escaped_control(line, text.data + i, control) : append_escaped(line, c);
        i += control ? control - 1 : 0;
        start = i + 1;
    }
    return status == STATUS_OK ? buffer_append(line, text.data + start, text.length - start) : status;
}

enum status log_json_append(struct buffer *line, struct text text, size_t most)
{
    bool cut_short = text.length > most;
    enum status status = buffer_append(line, "\"", 1);

    if (cut_short)
        text.length = most;
    while (text.length > 0 && status == STATUS_OK) {
        size_t broken;
        bool cut;
        size_t whole = utf8_prefix(text.data, text.length, &broken, &cut);
        status = append_characters(line, (struct text){text.data, whole});
        if (status == STATUS_OK && broken > 0 && !(cut && cut_short))
            status = buffer_append_text(line, TEXT("\uFFFD"));
        text.data += whole + broken;
        text.length -= whole + broken;
    }
    if (status == STATUS_OK && cut_short)
        status = buffer_append_text(line, TEXT("\u2026"));
    return status == STATUS_OK ? buffer_append(line, "\"", 1) : status;
}
