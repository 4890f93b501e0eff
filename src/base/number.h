#pragma once

#include "base/status.h"

#include <stdarg.h>
#include <stddef.h>

/* Numbers as text with a point in them, whatever the process's locale has there. From any thread. */

/* As snprintf(). */
int number_print(char *out, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);
int number_vprint(char *out, size_t size, const char *format, va_list arguments) PRINTF_LIKE(3, 0);

/* As strtod(). */
double number_read(const char *text, char **end);
