#pragma once

#include "base/buffer.h"
#include "base/status.h"

struct runner;

/* What the C host asks of the loop: to be woken, the loop itself, requests going out. */

/* Opens the handle that wakes the loop; runner_close() closes it. */
void c_loop_init(struct runner *runner);
NODISCARD enum status c_loop_open(struct runner *runner);
/* Cancels requests under way, and says so to those that wait for them. */
void c_loop_give_up(struct runner *runner);
