#pragma once

#include "base/status.h"
#include "base/text.h"
#include "js/engine.h"

/* The small set of C functions under the JavaScript in src/js/lib: how one is declared, and what they all need. */

struct native {
    const char *name; /* the property of the `native` object that every internal module gets; NULL ends a table */
    JSObjectCallAsFunctionCallback function;
};

/* The tables, by the file each lives in. */
extern const struct native native_encoding[]; /* UTF-8, base64, random bytes */
extern const struct native native_process[];  /* clocks, environment, memory, working directory */
extern const struct native native_files[];    /* what `require` reads */
extern const struct native native_world[];    /* the runner's side: log, events, connections, timers */

/* Adds a table's functions to `object`. */
void native_install(JSContextRef context, JSObjectRef object, const struct native *table);

/* Sets *exception to a new Error (with that message), a TypeError or a RangeError, and returns undefined, so that a
 * native function can `return native_throw(…)`. */
JSValueRef native_throw(JSContextRef context, JSValueRef *exception, const char *constructor, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* A JavaScript string value of valid UTF-8. Throws (see above) and returns undefined where memory is out. */
JSValueRef native_string(JSContextRef context, struct text text, JSValueRef *exception);

/* The argument as UTF-8 in `out` (appended). False, with *exception set, where it has no string form. */
NODISCARD bool native_argument_text(JSContextRef context, JSValueRef argument, struct buffer *out,
                                    JSValueRef *exception);

/* The bytes of an ArrayBuffer or a view on one: not copied, valid until JavaScript runs again. False, with *exception
 * set to a TypeError, for any other value. */
NODISCARD bool native_argument_bytes(JSContextRef context, JSValueRef argument, uint8_t **bytes, size_t *length,
                                     JSValueRef *exception);

/* A new Uint8Array that owns `bytes` (from malloc; freed by the collector, on any thread). On failure they are freed,
 * *exception is set and undefined returned. */
JSValueRef native_bytes(JSContextRef context, uint8_t *bytes, size_t length, JSValueRef *exception);
