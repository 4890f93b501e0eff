#pragma once

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/* How JavaScript spells numbers, dates and property names: configurapi 1.9.0 turns whatever stands for a name
 * into a string. */

enum { JAVASCRIPT_NUMBER_SIZE = 64, JAVASCRIPT_DATE_SIZE = 80 };

/* String(number), NUL-terminated. */
void javascript_number(char out[JAVASCRIPT_NUMBER_SIZE], double number);

/* date.toISOString() and String(date) in the time zone UTC, of milliseconds since 1970. */
void javascript_iso_date(char out[JAVASCRIPT_DATE_SIZE], double ms);
void javascript_date(char out[JAVASCRIPT_DATE_SIZE], double ms);

/* Whether objects list this property first, among the indices and by value: "0", "7", "12", but not "01" or
 * "-1". */
bool javascript_index(struct text name, uint32_t *index);
