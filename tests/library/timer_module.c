/* A module that has a timer of its own on the runner's loop, and closes it when it is unloaded. */

#include <configurapi.h>
#include <stdlib.h>
#include <uv.h>

static void on_tick(uv_timer_t *timer)
{
    timer->repeat = 1; /* the handle is there */
}

static void on_closed(uv_handle_t *handle)
{
    free(handle); /* this code must be there still */
}

/* One a runner: several threads load the module. */
static uv_timer_t *timers[8];
static configurapi_runtime *runtimes[8];
static uv_once_t once = UV_ONCE_INIT;
static uv_mutex_t mutex;

static void make_mutex(void)
{
    uv_mutex_init(&mutex);
}

static uv_timer_t **timer_of(configurapi_runtime *runtime)
{
    uv_once(&once, make_mutex);
    uv_mutex_lock(&mutex);
    size_t i = 0;
    while (runtimes[i] && runtimes[i] != runtime)
        i++;
    runtimes[i] = runtime;
    uv_mutex_unlock(&mutex);
    return &timers[i];
}

static bool load(configurapi_runtime *runtime)
{
    uv_timer_t *timer = malloc(sizeof *timer);

    if (!timer)
        return false;
    *timer_of(runtime) = timer;
    uv_timer_init(configurapi_loop(runtime), timer);
    uv_timer_start(timer, on_tick, 1, 1);
    return true;
}

static void unload(configurapi_runtime *runtime)
{
    uv_close((uv_handle_t *)*timer_of(runtime), on_closed);
}

static const struct configurapi_entry entries[] = {{NULL, NULL, NULL}};

CONFIGURAPI_API extern const struct configurapi_module configurapi_module;
const struct configurapi_module configurapi_module = {CONFIGURAPI_ABI, entries, load, unload};
