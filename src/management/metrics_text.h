#pragma once

#include "base/buffer.h"
#include "base/status.h"

struct runner;

/* Appends what the runner counts, in Prometheus' text format (version 0.0.4). */
NODISCARD enum status metrics_text_append(struct buffer *out, const struct runner *runner);
