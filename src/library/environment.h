#pragma once

#include "base/buffer.h"
#include "base/status.h"

/*
 * Reads a .env file into the environment: lines NAME=value, blank lines, comments (#), an optional `export`
 * in front; a value in single quotes is taken as it is, in double quotes with \n, \r, \t, \" and \\ undone,
 * without quotes up to a '#' behind a blank. What is set already stays. A missing file is fine; a line of
 * another form is STATUS_INVALID with its place in `error`.
 */
NODISCARD enum status environment_load(const char *path, struct buffer *error);
