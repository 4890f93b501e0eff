#include "js/host.h"
#include "js/host_parts.h"

JSValueRef host_string(struct js_host *host, struct text text)
{
    JSStringRef string = engine_string(text);

    if (!string)
        return NULL;
    JSValueRef value = jsc.JSValueMakeString(host->world->context, string);
    jsc.JSStringRelease(string);
    return value;
}

enum status js_host_set_postback_base(struct js_guest *guest, struct text base, struct text token)
{
    struct js_host *host = guest->host;
    JSValueRef arguments[] = {jsc.JSValueMakeNumber(host->world->context, guest->number),
                              host_string(host, base), host_string(host, token)};

    if (!arguments[1] || !arguments[2] ||
        !world_call(host->world, WORLD_SET_POSTBACK_BASE, arguments, token.length ? 3 : 2, NULL))
        return STATUS_NO_MEMORY;
    return STATUS_OK;
}

static size_t ask_count(struct js_host *host, enum world_entry entry)
{
    JSValueRef count = world_call(host->world, entry, NULL, 0, NULL);

    return count ? (size_t)jsc.JSValueToNumber(host->world->context, count, NULL) : 0;
}

enum status js_host_append_files(struct js_host *host, struct buffer *out)
{
    JSValueRef paths = world_call(host->world, WORLD_FILES, NULL, 0, NULL);

    return paths ? engine_append_value(out, host->world->context, paths) : STATUS_NO_MEMORY;
}

size_t js_host_open_streams(struct js_host *host)
{
    return ask_count(host, WORLD_OPEN_STREAMS);
}

size_t js_host_closing_sources(struct js_host *host)
{
    return ask_count(host, WORLD_CLOSING_SOURCES);
}

size_t js_host_heap_bytes(struct js_host *host)
{
    return world_heap_bytes(host->world);
}

enum status js_host_limit(struct js_host *host, uint32_t limit_ms)
{
    return world_limit(host->world, limit_ms);
}
