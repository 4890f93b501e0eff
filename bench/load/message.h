#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The message to send, masked and framed once for all: copies of its frame in a row, so that many messages
 * are one write from anywhere in it.
 */
struct message {
    uint8_t *frames; /* owned */
    size_t frame_size;
    size_t total; /* copies * frame_size */
};

/* Frames what is in the file, or where `path` is NULL the default message. False, with the reason on stderr,
 * where it cannot be read or the frames grow too large. */
bool message_init(struct message *message, const char *path, unsigned copies);
void message_deinit(struct message *message);

enum { MESSAGE_MAX_CONTROL = 125, MESSAGE_MAX_PONG = MESSAGE_MAX_CONTROL + 6 };

/* Writes a pong with this payload (at most MESSAGE_MAX_CONTROL bytes); returns the frame's size. */
size_t message_pong(uint8_t out[MESSAGE_MAX_PONG], const uint8_t *payload, size_t length);
