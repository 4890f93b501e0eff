#include "js/crypto_error.h"
#include "js/native.h"

#include <ctype.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

/* What Node's codes call the parts of OpenSSL; those of algorithms and formats newer than these have no name.
 */
static const char *library_name(int number)
{
    switch (number) {
    case ERR_LIB_BN: return "BN_";
    case ERR_LIB_RSA: return "RSA_";
    case ERR_LIB_DH: return "DH_";
    case ERR_LIB_EVP: return "EVP_";
    case ERR_LIB_PEM: return "PEM_";
    case ERR_LIB_DSA: return "DSA_";
    case ERR_LIB_X509: return "X509_";
    case ERR_LIB_ASN1: return "ASN1_";
    case ERR_LIB_CRYPTO: return "CRYPTO_";
    case ERR_LIB_EC: return "EC_";
    case ERR_LIB_PKCS12: return "PKCS12_";
    case ERR_LIB_RAND: return "RAND_";
    default: return "";
    }
}

/* "wrong final block length" -> "WRONG_FINAL_BLOCK_LENGTH" */
static void write_constant(char *out, size_t size, const char *words)
{
    size_t length = 0;

    for (; words[length] && length + 1 < size; length++)
        out[length] =
            words[length] == ' ' || words[length] == '-' ? '_' : (char)toupper((unsigned char)words[length]);
    out[length] = '\0';
}

JSValueRef crypto_throw(JSContextRef context, JSValueRef *exception)
{
    char words[256];
    char constant[128];
    char code[256];
    unsigned long error = ERR_get_error();
    const char *library = ERR_lib_error_string(error);
    const char *reason = ERR_reason_error_string(error);
    JSValueRef ignored = NULL;

    ERR_clear_error();
    if (!error)
        return native_throw(context, exception, "Error", "The operation failed");
    ERR_error_string_n(error, words, sizeof words);
    native_throw(context, exception, "Error", "%s", words);
    if (!jsc.JSValueIsObject(context, *exception))
        return jsc.JSValueMakeUndefined(context);
    JSObjectRef object = (JSObjectRef)(uintptr_t)*exception;
    if (library)
        native_set_text(context, object, "library", text_from_cstr(library), &ignored);
    if (reason) {
        native_set_text(context, object, "reason", text_from_cstr(reason), &ignored);
        write_constant(constant, sizeof constant, reason);
        snprintf(code, sizeof code, "ERR_OSSL_%s%s", library_name(ERR_GET_LIB(error)), constant);
        native_set_text(context, object, "code", text_from_cstr(code), &ignored);
    }
    return jsc.JSValueMakeUndefined(context);
}
