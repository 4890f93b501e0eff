#include "handlers/c_host_parts.h"
#include "json/scan.h"
#include "json/value.h"
#include "json/write.h"
#include "pipeline/service.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/*
 * A response that is sent chunk by chunk (CONTRACT, section 6).
 *
 *   made --the event's last handler has run--> under way --end, fail, client gone--> ended
 *     +------------------another handler has replaced the response----------------------^
 *
 * Under way the event waits for it. `ended` is called once, and the memory goes when no call into it is
 * under way.
 */
struct configurapi_stream {
    struct configurapi_stream_source source;
    void *data;
    struct c_host *host;
    struct c_event *event; /* waits for the end; NULL before and after */
    struct configurapi_client *client;
    struct c_waiter room;
    struct c_waiter end;
    struct c_task resume_event;
    struct buffer head;   /* a chunk's message up to its body */
    struct buffer plain;  /* the same of one that is JSON, where the others are base64; empty where none is */
    struct buffer done;   /* the last message's up to its body */
    struct buffer failed; /* the same of a stream that fails */
    struct buffer chunk;  /* the message that is being sent */
    char cut[4];          /* the beginning of a character that the last chunk ended in */
    size_t cut_length;
    bool is_text;
    bool wants_room; /* configurapi_stream_write() has said CONFIGURAPI_WAIT */
    bool over;
    unsigned calls; /* into its source, under way */
};

configurapi_stream *configurapi_reply_stream(configurapi_event *event, int status,
                                             const struct configurapi_stream_source *source, void *data)
{
    struct c_event *c = c_view(event);
    struct configurapi_stream *stream = c_is_status(status) ? calloc(1, sizeof *stream) : NULL;

    if (!stream)
        return NULL;
    stream->source = *source;
    stream->data = data;
    stream->host = c->host;
    buffer_init(&stream->head, BUFFER_UNLIMITED);
    buffer_init(&stream->plain, BUFFER_UNLIMITED);
    buffer_init(&stream->done, BUFFER_UNLIMITED);
    buffer_init(&stream->failed, BUFFER_UNLIMITED);
    buffer_init(&stream->chunk, BUFFER_UNLIMITED);
    c_response_stream(c, status, stream);
    return stream;
}

/* ---- its end ---- */

static void free_if_over(struct configurapi_stream *stream)
{
    if (!stream->over || stream->calls > 0)
        return;
    buffer_deinit(&stream->head);
    buffer_deinit(&stream->plain);
    buffer_deinit(&stream->done);
    buffer_deinit(&stream->failed);
    buffer_deinit(&stream->chunk);
    free(stream);
}

static void run_resume(struct c_task *task)
{
    struct configurapi_stream *stream = LIST_ENTRY(task, struct configurapi_stream, resume_event);
    struct event *event = stream->event->event;

    stream->event = NULL;
    stream->calls--;
    free_if_over(stream);
    event_set_reply(event, TEXT("")); /* all has been sent */
    service_resume(event, VERDICT_CONTINUE);
}

/* The last call into the source; the event goes on in the next turn. */
static void finish(struct configurapi_stream *stream)
{
    stream->over = true;
    stream->calls++;
    stream->source.ended(stream, stream->data);
    stream->calls--;
    if (!stream->event) {
        free_if_over(stream);
        return;
    }
    stream->host->open_streams--;
    c_waiter_cancel(&stream->room);
    c_waiter_cancel(&stream->end);
    configurapi_client_unref(stream->client);
    stream->client = NULL;
    stream->calls++; /* until the event goes on */
    c_host_call_soon(stream->host, &stream->resume_event);
}

void c_stream_drop(struct configurapi_stream *stream)
{
    finish(stream);
}

/* ---- its start ---- */

/* Whether a content-type says that bytes are characters, as none does. */
static bool is_text(struct text type)
{
    static const struct text endings[] = {
        {"json", 4}, {"jsonl", 5}, {"ndjson", 6}, {"ndjsonl", 7}, {"json-seq", 8}};

    type = text_trim(text_split(type, ';', &(struct text){NULL, 0}));
    if (type.length >= 5 && text_equal_ignore_case((struct text){type.data, 5}, TEXT("text/")))
        return true;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t length = endings[i].length;
        if (type.length <= length)
            continue;
        struct text tail = {type.data + type.length - length, length};
        if (text_equal_ignore_case(tail, endings[i]) && strchr("/+-", tail.data[-1]))
            return true;
    }
    return false;
}

/* What the messages of a stream have in common. */
struct head {
    struct text status_code;
    struct text headers;
    struct text message_id;
    char id[UUID_LENGTH + 1];
};

enum head_kind {
    HEAD_CHUNK,
    HEAD_CHUNK_BASE64,
    HEAD_DONE,
    HEAD_DONE_BASE64,
    HEAD_FAILED, /* its body is an error's */
};

/* The stream's own headers, and for a failure the body's type, stand for those of the response. */
static bool is_replaced(struct text name, enum head_kind kind)
{
    return json_string_equal(name, TEXT("x-stream"), false) ||
           json_string_equal(name, TEXT("x-stream-id"), false) ||
           (kind == HEAD_FAILED && json_string_equal(name, TEXT("content-type"), true));
}

/* A message's text up to its body: the response's head with the stream's own headers behind its others. */
static enum status append_head(const struct head *head, enum head_kind kind, struct buffer *out)
{
    bool is_base64 = kind == HEAD_CHUNK_BASE64 || kind == HEAD_DONE_BASE64;
    const char *word = kind == HEAD_CHUNK || kind == HEAD_CHUNK_BASE64 ? "chunk" : "done";
    struct text headers = head->headers;
    struct text name;
    struct text value;
    enum status status = buffer_append_text(out, TEXT("{\"statusCode\":"));

    if (status == STATUS_OK)
        status = buffer_append_text(out, head->status_code);
    if (status == STATUS_OK)
        status = buffer_append_text(out, TEXT(",\"headers\":{"));
    while (status == STATUS_OK && json_next_member(&headers, &name, &value)) {
        if (is_replaced(name, kind))
            continue;
        status = buffer_append_text(out, name);
        if (status == STATUS_OK)
            status = buffer_append(out, ":", 1);
        if (status == STATUS_OK)
            status = buffer_append_text(out, value);
        if (status == STATUS_OK)
            status = buffer_append(out, ",", 1);
    }
    if (status == STATUS_OK && kind == HEAD_FAILED)
        status = buffer_append_text(out, TEXT("\"Content-Type\":\"application/json\","));
    if (status == STATUS_OK && head->message_id.length > 0) {
        status = buffer_append_text(out, TEXT("\"message-id\":"));
        if (status == STATUS_OK)
            status = buffer_append_text(out, head->message_id);
        if (status == STATUS_OK)
            status = buffer_append(out, ",", 1);
    }
    if (status == STATUS_OK && is_base64)
        status = buffer_append_text(out, TEXT("\"content-transfer-encoding\":\"base64\","));
    if (status == STATUS_OK)
        status = buffer_printf(out, "\"x-stream\":\"%s\",\"x-stream-id\":\"%s\"},\"body\":", word, head->id);
    return status;
}

/* Takes the reply's text apart and makes the heads of it. */
static enum status make_heads(struct configurapi_stream *stream, const struct event *event, struct text reply)
{
    struct head head = {.status_code = TEXT("200"), .headers = TEXT("{}"), .message_id = event->message_id};
    struct text name;
    struct text value;
    struct text rest;

    while (json_next_member(&reply, &name, &value)) {
        if (json_string_equal(name, TEXT("statusCode"), false))
            head.status_code = value;
        else if (json_string_equal(name, TEXT("headers"), false))
            head.headers = value;
    }
    stream->is_text = true;
    for (rest = head.headers; json_next_member(&rest, &name, &value);)
        if (json_string_equal(name, TEXT("content-type"), true) && value.data[0] == '"')
            stream->is_text = is_text((struct text){value.data + 1, value.length - 2});
    uuid_make(&stream->host->uuids, head.id);
    enum status status = append_head(&head, stream->is_text ? HEAD_CHUNK : HEAD_CHUNK_BASE64, &stream->head);
    if (status == STATUS_OK && !stream->is_text)
        status = append_head(&head, HEAD_CHUNK, &stream->plain);
    if (status == STATUS_OK)
        status = append_head(&head, stream->is_text ? HEAD_DONE : HEAD_DONE_BASE64, &stream->done);
    return status == STATUS_OK ? append_head(&head, HEAD_FAILED, &stream->failed) : status;
}

static void call_ready(struct configurapi_stream *stream)
{
    if (stream->over)
        return;
    stream->wants_room = false;
    stream->calls++;
    stream->source.ready(stream, stream->data);
    stream->calls--;
    free_if_over(stream);
}

static void on_room(struct c_task *task)
{
    struct configurapi_stream *stream = LIST_ENTRY(task, struct configurapi_stream, room.task);

    if (!c_waiter_goes_on(&stream->room))
        return;
    configurapi_client_unref(stream->room.client);
    stream->room.client = NULL;
    if (stream->room.status == CONFIGURAPI_OK)
        call_ready(stream);
    else if (!stream->over)
        finish(stream);
}

static void on_end(struct c_task *task)
{
    struct configurapi_stream *stream = LIST_ENTRY(task, struct configurapi_stream, end.task);

    configurapi_client_unref(stream->end.client);
    stream->end.client = NULL;
    if (!stream->over)
        finish(stream);
}

enum verdict c_stream_start(struct c_event *c, struct text reply)
{
    struct configurapi_stream *stream = c->stream;
    struct configurapi_client *client = c_client_of(c->host, c->event->peer);

    assert(stream);
    if (!client || event_own_message(c->event) != STATUS_OK ||
        make_heads(stream, c->event, reply) != STATUS_OK) {
        event_set_error(c->event, 500, TEXT("Out of memory."), TEXT(""));
        c->event->holder = NULL;
        return VERDICT_CONTINUE; /* the event's end drops the stream */
    }
    c->event->reply_status = c->response.known ? c->response.status : c->event->reply_status;
    c->stream = NULL;
    stream->event = c;
    stream->client = configurapi_client_ref(client);
    stream->host->open_streams++;
    stream->room.task.run = on_room;
    stream->end.task.run = on_end;
    stream->resume_event.run = run_resume;
    list_init(&stream->room.task.node);
    list_init(&stream->end.task.node);
    list_init(&stream->resume_event.node);
    c_client_wait_for_end(client, &stream->end);
    c_client_wait_for_room(client, &stream->room);
    return VERDICT_PENDING;
}

/* ---- writing ---- */

/* Sends what stands in `chunk`. */
static enum configurapi_status send(struct configurapi_stream *stream)
{
    enum configurapi_status status = c_client_send(stream->client, buffer_text(&stream->chunk), false);

    buffer_deinit(&stream->chunk);
    if (status == CONFIGURAPI_WAIT && !stream->wants_room) {
        stream->wants_room = true;
        if (!stream->room.client)
            c_client_wait_for_room(stream->client, &stream->room);
    }
    return status;
}

/* The bytes, behind what the last chunk has left of a character; what they leave of one in their turn is
 * kept. */
static enum status append_characters(struct configurapi_stream *stream, struct text bytes)
{
    struct buffer whole;
    size_t cut;

    if (stream->cut_length == 0) {
        enum status status = json_append_decoded(&stream->chunk, bytes, &cut);
        if (status == STATUS_OK && cut > 0)
            memcpy(stream->cut, bytes.data + bytes.length - cut, cut);
        stream->cut_length = status == STATUS_OK ? cut : stream->cut_length;
        return status;
    }
    buffer_init(&whole, BUFFER_UNLIMITED);
    enum status status = buffer_append(&whole, stream->cut, stream->cut_length);
    if (status == STATUS_OK)
        status = buffer_append_text(&whole, bytes);
    if (status == STATUS_OK)
        status = json_append_decoded(&stream->chunk, buffer_text(&whole), &cut);
    if (status == STATUS_OK) {
        memcpy(stream->cut, whole.data + whole.length - cut, cut);
        stream->cut_length = cut;
    }
    buffer_deinit(&whole);
    return status;
}

/* Whether it can be written to; what can not is the caller's mistake before the start, and nobody's
 * afterwards. */
static bool is_open(const struct configurapi_stream *stream)
{
    return !stream->over && stream->client;
}

enum configurapi_status configurapi_stream_write(configurapi_stream *stream, const void *data, size_t length)
{
    struct text bytes = {data, length};

    if (!is_open(stream))
        return stream->over ? CONFIGURAPI_GONE : CONFIGURAPI_INVALID;
    enum status status = buffer_append_text(&stream->chunk, buffer_text(&stream->head));
    size_t head_length = stream->chunk.length;
    if (status == STATUS_OK)
        status =
            stream->is_text ? append_characters(stream, bytes) : json_append_base64(&stream->chunk, bytes);
    if (status == STATUS_OK && length > 0 && stream->chunk.length == head_length + 2) {
        buffer_deinit(&stream->chunk); /* not one whole character */
        return CONFIGURAPI_OK;
    }
    if (status == STATUS_OK)
        status = buffer_append(&stream->chunk, "}", 1);
    if (status == STATUS_OK)
        return send(stream);
    buffer_deinit(&stream->chunk);
    return CONFIGURAPI_NO_MEMORY;
}

/* Bytes that began a character which did not go on. */
static void flush_cut(struct configurapi_stream *stream)
{
    if (stream->cut_length == 0)
        return;
    stream->cut_length = 0;
    if (buffer_append_text(&stream->chunk, buffer_text(&stream->head)) == STATUS_OK &&
        buffer_append_text(&stream->chunk, TEXT("\"\xEF\xBF\xBD\"}")) == STATUS_OK)
        send(stream);
    buffer_deinit(&stream->chunk);
}

enum configurapi_status configurapi_stream_write_json(configurapi_stream *stream, const json_t *value)
{
    if (!is_open(stream))
        return stream->over ? CONFIGURAPI_GONE : CONFIGURAPI_INVALID;
    flush_cut(stream);
    enum status status =
        buffer_append_text(&stream->chunk, buffer_text(stream->is_text ? &stream->head : &stream->plain));
    if (status == STATUS_OK)
        status = json_append_value(&stream->chunk, value);
    if (status == STATUS_OK)
        status = buffer_append(&stream->chunk, "}", 1);
    if (status == STATUS_OK)
        return send(stream);
    buffer_deinit(&stream->chunk);
    return c_status(status);
}

/* Sends the message that tells of its end. A client that can not be told of it is let go. */
static void send_last(struct configurapi_stream *stream, enum status made)
{
    if (made == STATUS_OK)
        send(stream);
    else
        c_client_give_up(stream->client);
    finish(stream);
}

void configurapi_stream_end(configurapi_stream *stream)
{
    if (!is_open(stream))
        return;
    flush_cut(stream);
    enum status made = buffer_append_text(&stream->chunk, buffer_text(&stream->done));
    send_last(stream, made == STATUS_OK ? buffer_append_text(&stream->chunk, TEXT("\"\"}")) : made);
}

/* The last message of a stream that failed: an error's status and body, the stream's headers. */
static enum status append_failure(struct configurapi_stream *stream, int status_code, struct text message)
{
    struct text failed = buffer_text(&stream->failed);
    const char *headers = memchr(failed.data, ',', failed.length); /* behind the status */
    struct text rest = {headers, failed.length - (size_t)(headers - failed.data)};
    enum status status = buffer_printf(&stream->chunk, "{\"statusCode\":%d", status_code);
    size_t cut; /* an unfinished character at the end is left out */

    if (status == STATUS_OK)
        status = buffer_append_text(&stream->chunk, rest);
    if (status == STATUS_OK)
        status = buffer_printf(&stream->chunk, "{\"statusCode\":%d,\"message\":", status_code);
    if (status == STATUS_OK)
        status = json_append_decoded(&stream->chunk, message, &cut);
    return status == STATUS_OK ? buffer_append_text(&stream->chunk, TEXT(",\"details\":\"\"}}")) : status;
}

void configurapi_stream_fail(configurapi_stream *stream, int status, const char *message)
{
    if (!is_open(stream))
        return;
    flush_cut(stream);
    send_last(stream, append_failure(stream, status, text_from_cstr(message)));
}
