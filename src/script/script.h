#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"

#include <configurapi-runner-ws.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A script that starts runners by itself (CONTRACT, section 1): its JavaScript world on a loop, the runners
 * that live in it, the process's signals, and the end, which comes when nothing is left on the loop.
 */

struct uv_loop_s;

/* How a script wants a runner to be. */
struct script_settings {
    struct text options;     /* names, as a script says them, and values in turn, each ended by a NUL */
    const char *key;         /* PEM; NULL where the script has given none */
    const char *certificate; /* the same */
};

/* What the script's caller does for it. */
struct script_functions {
    /* Sets in `options`, whose functions and `data` are the script's, what `settings` say, and makes a runner
     * of it. Otherwise `error` gets one line. */
    NODISCARD enum status (*create)(void *owner, const struct script_settings *settings,
                                    const struct configurapi_runner_options *functions,
                                    configurapi_runner **runner, struct buffer *error);
    void (*on_serving)(void *owner, struct uv_loop_s *loop); /* the first runner listens */
    void (*on_stopping)(void *owner);                        /* a signal asks for the end */
    void (*on_end)(void *owner);                             /* the loop is about to be closed */
};

struct script_options {
    const char *path;
    char *const *arguments;
    size_t argument_count;
    const char *env_path;               /* read into the environment first; NULL: none */
    enum configurapi_level log_level;   /* of what the script's world has to say by itself */
    enum configurapi_log_format format; /* the same */
};

/* Runs it to its end. *code is the process's exit code. *clean is false where something holds memory that can
 * not be freed, such as handlers that never end their events. STATUS_INVALID, or another: it could not be run
 * at all, and `error` has one line. */
NODISCARD enum status script_run(const struct script_options *options,
                                 const struct script_functions *functions, void *owner, int *code,
                                 bool *clean, struct buffer *error);
