#pragma once

#include "base/buffer.h"
#include "base/status.h"

struct runner;

/* Loads every handler that the configuration can name (CONTRACT, section 2): the modules of `import`, then
 * handlers/ beside the config file or else in the working directory. Makes the JavaScript host where there is
 * JavaScript, and turns the loop while a module's top-level `await` waits. */
NODISCARD enum status load_handlers(struct runner *runner, struct buffer *error);
