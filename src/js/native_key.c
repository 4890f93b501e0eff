#include "js/native_key.h"
#include "js/crypto_arguments.h"
#include "js/crypto_error.h"
#include "js/native.h"
#include "js/work.h"
#include "js/world.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

/* Asymmetric keys: in, out, and made. */

static void destroy(void *object)
{
    EVP_PKEY_free(object);
}

const struct handle_kind key_kind = {"Key", destroy};

static JSValueRef made(JSContextRef context, EVP_PKEY *key, JSValueRef *exception)
{
    return key ? handle_make(context, &key_kind, key, exception) : crypto_throw(context, exception);
}

/* ---- from PEM and DER ---- */

/* Where no passphrase was given and one is needed; OpenSSL would ask on the terminal. */
static int no_passphrase(char *out, int size, int writing, void *asked)
{
    (void)out, (void)size, (void)writing;
    *(bool *)asked = true;
    return -1;
}

static EVP_PKEY *decode(struct bytes data, int selection, const char *structure, const char *passphrase,
                        bool *asked)
{
    EVP_PKEY *key = NULL;
    OSSL_DECODER_CTX *decoder =
        OSSL_DECODER_CTX_new_for_pkey(&key, NULL, structure, NULL, selection, NULL, NULL);
    const unsigned char *at = data.data;

    if (!decoder)
        return NULL;
    if (passphrase)
        OSSL_DECODER_CTX_set_passphrase(decoder, (const unsigned char *)passphrase, strlen(passphrase));
    else
        OSSL_DECODER_CTX_set_pem_password_cb(decoder, no_passphrase, asked);
    if (OSSL_DECODER_from_data(decoder, &at, &data.length) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    OSSL_DECODER_CTX_free(decoder);
    return key;
}

static EVP_PKEY *of_certificate(struct bytes data)
{
    BIO *bio = BIO_new_mem_buf(data.data, (int)data.length);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    EVP_PKEY *key = certificate ? X509_get_pubkey(certificate) : NULL;

    X509_free(certificate);
    BIO_free(bio);
    return key;
}

/* keyRead(bytes, isPrivate, passphrase or undefined) -> a handle of a key in PEM or DER of whatever
 * structure; a public key may be taken from a private one or a certificate. A string where a passphrase is
 * missing. */
NATIVE_FUNCTION(key_read)
{
    NATIVE_NEEDS(3);
    struct bytes data;
    struct buffer phrase;
    const char *passphrase;
    bool asked = false;
    bool is_private = jsc.JSValueToBoolean(context, arguments[1]);
    buffer_init(&phrase, 64 * 1024);
    JSValueRef value = jsc.JSValueMakeUndefined(context);
    /* The string first: its conversion could move the bytes. */
    if (crypto_name(context, arguments[2], &phrase, &passphrase, exception) &&
        crypto_bytes(context, arguments[0], &data, exception)) {
        EVP_PKEY *key = NULL;
        if (!is_private) {
            key = decode(data, EVP_PKEY_PUBLIC_KEY, NULL, passphrase, &asked);
            if (!key)
                key = of_certificate(data);
            ERR_clear_error();
        }
        if (!key)
            key = decode(data, EVP_PKEY_KEYPAIR, NULL, passphrase, &asked);
        if (!key && asked) {
            ERR_clear_error();
            value = native_string(context, TEXT("passphrase"), exception);
        } else {
            value = made(context, key, exception);
        }
    }
    buffer_deinit(&phrase);
    return value;
}

/* ---- from their parts ---- */

static const char *const rsa_names[] = {OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
                                        OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
                                        OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
                                        OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1};

enum { RSA_PARTS = sizeof rsa_names / sizeof *rsa_names };

static EVP_PKEY *build(const char *type, OSSL_PARAM_BLD *parts, int selection)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(parts);
    EVP_PKEY_CTX *state = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);

    if (parameters && state && EVP_PKEY_fromdata_init(state) == 1 &&
        EVP_PKEY_fromdata(state, &key, selection, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(state);
    OSSL_PARAM_free(parameters);
    return key;
}

/* keyFromRsa(n, e, d, p, q, dp, dq, qi) -> a handle; undefined from d on for a public key */
NATIVE_FUNCTION(key_from_rsa)
{
    NATIVE_NEEDS(RSA_PARTS);
    BIGNUM *numbers[RSA_PARTS] = {NULL};
    OSSL_PARAM_BLD *parts = OSSL_PARAM_BLD_new();
    bool good = parts;
    bool is_private = !jsc.JSValueIsUndefined(context, arguments[2]);
    for (size_t i = 0; good && i < (is_private ? RSA_PARTS : 2); i++) {
        struct bytes part;
        good = crypto_bytes(context, arguments[i], &part, exception);
        numbers[i] = good ? BN_bin2bn(part.data, (int)part.length, NULL) : NULL;
        good = good && numbers[i] && OSSL_PARAM_BLD_push_BN(parts, rsa_names[i], numbers[i]) == 1;
    }
    EVP_PKEY *key = good ? build("RSA", parts, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY) : NULL;
    for (size_t i = 0; i < RSA_PARTS; i++)
        BN_clear_free(numbers[i]);
    OSSL_PARAM_BLD_free(parts);
    return *exception ? jsc.JSValueMakeUndefined(context) : made(context, key, exception);
}

/* keyFromEc(curve, point, d or undefined) -> a handle; the point uncompressed, or undefined where d says it
 */
NATIVE_FUNCTION(key_from_ec)
{
    NATIVE_NEEDS(3);
    struct buffer name;
    const char *curve;
    struct bytes point;
    struct bytes secret;
    BIGNUM *number = NULL;
    EVP_PKEY *key = NULL;
    bool is_private = !jsc.JSValueIsUndefined(context, arguments[2]);
    buffer_init(&name, 256);
    OSSL_PARAM_BLD *parts = OSSL_PARAM_BLD_new();
    if (parts && crypto_name(context, arguments[0], &name, &curve, exception) && curve &&
        crypto_bytes(context, arguments[1], &point, exception) &&
        crypto_bytes(context, arguments[2], &secret, exception) &&
        OSSL_PARAM_BLD_push_utf8_string(parts, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) == 1) {
        bool good =
            OSSL_PARAM_BLD_push_octet_string(parts, OSSL_PKEY_PARAM_PUB_KEY, point.data, point.length) == 1;
        if (is_private) {
            number = BN_bin2bn(secret.data, (int)secret.length, NULL);
            good = good && number && OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_PRIV_KEY, number) == 1;
        }
        key = good ? build("EC", parts, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY) : NULL;
        EVP_PKEY_CTX *check = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
        if (key && (!check || EVP_PKEY_public_check(check) != 1 ||
                    (is_private && EVP_PKEY_pairwise_check(check) != 1))) {
            EVP_PKEY_free(key);
            key = NULL;
        }
        EVP_PKEY_CTX_free(check);
    }
    BN_clear_free(number);
    OSSL_PARAM_BLD_free(parts);
    buffer_deinit(&name);
    return *exception ? jsc.JSValueMakeUndefined(context) : made(context, key, exception);
}

/* keyFromRaw(type, bytes, isPrivate) -> a handle of an Ed25519, X25519, Ed448 or X448 key */
NATIVE_FUNCTION(key_from_raw)
{
    NATIVE_NEEDS(3);
    struct buffer name;
    const char *type;
    struct bytes data;
    EVP_PKEY *key = NULL;
    bool is_private = jsc.JSValueToBoolean(context, arguments[2]);
    buffer_init(&name, 64);
    if (crypto_name(context, arguments[0], &name, &type, exception) && type &&
        crypto_bytes(context, arguments[1], &data, exception))
        key = is_private ? EVP_PKEY_new_raw_private_key_ex(NULL, type, NULL, data.data, data.length)
                         : EVP_PKEY_new_raw_public_key_ex(NULL, type, NULL, data.data, data.length);
    buffer_deinit(&name);
    return *exception ? jsc.JSValueMakeUndefined(context) : made(context, key, exception);
}

/* ---- what they are ---- */

static void set_number_part(JSContextRef context, JSObjectRef object, const char *name, const EVP_PKEY *key,
                            const char *parameter, JSValueRef *exception)
{
    BIGNUM *number = NULL;

    if (EVP_PKEY_get_bn_param(key, parameter, &number) == 1) {
        size_t length = (size_t)BN_num_bytes(number);
        uint8_t *bytes = malloc(length ? length : 1);
        if (bytes) {
            BN_bn2bin(number, bytes);
            native_set(context, object, name, native_bytes(context, bytes, length, exception));
        }
    }
    BN_clear_free(number);
}

static void set_octets(JSContextRef context, JSObjectRef object, const char *name, const EVP_PKEY *key,
                       const char *parameter, JSValueRef *exception)
{
    size_t length = 0;

    if (EVP_PKEY_get_octet_string_param(key, parameter, NULL, 0, &length) != 1)
        return;
    uint8_t *bytes = malloc(length ? length : 1);
    if (bytes && EVP_PKEY_get_octet_string_param(key, parameter, bytes, length, &length) == 1)
        native_set(context, object, name, native_bytes(context, bytes, length, exception));
    else
        free(bytes);
}

/* keyParts(handle, withPrivate) -> {type, bits} and, as bytes: n, e and d, p, q, dp, dq, qi of RSA; curve, x,
 * y and d of EC; public and private of the others */
NATIVE_FUNCTION(key_parts)
{
    NATIVE_NEEDS(2);
    static const char *const names[] = {"n", "e", "d", "p", "q", "dp", "dq", "qi"};
    char curve[80];
    EVP_PKEY *key = handle_get(context, arguments[0], &key_kind, exception);
    bool with_private = jsc.JSValueToBoolean(context, arguments[1]);
    if (!key)
        return jsc.JSValueMakeUndefined(context);
    JSObjectRef object = jsc.JSObjectMake(context, NULL, NULL);
    const char *type = EVP_PKEY_get0_type_name(key);
    native_set_text(context, object, "type", text_from_cstr(type), exception);
    native_set_number(context, object, "bits", EVP_PKEY_get_bits(key));
    if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS")) {
        for (size_t i = 0; i < (with_private ? RSA_PARTS : 2); i++)
            set_number_part(context, object, names[i], key, rsa_names[i], exception);
    } else if (EVP_PKEY_is_a(key, "EC")) {
        if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof curve, NULL) == 1)
            native_set_text(context, object, "curve", text_from_cstr(curve), exception);
        set_number_part(context, object, "x", key, OSSL_PKEY_PARAM_EC_PUB_X, exception);
        set_number_part(context, object, "y", key, OSSL_PKEY_PARAM_EC_PUB_Y, exception);
        if (with_private)
            set_number_part(context, object, "d", key, OSSL_PKEY_PARAM_PRIV_KEY, exception);
    } else {
        set_octets(context, object, "public", key, OSSL_PKEY_PARAM_PUB_KEY, exception);
        if (with_private)
            set_octets(context, object, "private", key, OSSL_PKEY_PARAM_PRIV_KEY, exception);
    }
    ERR_clear_error();
    return object;
}

/* keysEqual(a, b), as far as their public halves go */
NATIVE_FUNCTION(keys_equal)
{
    NATIVE_NEEDS(2);
    EVP_PKEY *a = handle_get(context, arguments[0], &key_kind, exception);
    EVP_PKEY *b = a ? handle_get(context, arguments[1], &key_kind, exception) : NULL;
    return b ? jsc.JSValueMakeBoolean(context, EVP_PKEY_eq(a, b) == 1) : jsc.JSValueMakeUndefined(context);
}

/* keyWrite(handle, isPrivate, structure, format, cipher or undefined, passphrase or undefined) -> bytes.
 * The structure is OpenSSL's name: SubjectPublicKeyInfo, PrivateKeyInfo, type-specific. */
NATIVE_FUNCTION(key_write)
{
    NATIVE_NEEDS(6);
    struct buffer texts[4];
    const char *names[4]; /* structure, format, cipher, passphrase */
    bool good = true;
    unsigned char *data = NULL;
    size_t length = 0;
    JSValueRef value = jsc.JSValueMakeUndefined(context);
    EVP_PKEY *key = handle_get(context, arguments[0], &key_kind, exception);
    if (!key)
        return value;
    for (size_t i = 0; i < 4; i++)
        buffer_init(&texts[i], 64 * 1024);
    for (size_t i = 0; good && i < 4; i++)
        good = crypto_name(context, arguments[2 + i], &texts[i], &names[i], exception);
    if (good) {
        int selection = jsc.JSValueToBoolean(context, arguments[1]) ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
        OSSL_ENCODER_CTX *encoder = OSSL_ENCODER_CTX_new_for_pkey(key, selection, names[1], names[0], NULL);
        if (encoder && names[2])
            OSSL_ENCODER_CTX_set_cipher(encoder, names[2], NULL);
        if (encoder && names[3])
            OSSL_ENCODER_CTX_set_passphrase(encoder, (const unsigned char *)names[3], strlen(names[3]));
        /* From OpenSSL's own allocator, which is malloc. */
        if (encoder && OSSL_ENCODER_to_data(encoder, &data, &length) == 1)
            value = native_bytes(context, data, length, exception);
        else
            crypto_throw(context, exception);
        OSSL_ENCODER_CTX_free(encoder);
    }
    for (size_t i = 0; i < 4; i++)
        buffer_deinit(&texts[i]);
    return value;
}

/* ---- made ---- */

struct key_work {
    struct work work;
    char *type;
    char *curve;
    int bits;
    uint64_t exponent;
    EVP_PKEY *key;
};

static void run(struct work *base)
{
    struct key_work *work = (struct key_work *)base;
    EVP_PKEY_CTX *state = EVP_PKEY_CTX_new_from_name(NULL, work->type, NULL);
    BIGNUM *exponent = BN_new();
    bool good = state && exponent && EVP_PKEY_keygen_init(state) == 1;

    if (good && work->bits > 0)
        good = EVP_PKEY_CTX_set_rsa_keygen_bits(state, work->bits) == 1 &&
               BN_set_word(exponent, work->exponent) == 1 &&
               EVP_PKEY_CTX_set1_rsa_keygen_pubexp(state, exponent) == 1;
    if (good && work->curve)
        good = EVP_PKEY_CTX_set_group_name(state, work->curve) == 1;
    if (good && EVP_PKEY_generate(state, &work->key) != 1)
        work->key = NULL;
    BN_free(exponent);
    EVP_PKEY_CTX_free(state);
    ERR_clear_error();
}

static JSValueRef result(struct work *base, JSContextRef context, JSValueRef *exception)
{
    struct key_work *work = (struct key_work *)base;
    EVP_PKEY *key = work->key;

    work->key = NULL;
    if (!key)
        return native_throw(context, exception, "Error", "The key could not be generated");
    return handle_make(context, &key_kind, key, exception);
}

static void destroy_work(struct work *base)
{
    struct key_work *work = (struct key_work *)base;

    EVP_PKEY_free(work->key);
    free(work->type);
    free(work->curve);
    free(work);
}

/* keyGenerate(id, type, bits, exponent, curve or undefined) -> a handle; as work where id is not 0. Undefined
 * for a curve that is not known. */
NATIVE_FUNCTION(key_generate)
{
    NATIVE_NEEDS(5);
    struct buffer texts[2];
    const char *names[2];
    JSValueRef value = jsc.JSValueMakeUndefined(context);
    uint32_t id = (uint32_t)crypto_int(context, arguments[0]);
    buffer_init(&texts[0], 256);
    buffer_init(&texts[1], 256);
    if (!crypto_name(context, arguments[1], &texts[0], &names[0], exception) || !names[0] ||
        !crypto_name(context, arguments[4], &texts[1], &names[1], exception))
        goto out;
    if (names[1] && OBJ_sn2nid(names[1]) == NID_undef && EC_curve_nist2nid(names[1]) == NID_undef)
        goto out;
    struct key_work *work = calloc(1, sizeof *work);
    if (!work)
        goto out;
    work->work = (struct work){.run = run, .result = result, .destroy = destroy_work};
    work->bits = crypto_int(context, arguments[2]);
    work->exponent = (uint64_t)jsc.JSValueToNumber(context, arguments[3], NULL);
    work->type = strdup(names[0]);
    work->curve = names[1] ? strdup(names[1]) : NULL;
    if (id > 0) {
        value = work_start(&work->work, world_of(function), id, context, exception);
    } else {
        run(&work->work);
        value = result(&work->work, context, exception);
        destroy_work(&work->work);
    }
out:
    buffer_deinit(&texts[0]);
    buffer_deinit(&texts[1]);
    return value;
}

/* curveNames() -> array */
NATIVE_FUNCTION(curve_names)
{
    NATIVE_NEEDS_NONE;
    enum { MOST = 256 };
    EC_builtin_curve curves[MOST];
    size_t found = EC_get_builtin_curves(curves, MOST);
    struct name_list list = {context, jsc.JSObjectMakeArray(context, 0, NULL, exception), 0};
    for (size_t i = 0; list.array && i < found && i < MOST; i++)
        crypto_list_name(&list, OBJ_nid2sn(curves[i].nid));
    return list.array ? list.array : jsc.JSValueMakeUndefined(context);
}

const struct native native_key[] = {
    {"keyRead", key_read},       {"keyFromRsa", key_from_rsa},
    {"keyFromEc", key_from_ec},  {"keyFromRaw", key_from_raw},
    {"keyParts", key_parts},     {"keysEqual", keys_equal},
    {"keyWrite", key_write},     {"keyGenerate", key_generate},
    {"curveNames", curve_names}, {NULL, NULL},
};
