#pragma once

#include "base/buffer.h"
#include "base/status.h"

/* Listening and accepting, as far as there are descriptors; for runner.c. */

struct runner;

void accept_init(struct runner *runner);
/* Listens on the port and, where there is a certificate, on the secure one. On failure `error` gets one line.
 */
NODISCARD enum status accept_open(struct runner *runner, struct buffer *error);
/* Takes up accepting where it waits and may go on. Once a turn. */
void accept_go_on(struct runner *runner);
/* Accepts no more; more than once is fine. */
void accept_close(struct runner *runner);
