#include "load/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_FRAME = 0x81, PONG_FRAME = 0x8A, MASKED = 0x80, MAX_CLIENT_HEADER = 14, MASK_SIZE = 4 };

static const size_t max_message = (size_t)16 << 20;
static const size_t max_total = (size_t)256 << 20;

static const char default_message[] =
    "{\"name\":\"getData\",\"params\":{\"id\":123},\"payload\":{\"from\":\"some one\",\"n\":41},"
    "\"headers\":{\"message-id\":\"abc-123\"}}";

/* Anything but zeros makes the server do the work; nobody between here and it needs to be confused. */
static const uint8_t mask[MASK_SIZE] = {0x37, 0xFA, 0x21, 0x3D};

static size_t encode_frame(uint8_t *out, uint8_t first_byte, const uint8_t *payload, size_t length)
{
    size_t size = 0;

    out[size++] = first_byte;
    unsigned length_bytes = length < 126 ? 0 : length <= UINT16_MAX ? 2 : 8;
    out[size++] = (uint8_t)(MASKED | (length_bytes == 0 ? length : length_bytes == 2 ? 126u : 127u));
    while (length_bytes)
        out[size++] = (uint8_t)((uint64_t)length >> (8 * --length_bytes));
    memcpy(out + size, mask, MASK_SIZE);
    size += MASK_SIZE;
    for (size_t i = 0; i < length; ++i)
        out[size + i] = payload[i] ^ mask[i % MASK_SIZE];
    return size + length;
}

static bool read_file(const char *path, uint8_t **data, size_t *length)
{
    FILE *file = fopen(path, "rb");

    if (!file) {
        perror(path);
        return false;
    }
    *data = malloc(max_message + 1);
    *length = *data ? fread(*data, 1, max_message + 1, file) : 0;
    bool read = *data && !ferror(file) && *length <= max_message;
    fclose(file);
    if (!read)
        fprintf(stderr, "load: cannot read %s, or it is above %zu bytes\n", path, max_message);
    return read;
}

static bool build(struct message *message, const uint8_t *payload, size_t length, unsigned copies)
{
    if (length > max_total / copies - MAX_CLIENT_HEADER) {
        fprintf(stderr, "load: %u messages of %zu bytes are too much\n", copies, length);
        return false;
    }
    message->frames = malloc((length + MAX_CLIENT_HEADER) * copies);
    if (!message->frames) {
        perror("load");
        return false;
    }
    message->frame_size = encode_frame(message->frames, TEXT_FRAME, payload, length);
    message->total = message->frame_size * copies;
    for (size_t at = message->frame_size; at < message->total; at += message->frame_size)
        memcpy(message->frames + at, message->frames, message->frame_size);
    return true;
}

bool message_init(struct message *message, const char *path, unsigned copies)
{
    *message = (struct message){0};
    if (!path)
        return build(message, (const uint8_t *)default_message, sizeof default_message - 1, copies);
    uint8_t *data = NULL;
    size_t length;
    bool built = read_file(path, &data, &length) && build(message, data, length, copies);
    free(data);
    return built;
}

void message_deinit(struct message *message)
{
    free(message->frames);
    *message = (struct message){0};
}

size_t message_pong(uint8_t out[MESSAGE_MAX_PONG], const uint8_t *payload, size_t length)
{
    return encode_frame(out, PONG_FRAME, payload, length);
}
