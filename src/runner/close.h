#pragma once

/* The way from runner_close() to on_closed; for those who open handles. */

struct runner;

/* One of the handles that were counted in runner->open_handles is closed. */
void close_handle_closed(struct runner *runner);
