#include "js/crypto_arguments.h"
#include "js/crypto_error.h"
#include "js/native.h"
#include "js/work.h"
#include "js/world.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <stdlib.h>
#include <string.h>

/* Keys out of passwords, and digests of much: what takes so long that it is done on another thread, unless
 * it is wanted at once. */

struct kdf_work {
    struct work work;
    bool (*derive)(struct kdf_work *work);
    const EVP_MD *digest;
    struct bytes inputs[3]; /* password or key, salt, info */
    uint8_t *memory;        /* the copies they point into; NULL where it is done at once */
    uint64_t numbers[4];
    uint8_t *out;
    size_t length;
    bool good;
};

static bool derive_pbkdf2(struct kdf_work *work)
{
    return PKCS5_PBKDF2_HMAC((const char *)work->inputs[0].data, (int)work->inputs[0].length,
                             work->inputs[1].data, (int)work->inputs[1].length, (int)work->numbers[0],
                             work->digest, (int)work->length, work->out) == 1;
}

static bool derive_scrypt(struct kdf_work *work)
{
    return EVP_PBE_scrypt((const char *)work->inputs[0].data, work->inputs[0].length, work->inputs[1].data,
                          work->inputs[1].length, work->numbers[0], work->numbers[1], work->numbers[2],
                          work->numbers[3], work->out, work->length) == 1;
}

static bool derive_hkdf(struct kdf_work *work)
{
    EVP_PKEY_CTX *state = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);
    bool good = state && EVP_PKEY_derive_init(state) == 1 &&
                EVP_PKEY_CTX_set_hkdf_md(state, work->digest) == 1 &&
                EVP_PKEY_CTX_set1_hkdf_salt(state, work->inputs[1].data, (int)work->inputs[1].length) == 1 &&
                EVP_PKEY_CTX_set1_hkdf_key(state, work->inputs[0].data, (int)work->inputs[0].length) == 1 &&
                EVP_PKEY_CTX_add1_hkdf_info(state, work->inputs[2].data, (int)work->inputs[2].length) == 1 &&
                EVP_PKEY_derive(state, work->out, &(size_t){work->length}) == 1;

    EVP_PKEY_CTX_free(state);
    return good;
}

static bool derive_digest(struct kdf_work *work)
{
    return EVP_Digest(work->inputs[0].data, work->inputs[0].length, work->out, NULL, work->digest, NULL) == 1;
}

static const struct {
    const char *name;
    bool (*derive)(struct kdf_work *work);
} functions[] = {
    {"pbkdf2", derive_pbkdf2},
    {"scrypt", derive_scrypt},
    {"hkdf", derive_hkdf},
    {"digest", derive_digest},
};

static void run(struct work *base)
{
    struct kdf_work *work = (struct kdf_work *)base;

    work->good = work->length == 0 || work->derive(work);
    ERR_clear_error(); /* this thread's; nobody looks at it */
}

static JSValueRef result(struct work *base, JSContextRef context, JSValueRef *exception)
{
    struct kdf_work *work = (struct kdf_work *)base;

    if (!work->good)
        return native_throw(context, exception, "Error", "Deriving bits failed");
    uint8_t *out = work->out;
    work->out = NULL;
    return native_bytes(context, out, work->length, exception);
}

static void destroy(struct work *base)
{
    struct kdf_work *work = (struct kdf_work *)base;
    size_t size = work->inputs[0].length + work->inputs[1].length + work->inputs[2].length;

    if (work->memory)
        OPENSSL_cleanse(work->memory, size);
    free(work->memory);
    free(work->out);
    free(work);
}

/* The inputs in memory of the work's own. */
static bool keep_inputs(struct kdf_work *work)
{
    size_t size = work->inputs[0].length + work->inputs[1].length + work->inputs[2].length;
    uint8_t *at = work->memory = malloc(size + 1);

    if (!at)
        return false;
    for (size_t i = 0; i < 3; i++) {
        memcpy(at, work->inputs[i].data, work->inputs[i].length);
        work->inputs[i].data = at;
        at += work->inputs[i].length;
    }
    return true;
}

/* derive(id, function, digest, length, password or key, salt, info, number...): at once where id is 0, and
 * then bytes; otherwise as work. pbkdf2's number is the iterations; scrypt's are N, r, p, and the most
 * memory. */
NATIVE_FUNCTION(derive)
{
    NATIVE_NEEDS(11);
    struct buffer name;
    const char *text;
    uint32_t id = (uint32_t)jsc.JSValueToNumber(context, arguments[0], exception);
    struct kdf_work *work = calloc(1, sizeof *work);
    JSValueRef value = jsc.JSValueMakeUndefined(context);
    if (!work)
        return native_throw(context, exception, "RangeError", "Out of memory");
    work->work = (struct work){.run = run, .result = result, .destroy = destroy};
    for (size_t i = 0; i < 3; i++)
        work->inputs[i] = (struct bytes){(const uint8_t *)"", 0};
    buffer_init(&name, 64);
    bool good = crypto_name(context, arguments[1], &name, &text, exception) &&
                crypto_digest(context, arguments[2], &work->digest, exception);
    for (size_t i = 0; good && i < sizeof functions / sizeof *functions; i++)
        if (text && strcmp(text, functions[i].name) == 0)
            work->derive = functions[i].derive;
    for (size_t i = 0; good && i < 4; i++)
        work->numbers[i] = (uint64_t)jsc.JSValueToNumber(context, arguments[7 + i], exception);
    work->length = (size_t)jsc.JSValueToNumber(context, arguments[3], exception);
    for (size_t i = 0; good && i < 3; i++)
        good = crypto_bytes(context, arguments[4 + i], &work->inputs[i], exception);
    buffer_deinit(&name);
    if (good && work->derive) {
        work->out = malloc(work->length ? work->length : 1);
        good = work->out && (id == 0 || keep_inputs(work));
    }
    if (good && work->derive && id > 0)
        return work_start(&work->work, world_of(function), id, context, exception);
    if (good && work->derive) {
        run(&work->work);
        value = result(&work->work, context, exception);
    } else if (!*exception) {
        native_throw(context, exception, "RangeError", "Out of memory");
    }
    destroy(&work->work);
    return value;
}

/* scryptComplaint(N, r, p, most memory) -> undefined where scrypt can be done so, or OpenSSL's words, or ''
 */
NATIVE_FUNCTION(scrypt_complaint)
{
    NATIVE_NEEDS(4);
    uint64_t numbers[4];
    char words[256] = "";
    for (size_t i = 0; i < 4; i++)
        numbers[i] = (uint64_t)jsc.JSValueToNumber(context, arguments[i], exception);
    if (EVP_PBE_scrypt(NULL, 0, NULL, 0, numbers[0], numbers[1], numbers[2], numbers[3], NULL, 0) == 1)
        return jsc.JSValueMakeUndefined(context);
    unsigned long error = ERR_peek_last_error();
    if (error)
        ERR_error_string_n(error, words, sizeof words);
    ERR_clear_error();
    return native_string(context, text_from_cstr(words), exception);
}

const struct native native_kdf[] = {
    {"derive", derive},
    {"scryptComplaint", scrypt_complaint},
    {NULL, NULL},
};
