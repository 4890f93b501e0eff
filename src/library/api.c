#include "handlers/c_host.h"
#include "library/options.h"
#include "library/parts.h"
#include "library/serve.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- making ---- */

/* From within on_log the runner may be destroyed, which takes it again. */
static void init_log_mutex(configurapi_runner *runner)
{
    pthread_mutexattr_t recursive;

    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&runner->log_mutex, &recursive);
    pthread_mutexattr_destroy(&recursive);
}

configurapi_runner *configurapi_runner_create(const struct configurapi_runner_options *options)
{
    configurapi_runner *runner = options ? calloc(1, sizeof *runner) : NULL;

    if (!runner)
        return NULL;
    if (options_copy(&runner->options, options) != STATUS_OK) {
        free(runner);
        return NULL;
    }
    runner->has_options = options->size > 0;
    runner->heard = ~0u;
    handlers_init(&runner->handlers);
    buffer_init(&runner->error, BUFFER_UNLIMITED);
    pthread_mutex_init(&runner->mutex, NULL);
    init_log_mutex(runner);
    pthread_cond_init(&runner->changed, NULL);
    return runner;
}

static void close_descriptor(int descriptor)
{
    if (descriptor >= 0)
        close(descriptor);
}

void api_free(configurapi_runner *runner)
{
    close_descriptor(runner->options.descriptor);
    close_descriptor(runner->options.secure_descriptor);
    close_descriptor(runner->options.management_descriptor);
    pthread_cond_destroy(&runner->changed);
    pthread_mutex_destroy(&runner->mutex);
    pthread_mutex_destroy(&runner->log_mutex);
    buffer_deinit(&runner->error);
    handlers_deinit(&runner->handlers);
    options_free(&runner->options);
    free(runner);
}

static bool refuse(configurapi_runner *runner, const char *why)
{
    serve_fail(runner, STATUS_INVALID, text_from_cstr(why));
    return false;
}

static bool add(configurapi_runner *runner, const char *name, const char *event, configurapi_handler handler,
                void *data)
{
    if (runner->begun)
        return refuse(runner, "it was started: handlers are registered before");
    if (!handler || (!name && !event))
        return refuse(runner, "a handler is a name and a function: one of them is NULL");
    enum status status = handlers_add(&runner->handlers, name, event, handler, data);
    if (status != STATUS_OK)
        serve_fail(runner, status, TEXT(""));
    return status == STATUS_OK;
}

bool configurapi_runner_handler(configurapi_runner *runner, const char *name, configurapi_handler handler,
                                void *data)
{
    return add(runner, name, NULL, handler, data);
}

bool configurapi_runner_on(configurapi_runner *runner, const char *event, configurapi_handler handler,
                           void *data)
{
    return add(runner, NULL, event, handler, data);
}

/* ---- starting ---- */

static bool begin(configurapi_runner *runner)
{
    if (runner->begun)
        return refuse(runner, "it was started before: a runner is started once");
    runner->begun = true;
    return serve_prepare(runner);
}

/* A client that vanishes while it is written to would end the process. */
static void ignore_broken_pipes(void)
{
    struct sigaction action;

    if (sigaction(SIGPIPE, NULL, &action) == 0 && !(action.sa_flags & SA_SIGINFO) &&
        action.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

bool configurapi_runner_check(configurapi_runner *runner)
{
    return serve_prepare(runner) && serve_check(runner);
}

bool configurapi_runner_start(configurapi_runner *runner, struct uv_loop_s *loop)
{
    if (!begin(runner))
        return false;
    ignore_broken_pipes();
    return serve_start(runner, loop);
}

static bool serve_on_own_loop(configurapi_runner *runner)
{
    int failure = uv_loop_init(&runner->own_loop);

    if (failure != 0) {
        runner->failed = true;
        return refuse(runner, uv_strerror(failure));
    }
    (void)serve_start(runner, &runner->own_loop); /* `failed` says it, also later */
    uv_run(&runner->own_loop, UV_RUN_DEFAULT);
    /* Where work on a thread never ends it stays open, and the runner stays with it. */
    uv_loop_close(&runner->own_loop);
    return !runner->failed;
}

bool configurapi_runner_run(configurapi_runner *runner)
{
    if (!begin(runner))
        return false;
    ignore_broken_pipes();
    return serve_on_own_loop(runner);
}

/* ---- a thread of its own ---- */

static void *serve_on_thread(void *argument)
{
    configurapi_runner *runner = argument;

    (void)serve_on_own_loop(runner); /* `serves` says it */
    pthread_mutex_lock(&runner->mutex);
    runner->answered = true;
    pthread_cond_signal(&runner->changed);
    pthread_mutex_unlock(&runner->mutex);
    return NULL;
}

/* The program's signals are for its own threads. Not all are kept away: the engine sends itself some. */
int api_create_thread(pthread_t *thread, void *(*run)(void *argument), void *argument)
{
    static const int kept_away[] = {SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGALRM, SIGCHLD};
    sigset_t blocked;
    sigset_t before;

    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof kept_away / sizeof *kept_away; i++)
        sigaddset(&blocked, kept_away[i]);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    int failure = pthread_create(thread, NULL, run, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure;
}

bool configurapi_runner_start_thread(configurapi_runner *runner)
{
    if (!begin(runner))
        return false;
    if (api_create_thread(&runner->thread, serve_on_thread, runner) != 0)
        return refuse(runner, "no thread could be made");
    runner->has_thread = true;
    pthread_mutex_lock(&runner->mutex);
    while (!runner->answered)
        pthread_cond_wait(&runner->changed, &runner->mutex);
    bool serves = runner->serves;
    pthread_mutex_unlock(&runner->mutex);
    if (serves)
        return true;
    configurapi_runner_wait(runner);
    return runner->failed ? false : refuse(runner, "it was stopped before it listened");
}

void configurapi_runner_wait(configurapi_runner *runner)
{
    if (!runner->has_thread)
        return;
    pthread_join(runner->thread, NULL);
    runner->has_thread = false;
}

/* ---- from any thread ---- */

enum request {
    REQUEST_STOP,
    REQUEST_END,
    REQUEST_RELOAD,
};

static void send_mail(configurapi_runner *runner, enum request request)
{
    pthread_mutex_lock(&runner->mutex);
    if (runner->takes_mail) {
        runner->stops_asked += request == REQUEST_STOP;
        runner->end_asked |= request == REQUEST_END;
        runner->reload_asked |= request == REQUEST_RELOAD;
        uv_async_send(&runner->mail);
    }
    pthread_mutex_unlock(&runner->mutex);
}

void configurapi_runner_stop(configurapi_runner *runner)
{
    send_mail(runner, REQUEST_STOP);
}

void configurapi_runner_reload(configurapi_runner *runner)
{
    send_mail(runner, REQUEST_RELOAD);
}

bool configurapi_runner_post(configurapi_runner *runner, void (*run)(void *data), void *data)
{
    pthread_mutex_lock(&runner->mutex);
    bool posted = runner->takes_posts && configurapi_post((configurapi_runtime *)(void *)runner->runner->c,
                                                          run, data) == CONFIGURAPI_OK;
    pthread_mutex_unlock(&runner->mutex);
    return posted;
}

/* ---- ending ---- */

bool configurapi_runner_destroy(configurapi_runner *runner)
{
    if (!runner)
        return true;
    if (runner->has_thread) {
        send_mail(runner, REQUEST_END); /* a second stop would not wait for anybody */
        configurapi_runner_wait(runner);
    }
    if (runner->unclean)
        return false;
    if (!runner->loop || runner->ended) {
        api_free(runner);
        return true;
    }
    pthread_mutex_lock(&runner->log_mutex);
    runner->destroyed = true; /* before anything is told */
    pthread_mutex_unlock(&runner->log_mutex);
    serve_end(runner);
    return true;
}

/* ---- asking ---- */

const char *configurapi_runner_error(const configurapi_runner *runner)
{
    if (!runner)
        return status_name(STATUS_NO_MEMORY);
    return runner->error.length > 0 ? runner->error.data : "";
}

struct uv_loop_s *configurapi_runner_loop(const configurapi_runner *runner)
{
    return runner->loop;
}

static struct serve_ports ports_of(const configurapi_runner *runner)
{
    pthread_mutex_t *mutex = (pthread_mutex_t *)(uintptr_t)&runner->mutex;

    pthread_mutex_lock(mutex);
    struct serve_ports ports = runner->ports;
    pthread_mutex_unlock(mutex);
    return ports;
}

uint16_t configurapi_runner_port(const configurapi_runner *runner)
{
    return ports_of(runner).plain;
}

uint16_t configurapi_runner_secure_port(const configurapi_runner *runner)
{
    return ports_of(runner).secure;
}

uint16_t configurapi_runner_management_port(const configurapi_runner *runner)
{
    return ports_of(runner).management;
}

const char *configurapi_runner_version(void)
{
    return CONFIGURAPI_VERSION;
}
