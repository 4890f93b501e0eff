#pragma once

/* The way from runner_stop() to on_stopped; for runner.c. */

struct runner;

/* Ends the stop where nothing is left to wait for. Once a turn. */
void stop_check(struct runner *runner);
/* Ends every connection without ceremony. */
void stop_drop_all(struct runner *runner);
