#pragma once

#include "js/engine.h"

/* Throws OpenSSL's oldest error as Node does: its words, and `code` "ERR_OSSL_…" with what it says,
 * `library`, `reason`; clears the others. Returns undefined. */
JSValueRef crypto_throw(JSContextRef context, JSValueRef *exception);
