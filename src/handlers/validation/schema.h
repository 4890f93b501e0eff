#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"

#include <jansson.h>

/*
 * JSON Schema, draft 7 (draft 4 where "$schema" says so), by valijson: every keyword of validation but
 * `contentEncoding` and `contentMediaType`; of formats `date`, `time` and `date-time`; references within the
 * schema. Patterns are matched as validation/pattern.h says.
 *
 * What a value from outside can cost is bounded: it may be nested 128 deep; and patterns, comparisons and all
 * else that walks over it share 20 million steps, and 20 more for each byte of its JSON text, of some ten
 * nanoseconds each. A value that takes more does not fit. Of errors the first twenty are told, none longer
 * than a line or two.
 */

#ifdef __cplusplus
extern "C" {
#endif

struct schema;

/* Reads a schema from JSON text. On STATUS_INVALID `error` has a line that says what is wrong with it. */
NODISCARD enum status schema_create(struct schema **schema, struct text json, struct buffer *error);
void schema_destroy(struct schema *schema); /* NULL is fine */

/* STATUS_OK where the value fits. STATUS_INVALID where it does not: `failures` gets what and where, "a.b[0]:
 * …", with
 * "; " between several. */
NODISCARD enum status schema_validate(const struct schema *schema, const json_t *value,
                                      struct buffer *failures);

#ifdef __cplusplus
}
#endif
