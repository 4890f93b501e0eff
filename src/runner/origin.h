#pragma once

#include "base/text.h"

#include <stdbool.h>

/* Whether an Origin header's value is one that `pattern` names: the same without regard to case, where each
 * '*' stands for any characters but '/', as that in front of ".example.com"; "*" alone for any origin at all.
 */
bool origin_matches(struct text pattern, struct text origin);
