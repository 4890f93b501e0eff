#include "base/clock.h"
#include "js/host_parts.h"
#include "json/write.h"
#include "pipeline/event.h"
#include "pipeline/service.h"

#include <string.h>

enum result_flags {
    RESULT_RESPONSE_IS_ERROR = 1,
    RESULT_HAS_REPLY = 2,
    RESULT_HAS_NAME = 4,
    RESULT_HAS_METHOD = 8,
    RESULT_IS_VIEWS_STREAM = 16,
    RESULT_IS_RELEASED = 32,
    RESULT_IS_BODY = 64, /* the reply is its body alone, and has no headers */
};

/* What came of it can not be kept. Where JavaScript has let go of it there is only the reply to come. */
static void lose(struct js_host *host, struct event *event)
{
    bool is_held = event->holder != NULL;
    enum verdict verdict = host_out_of_memory(host, event);

    service_resume(event, is_held ? verdict : VERDICT_CONTINUE);
}

/* The result's texts in UTF-8, in the scratch buffer: the reply, the failure's message, the new name and
 * method. */
static enum status read_texts(struct js_host *host, const struct event *event, const struct result *result,
                              const JSChar *units, struct text texts[4])
{
    const uint32_t lengths[4] = {result->reply_length, result->message_length, result->name_length,
                                 result->method_length};
    bool is_body = result->flags & RESULT_IS_BODY;
    struct buffer *out = &host->scratch;
    size_t ends[4];
    enum status status = STATUS_OK;

    buffer_clear(out);
    if (is_body)
        status = json_append_reply_head(out, result->status, event->message_id);
    for (size_t i = 0; i < 4 && status == STATUS_OK; i++) {
        status = engine_append_utf8(out, units, lengths[i]);
        units += lengths[i];
        if (is_body && i == 0 && status == STATUS_OK)
            status = buffer_append(out, "}", 1);
        ends[i] = out->length;
    }
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < 4; i++) {
        size_t start = i ? ends[i - 1] : 0;
        texts[i] = (struct text){out->data + start, ends[i] - start};
    }
    return STATUS_OK;
}

/* Makes the event what the result says of it. */
static enum status apply(struct js_host *host, struct event *event, const struct result *result,
                         const JSChar *units)
{
    struct text texts[4];
    enum status status = read_texts(host, event, result, units, texts);

    if (status != STATUS_OK)
        return status;
    event->response_is_error = result->flags & RESULT_RESPONSE_IS_ERROR;
    event->reply_status = result->status;
    event->reply_has_id = result->flags & RESULT_IS_BODY;
    if (texts[1].length > 0)
        event_set_failure(event, texts[1]);
    if (result->flags & RESULT_HAS_NAME)
        status = event_set_name(event, texts[2]);
    if (status == STATUS_OK && result->flags & RESULT_HAS_METHOD)
        status = event_set_method(event, texts[3]);
    if (status == STATUS_OK && result->flags & RESULT_HAS_REPLY)
        event_set_reply(event, texts[0]);
    return status;
}

/* `units` NULL: its texts are lost. */
static void take_result(struct js_host *host, const struct result *result, uint64_t now_ns,
                        const JSChar *units)
{
    struct event *event = slots_get(&host->events, result->slot);

    if (!event)
        return;
    if (result->flags & RESULT_IS_RELEASED)
        host_forget(host, event);
    event->resumed_ns = now_ns;
    if (!units || apply(host, event, result, units) != STATUS_OK) {
        lose(host, event);
        return;
    }
    enum verdict verdict = (enum verdict)result->verdict;
    if (event->view)
        event->view->functions->forget(event);
    if (event->view && event->kind == EVENT_MESSAGE && result->flags & RESULT_IS_VIEWS_STREAM)
        verdict = event->view->functions->stream(event, event->reply);
    if (verdict != VERDICT_PENDING)
        service_resume(event, verdict);
}

void host_collect(struct js_host *host, JSValueRef texts)
{
    static const JSChar none[1];
    uint32_t count = (uint32_t)host->outbox[0];
    JSContextRef context = host->world->context;

    if (count == 0)
        return;
    memcpy(host->results, host->outbox + 1, count * sizeof *host->results);
    host->outbox[0] = 0;
    if (!texts)
        texts = world_call(host->world, WORLD_COLLECT, NULL, 0, NULL);
    JSStringRef string = texts ? jsc.JSValueToStringCopy(context, texts, NULL) : NULL;
    uint64_t now_ns = clock_now_ns();
    size_t left = string ? jsc.JSStringGetLength(string) : 0;
    const JSChar *units = left > 0 ? jsc.JSStringGetCharactersPtr(string) : string ? none : NULL;
    uint32_t lost = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct result *result = &host->results[i];
        size_t length = (size_t)result->reply_length + result->message_length + result->name_length +
                        result->method_length;
        if (length > left)
            units = NULL;
        take_result(host, result, now_ns, units);
        if (units) {
            units += length;
            left -= length;
        } else {
            lost++;
        }
    }
    if (lost > 0)
        log_write(host->log, LOG_ERROR, "%u results have lost their texts: out of memory", lost);
    if (string)
        jsc.JSStringRelease(string);
    if (host->scratch.capacity > TEXTS_SOFT_LIMIT)
        buffer_deinit(&host->scratch);
    if (host->outbox[OUTBOX_LAST])
        world_call(host->world, WORLD_REFILL, NULL, 0, NULL);
}
