#include "js/crypto_arguments.h"
#include "js/crypto_error.h"
#include "js/native.h"
#include "js/native_key.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>

/* What is done with asymmetric keys: signing, verifying, RSA's encryption, and agreeing on a secret. */

/* How an RSA key signs; of no account for others. */
struct manner {
    int padding;     /* 0: the usual */
    int salt_length; /* of PSS, or one of OpenSSL's numbers for it */
};

static bool set_manner(EVP_PKEY_CTX *state, const EVP_PKEY *key, struct manner manner)
{
    if (!EVP_PKEY_is_a(key, "RSA") && !EVP_PKEY_is_a(key, "RSA-PSS"))
        return true;
    if (manner.padding != 0 && EVP_PKEY_CTX_set_rsa_padding(state, manner.padding) != 1)
        return false;
    return manner.padding != RSA_PKCS1_PSS_PADDING ||
           EVP_PKEY_CTX_set_rsa_pss_saltlen(state, manner.salt_length) == 1;
}

/* The signature of a digest that is there already. */
static bool sign_digest(EVP_PKEY *key, const EVP_MD *digest, struct bytes data, struct manner manner,
                        uint8_t **out, size_t *length)
{
    EVP_PKEY_CTX *state = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool good = state && EVP_PKEY_sign_init(state) == 1 && set_manner(state, key, manner) &&
                EVP_PKEY_CTX_set_signature_md(state, digest) == 1 &&
                EVP_PKEY_sign(state, NULL, length, data.data, data.length) == 1;

    *out = good ? malloc(*length) : NULL;
    good = *out && EVP_PKEY_sign(state, *out, length, data.data, data.length) == 1;
    EVP_PKEY_CTX_free(state);
    return good;
}

/* The signature of a message, by keys that make their own digest of it. */
static bool sign_message(EVP_PKEY *key, const EVP_MD *digest, struct bytes data, struct manner manner,
                         uint8_t **out, size_t *length)
{
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    EVP_PKEY_CTX *inner = NULL;
    bool good = state && EVP_DigestSignInit(state, &inner, digest, NULL, key) == 1 &&
                set_manner(inner, key, manner) &&
                EVP_DigestSign(state, NULL, length, data.data, data.length) == 1;

    *out = good ? malloc(*length) : NULL;
    good = *out && EVP_DigestSign(state, *out, length, data.data, data.length) == 1;
    EVP_MD_CTX_free(state);
    return good;
}

/* sign(key, digest or undefined, data, whether that is the digest, padding, salt length) -> bytes */
NATIVE_FUNCTION(sign)
{
    NATIVE_NEEDS(6);
    const EVP_MD *digest;
    struct bytes data;
    uint8_t *out = NULL;
    size_t length = 0;
    struct manner manner = {crypto_int(context, arguments[4]), crypto_int(context, arguments[5])};
    EVP_PKEY *key = handle_get(context, arguments[0], &key_kind, exception);
    if (!key || !crypto_digest(context, arguments[1], &digest, exception) ||
        !crypto_bytes(context, arguments[2], &data, exception))
        return jsc.JSValueMakeUndefined(context);
    bool good = jsc.JSValueToBoolean(context, arguments[3])
                    ? sign_digest(key, digest, data, manner, &out, &length)
                    : sign_message(key, digest, data, manner, &out, &length);
    if (good)
        return native_bytes(context, out, length, exception);
    free(out);
    return crypto_throw(context, exception);
}

static bool verify_digest(EVP_PKEY *key, const EVP_MD *digest, struct bytes data, struct manner manner,
                          struct bytes signature)
{
    EVP_PKEY_CTX *state = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool good = state && EVP_PKEY_verify_init(state) == 1 && set_manner(state, key, manner) &&
                EVP_PKEY_CTX_set_signature_md(state, digest) == 1 &&
                EVP_PKEY_verify(state, signature.data, signature.length, data.data, data.length) == 1;

    EVP_PKEY_CTX_free(state);
    return good;
}

static bool verify_message(EVP_PKEY *key, const EVP_MD *digest, struct bytes data, struct manner manner,
                           struct bytes signature)
{
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    EVP_PKEY_CTX *inner = NULL;
    bool good = state && EVP_DigestVerifyInit(state, &inner, digest, NULL, key) == 1 &&
                set_manner(inner, key, manner) &&
                EVP_DigestVerify(state, signature.data, signature.length, data.data, data.length) == 1;

    EVP_MD_CTX_free(state);
    return good;
}

/* verify(key, digest or undefined, data, whether that is the digest, padding, salt length, signature) ->
 * whether it is good; what is no signature at all is not */
NATIVE_FUNCTION(verify)
{
    NATIVE_NEEDS(7);
    const EVP_MD *digest;
    struct bytes data;
    struct bytes signature;
    struct manner manner = {crypto_int(context, arguments[4]), crypto_int(context, arguments[5])};
    EVP_PKEY *key = handle_get(context, arguments[0], &key_kind, exception);
    if (!key || !crypto_digest(context, arguments[1], &digest, exception) ||
        !crypto_bytes(context, arguments[2], &data, exception) ||
        !crypto_bytes(context, arguments[6], &signature, exception))
        return jsc.JSValueMakeUndefined(context);
    bool good = jsc.JSValueToBoolean(context, arguments[3])
                    ? verify_digest(key, digest, data, manner, signature)
                    : verify_message(key, digest, data, manner, signature);
    ERR_clear_error();
    return jsc.JSValueMakeBoolean(context, good);
}

/* signatureToRaw(DER, bytes of each number) -> an ECDSA signature's two numbers side by side, or undefined */
NATIVE_FUNCTION(signature_to_raw)
{
    NATIVE_NEEDS(2);
    struct bytes der;
    int size = crypto_int(context, arguments[1]);
    if (!crypto_bytes(context, arguments[0], &der, exception) || size <= 0)
        return jsc.JSValueMakeUndefined(context);
    const unsigned char *at = der.data;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)der.length);
    uint8_t *out = signature ? malloc(2 * (size_t)size) : NULL;
    bool good = out && BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, size) == size &&
                BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + size, size) == size;
    ECDSA_SIG_free(signature);
    ERR_clear_error();
    if (good)
        return native_bytes(context, out, 2 * (size_t)size, exception);
    free(out);
    return jsc.JSValueMakeUndefined(context);
}

/* signatureFromRaw(bytes) -> the same as DER; undefined where they are of no even number */
NATIVE_FUNCTION(signature_from_raw)
{
    NATIVE_NEEDS(1);
    struct bytes raw;
    if (!crypto_bytes(context, arguments[0], &raw, exception) || raw.length % 2 != 0)
        return jsc.JSValueMakeUndefined(context);
    int half = (int)(raw.length / 2);
    unsigned char *out = NULL;
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw.data, half, NULL);
    BIGNUM *s = BN_bin2bn(raw.data + half, half, NULL);
    int length = 0;
    if (signature && r && s && ECDSA_SIG_set0(signature, r, s) == 1) {
        length = i2d_ECDSA_SIG(signature, &out);
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(signature);
    return length > 0 ? native_bytes(context, out, (size_t)length, exception)
                      : crypto_throw(context, exception);
}

typedef int (*rsa_init)(EVP_PKEY_CTX *state);
typedef int (*rsa_run)(EVP_PKEY_CTX *state, unsigned char *out, size_t *length, const unsigned char *in,
                       size_t in_length);

/* rsa(key, operation, padding, OAEP's digest or undefined, label or undefined, data) -> bytes. The
 * operations: 0 encrypt, 1 decrypt, 2 what a private key encrypts, 3 what a public one then recovers. */
NATIVE_FUNCTION(rsa)
{
    NATIVE_NEEDS(6);
    static const struct {
        rsa_init init;
        rsa_run run;
    } operations[] = {
        {EVP_PKEY_encrypt_init, EVP_PKEY_encrypt},
        {EVP_PKEY_decrypt_init, EVP_PKEY_decrypt},
        {EVP_PKEY_sign_init, EVP_PKEY_sign},
        {EVP_PKEY_verify_recover_init, EVP_PKEY_verify_recover},
    };
    const EVP_MD *digest;
    struct bytes label;
    struct bytes data;
    size_t length = 0;
    uint8_t *out = NULL;
    int operation = crypto_int(context, arguments[1]);
    int padding = crypto_int(context, arguments[2]);
    EVP_PKEY *key = handle_get(context, arguments[0], &key_kind, exception);
    if (!key || operation < 0 || operation > 3 || !crypto_digest(context, arguments[3], &digest, exception) ||
        !crypto_bytes(context, arguments[4], &label, exception) ||
        !crypto_bytes(context, arguments[5], &data, exception))
        return jsc.JSValueMakeUndefined(context);
    EVP_PKEY_CTX *state = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool good =
        state && operations[operation].init(state) == 1 && EVP_PKEY_CTX_set_rsa_padding(state, padding) == 1;
    if (good && padding == RSA_PKCS1_OAEP_PADDING && digest)
        good = EVP_PKEY_CTX_set_rsa_oaep_md(state, digest) == 1;
    if (good && padding == RSA_PKCS1_OAEP_PADDING && label.length > 0) {
        unsigned char *copy = OPENSSL_memdup(label.data, label.length); /* the state owns it */
        good = copy && EVP_PKEY_CTX_set0_rsa_oaep_label(state, copy, (int)label.length) == 1;
    }
    good = good && operations[operation].run(state, NULL, &length, data.data, data.length) == 1;
    out = good ? malloc(length ? length : 1) : NULL;
    good = out && operations[operation].run(state, out, &length, data.data, data.length) == 1;
    EVP_PKEY_CTX_free(state);
    if (good)
        return native_bytes(context, out, length, exception);
    free(out);
    return crypto_throw(context, exception);
}

/* agree(private key, public key) -> the secret of both */
NATIVE_FUNCTION(agree)
{
    NATIVE_NEEDS(2);
    size_t length = 0;
    uint8_t *out = NULL;
    EVP_PKEY *own = handle_get(context, arguments[0], &key_kind, exception);
    EVP_PKEY *peer = own ? handle_get(context, arguments[1], &key_kind, exception) : NULL;
    if (!peer)
        return jsc.JSValueMakeUndefined(context);
    EVP_PKEY_CTX *state = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
    bool good = state && EVP_PKEY_derive_init(state) == 1 && EVP_PKEY_derive_set_peer(state, peer) == 1 &&
                EVP_PKEY_derive(state, NULL, &length) == 1;
    out = good ? malloc(length ? length : 1) : NULL;
    good = out && EVP_PKEY_derive(state, out, &length) == 1;
    EVP_PKEY_CTX_free(state);
    if (good)
        return native_bytes(context, out, length, exception);
    free(out);
    return crypto_throw(context, exception);
}

const struct native native_sign[] = {
    {"sign", sign},
    {"verify", verify},
    {"signatureToRaw", signature_to_raw},
    {"signatureFromRaw", signature_from_raw},
    {"rsa", rsa},
    {"agree", agree},
    {NULL, NULL},
};
