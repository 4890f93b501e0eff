#pragma once

#include <stdint.h>

/*
 * How often each latency was seen, to within 1.6 % of its value: exact below 128, then 64 buckets for every
 * doubling. A fixed size, whatever is added.
 */
enum { HISTOGRAM_BUCKETS = 128 + 57 * 64 };

struct histogram {
    uint64_t count;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_clear(struct histogram *histogram);
void histogram_add(struct histogram *histogram, uint64_t value);

/* The value that `share` (0 to 1) of the values are not above; 0 where nothing was added. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);
