#pragma once

#include "base/buffer.h"
#include "base/list.h"

#include <stdbool.h>
#include <uv.h>

/*
 * `--watch`: reloads when a file changes that the application was made of. Embedded in the runner.
 *
 * What is watched are directories, for an editor may put a new file in an old one's place: that of the
 * configuration, handlers/, schemas/, and those of the modules that were loaded, but for packages.
 */

struct application;
struct runner;

struct watch {
    struct list directories;
    struct buffer files; /* paths that were loaded, a NUL behind each */
    bool is_broken;      /* the last reload has failed: other files may be what mends it */
    bool is_open;
    uv_timer_t settle_timer; /* one change is many events */
};

/* Where the options want it: from now on, for the application that serves. */
void watch_open(struct runner *runner);
/* A reload has ended: with the application that serves now, or with one that failed and is still there. */
void watch_renew(struct runner *runner, const struct application *failed);
/* For runner_close(): its handles count among the runner's. */
void watch_close(struct runner *runner);
