#include "js/host_parts.h"
#include "json/write.h"
#include "pipeline/event.h"
#include "pipeline/service.h"

#include <stdlib.h>
#include <string.h>

bool host_has_changes(const struct event *event)
{
    return event->error_is_new || (event->view && event->view->changed);
}

static enum status append_error(struct buffer *out, const struct event *event)
{
    enum status status = buffer_printf(out, "\"error\":{\"statusCode\":%d,\"message\":", event->error_status);

    if (status == STATUS_OK)
        status = json_append_string(out, event->error_message);
    if (status == STATUS_OK)
        status = buffer_append_text(out, TEXT(",\"details\":"));
    if (status == STATUS_OK)
        status = json_append_string(out, event->error_details);
    return status == STATUS_OK ? buffer_append(out, "}", 1) : status;
}

enum status host_append_changes(struct buffer *out, struct event *event)
{
    enum status status = buffer_append(out, "{", 1);

    if (status == STATUS_OK && event->error_is_new)
        status = append_error(out, event);
    if (status == STATUS_OK && event->view && event->view->changed) {
        if (event->error_is_new)
            status = buffer_append(out, ",", 1);
        if (status == STATUS_OK)
            status = event->view->functions->append_changes(event, out);
    }
    return status == STATUS_OK ? buffer_append(out, "}", 1) : status;
}

enum status host_read(struct language *language, struct event *event, enum event_part part,
                      struct buffer *out)
{
    struct js_host *host = host_of(language);
    JSContextRef context = host->world->context;
    JSValueRef arguments[] = {jsc.JSValueMakeNumber(context, event->language_slot),
                              jsc.JSValueMakeNumber(context, part)};
    JSValueRef text = world_call(host->world, WORLD_READ, arguments, 2, NULL);

    return text ? engine_append_value(out, context, text) : STATUS_NO_MEMORY;
}

/* What was read of its identity, in the peer's own memory; none where that is out, or nothing was read. */
static void keep(struct peer *peer, struct text identity, bool is_news)
{
    free(peer->identity);
    peer->identity = identity.length ? strndup(identity.data, identity.length) : NULL;
    peer->identity_is_news = is_news && peer->identity;
}

void host_keep_identity(struct event *event)
{
    struct buffer text;

    buffer_init(&text, BUFFER_UNLIMITED);
    if (host_read(event->holder, event, PART_IDENTITY, &text) != STATUS_OK)
        buffer_clear(&text);
    keep(event->peer, buffer_text(&text), event->service->retired);
    buffer_deinit(&text);
}

void js_host_leave_identities(struct js_host *host)
{
    JSContextRef context = host->world->context;
    struct buffer text;

    js_host_turn(host); /* what is known of them may still lie in the inbox */
    buffer_init(&text, BUFFER_UNLIMITED);
    for (uint32_t slot = 1; slot < host->peers.size; slot++) {
        struct peer *peer = host->peers.pointers[slot];
        if (!peer)
            continue;
        JSValueRef number = jsc.JSValueMakeNumber(context, slot);
        JSValueRef identity = world_call(host->world, WORLD_PEER_IDENTITY, &number, 1, NULL);
        buffer_clear(&text);
        if (!identity || engine_append_value(&text, context, identity) != STATUS_OK)
            buffer_clear(&text);
        keep(peer, buffer_text(&text), true);
    }
    buffer_deinit(&text);
}
