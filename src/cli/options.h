#pragma once

#include "base/buffer.h"
#include "base/status.h"

#include <configurapi-runner-ws.h>
#include <stdbool.h>

/* The command line (CONTRACT, section 1). */

enum { COMMAND_LINE_ORIGINS = 64 };

struct command_line {
    struct configurapi_runner_options options;
    bool no_management;
    const char *origins[COMMAND_LINE_ORIGINS]; /* options.origins */
    const char *script; /* a script that starts runners by itself; NULL: there is none */
    char *const *script_arguments;
    size_t script_argument_count;
    bool check; /* --check: load everything, then exit */
    bool help;
    bool version;
};

/* On STATUS_INVALID `error` has one line. The options keep pointers into `arguments`. */
NODISCARD enum status command_line_parse(struct command_line *line, int count, char **arguments,
                                         struct buffer *error);

/* Sets an option to what a script says of it, by its name in camelCase (highWaterMark); likewise. */
NODISCARD enum status command_line_set(struct command_line *line, const char *name, const char *value,
                                       struct buffer *error);

/* What --help prints. */
extern const char command_line_help[];
