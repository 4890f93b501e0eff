#pragma once

#include "base/buffer.h"
#include "base/status.h"

struct runner;

/* What the C host asks of the loop: to be woken, the loop itself, requests going out. */

NODISCARD enum status c_loop_open(struct runner *runner);
/* Nobody wakes it any more; requests under way are forgotten. */
void c_loop_stop(struct runner *runner);
