#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "config/report.h"

#include <stddef.h>

/* A place in a text. */
struct yaml_place {
    size_t offset; /* bytes */
    struct config_position position;
};

/*
 * Makes ready what libfyaml shall read: a copy in the arena with the lines and columns of the original,
 * without a byte order mark and with U+FFFD for what is not UTF-8, as Node's fs reads a file. A NUL is an
 * error.
 */
NODISCARD enum status yaml_source(struct text *source, struct text text, struct arena *arena,
                                  const struct report *report);

/* Past white space, line breaks and comments. */
struct yaml_place yaml_source_skip(struct text source, struct yaml_place place);
