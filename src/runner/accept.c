#include "runner/accept.h"
#include "runner/close.h"
#include "runner/connection.h"
#include "runner/runner.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { RESERVED_DESCRIPTORS = 400, TELL_INTERVAL_MS = 60 * 1000 };

/* Leaves descriptors for all else: files that handlers read, the engine's pipes (it aborts without them),
 * requests going out, the management server. */
static size_t count_descriptors(void)
{
    struct rlimit limit;
    int first = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);

    if (first < 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return SIZE_MAX;
    close(first);
    size_t all = limit.rlim_cur == RLIM_INFINITY ? SIZE_MAX : (size_t)limit.rlim_cur;
    size_t others = all / 4 < RESERVED_DESCRIPTORS ? all / 4 : RESERVED_DESCRIPTORS;
    size_t used = (size_t)first + others;
    return all > used ? all - used : 1;
}

static void tell_full(struct runner *runner)
{
    uint64_t now_ms = uv_now(runner->loop);

    if (runner->told_full_ms && now_ms - runner->told_full_ms < TELL_INTERVAL_MS)
        return;
    runner->told_full_ms = now_ms;
    log_write(
        &runner->log, LOG_ERROR,
        "%zu connections are as many as there are descriptors for (ulimit -n): more wait until one ends",
        runner->connection_count);
}

/* Whether there is room for one more; if not, the listener's next connection waits. */
static bool may_accept(struct runner *runner, bool secure)
{
    if (runner->connection_count < runner->most_connections)
        return true;
    tell_full(runner);
    runner->waiting[secure] = true;
    return false;
}

static void accept_from(struct runner *runner, struct listener *listener, struct tls_context *tls)
{
    if (!may_accept(runner, listener == &runner->secure_listener))
        return;
    if (connection_accept(runner, (uv_stream_t *)&listener->tcp, tls) != STATUS_OK)
        log_write(&runner->log, LOG_ERROR, "a connection could not be accepted");
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

static enum status listen_on(struct runner *runner, struct listener *listener, int *descriptor, uint16_t port,
                             struct buffer *error)
{
    int adopted = *descriptor;

    *descriptor = -1; /* the listener's, whatever becomes of it */
    runner->open_handles++;
    if (adopted >= 0)
        return listener_adopt(listener, runner->loop, adopted, error);
    return listener_open(listener, runner->loop, runner->options.host, port, error);
}

enum status accept_open(struct runner *runner, struct buffer *error)
{
    struct configurapi_runner_options *options = &runner->options;

    runner->listener.on_connection = on_connection;
    runner->listener.on_closed = on_listener_closed;
    runner->secure_listener.on_connection = on_secure_connection;
    runner->secure_listener.on_closed = on_secure_listener_closed;
    runner->most_connections = count_descriptors();
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
        if (!runner->waiting[i] || runner->connection_count >= runner->most_connections)
            continue;
        runner->waiting[i] = false;
        if (listeners[i]->open)
            listeners[i]->on_connection(listeners[i]);
    }
}
