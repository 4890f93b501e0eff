#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The frame header (RFC 6455, section 5.2) and masking (5.3).
 *
 *      0               1               2 ...
 *     +-+-----+-------+-+-------------+-----------------------+------------------+---------
 *     |F| RSV |opcode |M| length (7)  | length (0, 16 or 64)  | masking key (32) | payload
 *     +-+-----+-------+-+-------------+-----------------------+------------------+---------
 */
enum frame_opcode {
    FRAME_CONTINUATION = 0x0,
    FRAME_TEXT = 0x1,
    FRAME_BINARY = 0x2,
    FRAME_CLOSE = 0x8,
    FRAME_PING = 0x9,
    FRAME_PONG = 0xA,
};

enum {
    FRAME_MAX_HEADER = 14,        /* what a client sends at most */
    FRAME_MAX_SERVER_HEADER = 10, /* no mask */
    FRAME_MAX_CONTROL = 125,      /* payload bytes of a control frame */
};

struct frame {
    bool final;
    bool compressed; /* RSV1 (RFC 7692, section 6) */
    enum frame_opcode opcode;
    uint64_t length; /* payload bytes */
    uint8_t mask[4];
    size_t header_length;
};

enum frame_result {
    FRAME_OK,
    FRAME_INCOMPLETE, /* more bytes are needed to tell; nothing wrong so far */
    FRAME_BAD,        /* breaks RFC 6455: close 1002. *error says how */
};

/* Decodes the header of a frame a client sent. With `may_compress`, the first bit of a text or binary frame's
 * reserved ones is permessage-deflate's. Rejects before it waits: reserved bits, unknown opcodes, a
 * missing mask, control frames that are long or fragmented, a length not in its shortest form or above
 * 2^63-1. */
enum frame_result frame_decode(struct frame *frame, const uint8_t *data, size_t length, bool may_compress,
                               const char **error);

/* Writes the header of an unmasked final frame; returns its length (2, 4 or 10). */
size_t frame_encode_header(uint8_t out[FRAME_MAX_SERVER_HEADER], enum frame_opcode opcode, uint64_t length);
/* Marks a frame's header as that of a compressed message. */
void frame_mark_compressed(uint8_t header[FRAME_MAX_SERVER_HEADER]);

/* XORs `length` bytes in place; `offset` is the index of data[0] within the frame's payload. Fast. Whether
 * all of them are ASCII then. */
bool frame_unmask(uint8_t *data, size_t length, const uint8_t mask[4], uint64_t offset);
