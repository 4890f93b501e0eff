#include "runner/connect_event.h"
#include "base/utf8.h"
#include "json/scan.h"
#include "json/write.h"

#include <string.h>

enum status header_append_decoded(struct buffer *out, struct text bytes)
{
    if (utf8_is_valid(bytes.data, bytes.length))
        return buffer_append_text(out, bytes);
    enum status status = buffer_reserve(out, 2 * bytes.length);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < bytes.length; i++) {
        char utf8[4];
        size_t length = utf8_encode((unsigned char)bytes.data[i], utf8);
        memcpy(out->data + out->length, utf8, length);
        out->length += length;
    }
    return STATUS_OK;
}

typedef enum status decode(struct buffer *out, struct text bytes);

static enum status append_json(struct buffer *out, const struct buffer *scratch, decode *append)
{
    struct buffer decoded;

    buffer_init(&decoded, BUFFER_UNLIMITED);
    enum status status = append(&decoded, buffer_text(scratch));
    if (status == STATUS_OK)
        status = json_append_string(out, buffer_text(&decoded));
    buffer_deinit(&decoded);
    return status;
}

static enum status append_lower(struct buffer *out, struct text name)
{
    enum status status = buffer_append_text(out, name);

    if (status == STATUS_OK)
        for (char *c = out->data + out->length - name.length; c < out->data + out->length; c++)
            *c = text_lower(*c);
    return status;
}

static bool is_repeated(const struct upgrade_request *request, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (text_equal_ignore_case(request->headers[i].name, request->headers[index].name))
            return true;
    return false;
}

/* All values of the header at `index`, joined. */
static enum status join_values(struct buffer *out, const struct upgrade_request *request, size_t index)
{
    struct text name = request->headers[index].name;
    struct text separator = text_equal_ignore_case(name, TEXT("cookie")) ? TEXT("; ") : TEXT(", ");
    enum status status = buffer_append_text(out, request->headers[index].value);

    for (size_t i = index + 1; i < request->header_count && status == STATUS_OK; i++) {
        if (!text_equal_ignore_case(request->headers[i].name, name))
            continue;
        status = buffer_append_text(out, separator);
        if (status == STATUS_OK)
            status = buffer_append_text(out, request->headers[i].value);
    }
    return status;
}

static enum status append_headers(struct buffer *out, struct buffer *scratch,
                                  const struct upgrade_request *request)
{
    enum status status = STATUS_OK;
    bool first = true;

    for (size_t i = 0; i < request->header_count && status == STATUS_OK; i++) {
        if (is_repeated(request, i))
            continue;
        buffer_clear(scratch);
        status = buffer_append_text(out, first ? TEXT("") : TEXT(","));
        first = false;
        if (status == STATUS_OK)
            status = append_lower(scratch, request->headers[i].name);
        if (status == STATUS_OK)
            status = append_json(out, scratch, header_append_decoded);
        buffer_clear(scratch);
        if (status == STATUS_OK)
            status = buffer_append_text(out, TEXT(":"));
        if (status == STATUS_OK)
            status = join_values(scratch, request, i);
        if (status == STATUS_OK)
            status = append_json(out, scratch, header_append_decoded);
    }
    return status;
}

/* application/x-www-form-urlencoded, one name or value. */
static enum status decode_form(struct buffer *out, struct text encoded)
{
    enum status status = buffer_reserve(out, encoded.length);

    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < encoded.length; i++) {
        char c = encoded.data[i];
        int high = i + 2 < encoded.length ? text_hex_value(encoded.data[i + 1]) : -1;
        int low = high >= 0 ? text_hex_value(encoded.data[i + 2]) : -1;
        if (c == '%' && low >= 0) {
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        out->data[out->length++] = c;
    }
    return STATUS_OK;
}

/* What is no UTF-8 is replaced, as URLSearchParams does it. */
static enum status append_form_json(struct buffer *out, struct buffer *scratch, struct text encoded)
{
    buffer_clear(scratch);
    enum status status = decode_form(scratch, encoded);

    return status == STATUS_OK ? append_json(out, scratch, utf8_append_repaired) : status;
}

static enum status append_query(struct buffer *out, struct buffer *scratch, struct text query)
{
    enum status status = STATUS_OK;
    bool first = true;

    while (query.length > 0 && status == STATUS_OK) {
        struct text value;
        struct text pair = text_split(query, '&', &query);
        if (pair.length == 0)
            continue;
        struct text name = text_split(pair, '=', &value);
        status = buffer_append_text(out, first ? TEXT("") : TEXT(","));
        first = false;
        if (status == STATUS_OK)
            status = append_form_json(out, scratch, name);
        if (status == STATUS_OK)
            status = buffer_append_text(out, TEXT(":"));
        if (status == STATUS_OK)
            status = append_form_json(out, scratch, value);
    }
    return status;
}

enum status connect_event_append(struct buffer *out, const struct upgrade_request *request)
{
    struct buffer scratch;
    enum status status = buffer_append_text(out, TEXT("{\"headers\":{"));

    buffer_init(&scratch, BUFFER_UNLIMITED);
    if (status == STATUS_OK)
        status = append_headers(out, &scratch, request);
    if (status == STATUS_OK)
        status = buffer_append_text(out, TEXT("},\"query\":{"));
    if (status == STATUS_OK)
        status = append_query(out, &scratch, request->query);
    if (status == STATUS_OK)
        status = buffer_append_text(out, TEXT("},\"path\":"));
    if (status == STATUS_OK)
        status = json_append_string(out, request->path);
    if (status == STATUS_OK)
        status = buffer_append_text(out, TEXT(",\"pathAndQuery\":"));
    if (status == STATUS_OK)
        status = json_append_string(out, request->target);
    if (status == STATUS_OK)
        status = buffer_append_text(out, TEXT("}"));
    buffer_deinit(&scratch);
    return status;
}

enum status disconnect_event_append(struct buffer *out, unsigned code, struct text reason)
{
    enum status status = buffer_printf(out, "{\"code\":%u,\"reason\":", code);

    if (status == STATUS_OK)
        status = json_append_string(out, reason);
    return status == STATUS_OK ? buffer_append_text(out, TEXT("}")) : status;
}

/* The offered subprotocol that the JSON string names; the empty text where none does. */
static struct text find_offered(const struct upgrade_request *request, struct text quoted)
{
    for (size_t i = 0; i < request->header_count; i++) {
        struct text rest = request->headers[i].value;
        struct text offered;
        if (!text_equal_ignore_case(request->headers[i].name, TEXT("Sec-WebSocket-Protocol")))
            continue;
        while ((offered = upgrade_next_protocol(&rest)).length > 0)
            if (json_string_equal(quoted, offered, false))
                return offered;
    }
    return TEXT("");
}

struct text connect_event_protocol(struct text reply, const struct upgrade_request *request)
{
    struct text offered = request->protocols;
    struct text protocol = upgrade_next_protocol(&offered);
    struct text headers = {NULL, 0};
    struct text name;
    struct text value;

    while (reply.length && json_next_member(&reply, &name, &value))
        if (value.data[0] == '{' && json_string_equal(name, TEXT("headers"), false))
            headers = value;
    while (headers.length && json_next_member(&headers, &name, &value)) {
        if (value.data[0] != '"' || !json_string_equal(name, TEXT("sec-websocket-protocol"), true))
            continue;
        struct text wanted = find_offered(request, value);
        if (wanted.length)
            protocol = wanted;
    }
    return protocol;
}
