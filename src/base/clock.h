#pragma once

#include <stdint.h>

/* Monotonic time; starts anywhere, never goes back. */
uint64_t clock_now_ms(void);
uint64_t clock_now_ns(void);

/*
 * clock_now_ns() for those who ask some million times a second: where the processor has a counter of its own
 * that takes half as long to read, and by that it was asked just now (some 10 us at most), it is said again
 * what it said then. Starts zeroed.
 */
struct recent_clock {
    uint64_t now_ns;
    uint64_t ticks;
};

static inline uint64_t clock_recent_ns(struct recent_clock *recent)
{
#ifdef __x86_64__
    enum { JUST_NOW = 20000 }; /* ticks; there are 1 to 5 a nanosecond */
    uint64_t ticks = __builtin_ia32_rdtsc();
    if (ticks - recent->ticks < JUST_NOW)
        return recent->now_ns;
    recent->ticks = ticks;
#endif
    recent->now_ns = clock_now_ns();
    return recent->now_ns;
}

/* Wall-clock time since 1970-01-01T00:00:00Z. */
int64_t clock_wall_ms(void);

enum { CLOCK_ISO8601_LENGTH = 24 };

/* "2026-01-01T00:00:00.000Z", as JavaScript's Date.toISOString writes it, with a NUL behind it. */
void clock_iso8601(char out[CLOCK_ISO8601_LENGTH + 1], int64_t wall_ms);
