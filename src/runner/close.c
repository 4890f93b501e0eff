#include "runner/close.h"
#include "config/config.h"
#include "handlers/c_host.h"
#include "js/host.h"
#include "net/http_client.h"
#include "net/tls.h"
#include "pipeline/registry.h"
#include "pipeline/service.h"
#include "protocol/deflate.h"
#include "runner/c_loop.h"
#include "runner/js_loop.h"
#include "runner/js_requests.h"
#include "runner/js_work.h"
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
    js_host_destroy(runner->js);
    c_host_destroy(runner->c);
    metrics_deinit(&runner->metrics);
    roster_deinit(&runner->roster);
    service_destroy(runner->service);
    if (runner->registry)
        registry_deinit(runner->registry);
    free(runner->registry);
    config_destroy(runner->config);
    tls_context_destroy(runner->tls);
    deflate_destroy(runner->deflate);
    buffer_deinit(&runner->scratch);
    if (runner->net_ready)
        net_deinit(&runner->net);
    free(runner->start_failure);
    free(runner);
}

static bool is_clean(const struct runner *runner)
{
    return (!runner->service || runner->service->event_count == 0) && list_is_empty(&runner->works);
}

static void on_last_closed(uv_handle_t *handle)
{
    struct runner *runner = handle->data;
    void (*on_closed)(void *, bool) = runner->on_closed;
    void *owner = runner->owner;
    bool clean = is_clean(runner);

    if (clean)
        release(runner);
    on_closed(owner, clean);
}

static void on_mail_closed(uv_handle_t *handle)
{
    struct runner *runner = handle->data;

    uv_close((uv_handle_t *)&runner->immediates, on_last_closed);
}

void close_handle_closed(struct runner *runner)
{
    if (--runner->open_handles > 0 || !runner->closing)
        return;
    if (runner->c && is_clean(runner))
        c_host_unload(runner->c);
    else if (runner->c)
        c_host_abandon(runner->c);
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

void runner_close(struct runner *runner, void (*on_closed)(void *owner, bool clean))
{
    uv_handle_t *handles[] = {
        (uv_handle_t *)&runner->after_poll,  (uv_handle_t *)&runner->before_poll,
        (uv_handle_t *)&runner->js_timer,    (uv_handle_t *)&runner->idle_timer,
        (uv_handle_t *)&runner->drain_timer, (uv_handle_t *)&runner->spread_timer,
    };

    runner->closing = true;
    runner->on_closed = on_closed;
    listener_close(&runner->listener);
    listener_close(&runner->secure_listener);
    close_descriptor(&runner->options.descriptor);
    close_descriptor(&runner->options.secure_descriptor);
    stop_drop_all(runner);
    js_loop_stop(runner);
    c_loop_forget(runner);
    http_client_destroy(runner->http);
    js_requests_forget(runner);
    js_work_end(runner);
    deadline_cancel(&runner->deadlines, &runner->start_deadline);
    for (size_t i = 0; i < sizeof handles / sizeof *handles; i++) {
        runner->open_handles++;
        uv_close(handles[i], on_handle_closed);
    }
    runner->open_handles++;
    deadlines_close(&runner->deadlines, on_deadlines_closed);
}
