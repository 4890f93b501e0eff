#include "handlers/c_host.h"
#include "base/clock.h"
#include "base/zero.h"
#include "handlers/c_host_parts.h"
#include "handlers/c_module.h"
#include "handlers/schemas.h"
#include "pipeline/service.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char resumed_in_vain[] = "a handler has resumed an event that did not wait for it";

/* ---- handlers and chains ---- */

enum status c_host_add(struct c_host *host, struct registry *registry, const struct configurapi_entry *entry,
                       enum handler_rank rank, struct buffer *error)
{
    enum status status = registry_add(registry, text_from_cstr(entry->name), &host->language, rank, entry);

    if (status == STATUS_INVALID) {
        enum status printed = buffer_printf(error, "there is a handler named '%s' already", entry->name);
        status = printed == STATUS_OK ? status : printed;
    }
    return status;
}

static struct c_policy *make_policies(const struct c_host *host, const struct chain *chain,
                                      const struct registry *registry)
{
    struct c_policy *policies = calloc(chain->count, sizeof *policies);

    for (size_t i = 0; policies && i < chain->count; i++) {
        const struct config_policy *policy = &chain->policies[i];
        const struct configurapi_entry *entry = registry_find(registry, policy->name)->data;
        enum log_level route_level = chain->route->log_level;
        enum log_level traces = policy->log_level < route_level ? policy->log_level : route_level;
        policies[i] = (struct c_policy){
            .handler = entry->handler,
            .data = entry->data,
            .parameters = policy->parameters,
            .name = policy->name,
            .emits = policy->log_level_known ? policy->log_level : route_level,
            .traced = traces >= LOG_TRACE && log_enabled(host->log, LOG_TRACE),
        };
    }
    return policies;
}

static enum status prepare(struct language *language, struct chain *chain, const struct registry *registry,
                           struct buffer *error)
{
    (void)error;
    chain->data = make_policies(c_host_of(language), chain, registry);
    return chain->data ? STATUS_OK : STATUS_NO_MEMORY;
}

static void forget_chain(struct language *language, struct chain *chain)
{
    (void)language;
    free(chain->data);
}

/* ---- running ---- */

static const struct event_view_functions view_functions;

/* What the host keeps of an event, made when it first runs a handler for it; NULL when memory is out. */
static struct c_event *view_of(struct c_host *host, struct event *event)
{
    if (event->view)
        return c_view((configurapi_event *)event);
    struct c_event *c = arena_alloc(&event->arena, sizeof *c);
    if (!c)
        return NULL;
    zero(c, sizeof *c);
    c->view.functions = &view_functions;
    c->event = event;
    c->host = host;
    event->view = &c->view;
    return c;
}

static enum verdict fail_without_words(struct c_event *c)
{
    configurapi_fail_printf((configurapi_event *)c->event, 500, "The handler %.*s failed.",
                            TEXT_ARGS(c_policy_of(c)->name));
    return VERDICT_FAILED;
}

static void trace_executed(struct c_event *c)
{
    char line[256];
    int length = snprintf(line, sizeof line, "Executed %.*s policy [%llums]", TEXT_ARGS(c_policy_of(c)->name),
                          (unsigned long long)((clock_now_ns() - c->policy_started_ns) / 1000000));

    if (length > 0)
        event_log(c->event, LOG_TRACE,
                  (struct text){line, (size_t)length < sizeof line ? (size_t)length : sizeof line - 1});
}

/* What a handler's word means for its chain; VERDICT_CONTINUE: it goes on. */
static enum verdict verdict_of(struct c_event *c, enum configurapi_result result)
{
    if (result == CONFIGURAPI_PENDING) {
        c->pending = true;
        c->is_lost = event_own_message(c->event) != STATUS_OK;
        if (c->is_lost)
            event_lose_message(c->event);
        return VERDICT_PENDING;
    }
    if (c_policy_of(c)->traced && c->event->kind != EVENT_START)
        trace_executed(c);
    switch (result) {
    case CONFIGURAPI_CONTINUE: return VERDICT_CONTINUE;
    case CONFIGURAPI_COMPLETE: return VERDICT_COMPLETE;
    default: break;
    }
    return c->has_said_why ? VERDICT_FAILED : fail_without_words(c);
}

static enum verdict run_on(struct c_event *c)
{
    enum verdict verdict = VERDICT_CONTINUE;

    while (verdict == VERDICT_CONTINUE && c->next < c->count) {
        const struct c_policy *policy = &c->policies[c->next++];
        c->has_said_why = false;
        if (policy->traced)
            c->policy_started_ns = clock_now_ns();
        verdict = verdict_of(c, policy->handler((configurapi_event *)c->event, policy->parameters));
    }
    return verdict;
}

static enum verdict run_chain(struct language *language, struct event *event, const struct chain *chain,
                              unsigned flags)
{
    struct c_host *host = c_host_of(language);
    struct c_event *c = view_of(host, event);

    if (!c) {
        event_set_error(event, 500, TEXT("Out of memory."), TEXT(""));
        return VERDICT_FAILED;
    }
    c->policies = chain->data;
    c->count = chain->count;
    c->next = 0;
    c->flags = flags;
    event->resumed_ns = 0;
    return run_on(c);
}

static enum verdict reply(struct language *language, struct event *event)
{
    struct c_host *host = c_host_of(language);
    struct c_event *c = c_view((configurapi_event *)event);

    if (c->response.nothing) {
        event_set_reply(event, TEXT(""));
        return VERDICT_CONTINUE;
    }
    buffer_clear(&host->scratch);
    if (c_response_append(c, &host->scratch) != STATUS_OK) {
        event_set_error(event, 500, TEXT("The response can not be written as JSON."), TEXT(""));
        event->holder = NULL;
        return VERDICT_CONTINUE;
    }
    if (c->response.kind == BODY_STREAM && event->kind == EVENT_MESSAGE)
        return c_stream_start(c, buffer_text(&host->scratch));
    event->reply_status = c->response.status;
    event->reply_has_id = true;
    event_set_reply(event, buffer_text(&host->scratch));
    return VERDICT_CONTINUE;
}

/* Never called: as long as this language holds an event, no other one has to be asked. */
static enum status read_part(struct language *language, struct event *event, enum event_part part,
                             struct buffer *out)
{
    (void)language, (void)event, (void)part, (void)out;
    return STATUS_OK;
}

/* ---- time that is over ---- */

/* The event that goes on in its place; NULL when memory is out. */
static struct event *replace(struct c_event *c)
{
    struct configurapi_client *client = c_client_of(c->host, c->event->peer);

    c_event_read_all(c);
    struct event *heir = client ? service_replace(c->event) : NULL;
    if (!heir)
        return NULL;
    c->client = configurapi_client_ref(client);
    c->over = true;
    struct c_event *made = view_of(c->host, heir);
    if (made) {
        made->flags = c->flags;
        c_event_inherit(made, c);
        c_response_inherit(made, c);
    } else if (heir->holder == &c->host->language) {
        heir->holder = NULL;
    }
    return heir;
}

static void expire(struct language *language, struct event *event)
{
    struct c_event *c = c_view((configurapi_event *)event);
    bool keeps_response = c->flags & CHAIN_KEEPS_RESPONSE;

    (void)language;
    if (!c->pending)
        return; /* it is a stream now */
    struct event *heir = replace(c);
    if (!heir)
        return; /* the next time, perhaps */
    event_expire(heir, c_policy_of(c)->name, keeps_response);
    if (heir->view && !keeps_response)
        c_response_failed(c_view((configurapi_event *)heir));
    service_resume(heir, VERDICT_FAILED);
}

/* The handler of one that is over has resumed it after all. */
static void end_late(struct c_event *c)
{
    struct event *event = c->event;

    configurapi_client_unref(c->client);
    c_event_forget(c, true);
    c_response_forget(c, true);
    service_discard(event);
}

bool configurapi_event_is_over(const configurapi_event *event)
{
    return c_view(event)->over;
}

static void release(struct language *language, struct event *event)
{
    (void)language, (void)event; /* the view's release does it, whoever holds the event */
}

/* ---- the view ---- */

static enum status append_changes(struct event *event, struct buffer *out)
{
    struct c_event *c = c_view((configurapi_event *)event);
    size_t start = out->length;
    enum status status = c_response_append_changes(c, out);

    if (status == STATUS_OK)
        status = c_event_append_changes(c, out);
    if (status != STATUS_OK) {
        out->length = start;
        return status;
    }
    c_response_told(&c->response);
    c->changed = 0;
    c->view.changed = false;
    /* Each has put a comma in front. */
    memmove(out->data + start, out->data + start + 1, out->length - start - 1);
    out->length--;
    return STATUS_OK;
}

static void forget(struct event *event)
{
    struct c_event *c = c_view((configurapi_event *)event);

    c_event_forget(c, false);
    c_response_forget(c, false);
}

static enum verdict stream(struct event *event, struct text text)
{
    return c_stream_start(c_view((configurapi_event *)event), text);
}

/* It was resumed although it did not wait, and ends before the mail is read. */
static void withdraw(struct c_event *c)
{
    pthread_mutex_lock(&c->host->mutex);
    list_remove(&c->resumption.node);
    pthread_mutex_unlock(&c->host->mutex);
    log_write(c->host->log, LOG_ERROR, "%s", resumed_in_vain);
}

static void release_view(struct event *event)
{
    struct c_event *c = c_view((configurapi_event *)event);

    if (atomic_load(&c->resuming))
        withdraw(c);
    if (event->kind == EVENT_CONNECT)
        c_event_keep_identity(c);
    c_event_forget(c, true);
    c_response_forget(c, true);
}

static const struct event_view_functions view_functions = {
    .append_changes = append_changes,
    .forget = forget,
    .stream = stream,
    .release = release_view,
};

/* ---- later ---- */

void c_host_call_soon(struct c_host *host, struct c_task *task)
{
    list_append(&host->due, &task->node);
}

enum {
    TURN_BUDGET = 1 << 20,
    MESSAGE_COST = 64, /* bytes that each takes from it besides its own */
};

void c_host_begin_turn(struct c_host *host)
{
    host->sent = 0;
}

bool c_host_is_spent(const struct c_host *host)
{
    return host->sent >= TURN_BUDGET;
}

void c_host_spend(struct c_host *host, size_t length)
{
    host->sent += length + MESSAGE_COST;
}

void c_host_call_later(struct c_host *host, struct c_task *task)
{
    list_append(&host->resting, &task->node);
    host->functions->wake(host->owner);
}

/* The loop is woken while it can not see the task yet: once it has, the event, and with it
 * the host, may end. */
bool c_host_mail(struct c_host *host, struct c_task *task)
{
    pthread_mutex_lock(&host->mutex);
    bool taken = !host->closed;
    if (taken) {
        list_append(&host->mail, &task->node);
        host->functions->wake(host->owner);
    }
    pthread_mutex_unlock(&host->mutex);
    return taken;
}

void c_host_close(struct c_host *host)
{
    pthread_mutex_lock(&host->mutex);
    host->closed = true;
    pthread_mutex_unlock(&host->mutex);
}

static void run_resumption(struct c_task *task)
{
    struct c_event *c = LIST_ENTRY(task, struct c_event, resumption);
    struct event *event = c->event;
    enum configurapi_result result = CONFIGURAPI_CONTINUE;

    atomic_store(&c->resuming, false);
    if (!c->pending) {
        log_write(c->host->log, LOG_ERROR, "%s", resumed_in_vain);
        return;
    }
    c->pending = false;
    if (c->then)
        result = c->then((configurapi_event *)event, c->then_data);
    if (c->over) {
        end_late(c);
        return;
    }
    if (result == CONFIGURAPI_PENDING)
        result = CONFIGURAPI_FAILED; /* it may be said once only */
    if (c->is_lost) {
        configurapi_fail((configurapi_event *)event, 500, "Out of memory.", NULL);
        result = CONFIGURAPI_FAILED;
    }
    enum verdict verdict = verdict_of(c, result);
    if (verdict == VERDICT_CONTINUE)
        verdict = run_on(c);
    if (verdict != VERDICT_PENDING)
        service_resume(event, verdict);
}

void configurapi_resume(configurapi_event *event,
                        enum configurapi_result (*then)(configurapi_event *event, void *data), void *data)
{
    struct c_event *c = c_view(event);

    if (atomic_exchange(&c->resuming, true))
        return; /* a mistake that would cost others their events: it is in the mail already */
    c->resumption.run = run_resumption;
    c->then = then;
    c->then_data = data;
    (void)c_host_mail(c->host, &c->resumption); /* one of a closed host never goes on */
}

struct posted {
    struct c_task task;
    void (*run)(void *data);
    void *data;
};

static void run_posted(struct c_task *task)
{
    struct posted posted = *(struct posted *)(void *)task;

    free(task);
    posted.run(posted.data);
}

enum configurapi_status configurapi_post(configurapi_runtime *runtime, void (*run)(void *data), void *data)
{
    struct posted *posted = malloc(sizeof *posted);

    if (!posted)
        return CONFIGURAPI_NO_MEMORY;
    *posted = (struct posted){.task = {.run = run_posted}, .run = run, .data = data};
    if (c_host_mail((struct c_host *)(void *)runtime, &posted->task))
        return CONFIGURAPI_OK;
    free(posted);
    return CONFIGURAPI_GONE;
}

bool c_host_has_work(const struct c_host *host)
{
    return !list_is_empty(&host->due) || (!list_is_empty(&host->resting) && !c_host_is_spent(host));
}

void c_host_turn(struct c_host *host)
{
    struct list due;

    pthread_mutex_lock(&host->mutex);
    list_move_all(&host->due, &host->mail);
    pthread_mutex_unlock(&host->mutex);
    /* What they make due is the next turn's, so that this one ends. */
    list_init(&due);
    list_move_all(&due, &host->due);
    if (!c_host_is_spent(host))
        list_move_all(&due, &host->resting);
    while (!list_is_empty(&due)) {
        struct c_task *task = LIST_ENTRY(due.next, struct c_task, node);
        list_remove(&task->node);
        task->run(task);
    }
}

/* ---- the runtime, as handlers see it ---- */

void *configurapi_data(const configurapi_event *event)
{
    return c_policy_of(c_view(event))->data;
}

configurapi_runtime *configurapi_event_runtime(const configurapi_event *event)
{
    return (configurapi_runtime *)(void *)c_view(event)->host;
}

struct uv_loop_s *configurapi_loop(configurapi_runtime *runtime)
{
    struct c_host *host = (struct c_host *)(void *)runtime;

    return host->functions->loop(host->owner);
}

void configurapi_log(configurapi_event *event, enum configurapi_level level, const char *format, ...)
{
    struct c_event *c = c_view(event);
    enum log_level wanted = (enum log_level)level;
    char *line;
    va_list arguments;

    if (c_policy_of(c)->emits < wanted || !log_enabled(c->host->log, wanted))
        return;
    va_start(arguments, format);
    int length = vasprintf(&line, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    if (c->event->kind == EVENT_START)
        log_write(c->host->log, wanted, "%s", line);
    else
        event_log(c->event, wanted, (struct text){line, (size_t)length});
    free(line);
}

/* ---- life ---- */

static enum status copy_text(char **copy, struct text text)
{
    char *made = text.length ? strndup(text.data, text.length) : NULL;

    if (text.length && !made)
        return STATUS_NO_MEMORY;
    free(*copy);
    *copy = made;
    return STATUS_OK;
}

enum status c_host_set_postback_base(struct c_host *host, struct text base, struct text token)
{
    enum status status = copy_text(&host->postback_base, base);

    return status == STATUS_OK ? copy_text(&host->postback_token, token) : status;
}

size_t c_host_open_streams(const struct c_host *host)
{
    return host->open_streams;
}

struct language *c_host_language(struct c_host *host)
{
    return &host->language;
}

enum status c_host_create(struct c_host **host, const struct c_host_functions *functions, void *owner,
                          const struct log *log)
{
    struct c_host *made = calloc(1, sizeof *made);

    if (!made)
        return STATUS_NO_MEMORY;
    made->language = (struct language){
        .name = "C",
        .prepare = prepare,
        .forget_chain = forget_chain,
        .run = run_chain,
        .reply = reply,
        .read = read_part,
        .expire = expire,
        .release = release,
        .peer_news = c_client_news,
    };
    made->functions = functions;
    made->owner = owner;
    made->log = log;
    list_init(&made->modules);
    list_init(&made->due);
    list_init(&made->resting);
    list_init(&made->mail);
    pthread_mutex_init(&made->mutex, NULL);
    uuid_source_init(&made->uuids);
    buffer_init(&made->scratch, BUFFER_UNLIMITED);
    buffer_init(&made->body, BUFFER_UNLIMITED);
    *host = made;
    return STATUS_OK;
}

void c_host_unload(struct c_host *host)
{
    c_module_unload_all(host);
    c_host_close(host);
    c_host_begin_turn(host);
    c_host_turn(host); /* the last words of what unloading has ended */
}

void c_host_destroy(struct c_host *host)
{
    if (!host)
        return;
    c_module_close_all(host);
    pthread_mutex_destroy(&host->mutex);
    buffer_deinit(&host->scratch);
    buffer_deinit(&host->body);
    schemas_destroy(host->schemas);
    free(host->postback_base);
    free(host->postback_token);
    free(host);
}
