#include "protocol/frame.h"

#include <endian.h>
#include <string.h>

enum {
    FINAL = 0x80, /* of the first byte */
    RESERVED = 0x70,
    COMPRESSED = 0x40,
    OPCODE = 0x0F,
    MASKED = 0x80, /* of the second */
    LENGTH = 0x7F,
    LENGTH_IN_16 = 126, /* the length is in the next two bytes */
    LENGTH_IN_64 = 127, /* in the next eight */
};

static enum frame_result bad(const char **error, const char *reason)
{
    *error = reason;
    return FRAME_BAD;
}

static bool known(unsigned opcode)
{
    return opcode <= FRAME_BINARY || (opcode >= FRAME_CLOSE && opcode <= FRAME_PONG);
}

static uint64_t big_endian(const uint8_t *bytes, size_t count)
{
    uint64_t value = 0;

    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

enum frame_result frame_decode(struct frame *frame, const uint8_t *data, size_t length, bool may_compress,
                               const char **error)
{
    if (length < 1)
        return FRAME_INCOMPLETE;
    bool final = data[0] & FINAL;
    unsigned opcode = data[0] & OPCODE;
    bool compressed =
        may_compress && (opcode == FRAME_TEXT || opcode == FRAME_BINARY) && data[0] & COMPRESSED;
    if (data[0] & RESERVED & (compressed ? ~COMPRESSED : ~0))
        return bad(error, "a reserved bit is set");
    if (!known(opcode))
        return bad(error, "an unknown opcode");
    if (opcode >= FRAME_CLOSE && !final)
        return bad(error, "a fragmented control frame");

    if (length < 2)
        return FRAME_INCOMPLETE;
    uint64_t payload = data[1] & LENGTH;
    size_t behind = 2; /* where what follows the length starts */
    if (!(data[1] & MASKED))
        return bad(error, "a frame without a mask");
    if (opcode >= FRAME_CLOSE && payload > FRAME_MAX_CONTROL)
        return bad(error, "a control frame of more than 125 bytes");
    if (payload >= LENGTH_IN_16) {
        size_t size = payload == LENGTH_IN_16 ? 2 : 8;
        behind += size;
        if (length < behind)
            return FRAME_INCOMPLETE;
        payload = big_endian(data + 2, size);
        if (payload < (size == 2 ? LENGTH_IN_16 : UINT16_MAX + 1))
            return bad(error, "a length not in its shortest form");
        if (payload > INT64_MAX)
            return bad(error, "a length with its highest bit set");
    }

    if (length < behind + sizeof frame->mask)
        return FRAME_INCOMPLETE;
    frame->final = final;
    frame->compressed = compressed;
    frame->opcode = (enum frame_opcode)opcode;
    frame->length = payload;
    memcpy(frame->mask, data + behind, sizeof frame->mask);
    frame->header_length = behind + sizeof frame->mask;
    return FRAME_OK;
}

size_t frame_encode_header(uint8_t out[FRAME_MAX_SERVER_HEADER], enum frame_opcode opcode, uint64_t length)
{
    size_t size = length < LENGTH_IN_16 ? 0 : length <= UINT16_MAX ? 2 : 8;
    uint64_t coded = size == 0 ? length : size == 2 ? LENGTH_IN_16 : LENGTH_IN_64;

    /* In one store: who copies it at once would wait for two. */
    memcpy(out, &(uint16_t){htobe16((uint16_t)((FINAL | opcode) << 8 | coded))}, 2);
    for (size_t i = 0; i < size; i++)
        out[2 + i] = (uint8_t)(length >> 8 * (size - 1 - i));
    return 2 + size;
}

void frame_mark_compressed(uint8_t header[FRAME_MAX_SERVER_HEADER])
{
    header[0] |= COMPRESSED;
}

typedef uint64_t words __attribute__((vector_size(16)));

/* The mask as it lies over eight bytes, the first of which is at `offset`. */
static uint64_t pattern_at(const uint8_t mask[4], uint64_t offset)
{
    unsigned ahead = offset % 4 * 8;
    uint32_t turned;

    memcpy(&turned, mask, sizeof turned);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    turned = turned << ahead | turned >> (-ahead & 31);
#else
    turned = turned >> ahead | turned << (-ahead & 31);
#endif
    return (uint64_t)turned << 32 | turned;
}

static bool unmask_few(uint8_t *data, size_t length, const uint8_t mask[4], uint64_t offset)
{
    uint8_t seen = 0;

    for (size_t i = 0; i < length; i++)
        seen |= data[i] ^= mask[(offset + i) % 4];
    return seen < 0x80;
}

bool frame_unmask(uint8_t *data, size_t length, const uint8_t mask[4], uint64_t offset)
{
    const uint64_t high_bits = UINT64_C(0x8080808080808080);
    uint64_t last;
    uint64_t word;
    words both;
    size_t i = 0;

    if (length < sizeof last)
        return unmask_few(data, length, mask, offset);
    /* The last eight may overlap what comes before them: they are read first, and written last. */
    memcpy(&last, data + length - sizeof last, sizeof last);
    last ^= pattern_at(mask, offset + length - sizeof last);
    uint64_t pattern = pattern_at(mask, offset);
    words seen = {last, 0};
    for (; length - i >= sizeof both; i += sizeof both) {
        memcpy(&both, data + i, sizeof both);
        both ^= (words){pattern, pattern};
        memcpy(data + i, &both, sizeof both);
        seen |= both;
    }
    if (length - i >= sizeof word) {
        memcpy(&word, data + i, sizeof word);
        word ^= pattern;
        memcpy(data + i, &word, sizeof word);
        seen[0] |= word;
    }
    memcpy(data + length - sizeof last, &last, sizeof last);
    return !((seen[0] | seen[1]) & high_bits);
}
