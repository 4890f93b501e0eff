#include "js/native.h"

#include "base/uuid.h"

#include <stdlib.h>

static JSValueRef out_of_memory(JSContextRef context, JSValueRef *exception)
{
    return native_throw(context, exception, "RangeError", "Out of memory");
}

/* utf8Encode(string) -> Uint8Array */
NATIVE_FUNCTION(utf8_encode)
{
    NATIVE_NEEDS(1);
    struct buffer out;
    buffer_init(&out, BUFFER_UNLIMITED);
    if (!native_argument_text(context, arguments[0], &out, exception)) {
        buffer_deinit(&out);
        return jsc.JSValueMakeUndefined(context);
    }
    return native_taken(context, &out, exception);
}

/* The character at the front of `units`; *used says how many units it takes. A lone surrogate is U+FFFD. */
static uint32_t character_at(const JSChar *units, size_t count, size_t *used)
{
    uint32_t c = units[0];

    *used = 1;
    if (c < 0xD800 || c >= 0xE000)
        return c;
    if (c >= 0xDC00 || count < 2 || units[1] < 0xDC00 || units[1] >= 0xE000)
        return 0xFFFD;
    *used = 2;
    return 0x10000 + ((c - 0xD800) << 10) + (units[1] - 0xDC00u);
}

/* utf8EncodeInto(string, bytes) -> [units read, bytes written]; whole characters only */
NATIVE_FUNCTION(utf8_encode_into)
{
    NATIVE_NEEDS(2);
    uint8_t *bytes;
    size_t room;
    /* The string first: its conversion may run JavaScript, which could move the bytes. */
    JSStringRef string = jsc.JSValueToStringCopy(context, arguments[0], exception);
    if (!string)
        return jsc.JSValueMakeUndefined(context);
    if (!native_argument_bytes(context, arguments[1], &bytes, &room, exception)) {
        jsc.JSStringRelease(string);
        return jsc.JSValueMakeUndefined(context);
    }
    const JSChar *units = jsc.JSStringGetCharactersPtr(string);
    size_t length = jsc.JSStringGetLength(string);
    size_t read = 0;
    size_t written = 0;
    while (read < length) {
        size_t used;
        uint32_t c = character_at(units + read, length - read, &used);
        size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        if (room - written < size)
            break;
        if (size == 1) {
            bytes[written] = (uint8_t)c;
        } else {
            static const uint8_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
            for (size_t i = size - 1; i > 0; i--, c >>= 6)
                bytes[written + i] = (uint8_t)(0x80 | (c & 0x3F));
            bytes[written] = (uint8_t)(lead[size] | c);
        }
        read += used;
        written += size;
    }
    jsc.JSStringRelease(string);
    JSValueRef both[] = {jsc.JSValueMakeNumber(context, (double)read),
                         jsc.JSValueMakeNumber(context, (double)written)};
    return jsc.JSObjectMakeArray(context, 2, both, exception);
}

/* utf8ByteLength(string) -> number */
NATIVE_FUNCTION(utf8_byte_length)
{
    NATIVE_NEEDS(1);
    JSStringRef string = jsc.JSValueToStringCopy(context, arguments[0], exception);
    if (!string)
        return jsc.JSValueMakeUndefined(context);
    const JSChar *units = jsc.JSStringGetCharactersPtr(string);
    size_t length = jsc.JSStringGetLength(string);
    size_t bytes = length;
    size_t pairs = 0;
    for (size_t i = 0; i < length; i++)
        bytes += (units[i] >= 0x80) + (size_t)(units[i] >= 0x800);
    for (size_t i = 1; i < length; i++)
        pairs += (units[i - 1] & 0xFC00) == 0xD800 && (units[i] & 0xFC00) == 0xDC00;
    jsc.JSStringRelease(string);
    return jsc.JSValueMakeNumber(context, (double)(bytes - 2 * pairs)); /* a pair counted 6 and takes 4 */
}

/* utf8Decode(bytes, fatal) -> string; a BOM is a character like any other */
NATIVE_FUNCTION(utf8_decode)
{
    NATIVE_NEEDS(1);
    uint8_t *bytes;
    size_t length;
    if (!native_argument_bytes(context, arguments[0], &bytes, &length, exception))
        return jsc.JSValueMakeUndefined(context);
    JSChar small[512];
    JSChar *units = length <= 512 ? small : malloc(length * sizeof *units);
    if (!units)
        return out_of_memory(context, exception);
    bool valid;
    size_t written = native_utf16_from_bytes(units, bytes, length, &valid);
    JSValueRef value;
    if (!valid && count > 1 && jsc.JSValueToBoolean(context, arguments[1]))
        value = native_throw(context, exception, "TypeError",
                             "The encoded data was not valid for encoding utf-8");
    else
        value = native_units(context, units, written, exception);
    if (units != small)
        free(units);
    return value;
}

/* Bytes to text of one kind: what the encoders below share. `units_for` says how long the text gets at most.
 */
static JSValueRef encode(JSContextRef context, JSValueRef argument, size_t (*units_for)(size_t length),
                         size_t (*write)(JSChar *out, const uint8_t *bytes, size_t length),
                         JSValueRef *exception)
{
    uint8_t *bytes;
    size_t length;

    if (!native_argument_bytes(context, argument, &bytes, &length, exception))
        return jsc.JSValueMakeUndefined(context);
    JSChar small[512];
    size_t most = units_for(length);
    JSChar *units = most <= 512 ? small : malloc(most * sizeof *units);
    if (!units)
        return out_of_memory(context, exception);
    JSValueRef value = native_units(context, units, write(units, bytes, length), exception);
    if (units != small)
        free(units);
    return value;
}

/* Text to bytes: `bytes_for` says how many there are at most. */
static JSValueRef decode(JSContextRef context, JSValueRef argument, size_t (*bytes_for)(size_t count),
                         size_t (*read)(uint8_t *out, const JSChar *units, size_t count),
                         JSValueRef *exception)
{
    JSStringRef string = jsc.JSValueToStringCopy(context, argument, exception);

    if (!string)
        return jsc.JSValueMakeUndefined(context);
    size_t count = jsc.JSStringGetLength(string);
    uint8_t *bytes = malloc(bytes_for(count) + 1);
    size_t length = bytes ? read(bytes, jsc.JSStringGetCharactersPtr(string), count) : 0;
    jsc.JSStringRelease(string);
    return bytes ? native_bytes(context, bytes, length, exception) : out_of_memory(context, exception);
}

static size_t same_length(size_t length)
{
    return length;
}

static size_t base64_length(size_t length)
{
    return (length + 2) / 3 * 4;
}

static size_t write_base64(JSChar *out, const uint8_t *bytes, size_t length, const char *alphabet, bool pad)
{
    JSChar *start = out;

    for (; length >= 3; bytes += 3, length -= 3) {
        uint32_t group = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
        *out++ = (JSChar)alphabet[group >> 18];
        *out++ = (JSChar)alphabet[group >> 12 & 0x3F];
        *out++ = (JSChar)alphabet[group >> 6 & 0x3F];
        *out++ = (JSChar)alphabet[group & 0x3F];
    }
    if (length > 0) {
        uint32_t group = (uint32_t)bytes[0] << 16 | (length == 2 ? (uint32_t)bytes[1] << 8 : 0);
        *out++ = (JSChar)alphabet[group >> 18];
        *out++ = (JSChar)alphabet[group >> 12 & 0x3F];
        if (length == 2)
            *out++ = (JSChar)alphabet[group >> 6 & 0x3F];
        for (size_t i = length; pad && i < 3; i++)
            *out++ = '=';
    }
    return (size_t)(out - start);
}

static size_t write_base64_plain(JSChar *out, const uint8_t *bytes, size_t length)
{
    return write_base64(out, bytes, length,
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true);
}

static size_t write_base64_url(JSChar *out, const uint8_t *bytes, size_t length)
{
    return write_base64(out, bytes, length,
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false);
}

/* base64Encode(bytes, url) -> string; the URL alphabet goes without padding, as in Node */
NATIVE_FUNCTION(base64_encode)
{
    NATIVE_NEEDS(1);
    bool url = count > 1 && jsc.JSValueToBoolean(context, arguments[1]);
    return encode(context, arguments[0], base64_length, url ? write_base64_url : write_base64_plain,
                  exception);
}

static size_t base64_bytes(size_t count)
{
    return count / 4 * 3 + 3;
}

/* A character's six bits, or -1. */
static int base64_bits(JSChar unit)
{
    if (unit >= 'A' && unit <= 'Z')
        return unit - 'A';
    if (unit >= 'a' && unit <= 'z')
        return unit - 'a' + 26;
    if (unit >= '0' && unit <= '9')
        return unit - '0' + 52;
    if (unit == '+' || unit == '-')
        return 62;
    if (unit == '/' || unit == '_')
        return 63;
    return -1;
}

static size_t read_base64(uint8_t *out, const JSChar *units, size_t count)
{
    uint32_t bits = 0;
    unsigned have = 0; /* how many of the low bits are waiting */
    size_t written = 0;

    for (size_t i = 0; i < count && units[i] != '='; i++) {
        int six = base64_bits(units[i]);
        if (six < 0)
            continue;
        bits = bits << 6 | (uint32_t)six;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[written++] = (uint8_t)(bits >> have);
        }
    }
    return written;
}

/* base64Decode(string) -> Uint8Array; either alphabet, what belongs to neither is passed over, padding ends
 * it */
NATIVE_FUNCTION(base64_decode)
{
    NATIVE_NEEDS(1);
    return decode(context, arguments[0], base64_bytes, read_base64, exception);
}

static size_t hex_length(size_t length)
{
    return 2 * length;
}

static size_t write_hex(JSChar *out, const uint8_t *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < length; i++) {
        *out++ = (JSChar)digits[bytes[i] >> 4];
        *out++ = (JSChar)digits[bytes[i] & 0x0F];
    }
    return 2 * length;
}

/* hexEncode(bytes) -> string */
NATIVE_FUNCTION(hex_encode)
{
    NATIVE_NEEDS(1);
    return encode(context, arguments[0], hex_length, write_hex, exception);
}

static size_t hex_bytes(size_t count)
{
    return count / 2;
}

static int hex_digit(JSChar unit)
{
    if (unit >= '0' && unit <= '9')
        return unit - '0';
    JSChar lower = unit | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static size_t read_hex(uint8_t *out, const JSChar *units, size_t count)
{
    size_t written = 0;

    for (; written < count / 2; written++) {
        int high = hex_digit(units[2 * written]);
        int low = hex_digit(units[2 * written + 1]);
        if (high < 0 || low < 0)
            break;
        out[written] = (uint8_t)(high << 4 | low);
    }
    return written;
}

/* hexDecode(string) -> Uint8Array; ends before the first pair that is none, as in Node */
NATIVE_FUNCTION(hex_decode)
{
    NATIVE_NEEDS(1);
    return decode(context, arguments[0], hex_bytes, read_hex, exception);
}

static size_t write_latin1(JSChar *out, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        out[i] = bytes[i];
    return length;
}

/* latin1Decode(bytes) -> string; each byte the code point of its number */
NATIVE_FUNCTION(latin1_decode)
{
    NATIVE_NEEDS(1);
    return encode(context, arguments[0], same_length, write_latin1, exception);
}

static size_t read_latin1(uint8_t *out, const JSChar *units, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (uint8_t)units[i];
    return count;
}

/* latin1Encode(string) -> Uint8Array; the low byte of each unit */
NATIVE_FUNCTION(latin1_encode)
{
    NATIVE_NEEDS(1);
    return decode(context, arguments[0], same_length, read_latin1, exception);
}

/* randomFill(bytes) */
NATIVE_FUNCTION(random_fill)
{
    NATIVE_NEEDS(1);
    uint8_t *bytes;
    size_t length;
    if (native_argument_bytes(context, arguments[0], &bytes, &length, exception) && length > 0)
        random_bytes(bytes, length);
    return jsc.JSValueMakeUndefined(context);
}

/* randomUUID() -> string */
NATIVE_FUNCTION(random_uuid)
{
    NATIVE_NEEDS_NONE;
    static _Thread_local struct uuid_source source; /* zeroed is empty: it draws before its first */
    char out[UUID_LENGTH + 1];
    uuid_make(&source, out);
    return native_string(context, (struct text){out, UUID_LENGTH}, exception);
}

const struct native native_encoding[] = {
    {"utf8Encode", utf8_encode},
    {"utf8EncodeInto", utf8_encode_into},
    {"utf8ByteLength", utf8_byte_length},
    {"utf8Decode", utf8_decode},
    {"base64Encode", base64_encode},
    {"base64Decode", base64_decode},
    {"hexEncode", hex_encode},
    {"hexDecode", hex_decode},
    {"latin1Decode", latin1_decode},
    {"latin1Encode", latin1_encode},
    {"randomFill", random_fill},
    {"randomUUID", random_uuid},
    {NULL, NULL},
};
