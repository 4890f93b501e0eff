#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "config/report.h"

/*
 * Makes ready what libfyaml shall read, so that it accepts what js-yaml 3 does: a copy in the arena with the lines and
 * columns of the original.
 *  - A byte order mark is dropped, bytes that are not UTF-8 become U+FFFD, as Node's fs reads a file.
 *  - A NUL is an error.
 */
NODISCARD enum status yaml_source(struct text *source, struct text text, struct arena *arena,
                                  const struct report *report);
