#include "js/crypto_arguments.h"
#include "js/native.h"

bool crypto_bytes(JSContextRef context, JSValueRef value, struct bytes *bytes, JSValueRef *exception)
{
    uint8_t *data = NULL;

    *bytes = (struct bytes){(const uint8_t *)"", 0};
    if (jsc.JSValueIsUndefined(context, value))
        return true;
    if (!native_argument_bytes(context, value, &data, &bytes->length, exception))
        return false;
    if (data)
        bytes->data = data;
    return true;
}

bool crypto_name(JSContextRef context, JSValueRef value, struct buffer *out, const char **text,
                 JSValueRef *exception)
{
    *text = NULL;
    if (jsc.JSValueIsUndefined(context, value))
        return true;
    if (!native_argument_text(context, value, out, exception))
        return false;
    if (buffer_append(out, "", 1) != STATUS_OK) {
        native_throw(context, exception, "RangeError", "Out of memory");
        return false;
    }
    *text = out->data;
    return true;
}

bool crypto_digest(JSContextRef context, JSValueRef value, const EVP_MD **digest, JSValueRef *exception)
{
    struct buffer name;
    const char *text;

    buffer_init(&name, 256);
    *digest = NULL;
    bool good = crypto_name(context, value, &name, &text, exception);
    if (good && text)
        *digest = EVP_get_digestbyname(text);
    buffer_deinit(&name);
    return good;
}

int crypto_int(JSContextRef context, JSValueRef value)
{
    double number = jsc.JSValueToNumber(context, value, NULL);

    return number >= -2147483648.0 && number <= 2147483647.0 ? (int)number : 0;
}

void crypto_list_name(struct name_list *list, const char *name)
{
    JSValueRef ignored = NULL;

    jsc.JSObjectSetPropertyAtIndex(list->context, list->array, list->count++,
                                   native_string(list->context, text_from_cstr(name), &ignored), NULL);
}
