#include "base/clock.h"
#include "base/uuid.h"
#include "pipeline/service.h"
#include "protocol/handshake.h"
#include "protocol/upgrade.h"
#include "runner/application.h"
#include "runner/connect_event.h"
#include "runner/connection_parts.h"
#include "runner/origin.h"
#include "runner/runner.h"

#include <stdlib.h>
#include <string.h>

void connection_refuse(struct connection *connection, int status, const char *reason)
{
    struct buffer *out = channel_out(&connection->channel);

    if (handshake_append_refusal(out, status, reason) != STATUS_OK) {
        connection_give_up(connection);
        return;
    }
    channel_wrote(&connection->channel);
    connection_finish(connection);
}

/* The header may come in several lines, each with offers. */
static struct deflate_agreement agree_on_compression(const struct connection *connection,
                                                     const struct upgrade_request *request)
{
    struct deflate_agreement agreement = {0};

    for (size_t i = 0; i < request->header_count && !agreement.malformed; i++) {
        if (!text_equal_ignore_case(request->headers[i].name, TEXT("sec-websocket-extensions")))
            continue;
        struct deflate_agreement of_line = deflate_agree(request->headers[i].value);
        if (agreement.window_bits == 0 || of_line.malformed)
            agreement = of_line;
    }
    if (connection->runner->options.no_compression)
        agreement.window_bits = 0;
    return agreement;
}

/* Sends the 101 and what was pushed before it. */
static void open_connection(struct connection *connection, const struct upgrade_request *request,
                            struct text protocol)
{
    struct buffer *out = channel_out(&connection->channel);
    char answer[DEFLATE_ANSWER_SIZE];

    connection->reader.may_compress = connection->deflate.window_bits > 0;
    if (handshake_append_response(out, request->key, protocol,
                                  deflate_answer(&connection->deflate, answer)) != STATUS_OK ||
        (connection->early && buffer_append_text(out, buffer_text(connection->early)) != STATUS_OK)) {
        connection_give_up(connection);
        return;
    }
    connection_forget_early(connection);
    connection->state = CONNECTION_OPEN;
    connection->was_open = true;
    connection->pinged_ms = uv_now(connection->runner->loop);
    connection->runner->metrics.connections++;
    connection_schedule(connection);
    channel_wrote(&connection->channel); /* what was let in early was bounded then */
    connection_tell_drained(connection);
}

/* Whether on_connect has refused, and with which status: 0 where it has not. One that has failed does so
 * whatever became of its response: nobody gets in by an error that says 200. */
static int refusal(const struct event *event)
{
    int status = event->has_reply ? event->reply_status : event->response_is_error ? event->error_status : 0;

    if (status >= 400)
        return status <= 599 ? status : 500;
    return event->failed ? 500 : 0;
}

/* The client has gone while on_connect was at it. What that has begun for it, on_disconnect ends, as if it
 * had gone a moment later. */
static void leave_unopened(struct connection *connection, const struct event *event)
{
    connection->was_open = !refusal(event);
    connection_disconnect(connection);
}

static void on_connect_done(struct event *event)
{
    struct connection *connection = event->owner;
    struct upgrade_request request;
    size_t consumed;

    metrics_event(&connection->runner->metrics, event);
    connection->in_flight--;
    connection->connecting = false;
    if (connection->state != CONNECTION_CONNECTING) {
        leave_unopened(connection, event);
    } else {
        struct text head = {connection->input->data, connection->head_length};
        if (upgrade_parse(&request, head.data, head.length, &consumed) != UPGRADE_COMPLETE)
            abort(); /* it was complete before on_connect */
        int refused_with = refusal(event);
        if (refused_with && connection->runner->options.api_gateway) {
            connection->runner->metrics.rejected[REJECTED_BY_ON_CONNECT]++;
            connection_refuse(connection, refused_with, "on_connect refused the connection");
            connection_free_if_over(connection);
            return;
        }
        open_connection(connection, &request, connect_event_protocol(event->reply, &request));
        connection_consume_input(connection, connection->head_length);
        if (refused_with) {
            connection->refused = true;
            connection->runner->metrics.rejected[REJECTED_BY_ON_CONNECT]++;
            connection_close(connection, CLOSE_POLICY_VIOLATION, TEXT("Policy Violation"));
        } else if (connection->overflowed) {
            connection_overflow(connection);
        }
    }
    connection_resume(connection);
    connection_free_if_over(connection);
}

static void run_on_connect(struct connection *connection, const struct upgrade_request *request)
{
    struct event *event = service_event(connection->runner->application->service);
    struct buffer text;

    buffer_init(&text, BUFFER_UNLIMITED);
    if (!event || connect_event_append(&text, request) != STATUS_OK) {
        if (event)
            service_discard(event);
        buffer_deinit(&text);
        connection_give_up(connection);
        return;
    }
    connection_set_deadline(connection, 0);
    connection->in_flight++;
    connection->connecting = true;
    event->kind = EVENT_CONNECT;
    event->peer = &connection->peer;
    event->owner = connection;
    event->on_done = on_connect_done;
    event->name = TEXT("on_connect");
    event->named = event->service->on_connect;
    event->message = buffer_text(&text);
    service_process(event);
    buffer_deinit(&text);
}

static enum status keep_user_agent(struct connection *connection, struct text agent)
{
    struct buffer decoded;
    enum status status;

    if (agent.length == 0)
        return STATUS_OK;
    buffer_init(&decoded, BUFFER_UNLIMITED);
    status = header_append_decoded(&decoded, agent);
    if (status == STATUS_OK) {
        connection->user_agent = strndup(decoded.data, decoded.length);
        status = connection->user_agent ? STATUS_OK : STATUS_NO_MEMORY;
    }
    buffer_deinit(&decoded);
    return status;
}

/* The request is good: the connection gets its id, and can be found by it. STATUS_LIMIT where there are as
 * many as --max-connections. */
static enum status name_connection(struct connection *connection, const struct upgrade_request *request)
{
    struct runner *runner = connection->runner;

    if (!crew_admit(runner->crew, runner->options.max_connections))
        return STATUS_LIMIT;
    uuid_make(&runner->application->service->uuids, connection->peer.id);
    connection->opened_wall_ms = clock_wall_ms();
    connection->opened_ms = connection->active_ms = uv_now(runner->loop);
    enum status status = keep_user_agent(connection, upgrade_header(request, TEXT("user-agent")));
    if (status == STATUS_OK)
        status = roster_add(&runner->roster, connection);
    if (status == STATUS_OK)
        connection->state = CONNECTION_CONNECTING;
    else
        crew_leave(runner->crew);
    return status;
}

/* Browsers say where a page comes from, and pages cannot change it; others say nothing. */
static bool origin_is_allowed(const struct configurapi_runner_options *options,
                              const struct upgrade_request *request)
{
    struct text origin = upgrade_header(request, TEXT("origin"));

    if (options->origin_count == 0 || origin.length == 0)
        return true;
    for (size_t i = 0; i < options->origin_count; i++)
        if (origin_matches(text_from_cstr(options->origins[i]), origin))
            return true;
    return false;
}

void connection_read_head(struct connection *connection)
{
    struct runner *runner = connection->runner;
    struct upgrade_request request;
    size_t consumed = 0;

    switch (upgrade_parse(&request, connection->input->data, connection->input->length, &consumed)) {
    case UPGRADE_INCOMPLETE: return;
    case UPGRADE_REFUSED:
        runner->metrics.rejected[metrics_rejection(request.refusal)]++;
        connection_refuse(connection, request.refusal, request.is_head ? NULL : request.reason);
        return;
    case UPGRADE_COMPLETE: break;
    }
    if (!origin_is_allowed(&runner->options, &request)) {
        runner->metrics.rejected[REJECTED_ORIGIN]++;
        connection_refuse(connection, 403, "Pages of this origin may not connect");
        return;
    }
    connection->deflate = agree_on_compression(connection, &request);
    if (connection->deflate.malformed) {
        runner->metrics.rejected[REJECTED_BAD_REQUEST]++;
        connection_refuse(connection, 400, "Sec-WebSocket-Extensions is not well-formed");
        return;
    }
    switch (name_connection(connection, &request)) {
    case STATUS_OK: break;
    case STATUS_LIMIT:
        runner->metrics.rejected[REJECTED_FULL]++;
        connection_refuse(connection, 503, "There are too many connections");
        return;
    default: connection_give_up(connection); return;
    }
    if (runner->application->service->on_connect) {
        connection->head_length = (uint32_t)consumed;
        run_on_connect(connection, &request);
        return;
    }
    struct text offered = request.protocols;
    open_connection(connection, &request, upgrade_next_protocol(&offered));
    connection_consume_input(connection, consumed);
    connection_resume(connection);
}
