#pragma once

#include "base/arena.h"
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
 * What libfyaml reads: a copy in an arena with the lines and columns of the original, made ready so that
 * libfyaml takes it as js-yaml 3 takes the original.
 *  - A byte order mark is dropped, U+FFFD stands for what is not UTF-8, and the last line ends: as Node and
 * js-yaml do. A NUL is an error.
 *  - The directives before the document are checked here. js-yaml reads every 1.x as 1.2 and ignores
 * directives it does not know, so both become comments; only %TAG stays.
 *  - "--- a: 1", which YAML has no map for but js-yaml has, loses its marker.
 */
NODISCARD enum status yaml_source(struct text *source, struct text text, struct arena *arena,
                                  const struct report *report);

/*
 * Tells whether what libfyaml refuses at a position is something that js-yaml reads: tabs on a line without
 * contents, or a comment right behind a quote or a bracket. It is blanked then, and another try will get
 * further.
 */
bool yaml_source_repair(struct text source, struct config_position position);

/* Past white space, line breaks and comments. */
struct yaml_place yaml_source_skip(struct text source, struct yaml_place place);

/* Whether one of the characters of `set` stands there. False at the end. */
bool yaml_source_at(struct text source, size_t offset, const char *set);

/* Whether "---" or "..." stands there, at the start of a line. */
bool yaml_source_is_marker(struct text source, struct yaml_place place, const char *marker);
