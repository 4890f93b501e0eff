#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "config/report.h"
#include "config/yaml_reader.h"
#include "config/yaml_value.h"

#include <stdbool.h>

enum { YAML_BYTES_PER_VALUE = 64 }; /* a text counts as one value more for each of so many bytes */

/* What tags, and their absence, make of what was read. `value` comes as YAML_NULL, or as the list or map it
 * is; errors are reported where the event stands. */
NODISCARD enum status yaml_tag_scalar(struct yaml_value *value, const struct yaml_event *event,
                                      struct arena *arena, const struct report *report);
NODISCARD enum status yaml_tag_list(struct yaml_value *value, const struct yaml_event *event,
                                    struct arena *arena, const struct report *report);
NODISCARD enum status yaml_tag_map(const struct yaml_value *value, const struct yaml_event *event,
                                   const struct report *report);

/* Whether a key is "<<", the merge key. */
bool yaml_tag_is_merge(const struct yaml_event *event);
