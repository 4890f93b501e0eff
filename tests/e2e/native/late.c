/* Handlers in C that take their time, for tests/e2e/timeouts.test.mjs. */

#include <configurapi.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef enum configurapi_result result;

static configurapi_event *held[64];
static int held_count;
static json_t *reports; /* one for each that was resumed */

/* Waits until releaseHandler, or for ever. What was replied and changed before stands. */
static result hold(configurapi_event *event, const json_t *parameters)
{
    configurapi_reply_string(event, 202, CONFIGURAPI_TEXT("before it waited"));
    configurapi_set_payload(event, json_array_get(parameters, 0));
    held[held_count++] = event;
    return CONFIGURAPI_PENDING;
}

static json_t *string(struct configurapi_text text)
{
    return json_stringn(text.data ? text.data : "", text.length);
}

/* Reads all there is, then does all that can be done to an event. */
static result report(configurapi_event *event, void *data)
{
    configurapi_client *client = configurapi_event_client(event);
    json_t *value = json_string("late");
    json_t *seen = json_pack(
        "{s:b,s:b,s:s,s:b,s:o,s:O?,s:O?,s:O?,s:O?,s:o,s:o,s:o}", "over", configurapi_event_is_over(event),
        "freed", data != NULL, "client", configurapi_client_id(client), "gone",
        configurapi_client_is_gone(client), "name", string(configurapi_event_name(event)), "payload",
        configurapi_event_payload(event), "params", configurapi_event_params(event), "headers",
        configurapi_event_headers(event), "identity", configurapi_event_identity(event), "id",
        string(configurapi_event_id(event)), "correlationId", string(configurapi_event_correlation_id(event)),
        "raw", string(configurapi_event_raw(event, NULL)));

    free(data);
    json_array_append_new(reports, seen);
    configurapi_log(event, CONFIGURAPI_LOG_ERROR, "resumed late");
    configurapi_set_identity(event, value);
    configurapi_set_param(event, "late", value);
    configurapi_set_header(event, "late", "yes");
    configurapi_fail(event, 418, "too late", NULL);
    configurapi_reply(event, 203, value);
    json_decref(value);
    return CONFIGURAPI_COMPLETE;
}

static void *resume_all(void *data)
{
    (void)data;
    for (int i = 0; i < held_count; i++)
        configurapi_resume(held[i], report, malloc(1));
    return NULL;
}

/* Resumes all that are held, from another thread. */
static result release(configurapi_event *event, const json_t *parameters)
{
    pthread_t thread;

    (void)event, (void)parameters;
    if (pthread_create(&thread, NULL, resume_all, NULL) != 0)
        return CONFIGURAPI_FAILED;
    pthread_join(thread, NULL);
    held_count = 0;
    return CONFIGURAPI_CONTINUE;
}

static result tell(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    configurapi_reply(event, 200, reports);
    json_decref(reports);
    reports = json_array();
    return CONFIGURAPI_CONTINUE;
}

/* Puts what an error handler sees into the response's headers. */
static result note(configurapi_event *event, const json_t *parameters)
{
    char *payload = json_dumps(configurapi_event_payload(event), JSON_ENCODE_ANY);

    (void)parameters;
    configurapi_set_header(event, "x-payload", payload ? payload : "none");
    configurapi_set_header(event, "x-is-error", configurapi_response_is_error(event) ? "yes" : "no");
    free(payload);
    return CONFIGURAPI_CONTINUE;
}

/* A stream that says nothing for so long. */
struct slow {
    configurapi_stream *stream;
    configurapi_runtime *runtime;
};

static void end_stream(void *data)
{
    struct slow *slow = data;

    configurapi_stream_write(slow->stream, "last", 4);
    configurapi_stream_end(slow->stream);
}

static void *wait_long(void *data)
{
    usleep(700 * 1000);
    configurapi_post(((struct slow *)data)->runtime, end_stream, data);
    return NULL;
}

static void ready(configurapi_stream *stream, void *data)
{
    struct slow *slow = data;
    pthread_t thread;

    slow->stream = stream;
    configurapi_stream_write(stream, "first", 5);
    if (pthread_create(&thread, NULL, wait_long, slow) != 0)
        abort();
    pthread_detach(thread);
}

static void ended(configurapi_stream *stream, void *data)
{
    (void)stream;
    free(data);
}

static result stream(configurapi_event *event, const json_t *parameters)
{
    static const struct configurapi_stream_source source = {ready, ended};
    struct slow *slow = calloc(1, sizeof *slow);

    (void)parameters;
    slow->runtime = configurapi_event_runtime(event);
    configurapi_reply_stream(event, 200, &source, slow);
    return CONFIGURAPI_CONTINUE;
}

static const struct configurapi_entry entries[] = {
    {"holdHandler", hold, NULL}, {"releaseHandler", release, NULL}, {"tellHandler", tell, NULL},
    {"noteHandler", note, NULL}, {"slowHandler", stream, NULL},     {NULL, NULL, NULL},
};

static bool load(configurapi_runtime *runtime)
{
    (void)runtime;
    reports = json_array();
    return true;
}

static void unload(configurapi_runtime *runtime)
{
    (void)runtime;
    json_decref(reports);
}

CONFIGURAPI_API extern const struct configurapi_module configurapi_module;
const struct configurapi_module configurapi_module = {CONFIGURAPI_ABI, entries, load, unload};
