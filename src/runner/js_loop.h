#pragma once

#include "base/buffer.h"
#include "base/status.h"

struct runner;

/* The JavaScript host on the runner's loop: its timers, immediates and idle work. */

NODISCARD enum status js_loop_open(struct runner *runner, struct buffer *error);
/* Stops its handles; the host stays until the runner has closed. */
void js_loop_stop(struct runner *runner);
