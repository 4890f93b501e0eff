#include "handlers/c_host_parts.h"
#include "json/value.h"

#include <string.h>

/* A message to a connection that may be another process's, by HTTP. */

static bool is_own_url(const struct c_host *host, const char *url)
{
    return host->postback_base && strncmp(url, host->postback_base, strlen(host->postback_base)) == 0;
}

enum configurapi_status configurapi_postback(configurapi_runtime *runtime, const char *url,
                                             const json_t *body,
                                             void (*done)(int status, const char *error, void *data),
                                             void *data)
{
    struct c_host *host = (struct c_host *)(void *)runtime;
    struct text token = is_own_url(host, url) ? text_from_cstr(host->postback_token) : (struct text){NULL, 0};
    struct buffer text;

    buffer_init(&text, BUFFER_UNLIMITED);
    enum status status = json_append_value(&text, body);
    if (status == STATUS_OK)
        status =
            host->functions->post(host->owner, text_from_cstr(url), token, buffer_text(&text), done, data);
    buffer_deinit(&text);
    return c_status(status);
}
