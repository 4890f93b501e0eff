#pragma once

#include <stdint.h>

/* Monotonic time; starts anywhere, never goes back. */
uint64_t clock_now_ms(void);
uint64_t clock_now_ns(void);

/* Wall-clock time since 1970-01-01T00:00:00Z. */
int64_t clock_wall_ms(void);

enum { CLOCK_ISO8601_LENGTH = 24 };

/* "2026-01-01T00:00:00.000Z", as JavaScript's Date.toISOString writes it, with a NUL behind it. */
void clock_iso8601(char out[CLOCK_ISO8601_LENGTH + 1], int64_t wall_ms);
