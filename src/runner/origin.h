#pragma once

#include "base/text.h"

#include <stdbool.h>

/* Whether an Origin header's value fits a pattern, without regard to case. A '*' stands for any characters
 * other than '/', or none: in front of ".example.com" for all hosts under that one. "*" by itself is any
 * origin. */
bool origin_matches(struct text pattern, struct text origin);
