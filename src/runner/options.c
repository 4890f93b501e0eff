#include "runner/runner.h"

#include <string.h>

static const struct configurapi_runner_options defaults = {
    .workers = 1,
    .port = 8000,
    .secure_port = 8443,
    .descriptor = -1,
    .secure_descriptor = -1,
    .management_host = "127.0.0.1",
    .management_port = 9100,
    .management_descriptor = -1,
    .max_payload = 16 * 1024 * 1024,
    .high_water_mark = 1024 * 1024,
    .max_buffered = 64 * 1024 * 1024,
    .max_in_flight = 256,
    .compress_above = 1024,
    .handshake_timeout_ms = 10 * 1000,
    .ping_interval_ms = 30 * 1000,
    .max_blocking_ms = 10 * 1000,
    .drain_timeout_ms = 10 * 1000,
    .log_level = CONFIGURAPI_LOG_TRACE,
    .log_format = CONFIGURAPI_LOG_TEXT,
};

/* A caller that was built with an older header knows only the first members. */
void configurapi_runner_options_init(struct configurapi_runner_options *options, size_t size)
{
    memcpy(options, &defaults, size < sizeof defaults ? size : sizeof defaults);
    options->size = size;
}

void configurapi_runner_options_api_gateway(struct configurapi_runner_options *options)
{
    options->api_gateway = true;
    options->max_payload = 128 * 1024;
    options->max_frame = 32 * 1024;
    options->idle_timeout_ms = 10 * 60 * 1000;
    options->max_lifetime_ms = 2 * 60 * 60 * 1000;
    options->handler_timeout_ms = 29 * 1000;
}
