#pragma once

#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <uv.h>

/* A runner on a loop, with its management server, its signals and what other threads ask of it. */

struct configurapi_runner;

/* What has to be so before anything is loaded; reads `env_path`. False: the runner's error says why, so too
 * below. */
bool serve_prepare(struct configurapi_runner *runner);

/* Loads all, on a loop of its own, and leaves nothing. */
bool serve_check(struct configurapi_runner *runner);

/* As configurapi_runner_start(). Sets `ended` when the loop has nothing of it any more. */
bool serve_start(struct configurapi_runner *runner, uv_loop_t *loop);

/* As configurapi_runner_stop(), on the loop's thread. */
void serve_stop(struct configurapi_runner *runner);

/* Makes a line the runner's error: the one in `error`, or where that is empty the status's name. */
void serve_fail(struct configurapi_runner *runner, enum status status, struct text error);
