#include "management/answer.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "json/write.h"
#include "management/metrics_text.h"
#include "protocol/close.h"
#include "runner/connection.h"
#include "runner/runner.h"

#include <string.h>

static const char json[] = "application/json";

static void start(struct answer *answer, unsigned status, const char *content_type)
{
    *answer = (struct answer){.status = status, .content_type = content_type};
    buffer_init(&answer->body, BUFFER_UNLIMITED);
}

/* API Gateway's names, by which the AWS SDK tells errors apart. */
static const char *error_type(unsigned status)
{
    switch (status) {
    case 400: return "BadRequestException";
    case 403: return "ForbiddenException";
    case 410: return "GoneException";
    case 413: return "PayloadTooLargeException";
    case 429: return "LimitExceededException";
    default: return NULL;
    }
}

void answer_error(struct answer *answer, unsigned status, const char *message)
{
    start(answer, status, json);
    answer->error_type = error_type(status);
    if (buffer_append_text(&answer->body, TEXT("{\"message\":")) != STATUS_OK ||
        json_append_string(&answer->body, text_from_cstr(message)) != STATUS_OK ||
        buffer_append(&answer->body, "}", 1) != STATUS_OK)
        buffer_clear(&answer->body); /* the status says it too */
}

/* The connection that is asked for; NULL where there is none. */
static struct connection *find(const struct runner *runner, const struct request *request)
{
    struct connection *connection = roster_find(&runner->roster, request->id);

    /* API Gateway knows a connection from the end of its on_connect. */
    if (connection && runner->options.api_gateway && connection->state != CONNECTION_OPEN)
        return NULL;
    return connection;
}

/* Whether another worker has it. */
static bool is_elsewhere(const struct runner *runner, struct text id)
{
    const struct crew *crew = runner->crew;

    for (size_t i = 0; i < crew->count; i++)
        if (crew->members[i] != runner && roster_has(&crew->members[i]->roster, id))
            return true;
    return false;
}

static void gone(struct answer *answer)
{
    answer_error(answer, 410, "There is no such connection.");
}

bool answer_refuses(struct answer *answer, const struct runner *runner, const struct request *request)
{
    if (request->route.target == ROUTE_NONE) {
        answer_error(answer, 404, "There is nothing at this path.");
        return true;
    }
    if (!(request->route.methods & request->method)) {
        answer_error(answer, 405, "This path does not have that method.");
        answer->allowed = request->route.allowed;
        return true;
    }
    bool wants_id = request->route.target == ROUTE_CONNECTION || request->route.target == ROUTE_POST;
    if (wants_id && request->id.length == 0) {
        answer_error(answer, 400, "The connection's id is missing.");
        return true;
    }
    if (wants_id && !find(runner, request) && !is_elsewhere(runner, request->id)) {
        gone(answer);
        return true;
    }
    return false;
}

static void out_of_memory(struct answer *answer)
{
    buffer_deinit(&answer->body);
    answer_error(answer, 500, "Out of memory.");
}

/* ---- what is so ---- */

static enum status append_list(struct buffer *out, const struct runner *runner)
{
    enum status status = STATUS_OK;

    for (const struct list *node = runner->connections.next;
         node != &runner->connections && status == STATUS_OK; node = node->next) {
        const struct connection *connection = LIST_ENTRY(node, struct connection, node);
        if (connection->state == CONNECTION_OPEN)
            status = buffer_printf(out, "%s\"%s\"", out->length ? "," : "", connection->peer.id);
    }
    return status;
}

static enum status append_connection(struct buffer *out, const struct connection *connection)
{
    char opened[CLOCK_ISO8601_LENGTH + 1];
    char active[CLOCK_ISO8601_LENGTH + 1];
    char ip[CONNECTION_IP_SIZE];

    /* Both from the one look at the world's clock: asked again, they are the same, and in order. */
    clock_iso8601(opened, connection->opened_wall_ms);
    clock_iso8601(active,
                  connection->opened_wall_ms + (int64_t)(connection->active_ms - connection->opened_ms));
    connection_source_ip(connection, ip);
    enum status status = buffer_printf(
        out, "{\"connectedAt\":\"%s\",\"identity\":{\"sourceIp\":\"%s\",\"userAgent\":", opened, ip);
    if (status == STATUS_OK)
        status = json_append_string(out, text_from_cstr(connection->user_agent));
    return status == STATUS_OK ? buffer_printf(out, "},\"lastActiveAt\":\"%s\"}", active) : status;
}

/* ---- what is done ---- */

static void post(struct answer *answer, struct connection *connection, struct text body)
{
    switch (connection_post(connection, body)) {
    case STATUS_OK: start(answer, 200, NULL); break;
    case STATUS_LIMIT: answer_error(answer, 429, "The connection has too much unsent."); break;
    case STATUS_NO_MEMORY: out_of_memory(answer); break;
    default: answer_error(answer, 410, "The connection is gone."); break;
    }
}

/* Digits of a code that may be sent. */
static bool read_code(struct text digits, uint16_t *code)
{
    unsigned value = 0;

    if (digits.length != 4)
        return false;
    for (size_t i = 0; i < digits.length; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        value = 10 * value + (unsigned)(digits.data[i] - '0');
    }
    *code = (uint16_t)value;
    return close_code_is_sendable(value);
}

static void close_connection(struct answer *answer, struct connection *connection,
                             const struct request *request)
{
    struct text reason = request->reason.data ? request->reason : TEXT("Connection Closed Normally");
    uint16_t code = CLOSE_NORMAL;

    if (request->code.data && !read_code(request->code, &code)) {
        answer_error(answer, 400,
                     "The code must be one that may be sent: 1000 to 1003, 1007 to 1014, or "
                     "3000 to 4999.");
        return;
    }
    if (reason.length > CLOSE_MAX_REASON || !utf8_is_valid(reason.data, reason.length)) {
        answer_error(answer, 400, "The reason must be UTF-8 of no more than 123 bytes.");
        return;
    }
    connection_close(connection, code, reason);
    start(answer, 204, NULL);
}

static void answer_connection(struct answer *answer, struct runner *runner, const struct request *request)
{
    struct connection *connection = find(runner, request); /* it may have gone meanwhile */

    if (!connection) {
        gone(answer);
        return;
    }
    switch (request->method) {
    case ROUTE_PUSH: post(answer, connection, request->body); break;
    case ROUTE_DELETE: close_connection(answer, connection, request); break;
    default:
        start(answer, 200, json);
        if (append_connection(&answer->body, connection) != STATUS_OK)
            out_of_memory(answer);
    }
}

static enum status append_health(struct buffer *out, const struct runner *runner)
{
    return buffer_append_text(out, runner->stopping ? TEXT("{\"status\":\"draining\"}")
                                                    : TEXT("{\"status\":\"ok\"}"));
}

/* ---- the workers' parts ---- */

bool request_is_of_all(const struct request *request)
{
    return request->route.target == ROUTE_LIST || request->route.target == ROUTE_METRICS;
}

void part_init(struct part *part)
{
    *part = (struct part){.status = STATUS_OK};
    buffer_init(&part->list, BUFFER_UNLIMITED);
    buffer_init(&part->answer.body, BUFFER_UNLIMITED);
}

void part_deinit(struct part *part)
{
    buffer_deinit(&part->answer.body);
    buffer_deinit(&part->list);
    counts_deinit(&part->counts);
}

void answer_part(struct part *part, struct runner *runner, const struct request *request)
{
    switch (request->route.target) {
    case ROUTE_CONNECTION:
    case ROUTE_POST: answer_connection(&part->answer, runner, request); break;
    case ROUTE_METRICS: part->status = counts_add_runner(&part->counts, runner); break;
    case ROUTE_LIST: part->status = append_list(&part->list, runner); break;
    case ROUTE_HEALTH:
    case ROUTE_NONE: break;
    }
}

void part_add(struct part *part, struct part *other)
{
    if (other->answer.status) {
        buffer_deinit(&part->answer.body);
        part->answer = other->answer;
        buffer_init(&other->answer.body, BUFFER_UNLIMITED);
    }
    if (part->status == STATUS_OK)
        part->status = other->status;
    if (part->status == STATUS_OK && part->list.length > 0 && other->list.length > 0)
        part->status = buffer_append(&part->list, ",", 1);
    if (part->status == STATUS_OK)
        part->status = buffer_append_text(&part->list, buffer_text(&other->list));
    if (part->status == STATUS_OK)
        part->status = counts_add(&part->counts, &other->counts);
}

static enum status append_in_brackets(struct buffer *out, struct text list)
{
    enum status status = buffer_append(out, "[", 1);

    if (status == STATUS_OK)
        status = buffer_append_text(out, list);
    return status == STATUS_OK ? buffer_append(out, "]", 1) : status;
}

void answer_whole(struct answer *answer, const struct runner *runner, const struct request *request,
                  struct part *part)
{
    enum status status = part->status;

    switch (request->route.target) {
    case ROUTE_CONNECTION:
    case ROUTE_POST:
        *answer = part->answer;
        buffer_init(&part->answer.body, BUFFER_UNLIMITED);
        return;
    case ROUTE_HEALTH:
        start(answer, runner->stopping ? 503 : 200, json);
        status = append_health(&answer->body, runner);
        break;
    case ROUTE_METRICS:
        start(answer, 200, "text/plain; version=0.0.4; charset=utf-8");
        if (status == STATUS_OK)
            status = metrics_text_append(&answer->body, &part->counts);
        break;
    case ROUTE_LIST:
    case ROUTE_NONE:
        start(answer, 200, json);
        if (status == STATUS_OK)
            status = append_in_brackets(&answer->body, buffer_text(&part->list));
        break;
    }
    if (status != STATUS_OK)
        out_of_memory(answer);
}
