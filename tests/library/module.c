/* A module of handlers, which finds configurapi.h's functions in whoever has the runner inside. */

#include <configurapi.h>

static enum configurapi_result from_module(configurapi_event *event, const json_t *parameters)
{
    return configurapi_reply_printf(event, 200, "{\"module\":%j}", json_array_get(parameters, 0));
}

CONFIGURAPI_MODULE({"fromModuleHandler", from_module, NULL})
