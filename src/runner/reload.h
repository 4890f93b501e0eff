#pragma once

/*
 * A reload: another application is made beside the one that serves, and takes its place when it is ready (see
 * runner_reload()). Embedded in the runner.
 */

struct application;
struct runner;
struct tls_context;

struct reload {
    struct application *next; /* NULL unless one is under way */
    struct tls_context *tls;  /* read for it; NULL where no certificate is configured */
};

/* Takes it on. Once a turn. */
void reload_turn(struct runner *runner);
/* Gives up one that is under way, without a word. */
void reload_cancel(struct runner *runner);
