#include "management/errand.h"
#include "handlers/c_host.h"
#include "runner/runner.h"

#include <stdlib.h>
#include <string.h>

/* What one worker does of it. */
struct share {
    struct c_task task; /* on its thread, then back on the first one's */
    struct errand *errand;
    struct runner *runner;
    struct part part;
};

struct errand {
    struct runner *home;
    struct request request;
    char *texts; /* the request's, but for its body */
    struct buffer body;
    void (*on_done)(void *owner, struct answer *answer); /* NULL: nobody waits */
    void *owner;
    size_t waiting;
    size_t count;
    struct share shares[];
};

/* ---- the way ---- */

static void destroy(struct errand *errand)
{
    for (size_t i = 0; i < errand->count; i++)
        part_deinit(&errand->shares[i].part);
    buffer_deinit(&errand->body);
    free(errand->texts);
    free(errand);
}

static void put_together(struct errand *errand, struct answer *answer)
{
    struct part whole;

    part_init(&whole);
    for (size_t i = 0; i < errand->count; i++)
        part_add(&whole, &errand->shares[i].part);
    answer_whole(answer, errand->home, &errand->request, &whole);
    part_deinit(&whole);
}

static void come_back(struct c_task *task)
{
    struct errand *errand = LIST_ENTRY(task, struct share, task)->errand;
    struct answer answer;

    if (--errand->waiting > 0)
        return;
    if (errand->on_done) {
        put_together(errand, &answer);
        errand->on_done(errand->owner, &answer);
    }
    destroy(errand);
}

/* On the worker's own thread. */
static void arrive(struct c_task *task)
{
    struct share *share = LIST_ENTRY(task, struct share, task);

    answer_part(&share->part, share->runner, &share->errand->request);
    share->task.run = come_back;
    /* Taken in any case: the first worker's mail is closed after all others'. */
    (void)c_host_mail(share->errand->home->c, &share->task);
}

/* ---- making ---- */

static struct text keep(char **at, struct text text)
{
    struct text kept = {*at, text.length};

    if (!text.data)
        return text;
    memcpy(*at, text.data, text.length);
    *at += text.length;
    return kept;
}

static enum status copy_request(struct errand *errand, const struct request *request)
{
    errand->request = *request;
    errand->texts = malloc(request->id.length + request->code.length + request->reason.length + 1);
    if (!errand->texts)
        return STATUS_NO_MEMORY;
    char *at = errand->texts;
    errand->request.id = keep(&at, request->id);
    errand->request.code = keep(&at, request->code);
    errand->request.reason = keep(&at, request->reason);
    errand->request.body = buffer_text(&errand->body);
    return STATUS_OK;
}

/* The members from `first` on, `count` of them, that have a part in it. */
static void find_shares(const struct crew *crew, const struct request *request, size_t *first, size_t *count)
{
    *first = 0;
    *count = request_is_of_all(request) ? crew->count : 1;
    if (request->id.length == 0)
        return;
    for (size_t i = 1; i < crew->count && *first == 0; i++)
        if (roster_has(&crew->members[i]->roster, request->id))
            *first = i;
}

static struct errand *make(struct runner *runner, const struct request *request, struct buffer *body)
{
    size_t first;
    size_t count;

    find_shares(runner->crew, request, &first, &count);
    struct errand *errand = calloc(1, sizeof *errand + count * sizeof *errand->shares);
    if (!errand)
        return NULL;
    errand->home = runner;
    errand->body = *body;
    buffer_init(body, BUFFER_UNLIMITED);
    errand->count = count;
    for (size_t i = 0; i < count; i++) {
        struct share *share = &errand->shares[i];
        share->errand = errand;
        share->runner = runner->crew->members[first + i];
        share->task.run = arrive;
        list_init(&share->task.node);
        part_init(&share->part);
    }
    if (copy_request(errand, request) == STATUS_OK)
        return errand;
    destroy(errand);
    return NULL;
}

struct errand *errand_begin(struct answer *answer, struct runner *runner, const struct request *request,
                            struct buffer *body, void (*on_done)(void *owner, struct answer *answer),
                            void *owner)
{
    struct errand *errand = make(runner, request, body);

    if (!errand) {
        answer_error(answer, 500, "Out of memory.");
        return NULL;
    }
    errand->on_done = on_done;
    errand->owner = owner;
    /* A share may be back before the last one is sent, but only as mail, which this thread reads later. */
    for (size_t i = 0; i < errand->count; i++) {
        struct share *share = &errand->shares[i];
        if (share->runner == runner)
            answer_part(&share->part, runner, &errand->request);
        else if (c_host_mail(share->runner->c, &share->task))
            errand->waiting++; /* one that has closed has nothing to add */
    }
    if (errand->waiting > 0)
        return errand;
    put_together(errand, answer);
    destroy(errand);
    return NULL;
}

void errand_abandon(struct errand *errand)
{
    errand->on_done = NULL;
}
