#include "runner/js_loop.h"
#include "js/host.h"
#include "net/http_client.h"
#include "runner/js_requests.h"
#include "runner/js_work.h"
#include "runner/runner.h"

#include <unistd.h>

enum { IDLE_INTERVAL_MS = 500 };

static void on_timer(uv_timer_t *timer)
{
    struct runner *runner = timer->data;

    js_host_fire_timers(runner->js);
}

static void set_timer(void *owner, int64_t delay_ms)
{
    struct runner *runner = owner;

    if (delay_ms < 0 || runner->closing) {
        uv_timer_stop(&runner->js_timer);
        return;
    }
    uv_update_time(runner->loop); /* JavaScript may have run for long since the loop looked at the clock */
    uv_timer_start(&runner->js_timer, on_timer, (uint64_t)delay_ms, 0);
}

static void on_immediates(uv_idle_t *idle)
{
    struct runner *runner = idle->data;

    uv_idle_stop(idle); /* what it runs may want another turn */
    js_host_run_immediates(runner->js);
}

static void want_immediates(void *owner)
{
    struct runner *runner = owner;

    if (!runner->closing)
        uv_idle_start(&runner->immediates, on_immediates);
}

static void exit_now(void *owner, int code)
{
    (void)owner;
    _exit(
        code); /* as Node's: at once. Nothing of ours waits in a buffer: log lines are written as they come */
}

static const struct js_host_functions functions = {
    .set_timer = set_timer,
    .want_immediates = want_immediates,
    .exit = exit_now,
    .request = js_requests_send,
    .work = js_work_queue,
    .request_read = js_requests_read,
    .request_write = js_requests_write,
    .request_finish = js_requests_finish,
    .request_cancel = js_requests_cancel,
};

static void on_idle(uv_timer_t *timer)
{
    struct runner *runner = timer->data;

    js_host_idle(runner->js);
}

enum status js_loop_open(struct runner *runner, struct buffer *error)
{
    enum status status = js_host_create(&runner->js, &functions, runner, &runner->log, error);

    if (status != STATUS_OK)
        return status;
    runner->languages[runner->language_count++] = js_host_language(runner->js);
    uv_timer_start(&runner->idle_timer, on_idle, IDLE_INTERVAL_MS, IDLE_INTERVAL_MS);
    return STATUS_OK;
}

void js_loop_stop(struct runner *runner)
{
    uv_timer_stop(&runner->js_timer);
    uv_timer_stop(&runner->idle_timer);
    uv_idle_stop(&runner->immediates);
}
