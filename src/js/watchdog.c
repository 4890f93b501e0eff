#include "js/watchdog.h"
#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>
#include <unistd.h>

/*
 * What is left to JavaScript when the engine is told. Not nothing: a limit of 0 would end an endless chain of
 * promises' jobs behind a call, too, but then each job starts a timer of the engine's that is due at once,
 * and where one of them asks for the end while that of another is dealt with, an assertion of the engine's
 * ends the process.
 */
static const double LAST_S = 0.01;

enum {
    LOOKS = 8,                    /* in the time of the limit, at least */
    LONGEST_LOOK_NS = 1000000000, /* from one to the next */
    RETRY_NS = 5000000,           /* from one signal to the next */
    REPEAT_NS = 50000000,         /* the same, once the engine knows: it may forget */
    SIGNAL = SIGURG,              /* what nobody handles is ignored */
};

/* ---- on the world's thread ---- */

static bool on_limit(JSContextRef context, void *data)
{
    struct watchdog *watchdog = data;

    (void)context;
    watchdog_calm(watchdog); /* promises' jobs behind it may run */
    watchdog->ended = true;
    watchdog->on_end(watchdog->owner);
    return true;
}

static uintptr_t counter_of(const void *context)
{
    const ucontext_t *interrupted = context;

#if defined(__x86_64__)
    return (uintptr_t)interrupted->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)interrupted->uc_mcontext.pc;
#else
    (void)interrupted;
    return 0;
#endif
}

static bool is_compiled_code(const struct watchdog *watchdog, uintptr_t counter)
{
    for (size_t i = 0; i < watchdog->range_count; i++)
        if (counter >= watchdog->ranges[i].start && counter < watchdog->ranges[i].end)
            return true;
    return false;
}

/* Compiled code calls the engine's functions all the time; here it is made to call one more. In any other
 * code the thread may hold a lock, malloc's for one, that this would wait for. */
static void on_signal(int number, siginfo_t *info, void *context)
{
    struct watchdog *watchdog = info->si_value.sival_ptr;
    int before = errno;

    (void)number;
    if (info->si_code != SI_QUEUE || info->si_pid != getpid())
        return; /* none of ours */
    if (atomic_load(&watchdog->calls) == watchdog->suspect &&
        is_compiled_code(watchdog, counter_of(context))) {
        atomic_store(&watchdog->told, true);
        jsc.extras.JSContextGroupSetExecutionTimeLimit(watchdog->group, LAST_S, on_limit, watchdog);
    }
    atomic_store(&watchdog->asked, false);
    errno = before;
}

void watchdog_prepare(struct watchdog *watchdog)
{
    jsc.extras.JSContextGroupSetExecutionTimeLimit(watchdog->group, 3600, on_limit, watchdog);
    jsc.extras.JSContextGroupClearExecutionTimeLimit(watchdog->group);
}

void watchdog_calm(struct watchdog *watchdog)
{
    atomic_store(&watchdog->told, false);
    jsc.extras.JSContextGroupClearExecutionTimeLimit(watchdog->group);
}

/* ---- on the watchdog's ---- */

/* Where the engine keeps compiled code: memory that is executable and no file's. */
static void find_compiled_code(struct watchdog *watchdog)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];

    watchdog->range_count = 0;
    while (maps && watchdog->range_count < WATCHDOG_RANGES && fgets(line, sizeof line, maps)) {
        struct watchdog_range *range = &watchdog->ranges[watchdog->range_count];
        char permissions[5];
        char name[2] = "";
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %*s %1s", &range->start, &range->end,
                   permissions, name) >= 3 &&
            permissions[2] == 'x' && !name[0])
            watchdog->range_count++;
    }
    if (maps)
        fclose(maps);
}

/* Installs the handler where nobody else's is. */
static bool can_signal(void)
{
    struct sigaction action;

    if (sigaction(SIGNAL, NULL, &action) != 0)
        return false;
    if (action.sa_flags & SA_SIGINFO)
        return action.sa_sigaction == on_signal;
    if (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN)
        return false;
    action = (struct sigaction){.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigemptyset(&action.sa_mask);
    return sigaction(SIGNAL, &action, NULL) == 0;
}

static void interrupt(struct watchdog *watchdog, unsigned long call)
{
    if (atomic_load(&watchdog->asked) || !can_signal())
        return;
    find_compiled_code(watchdog);
    watchdog->suspect = call;
    atomic_store(&watchdog->asked, true);
    if (pthread_sigqueue(watchdog->world, SIGNAL, (union sigval){.sival_ptr = watchdog}) != 0)
        atomic_store(&watchdog->asked, false);
}

static uint64_t used_ns(const struct watchdog *watchdog)
{
    struct timespec used;

    if (clock_gettime(watchdog->clock, &used) != 0)
        return 0;
    return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

/* False at the end. */
static bool sleep_for(struct watchdog *watchdog, uint64_t wait_ns)
{
    uint64_t until_ns = clock_now_ns() + wait_ns;
    struct timespec until = {(time_t)(until_ns / 1000000000), (long)(until_ns % 1000000000)};
    int failure = 0;

    pthread_mutex_lock(&watchdog->mutex);
    while (!watchdog->stopping && !failure)
        failure = pthread_cond_timedwait(&watchdog->stop, &watchdog->mutex, &until);
    bool goes_on = !watchdog->stopping;
    pthread_mutex_unlock(&watchdog->mutex);
    return goes_on;
}

static void *watch(void *data)
{
    struct watchdog *watchdog = data;
    uint64_t limit_ns = watchdog->limit_ms * UINT64_C(1000000);
    uint64_t look_ns = limit_ns / LOOKS > LONGEST_LOOK_NS ? LONGEST_LOOK_NS : limit_ns / LOOKS + RETRY_NS;
    uint64_t wait_ns = look_ns;
    uint64_t began_ns = 0; /* what had been used when a call was seen first */
    unsigned long last = 0;

    while (sleep_for(watchdog, wait_ns)) {
        uint64_t now_ns = used_ns(watchdog);
        unsigned long call = atomic_load(&watchdog->calls);
        wait_ns = look_ns;
        if (call != last || call % 2 == 0) {
            last = call;
            began_ns = now_ns;
        } else if (now_ns - began_ns >= limit_ns) {
            interrupt(watchdog, call);
            wait_ns = atomic_load(&watchdog->told) ? REPEAT_NS : RETRY_NS;
        }
    }
    return NULL;
}

/* ---- life ---- */

static bool start(struct watchdog *watchdog)
{
    pthread_condattr_t monotonic;
    sigset_t all;
    sigset_t before;

    if (pthread_getcpuclockid(watchdog->world, &watchdog->clock) != 0)
        return false;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&watchdog->stop, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&watchdog->mutex, NULL);
    sigfillset(&all); /* the program's signals are for its own threads */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool good = pthread_create(&watchdog->thread, NULL, watch, watchdog) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!good) {
        pthread_cond_destroy(&watchdog->stop);
        pthread_mutex_destroy(&watchdog->mutex);
    }
    return good;
}

enum status watchdog_create(struct watchdog **watchdog, JSContextGroupRef group, uint32_t limit_ms,
                            void (*on_end)(void *owner), void *owner)
{
    const struct engine_extras *extras = &jsc.extras;

    *watchdog = NULL;
    if (limit_ms == 0 || !extras->JSContextGroupSetExecutionTimeLimit ||
        !extras->JSContextGroupClearExecutionTimeLimit)
        return STATUS_OK;
    struct watchdog *made = calloc(1, sizeof *made);
    if (!made)
        return STATUS_NO_MEMORY;
    made->group = group;
    made->limit_ms = limit_ms;
    made->on_end = on_end;
    made->owner = owner;
    made->world = pthread_self();
    watchdog_prepare(made);
    if (!start(made)) {
        free(made);
        return STATUS_OK;
    }
    *watchdog = made;
    return STATUS_OK;
}

void watchdog_destroy(struct watchdog *watchdog)
{
    if (!watchdog)
        return;
    pthread_mutex_lock(&watchdog->mutex);
    watchdog->stopping = true;
    pthread_cond_signal(&watchdog->stop);
    pthread_mutex_unlock(&watchdog->mutex);
    pthread_join(watchdog->thread, NULL);
    pthread_cond_destroy(&watchdog->stop);
    pthread_mutex_destroy(&watchdog->mutex);
    free(watchdog);
}
