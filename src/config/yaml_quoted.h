#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>

/*
 * Appends what a quoted scalar over several lines stands for; `raw` is what lies between the quotes and was
 * found to be valid. js-yaml 3 keeps blanks before a line break that YAML drops, and drops empty lines behind
 * an escaped one that YAML keeps.
 */
NODISCARD enum status yaml_quoted_append(struct buffer *out, struct text raw, bool double_quotes);
