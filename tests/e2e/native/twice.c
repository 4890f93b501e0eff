/* A module that gives one name to two handlers. */

#include <configurapi.h>

static enum configurapi_result nothing(configurapi_event *event, const json_t *parameters)
{
    (void)event, (void)parameters;
    return CONFIGURAPI_CONTINUE;
}

CONFIGURAPI_MODULE({"sameHandler", nothing, NULL}, {"sameHandler", nothing, NULL})
