#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The world of a script that starts runners by itself (lib/script.js and lib/runners.js are its other half).
 * Runners have numbers there, which are never used again.
 */

struct js_host;

/* How a script wants a runner to be; gone when the call returns. */
struct js_runner_settings {
    struct text options;     /* names and values in turn, each ended by a NUL */
    const char *key;         /* PEM; NULL where the script has given none */
    const char *certificate; /* the same */
    unsigned heard;          /* see listen() */
};

/* What a script asks for; called from within JavaScript, they may not call back. */
struct js_script_functions {
    /* Starts a runner: js_script_tell() says what came of it, later. */
    void (*start)(void *owner, uint32_t id, const struct js_runner_settings *settings);
    void (*stop)(void *owner, uint32_t id);
    /* Which of its log lines the script wants to be told, instead of having them printed: 1 << level. */
    void (*listen)(void *owner, uint32_t id, unsigned heard);
};

/* Of a runner; the texts are gone when the call returns. */
struct js_runner_news {
    /* It listens; it never will, and has ended; it has stopped; a log line. The numbers are
     * lib/runners.js's. */
    enum { RUNNER_STARTED = 1, RUNNER_FAILED, RUNNER_STOPPED, RUNNER_LINE } kind;
    unsigned ports[3];   /* STARTED: the plain one, the secure one, the management server's; 0: none */
    int level;           /* LINE */
    struct text message; /* FAILED, LINE */
};

/* Before the script runs; without it there is nobody to start runners. */
void js_script_attach(struct js_host *host, const struct js_script_functions *functions, void *owner);

/* Runs a file as Node runs a program's main module; `path` is absolute. STATUS_INVALID: it can not be run at
 * all, and `error` has one line that names the place. What it throws at its top level ends the process. */
NODISCARD enum status js_script_run(struct js_host *host, struct text path, char *const *arguments,
                                    size_t count, struct buffer *error);

void js_script_tell(struct js_host *host, uint32_t id, const struct js_runner_news *news);

/* Nothing is left to be done: the script's last chance to think of something. */
void js_script_idle(struct js_host *host);
/* It ends; the process's exit code. */
int js_script_end(struct js_host *host);
