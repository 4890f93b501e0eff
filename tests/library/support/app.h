#pragma once

#include <configurapi-runner-ws.h>

#include <stdio.h>
#include <string.h>

/* What the tests' runners are made of. */

/* Answers with its `data`, a JSON text. */
static inline enum configurapi_result say(configurapi_event *event, const json_t *parameters)
{
    const char *json = configurapi_data(event);

    (void)parameters;
    return configurapi_reply_printf(event, 200, "%r", (struct configurapi_text){json, strlen(json)});
}

/* Options of a quiet runner on a free port of the loopback. */
static inline struct configurapi_runner_options quiet_options(void)
{
    struct configurapi_runner_options options;

    configurapi_runner_options_init(&options, sizeof options);
    options.host = "127.0.0.1";
    options.port = 0;
    options.secure_port = 0;
    options.management_port = 0;
    options.log_level = CONFIGURAPI_LOG_NONE;
    options.drain_timeout_ms = 5000;
    return options;
}

/* A request of an event. */
#define ASK(name) "{\"name\":\"" name "\"}"
#define REPLY(body) "{\"statusCode\":200,\"headers\":{},\"body\":" body "}"
