#pragma once

#include "base/status.h"
#include "js/work.h"

#include <stdbool.h>

struct runner;

/* Has JavaScript's work done by the loop's pool of threads; `owner` is the runner (see struct
 * js_host_functions). */
NODISCARD enum status js_work_queue(void *owner, struct work *work);

/* Drops what has not begun, and turns the loop until the rest is done, but not for ever: false where some is
 * still at it (a named pipe that nobody opens), which then goes on touching its own memory. */
NODISCARD bool js_work_finish(struct runner *runner);
