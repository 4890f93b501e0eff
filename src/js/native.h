#pragma once

#include "base/status.h"
#include "base/text.h"
#include "js/engine.h"

/* The small set of C functions under the JavaScript in src/js/lib: how one is declared, and what they all
 * need. */

struct native {
    const char *name; /* in the `native` object that every internal module gets; NULL ends a table */
    JSObjectCallAsFunctionCallback function;
};

/* How the functions of the tables begin. */
#define NATIVE_FUNCTION(name) \
    static JSValueRef name(JSContextRef context, JSObjectRef function, JSObjectRef this_object, \
                           size_t count, const JSValueRef arguments[], JSValueRef *exception)

/* Their first line: throws a TypeError where fewer than `least` arguments came. */
#define NATIVE_NEEDS(least) \
    (void)function; \
    (void)this_object; \
    if ((int)count < (least)) \
    return native_throw(context, exception, "TypeError", "%s: %d argument(s) expected", __func__, (least))
/* The same of a function without arguments. */
#define NATIVE_NEEDS_NONE \
    (void)function; \
    (void)this_object; \
    (void)count; \
    (void)arguments; \
    (void)exception

/* The tables, by the file each lives in. */
extern const struct native native_encoding[]; /* UTF-8, base64, random bytes */
extern const struct native native_process[];  /* clocks, environment, memory, working directory */
extern const struct native native_files[];    /* what `require` reads */
extern const struct native native_config[];   /* config.yaml */
/* And those of the parts of native_world.c, whose functions carry their world (see world_of()). */
extern const struct native native_fs[];     /* the file system, for Node's fs */
extern const struct native native_os[];     /* the machine, the user, the process among others */
extern const struct native native_hash[];   /* crypto: digests, HMAC */
extern const struct native native_kdf[];    /* crypto: pbkdf2, scrypt, HKDF */
extern const struct native native_key[];    /* crypto: asymmetric keys */
extern const struct native native_sign[];   /* crypto: what is done with them */
extern const struct native native_cipher[]; /* crypto: symmetric ciphers */
extern const struct native native_script[]; /* runners that a script starts */
extern const struct native native_cache[];  /* compiled sources on disk */

/* Adds a table's functions to `object`. */
void native_install(JSContextRef context, JSObjectRef object, const struct native *table);

/* Sets *exception to a new Error (with that message), a TypeError or a RangeError, and returns undefined, so
 * that a native function can `return native_throw(…)`. */
JSValueRef native_throw(JSContextRef context, JSValueRef *exception, const char *constructor,
                        const char *format, ...) PRINTF_LIKE(4, 5);

/* A JavaScript string value of valid UTF-8. Throws (see above) and returns undefined where memory is out. */
JSValueRef native_string(JSContextRef context, struct text text, JSValueRef *exception);

/* The same of bytes that ought to be UTF-8: what is not becomes U+FFFD, as in WHATWG's decoder. */
JSValueRef native_decoded(JSContextRef context, struct text bytes, JSValueRef *exception);

/* Decodes any bytes that way into `out`, which has room for `length` units; returns how many were written.
 * *valid says whether all of it was UTF-8. */
size_t native_utf16_from_bytes(JSChar *out, const uint8_t *bytes, size_t length, bool *valid);

/* A JavaScript string value of UTF-16. Throws and returns undefined where it is longer than a string may be.
 */
JSValueRef native_units(JSContextRef context, const JSChar *units, size_t count, JSValueRef *exception);

/* The argument as UTF-8 in `out` (appended). False, with *exception set, where it has no string form. */
NODISCARD bool native_argument_text(JSContextRef context, JSValueRef argument, struct buffer *out,
                                    JSValueRef *exception);

/* The bytes of an ArrayBuffer or a view on one: not copied, valid until JavaScript runs again; *bytes may be
 * NULL where there are none. False, with *exception set to a TypeError, for any other value. */
NODISCARD bool native_argument_bytes(JSContextRef context, JSValueRef argument, uint8_t **bytes,
                                     size_t *length, JSValueRef *exception);

/* A new Uint8Array that owns `bytes` (from malloc; freed by the collector, on any thread). On failure they
 * are freed, *exception is set and undefined returned. */
JSValueRef native_bytes(JSContextRef context, uint8_t *bytes, size_t length, JSValueRef *exception);

/* The same of a buffer's contents; the buffer is empty afterwards. */
JSValueRef native_taken(JSContextRef context, struct buffer *contents, JSValueRef *exception);

/* Properties of an object. */
void native_set(JSContextRef context, JSObjectRef object, const char *name, JSValueRef value);
void native_set_number(JSContextRef context, JSObjectRef object, const char *name, double value);
void native_set_text(JSContextRef context, JSObjectRef object, const char *name, struct text value,
                     JSValueRef *exception);
/* Appends all that can be read from a file; STATUS_SYSTEM, with errno, where that fails. */
NODISCARD enum status native_read_all(int descriptor, struct buffer *contents);
