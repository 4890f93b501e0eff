#pragma once

#include "base/buffer.h"
#include "base/status.h"

struct runner;

/* What the C host asks of the loop: to be woken, the loop itself, requests going out. */

/* Sets up the handle that wakes the loop, which cannot fail; runner_close() closes it. */
void c_loop_init(struct runner *runner);
/* Makes the C host, runner->c, which runner_close() destroys. STATUS_NO_MEMORY. */
NODISCARD enum status c_loop_open(struct runner *runner);
/* Cancels requests under way, and says so to those that wait for them. */
void c_loop_give_up(struct runner *runner);
