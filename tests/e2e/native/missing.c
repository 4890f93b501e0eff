/* A module that calls what nobody has. */

#include <configurapi.h>

void configurapi_of_the_future(configurapi_event *event);

static enum configurapi_result call(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    configurapi_of_the_future(event);
    return CONFIGURAPI_CONTINUE;
}

CONFIGURAPI_MODULE({"callHandler", call, NULL})
