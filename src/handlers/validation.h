#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "handlers/validation/plugin.h"

/* Opens configurapi-validation.so (see validation/plugin.h); *plugin stays valid for ever. Safe to call from
 * several threads. STATUS_SYSTEM where it is not there: `error` then has a line. */
NODISCARD enum status validation_open(const struct validation_plugin **plugin, struct buffer *error);
