#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"

/* Appends `text` as a JSON string (RFC 8259), in ASCII where it is ASCII: control characters and
 * what turns lines or their direction (utf8_control()) are escaped,
 * bytes that are not UTF-8 replaced by U+FFFD. What is longer than `most` bytes is cut there, between
 * characters, and an ellipsis says so. */
NODISCARD enum status log_json_append(struct buffer *line, struct text text, size_t most);
