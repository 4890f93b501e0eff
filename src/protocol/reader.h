#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"
#include "base/utf8.h"
#include "protocol/close.h"
#include "protocol/frame.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Bytes in, messages out: the receiving half of RFC 6455 after the handshake. A pull parser with no I/O.
 *
 * A message that lies whole and unfragmented in the caller's bytes is unmasked where it lies and handed out
 * without a copy and without an allocation: that is the common case and the fast one. Only what is cut (by
 * the network or by fragmentation) is collected in memory of the reader's own, which grows as bytes really
 * come, never by what a header promises, and is given back when the message is done: between messages a
 * reader owns nothing.
 *
 * Text is checked as UTF-8 while it comes; the first wrong byte fails the message, not its end (RFC
 * 6455, 8.1).
 */

struct reader {
    size_t max_message;    /* bytes; a longer message is CLOSE_TOO_BIG, decided from the headers */
    struct buffer message; /* payload collected so far, unmasked, and behind it a cut control frame's */
    uint64_t frame_left;   /* payload bytes of the current frame still to come; 0 between frames */
    struct utf8 utf8;      /* of the text message so far; between messages as it was initialised */
    uint32_t max_frame; /* bytes of a data frame; likewise CLOSE_TOO_BIG. 0 until its owner sets one: none */
    uint8_t mask[4];    /* the current frame's */
    uint8_t header[FRAME_MAX_HEADER]; /* of the next frame, cut by the network */
    uint8_t header_length;            /* bytes of it that are here */
    uint8_t control_length;           /* bytes of a cut control frame's payload that are here */
    uint8_t mask_offset;              /* which byte of the mask is next */
    uint8_t frame_opcode;             /* the current frame's */
    uint8_t message_opcode; /* FRAME_TEXT or FRAME_BINARY in a message, FRAME_CONTINUATION between */
    bool frame_final;
    bool may_compress; /* permessage-deflate was agreed on; false unless its owner says so */
    bool compressed;   /* the current message is */
};

enum reader_event_kind {
    READER_NEED_MORE, /* all input used up */
    READER_MESSAGE,   /* .data: the whole message; .binary */
    READER_PING,      /* .data: answer it with a pong of the same */
    READER_PONG,      /* .data */
    READER_CLOSE,     /* .code, .reason: the peer's close frame; nothing after it counts */
    READER_ERROR,     /* .code: what to close with, .reason: why, in words for the close frame and the log */
};

struct reader_event {
    enum reader_event_kind kind;
    bool binary;
    bool compressed; /* of a message: .data is what deflate_expand() takes, and not checked yet */
    uint16_t code;
    struct text reason;
    struct text data; /* valid, and the caller's to overwrite, until the next call on this reader or until the
                         caller's bytes go; whichever comes first */
};

enum { READER_ROOM = 64 * 1024 }; /* bytes; fewer are copied more cheaply than they are placed */

void reader_init(struct reader *reader, size_t max_message);
void reader_deinit(struct reader *reader);

/*
 * Takes bytes from the front of *input (moving it on) until it has something to tell. Call it again with the
 * rest until READER_NEED_MORE. A caller that must pause keeps what is left of *input and comes back with it.
 * The bytes are changed: unmasked in place. After READER_CLOSE or READER_ERROR it must not be called again.
 */
struct reader_event reader_next(struct reader *reader, struct text *input);

/*
 * Where the payload that comes next may be put, so that it need not be copied to where it is collected: at
 * most *size bytes, to be given to reader_next() as they lie there before anything else is called. NULL where
 * that is not worth it, or memory is out.
 */
char *reader_room(struct reader *reader, size_t *size);

/* What the last event lent is not looked at any more: its memory goes, as it does with the next call of
 * reader_next(), which may be long in coming. What is still being collected stays. */
void reader_rest(struct reader *reader);
