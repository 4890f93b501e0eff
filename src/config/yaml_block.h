#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"

/*
 * Appends what a block scalar stands for. `raw` begins with its '|' or '>' and ends somewhere behind its last
 * line; `parent` is how many columns what it belongs to is indented. STATUS_INVALID where a line that is not
 * indented enough comes before the end: libfyaml takes such for text when there is none, js-yaml does not.
 */
NODISCARD enum status yaml_block_append(struct buffer *out, struct text raw, size_t parent);
