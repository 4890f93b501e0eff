/* Handlers in C: what the weather is, and telling who wants to know when it changes. */

#include <configurapi.h>
#include <math.h>
#include <stdlib.h>
#include <uv.h>

/* A made-up climate. */
static double temperature_of(struct configurapi_text city)
{
    double value = 12;

    for (size_t i = 0; i < city.length; i++)
        value = fmod(value * 3 + city.data[i], 40);
    return value - 5;
}

/* {"name":"weather","params":{"city":"Oslo"}} */
static enum configurapi_result weather(configurapi_event *event, const json_t *parameters)
{
    struct configurapi_text city = configurapi_param(event, "city");

    (void)parameters;
    if (city.length == 0)
        return configurapi_fail(event, 400, "params.city is missing", NULL);
    return configurapi_reply_printf(event, 200, "{\"city\":%t,\"celsius\":%.1f}", city, temperature_of(city));
}

/* ---- watching: a report every `interval_ms` until the client has gone ---- */

struct watch {
    uv_timer_t timer;
    configurapi_client *client;
    int reports;
};

static void free_watch(uv_handle_t *handle)
{
    free(handle->data);
}

static void end_watch(configurapi_client *client, void *data)
{
    struct watch *watch = data;

    configurapi_client_unref(client);
    uv_close((uv_handle_t *)&watch->timer, free_watch);
}

static void report(uv_timer_t *timer)
{
    struct watch *watch = timer->data;
    json_t *body = json_pack("{s:i}", "report", ++watch->reports);

    configurapi_push(watch->client, 200, NULL, body);
    json_decref(body);
}

/* {"name":"watch"}; the interval is the policy's parameter, in milliseconds. */
static enum configurapi_result watch(configurapi_event *event, const json_t *parameters)
{
    json_int_t interval_ms = json_integer_value(json_array_get(parameters, 0));
    configurapi_client *client = configurapi_event_client(event);
    struct watch *made = calloc(1, sizeof *made);

    if (!made || !client) {
        free(made);
        return CONFIGURAPI_FAILED;
    }
    made->timer.data = made;
    made->client = configurapi_client_ref(client);
    uv_timer_init((uv_loop_t *)configurapi_loop(configurapi_event_runtime(event)), &made->timer);
    if (configurapi_client_on_gone(made->client, end_watch, made) != CONFIGURAPI_OK) {
        end_watch(made->client, made);
        return CONFIGURAPI_FAILED;
    }
    uv_timer_start(&made->timer, report, 0, (uint64_t)interval_ms);
    return configurapi_reply_printf(event, 200, "{\"watching\":true}");
}

CONFIGURAPI_MODULE({"weatherHandler", weather, NULL}, {"watchHandler", watch, NULL})
