/* A program with a WebSocket API inside: it keeps a room at a temperature, tells whoever asks, and pushes
 * every change to those who have subscribed. See README.md. */

#include <configurapi-runner-ws.h>

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_SUBSCRIBERS = 1000 };

/* The main thread's work. What handlers look at too is atomic; tenths of a degree. */
static atomic_int temperature = 180;
static atomic_int target = 210;
static volatile sig_atomic_t stopped;

/* The runner's thread's own: its handlers and what is posted to it. */
static configurapi_client *subscribers[MOST_SUBSCRIBERS];
static size_t subscriber_count;

static enum configurapi_result get_temperature(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    return configurapi_reply_printf(event, 200, "{\"temperature\":%.1f,\"target\":%.1f}", temperature / 10.0,
                                    target / 10.0);
}

static enum configurapi_result set_target(configurapi_event *event, const json_t *parameters)
{
    const json_t *wanted = configurapi_event_payload(event);
    double degrees = json_number_value(wanted);

    (void)parameters;
    if (!json_is_number(wanted) || degrees < 5 || degrees > 30)
        return configurapi_fail(event, 400, "The payload is to be a number from 5 to 30.", "");
    target = (int)(degrees * 10);
    return configurapi_reply_printf(event, 200, "{\"target\":%.1f}", degrees);
}

static void on_gone(configurapi_client *client, void *data)
{
    (void)data;
    for (size_t i = 0; i < subscriber_count; i++) {
        if (subscribers[i] != client)
            continue;
        subscribers[i] = subscribers[--subscriber_count];
        configurapi_client_unref(client);
        return;
    }
}

static enum configurapi_result subscribe(configurapi_event *event, const json_t *parameters)
{
    configurapi_client *client = configurapi_event_client(event);

    (void)parameters;
    for (size_t i = 0; i < subscriber_count; i++)
        if (subscribers[i] == client)
            return configurapi_fail(event, 409, "You have subscribed already.", "");
    if (!client || subscriber_count == MOST_SUBSCRIBERS ||
        configurapi_client_on_gone(client, on_gone, NULL) != CONFIGURAPI_OK)
        return configurapi_fail(event, 503, "There are too many.", "");
    subscribers[subscriber_count++] = configurapi_client_ref(client);
    return configurapi_reply_printf(event, 200, "{\"subscribed\":true}");
}

/* On the runner's thread; `data` is the temperature. */
static void tell_subscribers(void *data)
{
    json_t *body = json_pack("{s:s, s:f}", "type", "temperature", "temperature", *(int *)data / 10.0);

    free(data);
    for (size_t i = 0; i < subscriber_count; i++)
        configurapi_push(subscribers[i], 200, NULL, body);
    json_decref(body);
}

/* The room gets warmer or colder by a tenth of a degree, until it is as it should be. */
static void heat_or_cool(configurapi_runner *runner)
{
    int now = temperature;
    int *told;

    if (now == target)
        return;
    temperature = now < target ? now + 1 : now - 1;
    told = malloc(sizeof *told);
    if (!told)
        return;
    *told = temperature;
    if (!configurapi_runner_post(runner, tell_subscribers, told))
        free(told);
}

static void on_log(configurapi_runner *runner, const struct configurapi_log_line *line, void *data)
{
    (void)runner, (void)data;
    fprintf(stderr, "thermostat: %s\n", line->message);
}

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

int main(int count, char **arguments)
{
    struct configurapi_runner_options options;
    const struct timespec step = {.tv_nsec = 100 * 1000 * 1000};

    configurapi_runner_options_init(&options, sizeof options);
    options.port = (uint16_t)(count > 1 ? atoi(arguments[1]) : 8000);
    options.log_level = CONFIGURAPI_LOG_INFO;
    options.on_log = on_log;

    configurapi_runner *runner = configurapi_runner_create(&options);
    if (!runner || !configurapi_runner_on(runner, "getTemperature", get_temperature, NULL) ||
        !configurapi_runner_on(runner, "setTarget", set_target, NULL) ||
        !configurapi_runner_on(runner, "subscribe", subscribe, NULL) ||
        !configurapi_runner_start_thread(runner)) {
        fprintf(stderr, "thermostat: %s\n", configurapi_runner_error(runner));
        configurapi_runner_destroy(runner);
        return EXIT_FAILURE;
    }
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    while (!stopped) {
        heat_or_cool(runner);
        nanosleep(&step, NULL);
    }
    configurapi_runner_destroy(runner); /* stops it, and waits for that */
    return EXIT_SUCCESS;
}
