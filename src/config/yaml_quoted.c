#include "config/yaml_quoted.h"
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

/* The rest of the text between the quotes. */
struct scan {
    const char *at;
    const char *end;
};

/* Past white space; tells how many lines end in it. */
static size_t skip_space(struct scan *scan)
{
    size_t lines = 0;

    for (; scan->at < scan->end && *scan->at && strchr(" \t\r\n", *scan->at); scan->at++)
        if (*scan->at == '\n' || (*scan->at == '\r' && (scan->at + 1 == scan->end || scan->at[1] != '\n')))
            lines++;
    return lines;
}

/* One line break is a space, each further one is kept. */
static enum status append_folded(struct buffer *out, size_t lines)
{
    enum status status = lines == 1 ? buffer_append(out, " ", 1) : STATUS_OK;

    for (; lines > 1 && status == STATUS_OK; lines--)
        status = buffer_append(out, "\n", 1);
    return status;
}

static uint32_t take_hex(struct scan *scan, int count)
{
    uint32_t value = 0;

    for (; count > 0 && scan->at < scan->end; count--)
        value = value << 4 | (uint32_t)text_hex_value(*scan->at++);

    return value;
}

/* The second half of a pair, which follows its first as an escape of its own. */
static uint32_t take_pair(struct scan *scan, uint32_t first)
{
    struct scan next = {scan->at + 2, scan->end};

    if (first < 0xD800 || first > 0xDBFF || scan->end - scan->at < 6 || memcmp(scan->at, "\\u", 2) != 0)
        return first;
    uint32_t second = take_hex(&next, 4);
    if (second < 0xDC00 || second > 0xDFFF)
        return first;
    *scan = next;
    return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

static enum status append_character(struct buffer *out, uint32_t c)
{
    char bytes[4];

    if ((c >= 0xD800 && c <= 0xDFFF) || c > 0x10FFFF)
        c = 0xFFFD;
    return buffer_append(out, bytes, utf8_encode(c, bytes));
}

/* What is behind a backslash. */
static enum status append_escape(struct buffer *out, struct scan *scan)
{
    static const char names[] = "0abt\tnvfre \"/\\N_LP";
    static const uint32_t characters[] = {0,    7,   8,   9,   9,    10,   11,   12,     13,
                                          0x1B, ' ', '"', '/', '\\', 0x85, 0xA0, 0x2028, 0x2029};

    if (scan->at == scan->end)
        return STATUS_OK;
    if (*scan->at == '\r' || *scan->at == '\n') {
        skip_space(scan);
        return STATUS_OK;
    }
    char name = *scan->at++;
    switch (name) {
    case 'x': return append_character(out, take_hex(scan, 2));
    case 'u': return append_character(out, take_pair(scan, take_hex(scan, 4)));
    case 'U': return append_character(out, take_hex(scan, 8));
    default: break;
    }
    const char *found = name ? strchr(names, name) : NULL;
    return found ? append_character(out, characters[found - names]) : STATUS_OK;
}

enum status yaml_quoted_append(struct buffer *out, struct text raw, bool double_quotes)
{
    struct scan scan = {raw.data, raw.data + raw.length};
    enum status status = STATUS_OK;

    while (scan.at < scan.end && status == STATUS_OK) {
        const char *from = scan.at;
        while (scan.at < scan.end && *scan.at != '\r' && *scan.at != '\n' &&
               *scan.at != (double_quotes ? '\\' : '\''))
            scan.at++;
        status = buffer_append(out, from, (size_t)(scan.at - from));
        if (status != STATUS_OK || scan.at == scan.end)
            break;
        if (*scan.at == '\'') {
            scan.at += 2;
            status = buffer_append(out, "'", 1);
        } else if (*scan.at == '\\') {
            scan.at++;
            status = append_escape(out, &scan);
        } else {
            status = append_folded(out, skip_space(&scan));
        }
    }
    return status;
}
