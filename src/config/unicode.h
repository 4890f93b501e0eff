#pragma once

#include <stdint.h>

enum { UNICODE_REPLACEMENT = 0xFFFD };

/* The character `*at` (before `end`) begins, in UTF-8; moves past it. Bytes that begin none give U+FFFD, one
 * for as many as a decoder that had seen only those would still have taken for a beginning: as Node and
 * browsers do. */
uint32_t unicode_next(const char **at, const char *end);
