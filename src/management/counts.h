#pragma once

#include "base/status.h"
#include "runner/metrics.h"

#include <stddef.h>

/* What runners count, taken at one moment: of one, or added up over a crew's. */

struct runner;

struct counts {
    struct metrics metrics; /* owned */
    size_t connections;
    size_t events;
    size_t streams;
    size_t buffered_bytes;
    size_t heap_bytes;
};

/* Adds what the runner counts; on its thread. All zeroes is the start. */
NODISCARD enum status counts_add_runner(struct counts *counts, const struct runner *runner);
/* Adds what another has added up. */
NODISCARD enum status counts_add(struct counts *counts, const struct counts *other);
void counts_deinit(struct counts *counts);
