#include "js/crypto_arguments.h"
#include "js/crypto_error.h"
#include "js/native.h"
#include "js/native_handle.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>

/* Symmetric ciphers, piece by piece. */

static void destroy(void *object)
{
    EVP_CIPHER_CTX_free(object);
}

static const struct handle_kind kind = {"Cipher", destroy};

static const EVP_CIPHER *find(JSContextRef context, JSValueRef name, JSValueRef *exception)
{
    struct buffer text;
    const char *wanted;
    const EVP_CIPHER *cipher = NULL;

    buffer_init(&text, 256);
    if (crypto_name(context, name, &text, &wanted, exception) && wanted)
        cipher = EVP_get_cipherbyname(wanted);
    buffer_deinit(&text);
    return cipher;
}

/* cipherInfo(name) -> [key's bytes, IV's, block's, mode, number, name], or undefined. The modes are OpenSSL's
 * numbers. */
NATIVE_FUNCTION(cipher_info)
{
    NATIVE_NEEDS(1);
    const EVP_CIPHER *cipher = find(context, arguments[0], exception);
    if (!cipher)
        return jsc.JSValueMakeUndefined(context);
    JSValueRef values[] = {
        jsc.JSValueMakeNumber(context, EVP_CIPHER_get_key_length(cipher)),
        jsc.JSValueMakeNumber(context, EVP_CIPHER_get_iv_length(cipher)),
        jsc.JSValueMakeNumber(context, EVP_CIPHER_get_block_size(cipher)),
        jsc.JSValueMakeNumber(context, EVP_CIPHER_get_mode(cipher)),
        jsc.JSValueMakeNumber(context, EVP_CIPHER_get_nid(cipher)),
        native_string(context, text_from_cstr(OBJ_nid2sn(EVP_CIPHER_get_nid(cipher))), exception),
        jsc.JSValueMakeBoolean(context, (EVP_CIPHER_get_flags(cipher) & EVP_CIPH_FLAG_AEAD_CIPHER) != 0),
    };
    return jsc.JSObjectMakeArray(context, 7, values, exception);
}

/* cipherMake(name, whether it encrypts, key, IV) -> a handle; undefined where the key's or the IV's length is
 * not for it. An AEAD cipher takes an IV of whatever length. */
NATIVE_FUNCTION(cipher_make)
{
    NATIVE_NEEDS(4);
    struct bytes key;
    struct bytes iv;
    const EVP_CIPHER *cipher = find(context, arguments[0], exception);
    int encrypts = jsc.JSValueToBoolean(context, arguments[1]);
    if (!cipher || !crypto_bytes(context, arguments[2], &key, exception) ||
        !crypto_bytes(context, arguments[3], &iv, exception) || iv.length > INT_MAX ||
        key.length != (size_t)EVP_CIPHER_get_key_length(cipher))
        return jsc.JSValueMakeUndefined(context);
    EVP_CIPHER_CTX *state = EVP_CIPHER_CTX_new();
    if (state && EVP_CIPHER_get_mode(cipher) == EVP_CIPH_WRAP_MODE)
        EVP_CIPHER_CTX_set_flags(state, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    bool good = state && EVP_CipherInit_ex(state, cipher, NULL, NULL, NULL, encrypts) == 1;
    if (good && EVP_CIPHER_get_flags(cipher) & EVP_CIPH_FLAG_AEAD_CIPHER)
        good = EVP_CIPHER_CTX_ctrl(state, EVP_CTRL_AEAD_SET_IVLEN, (int)iv.length, NULL) == 1;
    else if (good && iv.length != (size_t)EVP_CIPHER_get_iv_length(cipher))
        good = false;
    good = good && EVP_CipherInit_ex(state, NULL, NULL, key.data, iv.length ? iv.data : NULL, encrypts) == 1;
    if (good)
        return handle_make(context, &kind, state, exception);
    EVP_CIPHER_CTX_free(state);
    return crypto_throw(context, exception);
}

/* cipherUpdate(handle, bytes) -> bytes */
NATIVE_FUNCTION(cipher_update)
{
    NATIVE_NEEDS(2);
    struct bytes data;
    EVP_CIPHER_CTX *state = handle_get(context, arguments[0], &kind, exception);
    if (!state || !crypto_bytes(context, arguments[1], &data, exception))
        return jsc.JSValueMakeUndefined(context);
    if (data.length > INT_MAX - 2 * EVP_MAX_BLOCK_LENGTH)
        return native_throw(context, exception, "RangeError", "data is too long");
    int length = (int)data.length + 2 * EVP_MAX_BLOCK_LENGTH;
    uint8_t *out = malloc((size_t)length);
    if (!out)
        return native_throw(context, exception, "RangeError", "Out of memory");
    if (EVP_CipherUpdate(state, out, &length, data.data, (int)data.length) == 1)
        return native_bytes(context, out, (size_t)length, exception);
    free(out);
    return crypto_throw(context, exception);
}

/* cipherAssociate(handle, bytes): what goes with the message, and is only authenticated */
NATIVE_FUNCTION(cipher_associate)
{
    NATIVE_NEEDS(2);
    struct bytes data;
    int length;
    EVP_CIPHER_CTX *state = handle_get(context, arguments[0], &kind, exception);
    if (!state || !crypto_bytes(context, arguments[1], &data, exception))
        return jsc.JSValueMakeUndefined(context);
    if (data.length > INT_MAX || EVP_CipherUpdate(state, NULL, &length, data.data, (int)data.length) != 1)
        return crypto_throw(context, exception);
    return jsc.JSValueMakeUndefined(context);
}

/* cipherFinal(handle) -> bytes */
NATIVE_FUNCTION(cipher_final)
{
    NATIVE_NEEDS(1);
    int length = EVP_MAX_BLOCK_LENGTH;
    EVP_CIPHER_CTX *state = handle_get(context, arguments[0], &kind, exception);
    uint8_t *out = state ? malloc((size_t)length) : NULL;
    if (!out)
        return jsc.JSValueMakeUndefined(context);
    if (EVP_CipherFinal_ex(state, out, &length) == 1)
        return native_bytes(context, out, (size_t)length, exception);
    free(out);
    return crypto_throw(context, exception);
}

/* cipherTag(handle, length) -> bytes */
NATIVE_FUNCTION(cipher_tag)
{
    NATIVE_NEEDS(2);
    int length = crypto_int(context, arguments[1]);
    EVP_CIPHER_CTX *state = handle_get(context, arguments[0], &kind, exception);
    uint8_t *out = state && length > 0 ? malloc((size_t)length) : NULL;
    if (!out)
        return jsc.JSValueMakeUndefined(context);
    if (EVP_CIPHER_CTX_ctrl(state, EVP_CTRL_AEAD_GET_TAG, length, out) == 1)
        return native_bytes(context, out, (size_t)length, exception);
    free(out);
    return crypto_throw(context, exception);
}

/* cipherSetTag(handle, bytes) */
NATIVE_FUNCTION(cipher_set_tag)
{
    NATIVE_NEEDS(2);
    struct bytes tag;
    unsigned char copy[64]; /* OpenSSL does not say that it leaves it alone */
    EVP_CIPHER_CTX *state = handle_get(context, arguments[0], &kind, exception);
    if (!state || !crypto_bytes(context, arguments[1], &tag, exception))
        return jsc.JSValueMakeUndefined(context);
    for (size_t i = 0; i < tag.length && i < sizeof copy; i++)
        copy[i] = tag.data[i];
    if (tag.length > sizeof copy ||
        EVP_CIPHER_CTX_ctrl(state, EVP_CTRL_AEAD_SET_TAG, (int)tag.length, copy) != 1)
        return crypto_throw(context, exception);
    return jsc.JSValueMakeUndefined(context);
}

/* cipherPadding(handle, whether the last block is padded) */
NATIVE_FUNCTION(cipher_padding)
{
    NATIVE_NEEDS(2);
    EVP_CIPHER_CTX *state = handle_get(context, arguments[0], &kind, exception);
    if (state)
        EVP_CIPHER_CTX_set_padding(state, jsc.JSValueToBoolean(context, arguments[1]));
    return jsc.JSValueMakeUndefined(context);
}

static void on_cipher(const EVP_CIPHER *cipher, const char *from, const char *to, void *list)
{
    (void)cipher, (void)to;
    const EVP_CIPHER *known = from ? EVP_get_cipherbyname(from) : NULL;
    EVP_CIPHER *fetched = known ? EVP_CIPHER_fetch(NULL, EVP_CIPHER_get0_name(known), NULL) : NULL;

    if (fetched) /* what no provider here has, is not to be listed */
        crypto_list_name(list, from);
    EVP_CIPHER_free(fetched);
}

/* cipherNames() -> array */
NATIVE_FUNCTION(cipher_names)
{
    NATIVE_NEEDS_NONE;
    struct name_list list = {context, jsc.JSObjectMakeArray(context, 0, NULL, exception), 0};
    if (!list.array)
        return jsc.JSValueMakeUndefined(context);
    EVP_CIPHER_do_all_sorted(on_cipher, &list);
    return list.array;
}

const struct native native_cipher[] = {
    {"cipherInfo", cipher_info},      {"cipherMake", cipher_make},
    {"cipherUpdate", cipher_update},  {"cipherAssociate", cipher_associate},
    {"cipherFinal", cipher_final},    {"cipherTag", cipher_tag},
    {"cipherSetTag", cipher_set_tag}, {"cipherPadding", cipher_padding},
    {"cipherNames", cipher_names},    {NULL, NULL},
};
