#include "management/answer.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "management/metrics_text.h"
#include "protocol/close.h"
#include "runner/connection.h"
#include "runner/runner.h"
#include "json/write.h"

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
    if (wants_id && !find(runner, request)) {
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
    enum status status = buffer_append(out, "[", 1);
    bool first = true;

    for (const struct list *node = runner->connections.next;
         node != &runner->connections && status == STATUS_OK; node = node->next) {
        const struct connection *connection = LIST_ENTRY(node, struct connection, node);
        if (connection->state != CONNECTION_OPEN)
            continue;
        status = buffer_printf(out, "%s\"%s\"", first ? "" : ",", connection->peer.id);
        first = false;
    }
    return status == STATUS_OK ? buffer_append(out, "]", 1) : status;
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

void answer_request(struct answer *answer, struct runner *runner, const struct request *request)
{
    enum status status = STATUS_OK;

    switch (request->route.target) {
    case ROUTE_CONNECTION:
    case ROUTE_POST: answer_connection(answer, runner, request); return;
    case ROUTE_HEALTH:
        start(answer, runner->stopping ? 503 : 200, json);
        status = append_health(&answer->body, runner);
        break;
    case ROUTE_METRICS:
        start(answer, 200, "text/plain; version=0.0.4; charset=utf-8");
        status = metrics_text_append(&answer->body, runner);
        break;
    case ROUTE_LIST:
    case ROUTE_NONE:
        start(answer, 200, json);
        status = append_list(&answer->body, runner);
        break;
    }
    if (status != STATUS_OK)
        out_of_memory(answer);
}
