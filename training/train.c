/*
 * What a release by gcc is compiled by (cmake/training.cmake): a server and its clients in one process, of
 * which the former counts which way each branch goes. They ask for what servers are asked for, in several
 * shapes, none of which is the benchmark's.
 *
 * Exits with 0 when all has been answered as it should be, with CANNOT_SERVE, and no counts, where there is
 * no loopback to serve on, and with 1 otherwise.
 */

#include "training/clients.h"

#include <configurapi-runner-ws.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CANNOT_SERVE = 77 };

/* ---- handlers ---- */

/* Reads texts, answers by a format. */
static enum configurapi_result add(configurapi_event *event, const json_t *parameters)
{
    struct configurapi_text payload = configurapi_event_payload_text(event);
    struct configurapi_text unit = configurapi_json_member(configurapi_event_params_text(event), "unit");
    int64_t a;
    int64_t b;

    (void)parameters;
    if (!configurapi_json_integer(configurapi_json_member(payload, "a"), &a) ||
        !configurapi_json_integer(configurapi_json_member(payload, "b"), &b))
        return configurapi_fail(event, 400, "a and b are to be whole numbers", NULL);
    return configurapi_reply_printf(event, 200, "{\"sum\":%lld,\"unit\":%r}", (long long)(a + b), unit);
}

/* Reads values, answers by one. */
static enum configurapi_result find(configurapi_event *event, const json_t *parameters)
{
    json_t *body = json_pack("{s:O*, s:O*}", "found", json_object_get(configurapi_event_params(event), "id"),
                             "in", configurapi_event_payload(event));

    (void)parameters;
    enum configurapi_status status = body ? configurapi_reply(event, 200, body) : CONFIGURAPI_NO_MEMORY;
    json_decref(body);
    return status == CONFIGURAPI_OK ? CONFIGURAPI_CONTINUE : CONFIGURAPI_FAILED;
}

/* Pushes what has come. */
static enum configurapi_result tell(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    configurapi_reply_nothing(event);
    if (configurapi_push_text(configurapi_event_client(event), configurapi_event_raw(event, NULL)) ==
        CONFIGURAPI_NO_MEMORY)
        return CONFIGURAPI_FAILED;
    return CONFIGURAPI_CONTINUE;
}

/* ---- the server ---- */

struct training {
    configurapi_runner *runner;
    pthread_t clients;
    bool started;
    enum clients_outcome outcome;
};

static void *run_clients(void *data)
{
    struct training *training = data;

    training->outcome = clients_run(configurapi_runner_port(training->runner));
    configurapi_runner_stop(training->runner);
    return NULL;
}

static void on_started(configurapi_runner *runner, const char *error, void *data)
{
    struct training *training = data;

    (void)error; /* configurapi_runner_run() says it */
    training->started = pthread_create(&training->clients, NULL, run_clients, training) == 0;
    if (!training->started)
        configurapi_runner_stop(runner);
}

static void on_log(configurapi_runner *runner, const struct configurapi_log_line *line, void *data)
{
    (void)runner, (void)line, (void)data;
}

int main(void)
{
    struct training training = {.outcome = CLIENTS_FAILED};
    struct configurapi_runner_options options;

    configurapi_runner_options_init(&options, sizeof options);
    options.host = "127.0.0.1";
    options.port = 0;
    options.log_level = CONFIGURAPI_LOG_ERROR;
    options.on_log = on_log;
    options.on_started = on_started;
    options.data = &training;
    training.runner = configurapi_runner_create(&options);
    if (!training.runner || !configurapi_runner_on(training.runner, "add", add, NULL) ||
        !configurapi_runner_on(training.runner, "find", find, NULL) ||
        !configurapi_runner_on(training.runner, "tell", tell, NULL)) {
        fprintf(stderr, "train: %s\n", configurapi_runner_error(training.runner));
        return 1;
    }
    bool served = configurapi_runner_run(training.runner);
    if (!served)
        fprintf(stderr, "train: %s\n", configurapi_runner_error(training.runner));
    if (training.started)
        pthread_join(training.clients, NULL);
    if (!served || training.outcome == CLIENTS_CUT_OFF)
        _exit(CANNOT_SERVE); /* without the counts */
    return configurapi_runner_destroy(training.runner) && training.outcome == CLIENTS_PASSED ? 0 : 1;
}
