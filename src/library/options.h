#pragma once

#include "base/status.h"

#include <configurapi-runner-ws.h>

/* Copies the options with their texts. Those that the caller's header does not know yet have their defaults.
 */
NODISCARD enum status options_copy(struct configurapi_runner_options *copy,
                                   const struct configurapi_runner_options *options);
/* Frees the texts of such a copy. */
void options_free(struct configurapi_runner_options *copy);
