#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { READER_MAX_HEADER = 10, READER_MAX_CONTROL = 125 };

/*
 * Reads the frames a server sends (RFC 6455, section 5) out of whatever pieces the socket gives, and counts
 * the text messages in them. Zeroed is ready to use.
 */
struct reader {
    const char *error; /* set once the server broke the protocol or closed; nothing more is read then */

    uint8_t header[READER_MAX_HEADER]; /* of the frame being read; `header_length` bytes are there */
    unsigned header_length;
    bool in_payload;
    bool in_message; /* between a message's first frame and its last */
    uint64_t left;   /* payload bytes still to come */

    uint8_t control[READER_MAX_CONTROL]; /* the payload of the latest control frame */
    unsigned control_length;
    bool pinged; /* `control` is a ping's and wants an answer; the caller clears this */

    bool sampling; /* the next message's beginning goes to `sample`; set by the caller, cleared at its end */
    char *sample;  /* the caller's */
    size_t sample_length;
    size_t sample_capacity;
};

/* Takes the next bytes; returns how many messages ended in them. On trouble `error` says what it was. */
unsigned reader_feed(struct reader *reader, const uint8_t *data, size_t length);
