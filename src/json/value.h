#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"

#include <jansson.h>

/* The bridge between JSON text and dynamic values, for those who want a message's contents as such. */

/*
 * Reads one JSON value, which is known to be valid. A whole number that 64 bits do not hold becomes a double,
 * as in JavaScript. STATUS_INVALID for what jansson does not hold: nesting beyond 2,048, a lone surrogate,
 * a number beyond a double. *value is the caller's; unchanged on failure.
 */
NODISCARD enum status json_read_value(struct text text, json_t **value);

/*
 * Appends a value as JSON.stringify writes it: no white space, numbers as short as they read back the same.
 * STATUS_INVALID where it is nested beyond 2,048, which a value that contains itself is, too. On failure
 * nothing was appended.
 */
NODISCARD enum status json_append_value(struct buffer *out, const json_t *value);
