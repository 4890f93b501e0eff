#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "management/counts.h"

/* Appends what was counted, in Prometheus' text format (version 0.0.4). */
NODISCARD enum status metrics_text_append(struct buffer *out, const struct counts *counts);
