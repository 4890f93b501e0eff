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

/* Characters that are whole. */
static enum status append_characters(struct buffer *line, struct text text)
{
    enum status status = STATUS_OK;
    size_t start = 0;

    for (size_t i = 0; i < text.length && status == STATUS_OK; i++) {
        char c = text.data[i];
        if ((unsigned char)c >= 0x20 && c != 0x7F && c != '"' && c != '\\')
            continue;
        status = buffer_append(line, text.data + start, i - start);
        if (status == STATUS_OK)
            status = append_escaped(line, c);
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
