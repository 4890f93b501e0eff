#include "load/histogram.h"

#include <string.h>

enum { LINEAR = 128, PER_DOUBLING = 64, PER_DOUBLING_BITS = 6 };

static unsigned bucket_of(uint64_t value)
{
    if (value < LINEAR)
        return (unsigned)value;
    unsigned exponent = 63u - (unsigned)__builtin_clzll(value);
    unsigned step = (unsigned)(value >> (exponent - PER_DOUBLING_BITS)) - PER_DOUBLING;
    return LINEAR + (exponent - PER_DOUBLING_BITS - 1) * PER_DOUBLING + step;
}

static uint64_t highest_in(unsigned bucket)
{
    if (bucket < LINEAR)
        return bucket;
    unsigned shift = (bucket - LINEAR) / PER_DOUBLING + 1;
    uint64_t step = (bucket - LINEAR) % PER_DOUBLING + PER_DOUBLING;
    return (step << shift) + ((uint64_t)1 << shift) - 1;
}

void histogram_clear(struct histogram *histogram)
{
    memset(histogram, 0, sizeof *histogram);
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
    ++histogram->buckets[bucket_of(value)];
    ++histogram->count;
}

uint64_t histogram_quantile(const struct histogram *histogram, double share)
{
    uint64_t wanted = (uint64_t)((double)histogram->count * share);
    uint64_t seen = 0;

    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; ++bucket) {
        seen += histogram->buckets[bucket];
        if (seen > wanted || (seen && seen == histogram->count))
            return highest_in(bucket);
    }
    return 0;
}
