#pragma once

#include "base/status.h"
#include "js/work.h"

struct runner;

/* Has JavaScript's work done by the loop's pool of threads; `owner` is the runner (see struct
 * js_host_functions). */
NODISCARD enum status js_work_queue(void *owner, struct work *work);

/* For runner_close(): drops what has not begun, and keeps the runner open until the rest is done, but not for
 * ever: then runner->works is not empty, and what is still at it (a named pipe that nobody opens) goes on
 * touching its own memory. */
void js_work_end(struct runner *runner);
