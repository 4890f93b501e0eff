#include "load/reader.h"

#include <string.h>

enum {
    OPCODE_CONTINUATION = 0,
    OPCODE_TEXT = 1,
    OPCODE_BINARY = 2,
    OPCODE_CLOSE = 8,
    OPCODE_PING = 9,
    OPCODE_PONG = 10
};
enum { FINAL = 0x80, RESERVED = 0x70, OPCODE = 0x0F, CONTROL = 0x08, MASKED = 0x80, LENGTH = 0x7F };

static const uint64_t max_payload = (uint64_t)64 << 20;

static unsigned header_size(const uint8_t *header)
{
    switch (header[1] & LENGTH) {
    case 126: return 4;
    case 127: return 10;
    default: return 2;
    }
}

static uint64_t payload_length(const uint8_t *header)
{
    unsigned size = header_size(header);

    if (size == 2)
        return header[1] & LENGTH;
    uint64_t length = 0;
    for (unsigned i = 2; i < size; ++i)
        length = length << 8 | header[i];
    return length;
}

static const char *fault_of(const struct reader *reader)
{
    const uint8_t *header = reader->header;

    if (header[0] & RESERVED)
        return "a frame has reserved bits set";
    if (header[1] & MASKED)
        return "a frame is masked";
    if (reader->left > max_payload)
        return "a frame is too long";
    switch (header[0] & OPCODE) {
    case OPCODE_TEXT: return reader->in_message ? "a message begins inside another" : NULL;
    case OPCODE_CONTINUATION: return reader->in_message ? NULL : "a continuation of nothing";
    case OPCODE_BINARY: return "a reply is binary";
    case OPCODE_CLOSE:
    case OPCODE_PING:
    case OPCODE_PONG:
        return header[0] & FINAL && reader->left <= READER_MAX_CONTROL
                   ? NULL
                   : "a control frame is long or fragmented";
    default: return "a frame has an unknown opcode";
    }
}

/* Copies header bytes until the header is whole; returns how many it took. */
static size_t take_header(struct reader *reader, const uint8_t *data, size_t length)
{
    size_t taken = 0;

    while (taken < length) {
        reader->header[reader->header_length++] = data[taken++];
        if (reader->header_length < 2 || reader->header_length < header_size(reader->header))
            continue;
        reader->left = payload_length(reader->header);
        reader->error = fault_of(reader);
        reader->in_payload = true;
        if (reader->header[0] & CONTROL)
            reader->control_length = 0;
        else
            reader->in_message = true;
        break;
    }
    return taken;
}

static size_t take_payload(struct reader *reader, const uint8_t *data, size_t length)
{
    size_t taken = length < reader->left ? length : (size_t)reader->left;

    if (reader->header[0] & CONTROL) {
        memcpy(reader->control + reader->control_length, data, taken);
        reader->control_length += (unsigned)taken;
    } else if (reader->sampling) {
        size_t room = reader->sample_capacity - reader->sample_length;
        size_t copied = taken < room ? taken : room;
        memcpy(reader->sample + reader->sample_length, data, copied);
        reader->sample_length += copied;
    }
    reader->left -= taken;
    return taken;
}

/* True where the frame ended a message. */
static bool end_frame(struct reader *reader)
{
    unsigned opcode = reader->header[0] & OPCODE;

    reader->in_payload = false;
    reader->header_length = 0;
    if (opcode == OPCODE_CLOSE)
        reader->error = "the server sent a close";
    else if (opcode == OPCODE_PING)
        reader->pinged = true;
    if (opcode & CONTROL || !(reader->header[0] & FINAL))
        return false;
    reader->in_message = false;
    reader->sampling = false;
    return true;
}

unsigned reader_feed(struct reader *reader, const uint8_t *data, size_t length)
{
    unsigned messages = 0;

    while (length && !reader->error) {
        size_t taken =
            reader->in_payload ? take_payload(reader, data, length) : take_header(reader, data, length);
        data += taken;
        length -= taken;
        if (reader->in_payload && !reader->left && !reader->error && end_frame(reader))
            ++messages;
    }
    return messages;
}
