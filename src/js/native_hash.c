#include "js/crypto_arguments.h"
#include "js/crypto_error.h"
#include "js/native.h"
#include "js/native_handle.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

/* Digests and HMAC, piece by piece. */

static void destroy(void *object)
{
    EVP_MD_CTX_free(object);
}

static const struct handle_kind kind = {"Hash", destroy};

/* hashMake(digest, key or undefined) -> a handle, of HMAC where there is a key; undefined for an unknown
 * digest
 */
NATIVE_FUNCTION(hash_make)
{
    NATIVE_NEEDS(2);
    const EVP_MD *digest;
    struct bytes key;
    if (!crypto_digest(context, arguments[0], &digest, exception) ||
        !crypto_bytes(context, arguments[1], &key, exception) || !digest)
        return jsc.JSValueMakeUndefined(context);
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    bool good = false;
    if (state && jsc.JSValueIsUndefined(context, arguments[1])) {
        good = EVP_DigestInit_ex(state, digest, NULL) == 1;
    } else if (state) {
        EVP_PKEY *secret = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, key.data, key.length);
        good = secret && EVP_DigestSignInit(state, NULL, digest, NULL, secret) == 1;
        EVP_PKEY_free(secret);
    }
    if (good)
        return handle_make(context, &kind, state, exception);
    EVP_MD_CTX_free(state);
    return crypto_throw(context, exception);
}

/* hashUpdate(handle, bytes) */
NATIVE_FUNCTION(hash_update)
{
    NATIVE_NEEDS(2);
    struct bytes data;
    EVP_MD_CTX *state = handle_get(context, arguments[0], &kind, exception);
    if (state && crypto_bytes(context, arguments[1], &data, exception) &&
        EVP_DigestUpdate(state, data.data, data.length) != 1)
        return crypto_throw(context, exception);
    return jsc.JSValueMakeUndefined(context);
}

/* hashDigest(handle, length or -1) -> bytes, so many where the digest can be as long as one likes */
NATIVE_FUNCTION(hash_digest)
{
    NATIVE_NEEDS(2);
    EVP_MD_CTX *state = handle_get(context, arguments[0], &kind, exception);
    int wanted = crypto_int(context, arguments[1]);
    if (!state)
        return jsc.JSValueMakeUndefined(context);
    size_t length = wanted >= 0 ? (size_t)wanted : (size_t)EVP_MD_CTX_get_size(state);
    uint8_t *out = malloc(length > EVP_MAX_MD_SIZE ? length : EVP_MAX_MD_SIZE);
    if (!out)
        return native_throw(context, exception, "RangeError", "Out of memory");
    bool good;
    if (EVP_MD_CTX_get_pkey_ctx(state))
        good = EVP_DigestSignFinal(state, out, &(size_t){EVP_MAX_MD_SIZE}) == 1;
    else if (wanted == 0)
        good = true;
    else if (wanted > 0 && EVP_MD_CTX_get_size(state) != wanted)
        good = EVP_DigestFinalXOF(state, out, length) == 1;
    else
        good = EVP_DigestFinal_ex(state, out, NULL) == 1;
    if (good)
        return native_bytes(context, out, length, exception);
    free(out);
    return crypto_throw(context, exception);
}

/* hashCopy(handle) -> a handle */
NATIVE_FUNCTION(hash_copy)
{
    NATIVE_NEEDS(1);
    EVP_MD_CTX *state = handle_get(context, arguments[0], &kind, exception);
    if (!state)
        return jsc.JSValueMakeUndefined(context);
    EVP_MD_CTX *copy = EVP_MD_CTX_new();
    if (copy && EVP_MD_CTX_copy_ex(copy, state) == 1)
        return handle_make(context, &kind, copy, exception);
    EVP_MD_CTX_free(copy);
    return crypto_throw(context, exception);
}

/* digestInfo(digest) -> [bytes, whether it can be as long as one likes], or undefined */
NATIVE_FUNCTION(digest_info)
{
    NATIVE_NEEDS(1);
    const EVP_MD *digest;
    if (!crypto_digest(context, arguments[0], &digest, exception) || !digest)
        return jsc.JSValueMakeUndefined(context);
    JSValueRef both[] = {
        jsc.JSValueMakeNumber(context, EVP_MD_get_size(digest)),
        jsc.JSValueMakeBoolean(context, (EVP_MD_get_flags(digest) & EVP_MD_FLAG_XOF) != 0),
    };
    return jsc.JSObjectMakeArray(context, 2, both, exception);
}

static void on_digest(const EVP_MD *digest, const char *from, const char *to, void *list)
{
    (void)digest, (void)to;
    const EVP_MD *known = from ? EVP_get_digestbyname(from) : NULL;
    EVP_MD *fetched = known ? EVP_MD_fetch(NULL, EVP_MD_get0_name(known), NULL) : NULL;

    if (fetched) /* what no provider here has, is not to be listed */
        crypto_list_name(list, from);
    EVP_MD_free(fetched);
}

/* digestNames() -> array */
NATIVE_FUNCTION(digest_names)
{
    NATIVE_NEEDS_NONE;
    struct name_list list = {context, jsc.JSObjectMakeArray(context, 0, NULL, exception), 0};
    if (!list.array)
        return jsc.JSValueMakeUndefined(context);
    EVP_MD_do_all_sorted(on_digest, &list);
    return list.array;
}

/* bytesEqual(a, b) of the same length, in a time that does not depend on what is in them */
NATIVE_FUNCTION(bytes_equal)
{
    NATIVE_NEEDS(2);
    struct bytes a;
    struct bytes b;
    if (!crypto_bytes(context, arguments[0], &a, exception) ||
        !crypto_bytes(context, arguments[1], &b, exception))
        return jsc.JSValueMakeUndefined(context);
    return jsc.JSValueMakeBoolean(context,
                                  a.length == b.length && CRYPTO_memcmp(a.data, b.data, a.length) == 0);
}

const struct native native_hash[] = {
    {"hashMake", hash_make},     {"hashUpdate", hash_update},
    {"hashDigest", hash_digest}, {"hashCopy", hash_copy},
    {"digestInfo", digest_info}, {"digestNames", digest_names},
    {"bytesEqual", bytes_equal}, {NULL, NULL},
};
