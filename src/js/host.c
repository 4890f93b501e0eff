#include "js/host.h"
#include "js/host_parts.h"
#include "pipeline/event.h"
#include "pipeline/service.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum operation {
    OP_RUN = 1,
    OP_REPLY,
    OP_RELEASE,
    OP_PEER_GONE,
    OP_PEER_DRAINED,
    OP_MAKE,
    OP_PEER_CLOSED,
    OP_PEER_IDENTITY,
    OP_EXPIRE,
};

enum entry_flags {
    FLAG_KIND_START = 1,
    FLAG_KIND_CONNECT = 2,
    FLAG_KIND_MESSAGE = 3,
    FLAG_KIND_DISCONNECT = 4,
    FLAG_KIND_CHANGED = 5,
    FLAG_NOT_JSON = 8,
    FLAG_HAS_PAYLOAD = 16,
    FLAG_IS_VALUE = 32,
    FLAG_BINARY = 64,
    FLAG_BYTES = 128,
    FLAG_HAS_MESSAGE_ID = 256,
    FLAG_CHAIN_SHIFT = 9, /* the chain_flags, from this bit on */
    FLAG_APART = 1 << 13, /* its members are among the values: those of the next flags, in their order */
    FLAG_HAS_NAME = 1 << 14,
    FLAG_HAS_PARAMS = 1 << 15,
    FLAG_HAS_QUERY = 1 << 16,
    FLAG_HAS_HEADERS = 1 << 17,     /* behind them the payload's, above */
    FLAG_ROUTES_NAME = 1 << 18,     /* its name is that of the chain's route */
    FLAG_ENDS_WITH_REPLY = 1 << 19, /* if the chain succeeds: JavaScript releases it by itself then */
    FLAG_HEADERS_ARE_ID = 1 << 20,  /* the value is that of their only member, "message-id" */
    FLAG_HAS_ID = 1 << 21,          /* the event's id comes before all of them */
};

/* ---- the inbox ---- */

static void report(struct js_host *host, struct buffer *error)
{
    if (error->length > 0)
        log_write(host->log, LOG_ERROR, "%.*s", TEXT_ARGS(buffer_text(error)));
}

/* Pieces of them may be kept for as long as scripts like. */
/* What one message of many megabytes has taken is not kept for the next ones. */
static void empty(struct units *units)
{
    units->length = 0;
    if (units->capacity <= 2 * TEXTS_SOFT_LIMIT)
        return;
    free(units->data);
    *units = (struct units){0};
}

static JSValueRef take_texts(JSContextRef context, struct units *texts)
{
    JSStringRef string = jsc.JSStringCreateWithCharacters(texts->data, texts->length);
    JSValueRef value = jsc.JSValueMakeString(context, string);

    jsc.JSStringRelease(string);
    empty(texts);
    return value;
}

/* Undefined where there are none, or the engine takes less than JSON allows. */
static JSValueRef take_values(JSContextRef context, struct units *values)
{
    JSValueRef value = NULL;

    if (values->length > 0) {
        values->data[values->length++] = ']';
        /* What is parsed has no part of the text, so that the text may be lent. */
        JSStringRef string = jsc.extras.JSStringCreateWithCharactersNoCopy
                                 ? jsc.extras.JSStringCreateWithCharactersNoCopy(values->data, values->length)
                                 : jsc.JSStringCreateWithCharacters(values->data, values->length);
        value = jsc.JSValueMakeFromJSONString(context, string);
        jsc.JSStringRelease(string);
        empty(values);
    }
    return value ? value : jsc.JSValueMakeUndefined(context);
}

/* Returns what there is to collect, if that is wanted and known; NULL otherwise. */
static JSValueRef dispatch(struct js_host *host, bool collects)
{
    struct buffer error;

    if (host->inbox_count == 0)
        return NULL;
    JSContextRef context = host->world->context;
    JSValueRef arguments[] = {jsc.JSValueMakeNumber(context, host->inbox_count),
                              take_texts(context, &host->texts), take_values(context, &host->values),
                              jsc.JSValueMakeBoolean(context, collects)};
    litter_made(&host->world->litter, host->inbox_count);
    host->inbox_count = host->unhurried = 0;
    host->unhurried_bytes = 0;
    buffer_init(&error, BUFFER_UNLIMITED);
    JSValueRef texts = world_call(host->world, WORLD_DISPATCH, arguments, 4, &error);
    if (!texts)
        report(host, &error); /* handlers' errors are caught inside: this one is ours, or nobody's */
    buffer_deinit(&error);
    slots_reclaim(&host->events);
    slots_reclaim(&host->peers);
    return texts && jsc.JSValueIsString(context, texts) ? texts : NULL;
}

static enum status reserve(struct units *units, size_t more)
{
    if (more <= units->capacity - units->length)
        return STATUS_OK;
    size_t capacity = units->capacity ? units->capacity : 16 * 1024;
    while (capacity < units->length + more)
        capacity *= 2;
    JSChar *resized = realloc(units->data, capacity * sizeof *resized);
    if (!resized)
        return STATUS_NO_MEMORY;
    units->data = resized;
    units->capacity = capacity;
    return STATUS_OK;
}

/* Room for one more entry with a text of up to `length` units. */
static enum status make_room(struct js_host *host, size_t length)
{
    if (host->inbox_count == INBOX_ENTRIES ||
        (host->inbox_count > 0 && host->texts.length + length > TEXTS_SOFT_LIMIT))
        (void)dispatch(host, false);
    return reserve(&host->texts, length);
}

/* Adds an entry; its text is UTF-8, or with FLAG_BYTES one unit a byte. */
static enum status add(struct js_host *host, struct entry entry, struct text text)
{
    enum status status = make_room(host, text.length);

    if (status != STATUS_OK)
        return status;
    JSChar *at = host->texts.data + host->texts.length;
    size_t length = 0;
    if (entry.flags & FLAG_BYTES)
        for (; length < text.length; length++)
            at[length] = (unsigned char)text.data[length];
    else if (text.length)
        length = engine_utf16_from_utf8(at, text.data, text.length);
    entry.length = (uint32_t)length;
    host->texts.length += length;
    host->inbox[host->inbox_count++] = entry;
    return STATUS_OK;
}

/* An entry without text, which needs no memory and so can not fail. */
static void tell(struct js_host *host, enum operation operation, uint32_t slot)
{
    enum status status = add(host, (struct entry){.operation = operation, .slot = slot}, TEXT(""));

    assert(status == STATUS_OK);
    (void)status;
}

static uint32_t kind_flags(const struct event *event)
{
    static const uint32_t envelope_flags[] = {
        [ENVELOPE_OBJECT] = 0,
        [ENVELOPE_VALUE] = FLAG_IS_VALUE,
        [ENVELOPE_NOT_JSON] = FLAG_NOT_JSON,
        [ENVELOPE_INVALID] = FLAG_NOT_JSON,
    };
    uint32_t flags = 0;

    switch (event->kind) {
    case EVENT_START: return FLAG_KIND_START;
    case EVENT_CONNECT: return FLAG_KIND_CONNECT;
    case EVENT_DISCONNECT: return FLAG_KIND_DISCONNECT;
    case EVENT_MESSAGE: break;
    }
    flags = FLAG_KIND_MESSAGE;
    flags |= event->not_utf8 ? FLAG_NOT_JSON : envelope_flags[event->envelope.kind];
    flags |= event->envelope.payload.length ? FLAG_HAS_PAYLOAD : 0;
    flags |= event->binary ? FLAG_BINARY : 0;
    flags |= event->not_utf8 ? FLAG_BYTES : 0;
    flags |= event->message_id.length ? FLAG_HAS_MESSAGE_ID : 0;
    return flags;
}

/* The connection's number here; 0 where nothing is known of it. */
static uint32_t slot_of_peer(struct js_host *host, struct peer *peer)
{
    const struct acquaintance *known = peer_acquaintance(peer, &host->guest.language);

    return known ? known->slot : 0;
}

/* Gives the connection a number, by which JavaScript meets it when it is first named. */
static enum status introduce_peer(struct js_host *host, struct peer *peer, uint32_t *slot)
{
    enum status status = slots_take(&host->peers, peer, slot);

    if (status != STATUS_OK)
        return status;
    status = peer_meet(peer, &host->guest.language, *slot);
    if (status != STATUS_OK)
        slots_give_back(&host->peers, *slot);
    return status;
}

/* Tells what the connection's identity is, where that was not its doing. */
static enum status tell_identity(struct js_guest *guest, struct peer *peer, uint32_t slot)
{
    struct entry entry = {.operation = OP_PEER_IDENTITY, .slot = slot, .guest = guest->number};
    enum status status = add(guest->host, entry, text_from_cstr(peer->identity));

    if (status == STATUS_OK)
        peer->identity_is_news = false;
    return status;
}

/* Makes the connection known on the other side, as it is now. */
static enum status meet_peer(struct js_guest *guest, const struct event *event, uint32_t *slot)
{
    struct peer *peer = event->peer;
    enum status status = STATUS_OK;

    *slot = slot_of_peer(guest->host, peer);
    if (!*slot)
        status = introduce_peer(guest->host, peer, slot);
    /* A world that a reload has replaced has it already: that is where it was read. */
    if (status == STATUS_OK && peer->identity_is_news && !event->service->retired)
        status = tell_identity(guest, peer, *slot);
    return status;
}

static void begin_value(struct units *values)
{
    values->data[values->length] = values->length == 0 ? '[' : ',';
    values->length++;
}

static void add_id(struct units *values, struct text id)
{
    begin_value(values);
    values->data[values->length++] = '"';
    values->length += engine_utf16_from_utf8(values->data + values->length, id.data, id.length);
    values->data[values->length++] = '"';
}

/* Adds a piece of the entry's text: as it was widened there, where every byte has become a unit. */
static void add_value(struct js_host *host, const struct entry *entry, struct text message, struct text json)
{
    const JSChar *widened = host->texts.data + host->texts.length - entry->length;
    struct units *values = &host->values;

    begin_value(values);
    JSChar *at = values->data + values->length;
    if (entry->length == message.length) {
        memcpy(at, widened + (json.data - message.data), json.length * sizeof *at);
        values->length += json.length;
    } else {
        values->length += engine_utf16_from_utf8(at, json.data, json.length);
    }
}

/* The headers, or the message-id, where that is all there is of them: most clients send no other, and a value
 * takes the engine half as long as an object with one member. */
static struct text headers_or_id(const struct event *event, uint32_t *flags)
{
    const struct text name = TEXT("{\"message-id\":");
    struct text headers = event->envelope.headers;
    struct text id = event->envelope.message_id;

    if (!id.length || headers.length <= name.length || memcmp(headers.data, name.data, name.length) != 0 ||
        id.data > headers.data + name.length + 1 || /* but for a space */
        id.data + id.length + 1 != headers.data + headers.length)
        return headers;
    *flags |= FLAG_HEADERS_ARE_ID;
    return id;
}

/*
 * Puts the members of a message that mean something among the values, for the entry that was added last, and
 * before them the event's id where JavaScript wants it: these are parsed at once, for all of the inbox, and
 * without the message's own object. Where that is not done, the message is parsed as a whole on the other
 * side.
 */
static void take_apart(struct js_host *host, struct event *event)
{
    const struct envelope *envelope = &event->envelope;
    struct entry *entry = &host->inbox[host->inbox_count - 1];
    uint32_t flags = FLAG_APART;
    const struct {
        struct text value;
        uint32_t flag;
    } members[] = {
        {envelope->name, FLAG_HAS_NAME},       {envelope->params, FLAG_HAS_PARAMS},
        {envelope->query, FLAG_HAS_QUERY},     {headers_or_id(event, &flags), FLAG_HAS_HEADERS},
        {envelope->payload, FLAG_HAS_PAYLOAD},
    };
    const size_t count = sizeof members / sizeof *members;
    const size_t around = count + 1 + UUID_LENGTH + 3; /* commas, the bracket, and the id */

    if (event->kind != EVENT_MESSAGE || event->not_utf8 || envelope->kind != ENVELOPE_OBJECT ||
        event->message.length > MOST_APART ||
        reserve(&host->values, event->message.length + around) != STATUS_OK)
        return;
    if (host->wants_ids) {
        flags |= FLAG_HAS_ID;
        add_id(&host->values, event_id(event));
    }
    entry->flags |= flags;
    bool is_routes = entry->operation == OP_RUN && event->named == event->route;
    if (is_routes)
        entry->flags |= FLAG_ROUTES_NAME;
    for (size_t i = is_routes; i < count; i++) {
        if (members[i].value.length == 0)
            continue;
        entry->flags |= members[i].flag;
        add_value(host, entry, event->message, members[i].value);
    }
}

/* Adds the entry that makes the event on the other side and, for OP_RUN, starts a chain. */
static enum status introduce(struct js_guest *guest, struct event *event, struct entry entry)
{
    struct js_host *host = guest->host;
    enum status status;

    entry.guest = guest->number;
    if (event->peer) {
        status = meet_peer(guest, event, &entry.peer);
        if (status != STATUS_OK)
            return status;
    }
    status = slots_take(&host->events, event, &event->language_slot);
    if (status != STATUS_OK)
        return status;
    entry.slot = event->language_slot;
    entry.flags |= kind_flags(event);
    status = add(host, entry, event->message);
    if (status != STATUS_OK) {
        slots_give_back(&host->events, event->language_slot);
        event->language_slot = 0;
        return status;
    }
    take_apart(host, event);
    event->holder = &guest->language;
    return STATUS_OK;
}

/* Adds an entry about an event that is on the other side, with what was changed of it on this one. */
static enum status add_with_changes(struct js_host *host, struct event *event, struct entry entry)
{
    struct buffer text;
    enum status status = STATUS_OK;

    buffer_init(&text, BUFFER_UNLIMITED);
    if (host_has_changes(event))
        status = host_append_changes(&text, event);
    if (status == STATUS_OK)
        status = add(host, entry, buffer_text(&text));
    if (status == STATUS_OK)
        event->error_is_new = false;
    buffer_deinit(&text);
    return status;
}

enum verdict host_out_of_memory(struct js_host *host, struct event *event)
{
    if (event->language_slot) { /* without a holder nobody would let go of it */
        tell(host, OP_RELEASE, event->language_slot);
        host_forget(host, event);
    }
    if (!event->message_owned) /* where it lay others may lie by now, and the log would read them */
        event_lose_message(event);
    event_set_error(event, 500, TEXT("Out of memory."), TEXT(""));
    event->holder = NULL; /* the reply is the pipeline's own: it needs the least */
    return VERDICT_FAILED;
}

/* Whether nobody asks for the event any more once it has succeeded and its reply is there: neither handlers
 * in C, nor the log for its id. */
static bool ends_with_reply(const struct event *event, unsigned flags)
{
    const struct service *service = event->service;

    return event->kind == EVENT_MESSAGE && flags & CHAIN_REPLY_ON_SUCCESS && !service->mixed &&
           !log_enabled(service->log, LOG_TRACE);
}

static enum verdict run(struct language *language, struct event *event, const struct chain *chain,
                        unsigned flags)
{
    struct js_guest *guest = guest_of(language);
    struct js_host *host = guest->host;
    struct entry entry = {.operation = OP_RUN, .chain = chain->id, .flags = flags << FLAG_CHAIN_SHIFT};
    enum status status = STATUS_OK;

    if (ends_with_reply(event, flags))
        entry.flags |= FLAG_ENDS_WITH_REPLY;
    /* What runs behind the chain may want to read the message. */
    if (event->service->mixed)
        status = event_own_message(event);
    if (status != STATUS_OK)
        return host_out_of_memory(host, event);
    if (!event->language_slot) {
        if (!host_has_changes(event))
            return introduce(guest, event, entry) == STATUS_OK ? VERDICT_PENDING
                                                               : host_out_of_memory(host, event);
        status = introduce(guest, event, (struct entry){.operation = OP_MAKE});
    }
    if (status == STATUS_OK) {
        entry.slot = event->language_slot;
        entry.flags |= host_has_changes(event) ? FLAG_KIND_CHANGED : 0;
        status = add_with_changes(host, event, entry);
    }
    return status == STATUS_OK ? VERDICT_PENDING : host_out_of_memory(host, event);
}

static enum verdict reply(struct language *language, struct event *event)
{
    struct entry entry = {.operation = OP_REPLY, .slot = event->language_slot};

    return add_with_changes(host_of(language), event, entry) == STATUS_OK
               ? VERDICT_PENDING
               : host_out_of_memory(host_of(language), event);
}

/* JavaScript knows whether one of its handlers is still at it; the verdict comes from there, if so. */
static void expire(struct language *language, struct event *event)
{
    struct entry entry = {.operation = OP_EXPIRE, .slot = event->language_slot};

    entry.chain = event->service->timeout_ms;
    enum status status = add(host_of(language), entry, TEXT(""));
    assert(status == STATUS_OK); /* without text it needs no memory */
    (void)status;
}

static void follow(struct language *language, struct event *heir)
{
    host_of(language)->events.pointers[heir->language_slot] = heir;
}

void host_forget(struct js_host *host, struct event *event)
{
    slots_give_back(&host->events, event->language_slot);
    event->language_slot = 0;
    event->holder = NULL;
}

static void release(struct language *language, struct event *event)
{
    struct js_host *host = host_of(language);

    if (event->kind == EVENT_CONNECT && (event->service->mixed || event->service->retired))
        host_keep_identity(event);
    tell(host, OP_RELEASE, event->language_slot);
    if (event->kind == EVENT_MESSAGE) {
        host->unhurried++;
        host->unhurried_bytes += event->message.length;
    }
    host_forget(host, event);
}

static void peer_news(struct language *language, struct peer *peer, enum peer_news news)
{
    static const enum operation operations[] = {
        [PEER_DRAINED] = OP_PEER_DRAINED, [PEER_CLOSED] = OP_PEER_CLOSED, [PEER_GONE] = OP_PEER_GONE};
    struct js_host *host = host_of(language);
    uint32_t slot = slot_of_peer(host, peer);

    tell(host, operations[news], slot);
    if (news != PEER_GONE)
        return;
    slots_give_back(&host->peers, slot);
    peer_part(peer, language);
}

/* ---- a turn ---- */

/* A call into the engine only to say that events have ended would double what a lone message costs: that goes
 * with the next one, or with js_host_idle(), unless much is kept alive by it. */
bool js_host_has_work(const struct js_host *host)
{
    return host->inbox_count > host->unhurried || host->unhurried_bytes > MOST_UNHURRIED ||
           host->outbox[0] > 0;
}

void js_host_turn(struct js_host *host)
{
    if (host->collecting) /* a result's consequence: the loop below goes on with it */
        return;
    host->collecting = true;
    while (js_host_has_work(host))
        host_collect(host, dispatch(host, true));
    host->collecting = false;
}

void js_host_request_done(struct js_host *host, uint32_t id, const struct world_response *response)
{
    world_request_done(host->world, id, response);
    js_host_turn(host);
}

void js_host_request_told(struct js_host *host, uint32_t id, const struct world_news *news)
{
    world_request_told(host->world, id, news);
    js_host_turn(host);
}

void js_host_fire_timers(struct js_host *host)
{
    world_run_timers(host->world);
    js_host_turn(host);
}

void js_host_run_immediates(struct js_host *host)
{
    world_run_immediates(host->world);
    js_host_turn(host);
}

void js_host_idle(struct js_host *host)
{
    world_idle(host->world);
    (void)dispatch(host, false);
    js_host_turn(host);
}

static void append_correlation_id(struct language *language, struct event *event, struct buffer *out)
{
    struct js_host *host = host_of(language);

    /* What the event is made of may still lie in the inbox. */
    (void)dispatch(host, false);
    JSValueRef slot = jsc.JSValueMakeNumber(host->world->context, event->language_slot);
    JSValueRef id = world_call(host->world, WORLD_CORRELATION_ID, &slot, 1, NULL);
    if (!id || engine_append_value(out, host->world->context, id) != STATUS_OK)
        buffer_clear(out);
}

/* ---- life ---- */

static void keep_shared(void *bytes, void *owner)
{
    (void)bytes, (void)owner; /* the arrays are part of the host, which outlives its world */
}

static JSValueRef share(struct js_host *host, void *bytes, size_t size)
{
    return jsc.JSObjectMakeTypedArrayWithBytesNoCopy(host->world->context, kJSTypedArrayTypeInt32Array, bytes,
                                                     size, keep_shared, NULL, NULL);
}

static void guest_init(struct js_guest *guest, struct js_host *host, const struct log *log)
{
    *guest = (struct js_guest){
        .language =
            {
                .name = "JavaScript",
                .defers = true,
                .prepare = host_prepare,
                .run = run,
                .reply = reply,
                .read = host_read,
                .append_correlation_id = append_correlation_id,
                .expire = expire,
                .follow = follow,
                .release = release,
                .peer_news = peer_news,
            },
        .host = host,
        .log = log,
        .number = host->guest_count++,
    };
}

enum status js_host_create(struct js_host **host, const struct js_host_functions *functions, void *owner,
                           const struct log *log, struct buffer *error)
{
    struct js_host *made = calloc(1, sizeof *made);

    if (!made)
        return STATUS_NO_MEMORY;
    guest_init(&made->guest, made, log);
    made->functions = functions;
    made->owner = owner;
    made->log = log;
    slots_init(&made->events);
    slots_init(&made->peers);
    buffer_init(&made->scratch, BUFFER_UNLIMITED);
    buffer_init(&made->message, BUFFER_UNLIMITED);
    enum status status = world_create(&made->world, &host_calls, made, error);
    if (status != STATUS_OK)
        goto out;
    JSValueRef arguments[] = {share(made, made->inbox, sizeof made->inbox),
                              share(made, made->outbox, sizeof made->outbox),
                              jsc.JSValueMakeNumber(made->world->context, log->level)};
    if (!arguments[0] || !arguments[1] || !world_call(made->world, WORLD_ATTACH, arguments, 3, error))
        status = STATUS_NO_MEMORY;
out:
    if (status != STATUS_OK) {
        js_host_destroy(made);
        return status;
    }
    *host = made;
    return STATUS_OK;
}

/* Some of the connections that it knows may still be open, and met by another one since. */
void js_host_destroy(struct js_host *host)
{
    if (!host)
        return;
    for (uint32_t i = 1; i < host->peers.size; i++)
        if (host->peers.pointers[i])
            peer_part(host->peers.pointers[i], &host->guest.language);
    if (host->world)
        world_end(host->world);
    world_destroy(host->world);
    slots_deinit(&host->events);
    slots_deinit(&host->peers);
    buffer_deinit(&host->scratch);
    buffer_deinit(&host->message);
    free(host->texts.data);
    free(host->values.data);
    free(host);
}

struct js_guest *js_host_guest(struct js_host *host)
{
    return &host->guest;
}

struct js_guest *js_host_join(struct js_host *host, const struct log *log)
{
    struct js_guest *guest = malloc(sizeof *guest);

    if (guest)
        guest_init(guest, host, log);
    return guest;
}

void js_host_leave(struct js_guest *guest)
{
    if (!guest || guest == &guest->host->guest)
        return;
    JSValueRef number = jsc.JSValueMakeNumber(guest->host->world->context, guest->number);
    world_call(guest->host->world, WORLD_SET_POSTBACK_BASE, &number, 1, NULL);
    free(guest);
}
