#include "base/number.h"
#include "base/utf8.h"
#include "handlers/c_host_parts.h"
#include "json/value.h"
#include "json/write.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A conversion of C's own: from its '%' to its letter. */
struct conversion {
    char spec[16];
    size_t longs; /* how many `l` */
    bool size;    /* `z` */
    char letter;
};

/* Reads a conversion behind its '%'; returns what follows, NULL where it is none that is known. */
static const char *read_conversion(const char *at, struct conversion *conversion)
{
    size_t length = strspn(at, "-+ #0123456789.");

    *conversion = (struct conversion){.spec = "%"};
    if (length > 8)
        return NULL;
    memcpy(conversion->spec + 1, at, length);
    at += length;
    for (; (*at == 'l' && conversion->longs < 2) || (*at == 'z' && !conversion->size); at++) {
        conversion->longs += *at == 'l';
        conversion->size |= *at == 'z';
        conversion->spec[++length] = *at;
    }
    conversion->letter = *at;
    conversion->spec[length + 1] = *at;
    return *at && strchr("diugfe", *at) ? at + 1 : NULL;
}

static enum status append_text(struct buffer *out, struct text text)
{
    return utf8_is_valid(text.data, text.length) ? json_append_string(out, text) : STATUS_INVALID;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* A number, by C's own printf: its specification has been read, and agrees with its argument's type. */
#define APPEND_NUMBER(type) (number_print(number, sizeof number, conversion->spec, va_arg(*arguments, type)))

static enum status append_number(struct buffer *out, const struct conversion *conversion, va_list *arguments)
{
    char number[512];
    int length;

    if (strchr("gfe", conversion->letter))
        length = APPEND_NUMBER(double);
    else if (conversion->size)
        length = APPEND_NUMBER(size_t);
    else if (conversion->longs == 2)
        length = APPEND_NUMBER(long long);
    else if (conversion->longs == 1)
        length = APPEND_NUMBER(long);
    else
        length = APPEND_NUMBER(int);
    if (length < 0 || (size_t)length >= sizeof number)
        return STATUS_INVALID;
    return buffer_append(out, number, (size_t)length);
}

#pragma GCC diagnostic pop

/* Takes `start` off the format where it goes on so. */
static bool take(const char **format, struct text start)
{
    bool found = strncmp(*format, start.data, start.length) == 0;

    *format += found ? start.length : 0;
    return found;
}

static enum status append_conversion(struct buffer *out, const char **format, va_list *arguments)
{
    struct conversion conversion;

    if (take(format, TEXT("d")))
        return buffer_append_integer(out, va_arg(*arguments, int));
    if (take(format, TEXT("lld")))
        return buffer_append_integer(out, va_arg(*arguments, long long));
    switch (*(*format)++) {
    case '%': return buffer_append(out, "%", 1);
    case 's': return append_text(out, text_from_cstr(va_arg(*arguments, const char *)));
    case 't': return append_text(out, c_private(va_arg(*arguments, struct configurapi_text)));
    case 'r': return buffer_append_text(out, c_private(va_arg(*arguments, struct configurapi_text)));
    case 'j': {
        const json_t *value = va_arg(*arguments, const json_t *);
        return value ? json_append_value(out, value) : buffer_append_text(out, TEXT("null"));
    }
    default: break;
    }
    *format = read_conversion(*format - 1, &conversion);
    return *format ? append_number(out, &conversion, arguments) : STATUS_INVALID;
}

enum status c_format(struct buffer *out, const char *format, va_list *arguments)
{
    enum status status = STATUS_OK;

    while (status == STATUS_OK && *format) {
        const char *percent = strchrnul(format, '%');
        status = buffer_append(out, format, (size_t)(percent - format));
        format = percent;
        if (status == STATUS_OK && *format) {
            format++;
            status = append_conversion(out, &format, arguments);
        }
    }
    return status;
}
