#pragma once

#include "base/buffer.h"
#include "base/list.h"
#include "base/status.h"
#include "handlers/directory.h"
#include "net/deadline.h"
#include "pipeline/registry.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What a runner serves: a configuration and its handlers. It has one, and around a reload more of them: the
 * one that is being made, and those that still finish.
 *
 *   LOADING ---> STARTING ---> SERVING ---> RETIRED ---> CLOSING
 *   (modules)    (on_start)       |      (its events end)   ^
 *      +-------------+------------+-------------------------+
 *                    given up, or the runner closes
 */

struct runner;

enum application_state {
    APPLICATION_LOADING,
    APPLICATION_STARTING,
    APPLICATION_SERVING,
    APPLICATION_RETIRED,
    APPLICATION_CLOSING,
};

struct application {
    struct list node; /* in runner->applications */
    struct runner *runner;
    enum application_state state;
    struct config *config;
    struct registry registry;
    struct service *service; /* NULL until all is loaded */
    struct js_loop *js;      /* NULL where no JavaScript is configured; a script's is the script's */
    struct js_guest *guest;  /* what it is there, where there is one */

    /* LOADING: modules, those of `import` and then those of handlers/. */
    struct directory directory;
    size_t next_module;
    bool awaits; /* its top-level `await` waits */

    /* STARTING */
    struct event *start_event;      /* NULL unless on_start is under way */
    struct deadline start_deadline; /* to say so, or that loading waits */
    bool start_ended;               /* on_start has, and the turn is to go on from there */
    bool start_failed;
    char *start_failure; /* in words; owned */
    void (*on_started)(struct application *application, enum status status, struct text error);

    /* SERVING and RETIRED */
    struct deadline expiry;   /* when events' time is over, as long as some wait */
    struct deadline trimming; /* of events that are kept for others, as long as there are many */

    /* RETIRED */
    struct deadline last_moment; /* for what its scripts have under way besides events */
    bool hurries;                /* that is over */
};

/* In runner->applications from here on. NULL when memory is out. */
NODISCARD struct application *application_create(struct runner *runner);

/* Reads the configuration and loads every handler; goes on with that at another call. *waits: it has to, when
 * the loop has turned, for a module's top-level `await` waits. `error` gets one line that names the place. */
NODISCARD enum status application_load(struct application *application, bool *waits, struct buffer *error);

/* Runs on_start. on_started is called in a later application_turn(), or never: where the handlers never end,
 * or the application is retired before. */
void application_start(struct application *application,
                       void (*on_started)(struct application *application, enum status status,
                                          struct text error));

/* Takes on what has come for it. */
void application_turn(struct application *application);
/* While its loading waits: says so in the log, now and then. */
void application_note_waiting(struct application *application);
bool application_has_work(const struct application *application);

/* It serves no more: closes when its events have ended and what its scripts have begun is through (requests,
 * files), which gets --drain-timeout for that. */
void application_retire(struct application *application);

/* Ends what it does on the loop, whatever there is; nothing where that was done already. Where the runner
 * itself closes, it counts among its open handles, and its memory goes with the runner; otherwise by itself.
 */
void application_close(struct application *application);
void application_destroy(struct application *application); /* no event may be under way */

/* Whether nothing of it is left that nobody can take from its handlers. */
bool application_is_clean(const struct application *application);
