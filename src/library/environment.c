#include "library/environment.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct text trim(struct text text)
{
    while (text.length > 0 && isspace((unsigned char)text.data[0])) {
        text.data++;
        text.length--;
    }
    while (text.length > 0 && isspace((unsigned char)text.data[text.length - 1]))
        text.length--;
    return text;
}

static bool is_name(struct text name)
{
    for (size_t i = 0; i < name.length; i++)
        if (!isalpha((unsigned char)name.data[i]) && name.data[i] != '_' &&
            (i == 0 || (!isdigit((unsigned char)name.data[i]) && name.data[i] != '.' && name.data[i] != '-')))
            return false;
    return name.length > 0;
}

static char unescaped(char c)
{
    switch (c) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
    }
}

/* The inside of quotes, which must end before anything but a comment follows. */
static enum status read_quoted(struct text text, struct buffer *value)
{
    char quote = text.data[0];
    size_t i = 1;

    for (; i < text.length && text.data[i] != quote; i++) {
        char c = text.data[i];
        if (quote == '"' && c == '\\' && i + 1 < text.length)
            c = unescaped(text.data[++i]);
        enum status status = buffer_append(value, &c, 1);
        if (status != STATUS_OK)
            return status;
    }
    if (i == text.length)
        return STATUS_INVALID;
    struct text rest = trim((struct text){text.data + i + 1, text.length - i - 1});
    return rest.length == 0 || rest.data[0] == '#' ? STATUS_OK : STATUS_INVALID;
}

static enum status read_value(struct text text, struct buffer *value)
{
    if (text.length > 0 && (text.data[0] == '"' || text.data[0] == '\''))
        return read_quoted(text, value);
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] == '#' && (i == 0 || isspace((unsigned char)text.data[i - 1])))
            text.length = i;
    return buffer_append_text(value, trim(text));
}

static enum status read_line(struct text line)
{
    struct text rest;
    struct buffer name;
    struct buffer value;

    line = trim(line);
    if (line.length == 0 || line.data[0] == '#')
        return STATUS_OK;
    if (text_starts_with(line, TEXT("export ")))
        line = trim((struct text){line.data + 7, line.length - 7});
    struct text key = text_split(line, '=', &rest);
    if (key.length == line.length || !is_name(trim(key)))
        return STATUS_INVALID;
    buffer_init(&name, BUFFER_UNLIMITED);
    buffer_init(&value, BUFFER_UNLIMITED);
    enum status status = buffer_append_text(&name, trim(key));
    if (status == STATUS_OK)
        status = buffer_append(&name, "", 1);
    if (status == STATUS_OK)
        status = read_value(trim(rest), &value);
    if (status == STATUS_OK)
        status = buffer_append(&value, "", 1);
    if (status == STATUS_OK && setenv(name.data, value.data, 0) != 0)
        status = STATUS_NO_MEMORY;
    buffer_deinit(&name);
    buffer_deinit(&value);
    return status;
}

static enum status complain(struct buffer *error, const char *path, int number)
{
    enum status status = buffer_printf(error, "%s: cannot be read: %s", path, strerror(number));

    return status == STATUS_OK ? STATUS_SYSTEM : status;
}

enum status environment_load(const char *path, struct buffer *error)
{
    FILE *file = fopen(path, "re");
    enum status status = STATUS_OK;
    char *line = NULL;
    size_t capacity = 0;
    unsigned number = 0;
    ssize_t length;

    if (!file)
        return errno == ENOENT ? STATUS_OK : complain(error, path, errno);
    while (status == STATUS_OK && (length = getline(&line, &capacity, file)) >= 0) {
        number++;
        status = read_line((struct text){line, (size_t)length});
    }
    if (status == STATUS_OK && !feof(file)) /* a directory, a disk that fails, no memory for the line */
        status = errno == ENOMEM ? STATUS_NO_MEMORY : complain(error, path, errno);
    free(line);
    fclose(file);
    if (status == STATUS_INVALID &&
        buffer_printf(error, "%s:%u: expected NAME=value", path, number) != STATUS_OK)
        status = STATUS_NO_MEMORY;
    return status;
}
