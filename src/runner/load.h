#pragma once

#include "base/buffer.h"
#include "base/status.h"

#include <stdbool.h>

struct application;

/* Reads what the options say is the configuration, and finds the modules it can name (CONTRACT, section 2):
 * those of `import`, then handlers/ beside the config file or else in the working directory. */
NODISCARD enum status load_begin(struct application *application, struct buffer *error);

/* Loads them, one after another; the JavaScript world is made by the first that is JavaScript. *waits: the
 * next has top-level `await` that waits; called again, it goes on. Otherwise all are loaded. */
NODISCARD enum status load_go_on(struct application *application, bool *waits, struct buffer *error);

/* The module that waits never will be loaded: nothing is left that it could wait for. */
NODISCARD enum status load_refuse_waiting(const struct application *application, struct buffer *error);
