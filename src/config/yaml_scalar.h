#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>

/*
 * What a scalar's text means by the default safe schema of js-yaml 3: null, true, numbers (binary, octal,
 * hexadecimal, base 60 and underscores included), dates and the merge key "<<".
 */
enum yaml_scalar_type {
    YAML_SCALAR_STRING, /* none of the others */
    YAML_SCALAR_NULL,
    YAML_SCALAR_BOOL,
    YAML_SCALAR_INT,
    YAML_SCALAR_FLOAT,
    YAML_SCALAR_TIMESTAMP,
    YAML_SCALAR_MERGE,
};

struct yaml_scalar {
    enum yaml_scalar_type type;
    bool boolean;
    double number; /* the int or float; of a timestamp the milliseconds since 1970 */
};

/* What a plain scalar without a tag means. The arena is for scratch. */
NODISCARD enum status yaml_scalar_resolve(struct yaml_scalar *scalar, struct arena *arena, struct text text);

/* What a scalar tagged as `type` means; STATUS_INVALID where that type is not written so. */
NODISCARD enum status yaml_scalar_read(struct yaml_scalar *scalar, struct arena *arena,
                                       enum yaml_scalar_type type, struct text text);

/* The bytes a !!binary scalar stands for, in the arena. STATUS_INVALID where js-yaml refuses it; what that
 * takes for base64 without being it (no text at all, one digit alone) gives the bytes it gives there. */
NODISCARD enum status yaml_scalar_binary(struct text *bytes, struct arena *arena, struct text text);
