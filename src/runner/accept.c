#include "runner/accept.h"
#include "runner/close.h"
#include "runner/connection.h"
#include "runner/descriptors.h"
#include "runner/runner.h"

enum {
    TELL_INTERVAL_MS = 60 * 1000,
    TRY_AGAIN_MS = 1000,
    MOST_A_TURN = 16, /* others have something, too */
};

/* Says why connections wait, not more often than once a minute. */
static void tell_waiting(struct runner *runner, const char *why)
{
    uint64_t now_ms = uv_now(runner->loop);

    if (runner->told_waiting_ms && now_ms - runner->told_waiting_ms < TELL_INTERVAL_MS)
        return;
    runner->told_waiting_ms = now_ms;
    log_write(&runner->log, LOG_ERROR, "%zu connections %s", runner->socket_count, why);
}

/* Why the next connection has to wait for descriptors; NULL where it has not. */
static const char *reason_to_wait(const struct runner *runner)
{
    if (runner->socket_count >= runner->most_connections)
        return "are as many as there are descriptors for (ulimit -n): more wait until one ends";
    if ((size_t)runner->last_descriptor >= runner->short_from && descriptors_are_short())
        return "and all else have taken nearly all descriptors (ulimit -n): more wait until some are free";
    return NULL;
}

/* The listener's next connections wait for accept_go_on(). */
static void let_wait(struct runner *runner, struct listener *listener, const char *reason)
{
    runner->waiting[listener == &runner->secure_listener] = true;
    listener_pause(listener);
    deadline_set(&runner->deadlines, &runner->try_again, TRY_AGAIN_MS);
    tell_waiting(runner, reason);
}

static void on_try_again(struct deadline *deadline)
{
    struct runner *runner = LIST_ENTRY(deadline, struct runner, try_again);

    if (runner->waiting[0] || runner->waiting[1]) /* the turn that this is tries */
        deadline_set(&runner->deadlines, &runner->try_again, TRY_AGAIN_MS);
}

void accept_close(struct runner *runner)
{
    listener_close(&runner->listener);
    listener_close(&runner->secure_listener);
    deadline_cancel(&runner->deadlines, &runner->try_again);
    runner->waiting[0] = runner->waiting[1] = false;
}

void accept_init(struct runner *runner)
{
    deadline_init(&runner->try_again, on_try_again);
}

/* Takes the listener's next connections, of which there is one, as far as they need not wait. */
static void accept_from(struct runner *runner, struct listener *listener, struct tls_context *tls)
{
    const char *reason = reason_to_wait(runner);

    for (int i = 0; i < MOST_A_TURN && !reason; i++) {
        switch (connection_accept(runner, listener, tls, &runner->last_descriptor)) {
        case STATUS_OK: break;
        case STATUS_CLOSED: return; /* that was all */
        case STATUS_NO_MEMORY: reason = "are there: more wait until there is memory"; break;
        default: log_write(&runner->log, LOG_ERROR, "a connection could not be accepted"); break;
        }
        if (!reason && reason_to_wait(runner))
            return; /* whether another is there has to be seen */
    }
    if (reason)
        let_wait(runner, listener, reason);
}

static void on_connection(struct listener *listener)
{
    accept_from(LIST_ENTRY(listener, struct runner, listener), listener, NULL);
}

static void on_secure_connection(struct listener *listener)
{
    struct runner *runner = LIST_ENTRY(listener, struct runner, secure_listener);

    accept_from(runner, listener, runner->tls);
}

static void on_listener_closed(struct listener *listener)
{
    close_handle_closed(LIST_ENTRY(listener, struct runner, listener));
}

static void on_secure_listener_closed(struct listener *listener)
{
    close_handle_closed(LIST_ENTRY(listener, struct runner, secure_listener));
}

static enum status open_listener(struct runner *runner, struct listener *listener, int *descriptor,
                                 uint16_t port, struct buffer *error)
{
    int adopted = *descriptor;

    *descriptor = -1; /* the listener's, whatever becomes of it */
    if (adopted >= 0)
        return listener_adopt(listener, runner->loop, adopted, error);
    const struct crew *crew = runner->crew;
    enum socket_sharing sharing = crew->count == 1             ? SOCKET_ALONE
                                  : crew->members[0] == runner ? SOCKET_FIRST
                                                               : SOCKET_OTHER;
    return listener_open(listener, runner->loop, runner->options.host, port, sharing, error);
}

static enum status listen_on(struct runner *runner, struct listener *listener, int *descriptor, uint16_t port,
                             struct buffer *error)
{
    enum status status = open_listener(runner, listener, descriptor, port, error);

    if (status == STATUS_OK)
        runner->open_handles++;
    return status;
}

enum status accept_open(struct runner *runner, struct buffer *error)
{
    struct configurapi_runner_options *options = &runner->options;

    runner->listener.on_connection = on_connection;
    runner->listener.on_closed = on_listener_closed;
    runner->secure_listener.on_connection = on_secure_connection;
    runner->secure_listener.on_closed = on_secure_listener_closed;
    runner->short_from = descriptors_short_from();
    runner->most_connections = (descriptors_for_connections() - 1) / runner->crew->count + 1;
    enum status status = listen_on(runner, &runner->listener, &options->descriptor, options->port, error);
    if (status == STATUS_OK && runner->tls)
        status = listen_on(runner, &runner->secure_listener, &options->secure_descriptor,
                           options->secure_port, error);
    return status;
}

void accept_go_on(struct runner *runner)
{
    struct listener *listeners[] = {&runner->listener, &runner->secure_listener};

    for (size_t i = 0; i < 2; i++) {
        if (!runner->waiting[i] || reason_to_wait(runner))
            continue;
        runner->waiting[i] = false;
        listener_resume(listeners[i]);
        if (listeners[i]->open)
            listeners[i]->on_connection(listeners[i]);
    }
}
