#include "json/write.h"
#include "base/utf8.h"
#include "json/plain.h"
#include "json/scan.h"

#include <stdint.h>

/* The escape of a character that is not plain; a text of two or six bytes in `out`. */
static struct text escape(char c, char out[6])
{
    static const char digits[] = "0123456789abcdef";
    char letter = c;

    switch (c) {
    case '"':
    case '\\': break;
    case '\b': letter = 'b'; break;
    case '\f': letter = 'f'; break;
    case '\n': letter = 'n'; break;
    case '\r': letter = 'r'; break;
    case '\t': letter = 't'; break;
    default:
        memcpy(out, "\\u00", 4);
        out[4] = digits[c >> 4];
        out[5] = digits[c & 0x0f];
        return (struct text){out, 6};
    }
    out[0] = '\\';
    out[1] = letter;
    return (struct text){out, 2};
}

/* Without quotes around it. */
static enum status append_escaped(struct buffer *out, struct text plain)
{
    enum status status = STATUS_OK;

    while (status == STATUS_OK && plain.length > 0) {
        char escaped[6];
        const char *end = plain.data + plain.length;
        const char *at = json_skip_plain(plain.data, end);
        status = buffer_append(out, plain.data, (size_t)(at - plain.data));
        if (status == STATUS_OK && at < end)
            status = buffer_append_text(out, escape(*at++, escaped));
        plain = (struct text){at, (size_t)(end - at)};
    }
    return status;
}

enum status json_append_string(struct buffer *out, struct text plain)
{
    size_t length_before = out->length;
    /* What it takes at least, and mostly. */
    enum status status =
        plain.length > BUFFER_UNLIMITED - 2 ? STATUS_LIMIT : buffer_reserve(out, plain.length + 2);

    if (status == STATUS_OK)
        status = buffer_append(out, "\"", 1);
    if (status == STATUS_OK)
        status = append_escaped(out, plain);
    if (status == STATUS_OK)
        status = buffer_append(out, "\"", 1);
    if (status != STATUS_OK)
        out->length = length_before;
    return status;
}

static void encode_base64(char *out, const uint8_t *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (; length > 0; out += 4) {
        size_t taken = length < 3 ? length : 3;
        uint32_t group =
            (uint32_t)bytes[0] << 16 | (taken > 1 ? (uint32_t)bytes[1] << 8 : 0) | (taken > 2 ? bytes[2] : 0);
        out[0] = digits[group >> 18];
        out[1] = digits[group >> 12 & 0x3F];
        out[2] = taken > 1 ? digits[group >> 6 & 0x3F] : '=';
        out[3] = taken > 2 ? digits[group & 0x3F] : '=';
        bytes += taken;
        length -= taken;
    }
}

enum status json_append_base64(struct buffer *out, struct text bytes)
{
    if (bytes.length > BUFFER_UNLIMITED / 2)
        return STATUS_LIMIT;
    size_t length = (bytes.length + 2) / 3 * 4;
    enum status status = buffer_reserve(out, length + 2);
    if (status != STATUS_OK)
        return status;
    char *at = out->data + out->length;
    at[0] = at[length + 1] = '"';
    encode_base64(at + 1, (const uint8_t *)bytes.data, bytes.length);
    out->length += length + 2;
    return STATUS_OK;
}

static enum status append_decoded(struct buffer *out, struct text bytes, size_t *cut)
{
    enum status status = buffer_append(out, "\"", 1);

    *cut = 0;
    while (status == STATUS_OK && bytes.length > 0) {
        size_t broken;
        bool is_cut;
        size_t whole = utf8_prefix(bytes.data, bytes.length, &broken, &is_cut);
        status = append_escaped(out, (struct text){bytes.data, whole});
        *cut = is_cut ? broken : 0;
        if (status == STATUS_OK && broken > 0 && !is_cut)
            status = buffer_append_text(out, TEXT("\xEF\xBF\xBD"));
        bytes = (struct text){bytes.data + whole + broken, bytes.length - whole - broken};
    }
    return status == STATUS_OK ? buffer_append(out, "\"", 1) : status;
}

enum status json_append_decoded(struct buffer *out, struct text bytes, size_t *cut)
{
    size_t length_before = out->length;
    enum status status = append_decoded(out, bytes, cut);

    if (status != STATUS_OK)
        out->length = length_before;
    return status;
}

enum status json_append_error_reply(struct buffer *out, int status, struct text message, struct text details,
                                    struct text message_id)
{
    size_t length_before = out->length;
    enum status result =
        buffer_printf(out, "{\"statusCode\":%d,\"headers\":{\"Content-Type\":\"application/json\"", status);

    if (result == STATUS_OK && message_id.length > 0)
        result = buffer_append_text(out, TEXT(",\"message-id\":"));
    if (result == STATUS_OK)
        result = buffer_append_text(out, message_id);
    if (result == STATUS_OK)
        result = buffer_printf(out, "},\"body\":{\"statusCode\":%d,\"message\":", status);
    if (result == STATUS_OK)
        result = json_append_string(out, message);
    if (result == STATUS_OK)
        result = buffer_append_text(out, TEXT(",\"details\":"));
    if (result == STATUS_OK)
        result = json_append_string(out, details);
    if (result == STATUS_OK)
        result = buffer_append_text(out, TEXT("}}"));
    if (result != STATUS_OK)
        out->length = length_before;
    return result;
}

enum status json_append_reply_head(struct buffer *out, int status, struct text message_id)
{
    size_t length_before = out->length;
    enum status result = buffer_append_text(out, TEXT("{\"statusCode\":"));

    if (result == STATUS_OK)
        result = buffer_append_integer(out, status);
    if (result == STATUS_OK)
        result = buffer_append_text(out, message_id.length > 0 ? TEXT(",\"headers\":{\"message-id\":")
                                                               : TEXT(",\"headers\":{"));
    if (result == STATUS_OK)
        result = buffer_append_text(out, message_id);
    if (result == STATUS_OK)
        result = buffer_append_text(out, TEXT("},\"body\":"));
    if (result != STATUS_OK)
        out->length = length_before;
    return result;
}

/* Past `wanted`, NULL where something else is there. */
static const char *skip_text(const char *at, const char *end, struct text wanted)
{
    return text_starts_with((struct text){at, (size_t)(end - at)}, wanted) ? at + wanted.length : NULL;
}

/* On the byte behind the brace of a reply's headers; NULL where the reply has another shape. */
static const char *find_headers(const char *at, const char *end)
{
    at = skip_text(at, end, TEXT("{\"statusCode\":"));
    if (at)
        at = json_skip_value(at, end);
    if (at)
        at = skip_text(at, end, TEXT(",\"headers\":"));
    if (!at || at == end || *at != '{')
        return NULL;
    const char *headers = at + 1;
    at = json_skip_value(at, end);
    if (at)
        at = skip_text(at, end, TEXT(",\"body\":"));
    return at && at < end && end[-1] == '}' ? headers : NULL;
}

enum status json_append_reply(struct buffer *out, struct text reply, struct text message_id)
{
    static const struct text name = {"\"message-id\":", sizeof "\"message-id\":" - 1};

    if (message_id.length == 0)
        return buffer_append_text(out, reply);
    if (reply.length == 0)
        return STATUS_INVALID;
    const char *end = reply.data + reply.length;
    const char *headers = find_headers(reply.data, end);
    if (!headers)
        return STATUS_INVALID;

    const struct text parts[] = {
        {reply.data, (size_t)(headers - reply.data)}, name, message_id, {",", *headers == '}' ? 0 : 1},
        {headers, (size_t)(end - headers)},
    };
    size_t length_before = out->length;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && status == STATUS_OK; i++)
        status = buffer_append_text(out, parts[i]);
    if (status != STATUS_OK)
        out->length = length_before;
    return status;
}
