#include "handlers/standard.h"
#include "handlers/c_host_parts.h"
#include "handlers/schemas.h"
#include "json/value.h"

#include <string.h>

typedef enum configurapi_result result;

/* A parameter, NULL where it is not there. */
static const json_t *parameter(const json_t *parameters, size_t index)
{
    return json_array_get(parameters, index);
}

/* What JavaScript takes for true. */
static bool is_truthy(const json_t *value)
{
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_NULL:
    case JSON_FALSE: return false;
    case JSON_STRING: return json_string_length(value) > 0;
    case JSON_INTEGER:
    case JSON_REAL: return json_number_value(value) != 0;
    default: return true;
    }
}

/* ---- the response ---- */

/* A status as a parameter has it: a number, or a string that is one. */
static enum configurapi_status set_status(configurapi_event *event, const json_t *status)
{
    struct configurapi_text text = {json_string_value(status), json_string_length(status)};
    int64_t number = -1;

    if (json_is_integer(status))
        number = json_integer_value(status);
    else if (!configurapi_json_integer(text, &number))
        return CONFIGURAPI_INVALID;
    return configurapi_set_status(event, number >= 0 && number <= 999 ? (int)number : 0);
}

/* A body's `$(…)` stand for what they name in each event anew. */
static enum configurapi_status set_body(configurapi_event *event, const json_t *body)
{
    json_t *resolved = body ? configurapi_resolve(event, body) : NULL;

    if (body && !resolved)
        return CONFIGURAPI_NO_MEMORY;
    enum configurapi_status status = configurapi_set_body(event, resolved);
    json_decref(resolved);
    return status;
}

static enum configurapi_status set_headers(configurapi_event *event, const json_t *headers)
{
    json_t *walked = c_mutable(headers);
    enum configurapi_status status = CONFIGURAPI_OK;

    for (void *at = json_object_iter(walked); at && status == CONFIGURAPI_OK;
         at = json_object_iter_next(walked, at))
        status = configurapi_set_header_value(event, json_object_iter_key(at), json_object_iter_value(at));
    return status;
}

static result done(configurapi_event *event, enum configurapi_status status)
{
    switch (status) {
    case CONFIGURAPI_OK: return CONFIGURAPI_CONTINUE;
    case CONFIGURAPI_INVALID:
        return configurapi_fail_printf(event, 500,
                                       "%.*s: a parameter is wrong (a status is a number from 100 to 999).",
                                       TEXT_ARGS(c_policy_of(c_view(event))->name));
    default: return configurapi_fail(event, 500, "Out of memory.", NULL);
    }
}

static result set_response_status_code(configurapi_event *event, const json_t *parameters)
{
    return done(event, set_status(event, parameter(parameters, 0)));
}

static result set_response_body(configurapi_event *event, const json_t *parameters)
{
    return done(event, set_body(event, parameter(parameters, 0)));
}

static result set_response_header(configurapi_event *event, const json_t *parameters)
{
    const char *name = json_string_value(parameter(parameters, 0));

    return done(event, name ? configurapi_set_header_value(event, name, c_mutable(parameter(parameters, 1)))
                            : CONFIGURAPI_INVALID);
}

/* (status = 200, body = '', headers): the headers are merged into those that are there. */
static enum configurapi_status respond(configurapi_event *event, const json_t *parameters)
{
    const json_t *status_code = parameter(parameters, 0);
    enum configurapi_status status =
        status_code ? set_status(event, status_code) : configurapi_set_status(event, 200);

    if (status == CONFIGURAPI_OK)
        status = set_body(event, parameter(parameters, 1));
    return status == CONFIGURAPI_OK ? set_headers(event, parameter(parameters, 2)) : status;
}

static result set_response(configurapi_event *event, const json_t *parameters)
{
    return done(event, respond(event, parameters));
}

/* As set_response, with a Content-Type where nobody has set another. */
static result set_json_response(configurapi_event *event, const json_t *parameters)
{
    enum configurapi_status status = respond(event, parameters);

    if (status == CONFIGURAPI_OK && !json_object_get(configurapi_response_headers(event), "Content-Type"))
        status = configurapi_set_header(event, "Content-Type", "application/json");
    return done(event, status);
}

/* ---- the request ---- */

static bool has_payload(configurapi_event *event)
{
    const json_t *payload = configurapi_event_payload(event);

    /* There are payloads that are no value: bytes, and what jansson can not hold. */
    return payload ? is_truthy(payload) : configurapi_event_payload_text(event).length > 0;
}

static result validate_empty_request_payload(configurapi_event *event, const json_t *parameters)
{
    (void)parameters;
    if (!has_payload(event))
        return CONFIGURAPI_CONTINUE;
    configurapi_fail(event, 400, "Request payload should be empty.", NULL);
    return CONFIGURAPI_COMPLETE;
}

static result does_not_fit(configurapi_event *event, struct buffer *failures)
{
    if (buffer_append(failures, "", 1) != STATUS_OK)
        return configurapi_fail(event, 500, "Out of memory.", NULL);
    configurapi_fail(event, 400, "The payload does not fit its schema.", failures->data);
    return CONFIGURAPI_COMPLETE;
}

static result fail_saying(configurapi_event *event, const struct buffer *why)
{
    return configurapi_fail_printf(event, 500, "%.*s", TEXT_ARGS(buffer_text(why)));
}

/* Whether there is a payload that jansson, and so a schema's check, can not hold. */
static bool is_beyond_check(configurapi_event *event)
{
    struct text text = c_private(configurapi_event_payload_text(event));
    json_t *value = NULL;

    if (configurapi_event_payload(event) || text.length == 0)
        return false;
    enum status status = json_read_value(text, &value);
    json_decref(value);
    return status == STATUS_INVALID;
}

static enum status check_payload(configurapi_event *event, const struct validation_plugin *plugin,
                                 const struct schema *schema, struct buffer *failures)
{
    const json_t *payload = configurapi_event_payload(event);

    if (is_beyond_check(event)) {
        enum status status = buffer_append_text(
            failures, TEXT("payload: No schema is checked against half of a surrogate pair, a number beyond "
                           "what a double holds, or bytes that are not UTF-8"));
        return status == STATUS_OK ? STATUS_INVALID : status;
    }
    return plugin->schema_validate(schema, payload ? payload : json_null(), failures);
}

/* By schemas/<event name>.json; with "emptyPayload", as validate_empty_request_payload. */
static result validate_json_request(configurapi_event *event, const json_t *parameters)
{
    const char *mode = json_string_value(parameter(parameters, 0));
    const struct validation_plugin *plugin;
    const struct schema *schema;
    struct buffer words;
    result outcome = CONFIGURAPI_CONTINUE;

    if (mode && strcmp(mode, "emptyPayload") == 0)
        return validate_empty_request_payload(event, parameters);
    buffer_init(&words, BUFFER_UNLIMITED);
    struct schemas *schemas = c_view(event)->host->schemas;
    enum status status = schemas_plugin(schemas, &plugin, &words);
    if (status == STATUS_OK)
        status = schemas_find(schemas, c_event_of(event)->name, &schema, &words);
    if (status != STATUS_OK) {
        outcome = fail_saying(event, &words);
    } else {
        status = check_payload(event, plugin, schema, &words);
        if (status == STATUS_INVALID)
            outcome = does_not_fit(event, &words);
        else if (status != STATUS_OK)
            outcome = configurapi_fail(event, 500, "Out of memory.", NULL);
    }
    buffer_deinit(&words);
    return outcome;
}

/* ---- CORS ---- */

enum {
    ALLOW_ORIGIN,
    ALLOW_METHODS,
    ALLOW_HEADERS,
    ALLOW_CREDENTIALS,
    MAX_AGE,
    EXPOSE_HEADERS,
};

static enum configurapi_status set_header_text(configurapi_event *event, const char *name,
                                               struct configurapi_text text)
{
    json_t *value = json_stringn(text.data, text.length);

    if (!value)
        return CONFIGURAPI_NO_MEMORY;
    enum configurapi_status status = configurapi_set_header_value(event, name, value);
    json_decref(value);
    return status;
}

/* The strings of a list with a comma between each. */
static enum configurapi_status set_header_list(configurapi_event *event, const char *name, const json_t *list)
{
    struct buffer joined;
    enum status status = STATUS_OK;

    buffer_init(&joined, BUFFER_UNLIMITED);
    for (size_t i = 0; i < json_array_size(list) && status == STATUS_OK; i++) {
        const json_t *item = json_array_get(list, i);
        if (i > 0)
            status = buffer_append(&joined, ",", 1);
        if (status == STATUS_OK)
            status = buffer_append(&joined, json_string_value(item), json_string_length(item));
    }
    enum configurapi_status outcome = status == STATUS_OK && joined.length > 0
                                          ? set_header_text(event, name, c_public(buffer_text(&joined)))
                                          : c_status(status);
    buffer_deinit(&joined);
    return outcome;
}

/* Whether the regular expression matches the text. `why`: what keeps that from being found out. */
static enum status matches(configurapi_event *event, const json_t *expression, struct configurapi_text text,
                           bool *found, struct buffer *why)
{
    const struct validation_plugin *plugin;
    struct pattern *pattern;
    struct text source = {json_string_value(expression), json_string_length(expression)};

    enum status status = schemas_plugin(c_view(event)->host->schemas, &plugin, why);
    if (status != STATUS_OK)
        return status;
    status = plugin->pattern_create(&pattern, source);
    if (status == STATUS_INVALID) {
        status = buffer_printf(why, "%.*s: no regular expression: %.*s",
                               TEXT_ARGS(c_policy_of(c_view(event))->name), TEXT_ARGS(source));
        return status == STATUS_OK ? STATUS_INVALID : status;
    }
    if (status != STATUS_OK)
        return status;
    uint64_t steps = PATTERN_STEPS; /* the header is the client's */
    *found = plugin->pattern_matches(pattern, c_private(text), false, NULL, &steps) == STATUS_OK;
    plugin->pattern_destroy(pattern);
    return STATUS_OK;
}

/* true: the request's own origin; a list: these; a string: the request's, where this regular expression
 * matches it. */
static result allow_origin(configurapi_event *event, const json_t *allowed)
{
    static const char name[] = "Access-Control-Allow-Origin";
    struct configurapi_text origin = configurapi_header(event, "origin");
    bool is_allowed = json_is_true(allowed);
    enum status status = STATUS_OK;

    if (json_is_array(allowed))
        return done(event, set_header_list(event, name, allowed));
    struct buffer why;
    buffer_init(&why, BUFFER_UNLIMITED);
    if (json_is_string(allowed))
        status = matches(event, allowed, origin, &is_allowed, &why);
    result outcome = why.length > 0 ? fail_saying(event, &why) : done(event, c_status(status));
    buffer_deinit(&why);
    return outcome == CONFIGURAPI_CONTINUE && is_allowed && origin.length > 0
               ? done(event, set_header_text(event, name, origin))
               : outcome;
}

/* What the parameter says; where it says nothing, what the request asks for. */
static enum configurapi_status allow(configurapi_event *event, const char *name, const json_t *allowed,
                                     const char *asked)
{
    struct configurapi_text wish = configurapi_header(event, asked);

    if (is_truthy(allowed))
        return configurapi_set_header_value(event, name, c_mutable(allowed));
    return wish.length > 0 ? set_header_text(event, name, wish) : CONFIGURAPI_OK;
}

static enum configurapi_status allow_if_set(configurapi_event *event, const char *name, const json_t *allowed)
{
    return is_truthy(allowed) ? configurapi_set_header_value(event, name, c_mutable(allowed))
                              : CONFIGURAPI_OK;
}

static bool is_preflight(configurapi_event *event)
{
    return text_equal(c_event_of(event)->method, TEXT("options")) &&
           configurapi_header(event, "access-control-request-method").length > 0;
}

static result allow_cross_origin_resource_sharing(configurapi_event *event, const json_t *parameters)
{
    result outcome = allow_origin(event, parameter(parameters, ALLOW_ORIGIN));

    if (outcome != CONFIGURAPI_CONTINUE)
        return outcome;
    enum configurapi_status status =
        allow_if_set(event, "Access-Control-Allow-Credentials", parameter(parameters, ALLOW_CREDENTIALS));
    if (status == CONFIGURAPI_OK)
        status = allow_if_set(event, "Access-Control-Expose-Headers", parameter(parameters, EXPOSE_HEADERS));
    if (status != CONFIGURAPI_OK || !is_preflight(event))
        return done(event, status);
    status = allow(event, "Access-Control-Allow-Headers", parameter(parameters, ALLOW_HEADERS),
                   "access-control-request-headers");
    if (status == CONFIGURAPI_OK)
        status = allow(event, "Access-Control-Allow-Methods", parameter(parameters, ALLOW_METHODS),
                       "access-control-request-method");
    if (status == CONFIGURAPI_OK)
        status = allow_if_set(event, "Access-Control-Max-Age", parameter(parameters, MAX_AGE));
    return done(event, status);
}

/* ---- registering ---- */

static const struct configurapi_entry entries[] = {
    {"setResponseHandler", set_response, NULL},
    {"setResponseBodyHandler", set_response_body, NULL},
    {"setResponseHeaderHandler", set_response_header, NULL},
    {"setResponseStatusCodeHandler", set_response_status_code, NULL},
    {"setJsonResponseHandler", set_json_response, NULL},
    {"validateEmptyRequestPayloadHandler", validate_empty_request_payload, NULL},
    {"validateJsonRequestHandler", validate_json_request, NULL},
    {"allowCrossOriginResourceSharingHandler", allow_cross_origin_resource_sharing, NULL},
};

enum status standard_register(struct c_host *host, struct registry *registry, const char *directory,
                              struct buffer *error)
{
    enum status status = host->schemas ? STATUS_OK : schemas_create(&host->schemas, directory);

    for (size_t i = 0; i < sizeof entries / sizeof *entries && status == STATUS_OK; i++)
        status = c_host_add(host, registry, &entries[i], HANDLER_STANDARD, error);
    return status;
}

void standard_refresh(struct c_host *host)
{
    schemas_forget(host->schemas);
}
