#pragma once

#include "base/buffer.h"
#include "base/list.h"
#include "base/log.h"
#include "base/status.h"
#include "base/text.h"
#include "pipeline/handler.h"
#include "pipeline/registry.h"

#include <configurapi.h>

/*
 * The host of handlers in C: what is behind include/configurapi.h, and the pipeline's language of that name.
 * One a worker, used from its thread only, but for what configurapi.h says of configurapi_resume() and
 * configurapi_post(). It is the `configurapi_runtime` that handlers see.
 */

struct c_host;

/* What the host asks of the loop it runs on. */
struct c_host_functions {
    /* c_host_turn() is wanted, soon and not from within. From any thread. */
    void (*wake)(void *owner);
    /* The uv_loop_t, for configurapi_loop(). */
    struct uv_loop_s *(*loop)(void *owner);
    /* POSTs a JSON text; `done` is called later, from the loop. Where it is not STATUS_OK it is not. */
    enum status (*post)(void *owner, struct text url, struct text token, struct text body,
                        void (*done)(int status, const char *error, void *data), void *data);
};

/* `functions` and `log` must outlive it; `owner` is what the functions get. STATUS_NO_MEMORY. */
NODISCARD enum status c_host_create(struct c_host **host, const struct c_host_functions *functions,
                                    void *owner, const struct log *log);
/* Calls the modules' `unload`, does what is due, and closes the host. Only once no event is under way, and
 * none may be started after it. The handles that they close there are the loop's to forget before
 * c_host_destroy(). */
void c_host_unload(struct c_host *host);
/* From now on c_host_mail() takes nothing. By itself for a host that is left behind with events that never
 * end: a handler that resumes one after all is not heard. */
void c_host_close(struct c_host *host);
/* Closes the modules. NULL is fine. */
void c_host_destroy(struct c_host *host);

struct language *c_host_language(struct c_host *host);

/* Registers one handler; the entry must outlive the registry. STATUS_INVALID where the name is taken; `error`
 * then has a line. */
NODISCARD enum status c_host_add(struct c_host *host, struct registry *registry,
                                 const struct configurapi_entry *entry, enum handler_rank rank,
                                 struct buffer *error);

/* Opens a module (a shared object), which is done once, and registers its handlers. On failure `error` gets
 * one line that begins with the path. */
NODISCARD enum status c_host_load(struct c_host *host, const char *path, struct registry *registry,
                                  struct buffer *error);

/* Something to be called in the next turn. */
struct c_task {
    struct list node;
    void (*run)(struct c_task *task); /* the task is in no list any more, and run()'s to free */
};

/* Has the task run on the host's thread; from any. The host is not to be destroyed before that. False: it is
 * closed, and the task still the caller's. */
bool c_host_mail(struct c_host *host, struct c_task *task);

/* A turn of the loop begins, in which handlers may send as much again before those who wait for a client's
 * room have to wait for the next one. */
void c_host_begin_turn(struct c_host *host);
/* Does what is due: events that were resumed, callbacks, what was posted. */
void c_host_turn(struct c_host *host);
/* Whether there is anything for it to do. */
bool c_host_has_work(const struct c_host *host);

/* Where postback URLs lead: this and the connection's id behind it; `token`, where it is not empty, goes with
 * what is posted there. Before the first event. */
NODISCARD enum status c_host_set_postback_base(struct c_host *host, struct text base, struct text token);

size_t c_host_open_streams(const struct c_host *host);
