#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"
#include "config/report.h"

#include <stdbool.h>
#include <stddef.h>

/* A place in a text. */
struct yaml_place {
    size_t offset; /* bytes */
    struct config_position position;
};

/*
 * What libfyaml reads: a copy with the lines and columns of the original, made ready so that libfyaml takes
 * it as js-yaml 3 takes the original. `source` is empty before, and the caller's to free in any case.
 *  - A byte order mark is dropped, U+FFFD stands for what is not UTF-8, and the last line ends, as Node and
 * js-yaml have it. A NUL is an error.
 *  - The directives before the document are checked here. js-yaml reads every 1.x as 1.2 and ignores
 * directives it does not know, so both become comments; only %TAG stays.
 *  - "--- a: 1", where YAML allows no map but js-yaml does, loses its marker.
 */
NODISCARD enum status yaml_source(struct buffer *source, struct text text, const struct report *report);

/*
 * Tells whether what libfyaml refuses at a position is something that js-yaml reads: tabs on a line without
 * contents, or a comment right behind a quote or a bracket. It is blanked then, and another try gets further.
 */
bool yaml_source_blank(struct buffer *source, struct config_position position);

/*
 * The same where libfyaml misses a value: if the next thing is a dash with nothing behind it, that gets a
 * "~". STATUS_NOT_FOUND where it is not.
 */
NODISCARD enum status yaml_source_fill(struct buffer *source, struct yaml_place place);

/* Past white space, line breaks and comments. */
struct yaml_place yaml_source_skip(struct text source, struct yaml_place place);

/* Whether that indicator ('?', ':', '-', ',') stands there, and not a word that begins with it. */
bool yaml_source_indicates(struct text source, size_t offset, char indicator);

/* Whether one of the characters of `set` stands there. False at the end. */
bool yaml_source_at(struct text source, size_t offset, const char *set);

/* Whether "---" or "..." stands there, at the start of a line. */
bool yaml_source_is_marker(struct text source, struct yaml_place place, const char *marker);
