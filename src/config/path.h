#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"

/* Appends `path` seen from the directory `from` as an absolute path without ".", "..", doubled or trailing
 * slashes: Node's path.resolve. Nothing is looked up; `from` must be absolute. */
NODISCARD enum status path_resolve(struct buffer *out, struct text from, struct text path);

/* The directory a file is in, as path_resolve writes it; a relative `file` is seen from the working
 * directory. STATUS_SYSTEM where that is gone. */
NODISCARD enum status path_directory(struct buffer *out, struct text file);
