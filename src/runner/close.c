#include "runner/close.h"
#include "handlers/c_host.h"
#include "js/host.h"
#include "net/http_client.h"
#include "net/tls.h"
#include "protocol/deflate.h"
#include "runner/accept.h"
#include "runner/application.h"
#include "runner/c_loop.h"
#include "runner/js_loop.h"
#include "runner/runner.h"
#include "runner/stop.h"

#include <stdlib.h>
#include <unistd.h>

/*
 *   runner_close --> handles, listeners, channels closed --> modules unloaded, mail closed --> memory freed
 *
 * Modules are unloaded when nothing can call them any more but the loop: the handles that they close then are
 * forgotten within the turns that the last two of ours take.
 */

static void release(struct runner *runner)
{
    while (!list_is_empty(&runner->applications))
        application_destroy(LIST_ENTRY(runner->applications.next, struct application, node));
    c_host_destroy(runner->c);
    metrics_deinit(&runner->metrics);
    roster_deinit(&runner->roster);
    tls_context_destroy(runner->tls);
    deflate_destroy(runner->deflate);
    buffer_deinit(&runner->scratch);
    free(runner->postback_base);
    free(runner->postback_token);
    free(runner);
}

static bool is_clean(const struct runner *runner)
{
    for (struct list *node = runner->applications.next; node != &runner->applications; node = node->next)
        if (!application_is_clean(LIST_ENTRY(node, struct application, node)))
            return false;
    return true;
}

enum { LAST_ROUNDS = 16 };

/* What dropping the connections has started and nothing has to be waited for: streams in C hear of their end,
 * then their events do. */
static void turn_last(struct runner *runner)
{
    runner_settle(runner);
    for (struct list *node = runner->applications.next; node != &runner->applications; node = node->next) {
        const struct application *application = LIST_ENTRY(node, struct application, node);
        if (application->js)
            js_host_turn(application->js->host);
    }
    for (int i = 0; runner->c && i < LAST_ROUNDS; i++) {
        c_host_begin_turn(runner->c);
        c_host_turn(runner->c);
        if (!c_host_has_work(runner->c))
            break;
    }
}

static void on_last_closed(uv_handle_t *handle)
{
    struct runner *runner = handle->data;
    void (*on_closed)(void *, bool) = runner->on_closed;
    void *owner = runner->owner;
    bool clean = runner->clean;

    if (clean)
        release(runner);
    on_closed(owner, clean);
}

static void on_net_closed(struct net *net)
{
    struct runner *runner = LIST_ENTRY(net, struct runner, net);

    uv_close((uv_handle_t *)&runner->spread_timer, on_last_closed);
}

static void on_mail_closed(uv_handle_t *handle)
{
    struct runner *runner = handle->data;

    if (runner->net_ready)
        net_close(&runner->net, on_net_closed);
    else
        on_net_closed(&runner->net);
}

void close_handle_closed(struct runner *runner)
{
    if (--runner->open_handles > 0 || !runner->closing)
        return;
    turn_last(runner);
    runner->clean = is_clean(runner);
    if (runner->c && runner->clean)
        c_host_unload(runner->c);
    else if (runner->c)
        c_host_close(runner->c);
    uv_close((uv_handle_t *)&runner->c_mail, on_mail_closed);
}

static void on_handle_closed(uv_handle_t *handle)
{
    close_handle_closed(handle->data);
}

/* Sockets that were handed over, and nobody has come to listen on. */
static void close_descriptor(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

static void on_deadlines_closed(uv_handle_t *handle)
{
    close_handle_closed(LIST_ENTRY(handle->data, struct runner, deadlines));
}

static void close_applications(struct runner *runner)
{
    for (struct list *node = runner->applications.next; node != &runner->applications; node = node->next)
        application_close(LIST_ENTRY(node, struct application, node));
}

void runner_close(struct runner *runner, void (*on_closed)(void *owner, bool clean))
{
    uv_handle_t *handles[] = {
        (uv_handle_t *)&runner->after_poll,
        (uv_handle_t *)&runner->before_poll,
        (uv_handle_t *)&runner->drain_timer,
    };

    runner->closing = true;
    runner->on_closed = on_closed;
    list_remove(&runner->sharing);
    accept_close(runner);
    close_descriptor(&runner->options.descriptor);
    close_descriptor(&runner->options.secure_descriptor);
    stop_drop_all(runner);
    uv_timer_stop(&runner->spread_timer);
    c_loop_give_up(runner);
    http_client_destroy(runner->http);
    reload_cancel(runner);
    watch_close(runner);
    close_applications(runner);
    for (size_t i = 0; i < sizeof handles / sizeof *handles; i++) {
        runner->open_handles++;
        uv_close(handles[i], on_handle_closed);
    }
    runner->open_handles++;
    deadlines_close(&runner->deadlines, on_deadlines_closed);
}
