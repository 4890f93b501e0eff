#pragma once

#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Regular expressions on PCRE2, in the syntax JavaScript has in common with Perl: over UTF-8, by characters.
 * What a text from outside can cost is bounded: matching gives up after a million steps, which counts as no
 * match.
 */

struct pattern;

/* STATUS_INVALID where it is no regular expression. *pattern is the caller's, for pattern_destroy(). */
NODISCARD enum status pattern_create(struct pattern **pattern, struct text source);
void pattern_destroy(struct pattern *pattern); /* NULL is fine */

enum { PATTERN_GROUPS = 16 };

/* Whether it matches somewhere in the subject, which is UTF-8; `whole`: all of it. groups[i] (may be NULL)
 * gets what the i-th group has matched, the first of them all of the match. Safe to call from several threads
 * at once. */
bool pattern_matches(const struct pattern *pattern, struct text subject, bool whole,
                     struct text groups[PATTERN_GROUPS]);
