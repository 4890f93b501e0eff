#include "script/news.h"
#include "base/buffer.h"
#include "js/script.h"

#include <stdlib.h>
#include <string.h>

struct item {
    struct list node;
    uint32_t id;
    struct js_runner_news told; /* without its message */
    struct buffer message;
};

static struct item *add(struct list *news, uint32_t id, struct js_runner_news told)
{
    struct item *item = malloc(sizeof *item);

    if (!item)
        return NULL;
    *item = (struct item){.id = id, .told = told};
    buffer_init(&item->message, BUFFER_UNLIMITED);
    list_append(news, &item->node);
    return item;
}

static void forget(struct item *item)
{
    list_remove(&item->node);
    buffer_deinit(&item->message);
    free(item);
}

void news_add_started(struct list *news, uint32_t id, const unsigned ports[3])
{
    struct js_runner_news told = {.kind = RUNNER_STARTED};

    memcpy(told.ports, ports, sizeof told.ports);
    (void)add(news, id, told);
}

void news_add_failed(struct list *news, uint32_t id, const char *failure)
{
    struct item *item = add(news, id, (struct js_runner_news){.kind = RUNNER_FAILED});

    if (item && buffer_append_text(&item->message, text_from_cstr(failure)) != STATUS_OK)
        buffer_clear(&item->message);
}

void news_add_stopped(struct list *news, uint32_t id)
{
    (void)add(news, id, (struct js_runner_news){.kind = RUNNER_STOPPED});
}

void news_add_line(struct list *news, uint32_t id, int level, struct text event_id,
                   struct text correlation_id, struct text message)
{
    struct item *item = add(news, id, (struct js_runner_news){.kind = RUNNER_LINE, .level = level});

    if (item && buffer_printf(&item->message, "%.*s - %.*s - %.*s", TEXT_ARGS(event_id),
                              TEXT_ARGS(correlation_id), TEXT_ARGS(message)) != STATUS_OK)
        forget(item);
}

void news_tell(struct list *news, struct js_host *host)
{
    struct list now;

    list_init(&now);
    list_move_all(&now, news);
    while (!list_is_empty(&now)) {
        struct item *item = LIST_ENTRY(now.next, struct item, node);
        item->told.message = buffer_text(&item->message);
        js_script_tell(host, item->id, &item->told);
        forget(item);
    }
}

void news_clear(struct list *news)
{
    while (!list_is_empty(news))
        forget(LIST_ENTRY(news->next, struct item, node));
}
