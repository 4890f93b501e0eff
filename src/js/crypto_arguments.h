#pragma once

#include "base/buffer.h"
#include "js/engine.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>

/* What the functions of Node's crypto take, as OpenSSL wants it. */

/* Bytes as they lie in JavaScript: valid until it runs again; never NULL. */
struct bytes {
    const uint8_t *data;
    size_t length;
};

/* Bytes, or none for undefined. False, with *exception set, for any other value. */
NODISCARD bool crypto_bytes(JSContextRef context, JSValueRef value, struct bytes *bytes,
                            JSValueRef *exception);

/* A string with a NUL behind it in `out` (which the caller deinits), or NULL in *text for undefined. */
NODISCARD bool crypto_name(JSContextRef context, JSValueRef value, struct buffer *out, const char **text,
                           JSValueRef *exception);

/* The digest of that name, OpenSSL's own; *digest is NULL for undefined and where there is none. */
NODISCARD bool crypto_digest(JSContextRef context, JSValueRef value, const EVP_MD **digest,
                             JSValueRef *exception);

int crypto_int(JSContextRef context, JSValueRef value);

/* An array of names that OpenSSL lists; used by its callbacks. */
struct name_list {
    JSContextRef context;
    JSObjectRef array;
    unsigned count;
};
void crypto_list_name(struct name_list *list, const char *name);
