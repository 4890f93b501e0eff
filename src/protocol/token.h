#pragma once

#include "base/text.h"

#include <stdbool.h>

/* HTTP's tokens (RFC 9110, section 5.6.2): methods, header names, subprotocols. */

bool token_accepts(char c);
/* Whether the whole of `t` is one token; the empty text is none. */
bool token_is_valid(struct text t);
