/* The benchmark's application as handlers in C: the answers that app/ gives, and the message sent back as it
 * is. */

#include <configurapi.h>

static enum configurapi_result answer(configurapi_event *event, const json_t *parameters)
{
    struct configurapi_text payload = configurapi_event_payload_text(event);
    struct configurapi_text id = configurapi_json_member(configurapi_event_params_text(event), "id");
    struct configurapi_text from = configurapi_json_member(payload, "from");
    int64_t n;

    (void)parameters;
    if (!configurapi_json_integer(configurapi_json_member(payload, "n"), &n))
        return configurapi_fail(event, 400, "n must be a whole number", NULL);
    return configurapi_reply_printf(event, 200, "{\"id\":%r,\"from\":%r,\"n\":%lld}", id, from,
                                    (long long)n + 1);
}

static enum configurapi_result echo(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    configurapi_reply_nothing(event);
    if (configurapi_push_text(configurapi_event_client(event), configurapi_event_raw(event, NULL)) ==
        CONFIGURAPI_NO_MEMORY)
        return CONFIGURAPI_FAILED;
    return CONFIGURAPI_CONTINUE;
}

/* Some work that nothing but the processor limits. */
static enum configurapi_result compute(configurapi_event *event, const json_t *parameters)
{
    uint32_t x = 1;
    int64_t rounds;

    (void)parameters;
    if (!configurapi_json_integer(configurapi_json_member(configurapi_event_params_text(event), "rounds"),
                                  &rounds))
        return configurapi_fail(event, 400, "rounds must be a whole number", NULL);
    for (int64_t i = 0; i < rounds; ++i)
        x = x * 1664525u + 1013904223u;
    return configurapi_reply_printf(event, 200, "{\"x\":%lld}", (long long)(int32_t)x);
}

CONFIGURAPI_MODULE({"answerHandler", answer, NULL}, {"echoHandler", echo, NULL},
                   {"computeHandler", compute, NULL})
