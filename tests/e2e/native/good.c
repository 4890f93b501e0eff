/* Handlers in C for the end-to-end tests: each does one thing that include/configurapi.h offers. */

#include <configurapi.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

typedef enum configurapi_result result;

static bool is(struct configurapi_text text, const char *word)
{
    return text.length == strlen(word) && memcmp(text.data, word, text.length) == 0;
}

static const json_t *argument(const json_t *parameters, size_t index)
{
    return json_array_get(parameters, index);
}

/* ---- what came ---- */

/* Everything that can be read of the event, as the reply. */
static result show(configurapi_event *event, const json_t *parameters)
{
    bool binary;
    struct configurapi_text raw = configurapi_event_raw(event, &binary);
    configurapi_client *client = configurapi_event_client(event);

    return configurapi_reply_printf(event, 200,
                                    "{\"name\":%t,\"payload\":%j,\"payloadText\":%t,\"params\":%j,"
                                    "\"paramsText\":%t,\"query\":%j,\"headers\":%j,"
                                    "\"identity\":%j,\"raw\":%t,\"binary\":%d,\"parameters\":%j,\"id\":%t,"
                                    "\"correlationId\":%t,\"client\":%s}",
                                    configurapi_event_name(event), configurapi_event_payload(event),
                                    configurapi_event_payload_text(event), configurapi_event_params(event),
                                    configurapi_event_params_text(event), configurapi_event_query(event),
                                    configurapi_event_headers(event), configurapi_event_identity(event), raw,
                                    binary, parameters, configurapi_event_id(event),
                                    configurapi_event_correlation_id(event), configurapi_client_id(client));
}

/* A parameter and a header by their names, members of the payload's text. */
static result pick(configurapi_event *event, const json_t *parameters)
{
    struct configurapi_text payload = configurapi_event_payload_text(event);
    struct configurapi_text n = configurapi_json_member(payload, "n");
    int64_t number = 0;
    bool good = configurapi_json_integer(n, &number);

    (void)parameters;
    return configurapi_reply_printf(event, 200,
                                    "{\"param\":%t,\"header\":%t,\"n\":%lld,\"isInteger\":%d,\"none\":%zu}",
                                    configurapi_param(event, "who"), configurapi_header(event, "x-TRACE"),
                                    (long long)number, good, configurapi_json_member(payload, "none").length);
}

static result resolve(configurapi_event *event, const json_t *parameters)
{
    json_t *resolved = configurapi_resolve(event, parameters);

    configurapi_reply(event, 200, resolved);
    json_decref(resolved);
    return CONFIGURAPI_CONTINUE;
}

static result data(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    return configurapi_reply_printf(event, 200, "%s", (const char *)configurapi_data(event));
}

/* ---- what goes out ---- */

static result reply(configurapi_event *event, const json_t *parameters)
{
    const char *kind = json_string_value(argument(parameters, 0));
    enum configurapi_status status = CONFIGURAPI_INVALID;
    json_t *body;

    if (strcmp(kind, "text") == 0)
        status = configurapi_reply_text(event, 201, CONFIGURAPI_TEXT("{\"a\": [1, 2]}"));
    else if (strcmp(kind, "value") == 0) {
        body = json_pack("{s:f,s:f,s:i,s:f}", "half", 0.5, "tenth", 0.1, "one", 1, "two", 2.0);
        status = configurapi_reply(event, 202, body);
        json_decref(body);
    } else if (strcmp(kind, "none") == 0)
        status = configurapi_reply(event, 204, NULL);
    else if (strcmp(kind, "string") == 0)
        status = configurapi_reply_string(event, 200, CONFIGURAPI_TEXT("a \"quoted\"\n\xE2\x82\xAC"));
    else if (strcmp(kind, "bytes") == 0)
        status = configurapi_reply_bytes(event, 200, "\x00\x01\xFF\xFE", 4);
    else if (strcmp(kind, "again") == 0) /* the present body, with another status */
        status = configurapi_reply(event, 208, configurapi_response_body(event));
    else if (strcmp(kind, "nothing") == 0) {
        configurapi_reply_nothing(event);
        status = CONFIGURAPI_OK;
    }
    return status == CONFIGURAPI_OK ? CONFIGURAPI_CONTINUE : CONFIGURAPI_FAILED;
}

/* What is refused, and leaves the response as it was. */
static result refused(configurapi_event *event, const json_t *parameters)
{
    int invalid = 0;

    (void)parameters;
    configurapi_reply_text(event, 200, CONFIGURAPI_TEXT("\"kept\""));
    invalid += configurapi_reply_text(event, 200, CONFIGURAPI_TEXT("{")) == CONFIGURAPI_INVALID;
    invalid += configurapi_reply_text(event, 200, CONFIGURAPI_TEXT("1 2")) == CONFIGURAPI_INVALID;
    invalid += configurapi_reply_text(event, 200, CONFIGURAPI_TEXT("\"\xFF\"")) == CONFIGURAPI_INVALID;
    invalid += configurapi_reply_text(event, 99, CONFIGURAPI_TEXT("1")) == CONFIGURAPI_INVALID;
    invalid += configurapi_reply_string(event, 200, CONFIGURAPI_TEXT("\xC3")) == CONFIGURAPI_INVALID;
    invalid += configurapi_set_status(event, 1000) == CONFIGURAPI_INVALID;
    invalid += configurapi_set_header(event, "x", "\xFF") == CONFIGURAPI_INVALID;
    invalid += configurapi_push_text(configurapi_event_client(event), CONFIGURAPI_TEXT("\xFF")) ==
               CONFIGURAPI_INVALID;
    invalid += !configurapi_reply_stream(event, 1000, NULL, NULL);
    configurapi_set_status(event, 200 + invalid);
    return CONFIGURAPI_CONTINUE;
}

static result change(configurapi_event *event, const json_t *parameters)
{
    const char *what = json_string_value(argument(parameters, 0));
    json_t *value = configurapi_resolve(event, argument(parameters, 1));

    if (strcmp(what, "status") == 0)
        configurapi_set_status(event, (int)json_integer_value(value));
    else if (strcmp(what, "header") == 0)
        configurapi_set_header(event, "x-c", json_string_value(value));
    else if (strcmp(what, "no-header") == 0)
        configurapi_set_header(event, json_string_value(value), NULL);
    else if (strcmp(what, "body") == 0)
        configurapi_set_body(event, value);
    else if (strcmp(what, "param") == 0)
        configurapi_set_param(event, "fromC", value);
    else if (strcmp(what, "no-param") == 0)
        configurapi_set_param(event, json_string_value(value), NULL);
    else if (strcmp(what, "payload") == 0)
        configurapi_set_payload(event, json_is_null(value) ? NULL : value);
    else if (strcmp(what, "identity") == 0)
        configurapi_set_identity(event, json_is_null(value) ? NULL : value);
    json_decref(value);
    return CONFIGURAPI_CONTINUE;
}

/* The response as it stands, as the reply. */
static result look(configurapi_event *event, const json_t *parameters)
{
    json_t *seen = json_pack("{s:i,s:O,s:O?,s:b}", "status", configurapi_response_status(event), "headers",
                             configurapi_response_headers(event), "body", configurapi_response_body(event),
                             "isError", configurapi_response_is_error(event));

    (void)parameters;
    configurapi_reply(event, 200, seen);
    json_decref(seen);
    return CONFIGURAPI_CONTINUE;
}

/* The same, added to the response as a header. */
static result look_aside(configurapi_event *event, const json_t *parameters)
{
    json_t *seen =
        json_pack("[i,O,O?,b]", configurapi_response_status(event), configurapi_response_headers(event),
                  configurapi_response_body(event), configurapi_response_is_error(event));

    (void)parameters;
    configurapi_set_header_value(event, "x-seen", seen);
    json_decref(seen);
    return CONFIGURAPI_CONTINUE;
}

static result complete(configurapi_event *event, const json_t *parameters)
{
    (void)event, (void)parameters;
    return CONFIGURAPI_COMPLETE;
}

static result keep_going(configurapi_event *event, const json_t *parameters)
{
    (void)event, (void)parameters;
    return CONFIGURAPI_CONTINUE;
}

static result fail(configurapi_event *event, const json_t *parameters)
{
    const char *kind = json_string_value(argument(parameters, 0));

    if (!kind)
        return CONFIGURAPI_FAILED;
    if (strcmp(kind, "words") == 0)
        return configurapi_fail(event, 418, "a teapot", "short and stout");
    if (strcmp(kind, "printf") == 0)
        return configurapi_fail_printf(event, 404, "no %s number %d", "thing", 7);
    if (strcmp(kind, "no UTF-8") == 0)
        return configurapi_fail(event, 400, "bad \xFF words", "cut \xE2\x82");
    if (strcmp(kind, "unknown") == 0)
        return configurapi_reply_printf(event, 200, "{\"a\":%x}", 2u);
    if (strcmp(kind, "percent") == 0)
        return configurapi_reply_printf(event, 200, "\"100%");
    return configurapi_reply_printf(event, 200, "{\"a\":%s", "unclosed");
}

/* ---- later ---- */

struct later {
    configurapi_event *event;
    uv_timer_t timer;
    int rest;
};

static result answer_later(configurapi_event *event, void *data)
{
    free(data);
    return configurapi_reply_printf(event, 200, "{\"later\":%r}", configurapi_event_payload_text(event));
}

static void *resume_from_thread(void *data)
{
    struct later *later = data;

    usleep(2000);
    configurapi_resume(later->event, answer_later, later);
    return NULL;
}

static result threaded(configurapi_event *event, const json_t *parameters)
{
    struct later *later = calloc(1, sizeof *later);
    pthread_t thread;

    (void)parameters;
    later->event = event;
    if (pthread_create(&thread, NULL, resume_from_thread, later) != 0)
        return CONFIGURAPI_FAILED;
    pthread_detach(thread);
    return CONFIGURAPI_PENDING;
}

static void free_later(uv_handle_t *handle)
{
    free(handle->data);
}

static result fail_later(configurapi_event *event, void *data)
{
    struct later *later = data;

    uv_close((uv_handle_t *)&later->timer, free_later);
    return configurapi_fail(event, 408, "too late", NULL);
}

static void on_timer(uv_timer_t *timer)
{
    struct later *later = timer->data;

    configurapi_resume(later->event, fail_later, later);
}

static void on_pause(uv_timer_t *timer)
{
    struct later *later = timer->data;

    configurapi_resume(later->event, NULL, NULL);
    uv_close((uv_handle_t *)timer, free_later);
}

/* Lets so many milliseconds pass. */
static result pause_for(configurapi_event *event, const json_t *parameters)
{
    struct later *later = calloc(1, sizeof *later);

    later->event = event;
    later->timer.data = later;
    uv_timer_init((uv_loop_t *)configurapi_loop(configurapi_event_runtime(event)), &later->timer);
    uv_timer_start(&later->timer, on_pause, (uint64_t)json_integer_value(argument(parameters, 0)), 0);
    return CONFIGURAPI_PENDING;
}

/* Waits on the runner's own loop, then fails. */
static result timed(configurapi_event *event, const json_t *parameters)
{
    struct later *later = calloc(1, sizeof *later);

    (void)parameters;
    later->event = event;
    later->timer.data = later;
    uv_timer_init((uv_loop_t *)configurapi_loop(configurapi_event_runtime(event)), &later->timer);
    uv_timer_start(&later->timer, on_timer, 2, 0);
    return CONFIGURAPI_PENDING;
}

/* Resumed before it has said that it waits. */
static result at_once(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    configurapi_resume(event, NULL, NULL);
    return CONFIGURAPI_PENDING;
}

/* One that never said that it waits, and goes on by itself. */
static result not_waiting(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    configurapi_resume(event, NULL, NULL);
    return CONFIGURAPI_CONTINUE;
}

/* Two events meet, and one of them is resumed twice. */
static result meet(configurapi_event *event, const json_t *parameters)
{
    static configurapi_event *first;

    (void)parameters;
    if (first) {
        configurapi_resume(first, NULL, NULL);
        configurapi_resume(event, NULL, NULL);
        configurapi_resume(first, NULL, NULL);
    }
    first = first ? NULL : event;
    return CONFIGURAPI_PENDING;
}

/* ---- clients ---- */

static configurapi_client *kept;
static int gone_calls;

static result push(configurapi_event *event, const json_t *parameters)
{
    configurapi_client *client = configurapi_event_client(event);
    json_t *headers = json_pack("{s:s}", "h", "v");
    json_t *body = json_pack("{s:i}", "a", 1);
    enum configurapi_status statuses[4];

    (void)parameters;
    statuses[0] = configurapi_push(client, 201, headers, body);
    statuses[1] = configurapi_push(client, 200, NULL, NULL);
    statuses[2] = configurapi_push_text(client, CONFIGURAPI_TEXT("as it is {"));
    statuses[3] = configurapi_push_bytes(client, "\x00\xFF", 2);
    json_decref(headers);
    json_decref(body);
    for (int i = 0; i < 4; i++)
        if (statuses[i] != CONFIGURAPI_OK)
            return CONFIGURAPI_FAILED;
    return configurapi_reply_printf(event, 200, "{\"url\":%s,\"gone\":%d}",
                                    configurapi_client_postback_url(client) ? "some" : "none",
                                    configurapi_client_is_gone(client));
}

static void on_gone(configurapi_client *client, void *data)
{
    (void)data;
    gone_calls += configurapi_client_is_gone(client);
}

/* Keeps the client beyond the event. */
static result keep(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    configurapi_client_unref(kept);
    kept = configurapi_client_ref(configurapi_event_client(event));
    gone_calls = 0;
    configurapi_client_on_gone(kept, on_gone, NULL);
    return configurapi_reply_printf(event, 200, "%s", configurapi_client_id(kept));
}

/* Sends to the one that was kept. */
static result use(configurapi_event *event, const json_t *parameters)
{
    enum configurapi_status status = configurapi_push_text(kept, CONFIGURAPI_TEXT("to you"));

    (void)parameters;
    return configurapi_reply_printf(event, 200, "{\"status\":%d,\"gone\":%d,\"calls\":%d}", (int)status,
                                    configurapi_client_is_gone(kept), gone_calls);
}

struct flood {
    configurapi_event *event;
    configurapi_client *client;
    int waits;
    int left;
};

static result end_flood(configurapi_event *event, void *data)
{
    struct flood *flood = data;
    int waits = flood->waits;

    configurapi_client_unref(flood->client);
    free(flood);
    return configurapi_reply_printf(event, 200, "{\"waits\":%d}", waits);
}

static void go_on(configurapi_client *client, enum configurapi_status status, void *data)
{
    static char chunk[65536];
    struct flood *flood = data;

    memset(chunk, 'x', sizeof chunk);
    while (status == CONFIGURAPI_OK && flood->left > 0) {
        flood->left--;
        status = configurapi_push_text(client, (struct configurapi_text){chunk, sizeof chunk});
    }
    if (status == CONFIGURAPI_WAIT && flood->left > 0) {
        flood->waits++;
        configurapi_client_on_room(client, go_on, flood);
        return;
    }
    configurapi_resume(flood->event, end_flood, flood);
}

/* Pushes as many messages of 64 KB as the parameter says, as fast as there is room. */
static result flood(configurapi_event *event, const json_t *parameters)
{
    struct flood *state = calloc(1, sizeof *state);

    state->event = event;
    state->client = configurapi_client_ref(configurapi_event_client(event));
    state->left = (int)json_integer_value(argument(parameters, 0));
    go_on(state->client, CONFIGURAPI_OK, state);
    return CONFIGURAPI_PENDING;
}

/* ---- streams ---- */

struct counter {
    char kind[16];
    long next;
    long last;
};

static int streams_ended;

static void write_text(configurapi_stream *stream, struct counter *counter)
{
    char text[32];

    while (counter->next < counter->last) {
        int length = snprintf(text, sizeof text, "%ld ", counter->next++);
        if (configurapi_stream_write(stream, text, (size_t)length) != CONFIGURAPI_OK)
            return;
    }
    configurapi_stream_end(stream);
}

static void write_once(configurapi_stream *stream, const char *kind)
{
    if (strcmp(kind, "cut") == 0) { /* a euro sign in two pieces, a broken one, half of one at the end */
        configurapi_stream_write(stream, "a\xE2\x82", 3);
        configurapi_stream_write(stream,
                                 "\xAC"
                                 "b",
                                 2);
        configurapi_stream_write(stream, "\xE2\x28", 2);
        configurapi_stream_write(stream, "\xE2", 1);
    } else if (strcmp(kind, "json") == 0) {
        json_t *value = json_pack("{s:i}", "n", 1);
        configurapi_stream_write_json(stream, value);
        json_decref(value);
    } else if (strcmp(kind, "bytes") == 0) {
        configurapi_stream_write(stream, "\x00\xFF\x10", 3);
    } else if (strcmp(kind, "bytes, json") == 0) {
        configurapi_stream_write(stream, "\x00", 1);
        json_t *value = json_pack("{s:i}", "n", 1);
        configurapi_stream_write_json(stream, value);
        json_decref(value);
        configurapi_stream_fail(stream, 503, "the source is dry");
        return;
    } else if (strcmp(kind, "fail") == 0) {
        configurapi_stream_write(stream, "one", 3);
        configurapi_stream_fail(stream, 503, "the source is dry");
        return;
    } else if (strcmp(kind, "no UTF-8") == 0) {
        configurapi_stream_fail(stream, 503, "bad \xFF words");
        return;
    }
    configurapi_stream_end(stream);
}

/* Without end, as long as there is room. */
static void write_large(configurapi_stream *stream)
{
    static char chunk[65536];

    memset(chunk, 'x', sizeof chunk);
    while (configurapi_stream_write(stream, chunk, sizeof chunk) == CONFIGURAPI_OK) {}
}

static void ready(configurapi_stream *stream, void *data)
{
    struct counter *counter = data;

    if (strcmp(counter->kind, "never") == 0)
        return;
    if (strcmp(counter->kind, "count") == 0)
        write_text(stream, counter);
    else if (strcmp(counter->kind, "large") == 0)
        write_large(stream);
    else
        write_once(stream, counter->kind);
}

static void ended(configurapi_stream *stream, void *data)
{
    (void)stream;
    streams_ended++;
    free(data);
}

static result stream(configurapi_event *event, const json_t *parameters)
{
    static const struct configurapi_stream_source source = {ready, ended};
    struct counter *counter = calloc(1, sizeof *counter);
    struct configurapi_text last = configurapi_json_member(configurapi_event_payload_text(event), "last");
    int64_t number = 3;

    snprintf(counter->kind, sizeof counter->kind, "%s", json_string_value(argument(parameters, 0)));
    if (configurapi_json_integer(last, &number))
        counter->last = number;
    else
        counter->last = 3;
    if (!configurapi_reply_stream(event, 200, &source, counter)) {
        free(counter);
        return CONFIGURAPI_FAILED;
    }
    if (strncmp(counter->kind, "bytes", 5) == 0)
        configurapi_set_header(event, "Content-Type", "application/octet-stream");
    return CONFIGURAPI_CONTINUE;
}

static result ended_streams(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    return configurapi_reply_printf(event, 200, "%d", streams_ended);
}

/* ---- the runtime ---- */

static void finish_postback(int status, const char *error, void *data)
{
    struct later *later = data;

    later->rest = error ? -1 : status;
    configurapi_resume(later->event, NULL, NULL);
    free(later);
}

static result postback(configurapi_event *event, const json_t *parameters)
{
    struct later *later = calloc(1, sizeof *later);
    json_t *body = json_pack("{s:s}", "posted", "back");
    struct configurapi_text suffix = configurapi_param(event, "suffix");
    char url[256];

    (void)parameters;
    later->event = event;
    snprintf(url, sizeof url, "%s%.*s", configurapi_client_postback_url(configurapi_event_client(event)),
             (int)suffix.length, suffix.data ? suffix.data : "");
    enum configurapi_status status =
        configurapi_postback(configurapi_event_runtime(event), url, body, finish_postback, later);
    json_decref(body);
    if (status == CONFIGURAPI_OK)
        return CONFIGURAPI_PENDING;
    free(later);
    return CONFIGURAPI_FAILED;
}

/* Waits for an answer that may never come. */
static void finish_patience(int status, const char *error, void *data)
{
    fprintf(stderr, "postback: %d %s\n", status, error ? error : "well");
    configurapi_resume(data, NULL, NULL);
}

static result patient(configurapi_event *event, const json_t *parameters)
{
    struct configurapi_text to = configurapi_param(event, "url");
    char url[256];

    (void)parameters;
    snprintf(url, sizeof url, "%.*s", (int)to.length, to.data);
    if (configurapi_postback(configurapi_event_runtime(event), url, configurapi_event_params(event),
                             finish_patience, event) != CONFIGURAPI_OK)
        return CONFIGURAPI_FAILED;
    return CONFIGURAPI_PENDING;
}

static int posted;

static void count_post(void *data)
{
    (void)data;
    posted++;
}

static void *post_from_thread(void *runtime)
{
    for (int i = 0; i < 100; i++)
        if (configurapi_post(runtime, count_post, NULL) != CONFIGURAPI_OK)
            abort();
    return NULL;
}

static result post(configurapi_event *event, const json_t *parameters)
{
    pthread_t threads[4];

    (void)parameters;
    for (int i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, post_from_thread, configurapi_event_runtime(event)) != 0)
            abort();
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    configurapi_resume(event, NULL, NULL); /* behind what was posted */
    return CONFIGURAPI_PENDING;
}

static result posted_so_far(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    return configurapi_reply_printf(event, 200, "%d", posted);
}

static result write_log(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    configurapi_log(event, CONFIGURAPI_LOG_ERROR, "an error of %s", "C");
    configurapi_log(event, CONFIGURAPI_LOG_TRACE, "a trace of %s", "C");
    configurapi_log(event, CONFIGURAPI_LOG_DEBUG, "a debug line of %s", "C");
    return CONFIGURAPI_CONTINUE;
}

/* on_connect: who says so becomes somebody, or is refused. */
static result welcome(configurapi_event *event, const json_t *parameters)
{
    struct configurapi_text who = configurapi_param(event, "who");

    (void)parameters;
    if (is(who, "nobody"))
        return configurapi_fail(event, 403, "go away", NULL);
    if (who.length > 0) {
        json_t *identity = json_pack("{s:s%,s:[]}", "id", who.data, who.length, "claims");
        configurapi_set_identity(event, identity);
        json_decref(identity);
    }
    return CONFIGURAPI_CONTINUE;
}

static result start(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    configurapi_log(event, CONFIGURAPI_LOG_TRACE, "started %s a client",
                    configurapi_event_client(event) ? "with" : "without");
    return CONFIGURAPI_CONTINUE;
}

static char some_data[] = "some data";

static const struct configurapi_entry entries[] = {
    {"showHandler", show, NULL},
    {"pickHandler", pick, NULL},
    {"resolveHandler", resolve, NULL},
    {"dataHandler", data, some_data},
    {"replyHandler", reply, NULL},
    {"refusedHandler", refused, NULL},
    {"changeHandler", change, NULL},
    {"lookHandler", look, NULL},
    {"lookAsideHandler", look_aside, NULL},
    {"completeHandler", complete, NULL},
    {"continueHandler", keep_going, NULL},
    {"failHandler", fail, NULL},
    {"threadedHandler", threaded, NULL},
    {"pauseHandler", pause_for, NULL},
    {"timedHandler", timed, NULL},
    {"atOnceHandler", at_once, NULL},
    {"notWaitingHandler", not_waiting, NULL},
    {"meetHandler", meet, NULL},
    {"patientHandler", patient, NULL},
    {"pushHandler", push, NULL},
    {"keepHandler", keep, NULL},
    {"useHandler", use, NULL},
    {"floodHandler", flood, NULL},
    {"streamHandler", stream, NULL},
    {"endedHandler", ended_streams, NULL},
    {"postbackHandler", postback, NULL},
    {"postHandler", post, NULL},
    {"postedHandler", posted_so_far, NULL},
    {"logHandler", write_log, NULL},
    {"welcomeHandler", welcome, NULL},
    {"startHandler", start, NULL},
    {NULL, NULL, NULL},
};

static bool load(configurapi_runtime *runtime)
{
    return configurapi_loop(runtime) != NULL && !getenv("REFUSE_TO_LOAD");
}

static void never(void *runtime)
{
    (void)runtime;
    fprintf(stderr, "posted behind the end\n");
}

static void last(void *runtime)
{
    fprintf(stderr, "last words, and then %d\n", (int)configurapi_post(runtime, never, runtime));
}

static void unload(configurapi_runtime *runtime)
{
    (void)configurapi_post(runtime, last, runtime);
    configurapi_client_unref(kept);
    kept = NULL;
    fprintf(stderr, "unloaded\n");
}

CONFIGURAPI_API extern const struct configurapi_module configurapi_module;
const struct configurapi_module configurapi_module = {CONFIGURAPI_ABI, entries, load, unload};
