#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "cli/options.h"

#include <stdbool.h>
#include <uv.h>

/* Runs the command line's script, whose runners have the command line's options where it does not say others.
 */

struct scripting {
    struct command_line *line; /* its sockets are for the first runner */
    const char *env_path;
    void (*on_serving)(void *data, uv_loop_t *loop); /* a first runner listens */
    void (*on_stopping)(void *data);                 /* a signal asks for the end */
    void (*on_end)(void *data);                      /* what is still on the loop is to be closed */
    void *data;
};

/* As script_run(); `error` is ended by a NUL where it has something. */
NODISCARD enum status scripting_run(const struct scripting *scripting, int *code, bool *clean,
                                    struct buffer *error);
