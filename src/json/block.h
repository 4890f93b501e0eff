#pragma once

#include <stdint.h>

/*
 * 64 bytes of a text, looked at once: which of them are not plain (json/plain.h). By that strings within them
 * are told their ends; each looked at by itself, what lies behind it would wait for that.
 */
enum { JSON_BLOCK = 64 };

struct json_block {
    const char *start;
    uint64_t others; /* bit i: start[i] is not plain; none of those from the text's end on */
};

/* The block that begins at `start`, before the text's end. Reads nothing outside of the two. */
struct json_block json_block_at(const char *start, const char *end);
