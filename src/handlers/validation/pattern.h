#pragma once

#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Regular expressions on PCRE2, in the syntax JavaScript has in common with Perl: over UTF-8, by characters.
 * What a text from outside can cost is bounded by steps, some ten nanoseconds each: an item of the
 * expression that is tried is two, eight bytes that it has passed are one.
 */

struct pattern;

/* STATUS_INVALID where it is no regular expression. *pattern is the caller's, for pattern_destroy(). */
NODISCARD enum status pattern_create(struct pattern **pattern, struct text source);
void pattern_destroy(struct pattern *pattern); /* NULL is fine */

enum { PATTERN_GROUPS = 16, PATTERN_STEPS = 1000000 /* what one match may well cost */ };

/* STATUS_OK where it matches somewhere in the subject, which is UTF-8, `whole`: all of it; STATUS_NOT_FOUND
 * where it does not; STATUS_LIMIT where that is not known, since it would take more than *steps, or too deep
 * a way back; STATUS_NO_MEMORY. *steps becomes what is left of them. groups[i] (may be NULL) gets what the
 * i-th group has matched, the first of them all of the match. Safe to call from several threads at once. */
NODISCARD enum status pattern_matches(const struct pattern *pattern, struct text subject, bool whole,
                                      struct text groups[PATTERN_GROUPS], uint64_t *steps);
