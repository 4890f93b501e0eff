#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"
#include "handlers/validation.h"

/* The schemas of a folder, `schemas/<event name>.json`, each read when it is first asked for. */

struct schemas;

/* `directory` is absolute: the folder that schemas/ lies in. */
NODISCARD enum status schemas_create(struct schemas **schemas, const char *directory);
void schemas_destroy(struct schemas *schemas); /* NULL is fine */
/* Has all of them read again when they are next asked for. */
void schemas_forget(struct schemas *schemas);

/* What the schemas are of; opened at the first call. `error` has a line where it is not STATUS_OK. */
NODISCARD enum status schemas_plugin(struct schemas *schemas, const struct validation_plugin **plugin,
                                     struct buffer *error);

/* *schema stays the folder's. STATUS_NOT_FOUND, STATUS_INVALID, STATUS_SYSTEM: `error` has a line that begins
 * with the file. An event's name comes from a client: one that is no file's name has no schema. */
NODISCARD enum status schemas_find(struct schemas *schemas, struct text event, const struct schema **schema,
                                   struct buffer *error);
