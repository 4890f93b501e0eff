#include "protocol/deflate.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    MOST_BITS = 15,
    MEMORY_LEVEL = 8,
    FIRST_ROOM = 16 * 1024,
    BETWEEN_BLOCKS = 128, /* in z_stream's data_type */
    KEPT = 1024 * 1024,   /* bytes of a buffer that are kept for the next message */
};

/* What every flushed block ends with, and a message does not carry (RFC 7692, section 7.2.1). */
static const unsigned char tail[] = {0x00, 0x00, 0xff, 0xff};

struct deflate {
    z_stream compressors[MOST_BITS + 1]; /* by the bits of their window, made when first wanted */
    bool made[MOST_BITS + 1];
    z_stream expander;
    bool expander_made;
    struct buffer compressed;
    struct buffer expanded;
};

struct deflate *deflate_create(void)
{
    struct deflate *codec = calloc(1, sizeof *codec);

    if (!codec)
        return NULL;
    buffer_init(&codec->compressed, BUFFER_UNLIMITED);
    buffer_init(&codec->expanded, BUFFER_UNLIMITED);
    return codec;
}

void deflate_destroy(struct deflate *codec)
{
    if (!codec)
        return;
    for (size_t bits = 0; bits <= MOST_BITS; bits++)
        if (codec->made[bits])
            deflateEnd(&codec->compressors[bits]);
    if (codec->expander_made)
        inflateEnd(&codec->expander);
    buffer_deinit(&codec->compressed);
    buffer_deinit(&codec->expanded);
    free(codec);
}

static void start(struct buffer *buffer)
{
    if (buffer->capacity > KEPT)
        buffer_deinit(buffer);
    buffer_clear(buffer);
}

static z_stream *compressor(struct deflate *codec, unsigned window_bits)
{
    z_stream *stream = &codec->compressors[window_bits];

    if (codec->made[window_bits])
        return deflateReset(stream) == Z_OK ? stream : NULL;
    if (deflateInit2(stream, Z_BEST_SPEED, Z_DEFLATED, -(int)window_bits, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return NULL;
    codec->made[window_bits] = true;
    return stream;
}

enum status deflate_compress(struct deflate *codec, unsigned window_bits, struct text message,
                             struct text *compressed)
{
    struct buffer *out = &codec->compressed;
    size_t room = message.length + sizeof tail; /* what takes more is not worth it */

    start(out);
    if (message.length > UINT_MAX - sizeof tail)
        return STATUS_LIMIT;
    z_stream *stream = compressor(codec, window_bits);
    if (!stream || buffer_reserve(out, room) != STATUS_OK)
        return STATUS_NO_MEMORY;
    stream->next_in = (unsigned char *)(uintptr_t)message.data; /* zlib only reads it */
    stream->avail_in = (unsigned)message.length;
    stream->next_out = (unsigned char *)out->data;
    stream->avail_out = (unsigned)room;
    int result = deflate(stream, Z_SYNC_FLUSH);
    out->length = room - stream->avail_out;
    if (result != Z_OK || stream->avail_in > 0 || stream->avail_out == 0 || out->length < sizeof tail)
        return STATUS_LIMIT;
    *compressed = (struct text){out->data, out->length - sizeof tail};
    return compressed->length < message.length ? STATUS_OK : STATUS_LIMIT;
}

/* Takes what zlib makes of `payload`, as long as it stays within `most` bytes. *ended: behind a final block,
 * and nothing came behind that. */
static enum status expand(struct deflate *codec, struct text payload, size_t most, bool *ended)
{
    z_stream *stream = &codec->expander;
    struct buffer *out = &codec->expanded;

    stream->next_in = (unsigned char *)(uintptr_t)payload.data;
    stream->avail_in = (unsigned)payload.length;
    for (;;) {
        /* One byte more than may be: it tells a message that is too long. */
        size_t room = most + 1 - out->length;
        size_t wanted = out->capacity > out->length ? out->capacity - out->length : FIRST_ROOM;
        if (wanted > room)
            wanted = room;
        if (wanted > UINT_MAX)
            wanted = UINT_MAX;
        if (buffer_reserve(out, wanted) != STATUS_OK)
            return STATUS_NO_MEMORY;
        stream->next_out = (unsigned char *)out->data + out->length;
        stream->avail_out = (unsigned)wanted;
        int result = inflate(stream, Z_SYNC_FLUSH);
        *ended = result == Z_STREAM_END && stream->avail_in == 0;
        out->length += wanted - stream->avail_out;
        if (out->length > most)
            return STATUS_LIMIT;
        if (result == Z_STREAM_END &&
            stream->avail_in > 0) { /* a final block is not the message's end (7.2.3.5) */
            if (inflateReset(stream) != Z_OK)
                return STATUS_INVALID;
            continue;
        }
        if (*ended || (stream->avail_in == 0 && stream->avail_out > 0))
            return STATUS_OK;
        if (result != Z_OK)
            return result == Z_MEM_ERROR ? STATUS_NO_MEMORY : STATUS_INVALID;
    }
}

static enum status start_expander(struct deflate *codec)
{
    if (codec->expander_made)
        return inflateReset(&codec->expander) == Z_OK ? STATUS_OK : STATUS_NO_MEMORY;
    if (inflateInit2(&codec->expander, -MOST_BITS) != Z_OK)
        return STATUS_NO_MEMORY;
    codec->expander_made = true;
    return STATUS_OK;
}

enum status deflate_expand(struct deflate *codec, struct text payload, size_t most, struct text *message)
{
    bool ended = false;

    start(&codec->expanded);
    if (payload.length > UINT_MAX || most == SIZE_MAX)
        return STATUS_LIMIT;
    enum status status = start_expander(codec);
    if (status == STATUS_OK)
        status = expand(codec, payload, most, &ended);
    if (status == STATUS_OK && !ended)
        status = expand(codec, (struct text){(const char *)tail, sizeof tail}, most, &ended);
    if (status == STATUS_OK && !ended && !(codec->expander.data_type & BETWEEN_BLOCKS))
        status = STATUS_INVALID; /* cut in the middle */
    *message = buffer_text(&codec->expanded);
    return status;
}
