#pragma once

#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <uv.h>

/* A runner on a loop, with its management server, its signals and what other threads ask of it. */

struct configurapi_runner;
struct js_loop;

/* What has to be so before anything is loaded; reads `env_path`. False: the runner's error says why, so too
 * below. */
bool serve_prepare(struct configurapi_runner *runner);

/* Loads all, on a loop of its own, and leaves nothing. */
bool serve_check(struct configurapi_runner *runner);

/* As configurapi_runner_start(). Sets `ended` when the loop has nothing of it any more. */
bool serve_start(struct configurapi_runner *runner, uv_loop_t *loop);

/* For a script's runners: the same with its handlers in the script's world, which outlives it, and without
 * turning the loop. False: nothing is left, and nothing is told. Otherwise on_started tells what came of it,
 * and on_stopped is the last call of all. Only one loads at a time. */
bool serve_start_in(struct configurapi_runner *runner, uv_loop_t *loop, struct js_loop *world);
/* Whether it still does, waiting for a module. */
bool serve_is_loading(const struct configurapi_runner *runner);
/* Nothing is there any more that it could wait for: it fails. */
void serve_refuse_waiting(struct configurapi_runner *runner);

/* The levels (1 << level) whose log lines are for on_log; others are printed. All of them, where nobody says.
 */
void serve_listen(struct configurapi_runner *runner, unsigned levels);

/* As configurapi_runner_stop(), on the loop's thread. */
void serve_stop(struct configurapi_runner *runner);
/* The first of these, unless it was asked for. */
void serve_end(struct configurapi_runner *runner);

/* Makes a line the runner's error: the one in `error`, or where that is empty the status's name. */
void serve_fail(struct configurapi_runner *runner, enum status status, struct text error);
