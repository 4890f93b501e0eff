#include "net/http_client.h"

#include "base/list.h"
#include "net/curl.h"
#include "net/deadline.h"
#include "net/http_parts.h"
#include "net/http_request.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A socket of curl's, watched. */
struct socket {
    uv_poll_t poll;
    struct list node;
    struct http_client *client;
    curl_socket_t fd;
    int events; /* that curl waits for */
};

/* ---- the loop's side ---- */

static void on_handle_closed(struct http_client *client)
{
    if (--client->handles == 0 && client->closing)
        free(client);
}

static void on_timer_closed(uv_handle_t *handle)
{
    on_handle_closed(handle->data);
}

static void on_deadlines_closed(uv_handle_t *handle)
{
    on_handle_closed(LIST_ENTRY(handle->data, struct http_client, deadlines));
}

static void on_socket_closed(uv_handle_t *handle)
{
    struct socket *socket = handle->data;
    struct http_client *client = socket->client;

    free(socket);
    on_handle_closed(client);
}

/* curl closes the descriptor next: libuv forgets it here and now. */
static void close_socket(struct socket *socket)
{
    list_remove(&socket->node);
    uv_close((uv_handle_t *)&socket->poll, on_socket_closed);
}

static struct socket *open_socket(struct http_client *client, curl_socket_t fd)
{
    struct socket *socket = malloc(sizeof *socket);

    if (!socket)
        return NULL;
    socket->client = client;
    socket->fd = fd;
    if (uv_poll_init(client->loop, &socket->poll, fd) != 0) {
        free(socket);
        return NULL;
    }
    client->handles++;
    socket->poll.data = socket;
    list_init(&socket->node);
    list_append(&client->sockets, &socket->node);
    if (libcurl.multi_assign(client->multi, fd, socket) != CURLM_OK) {
        close_socket(socket);
        return NULL;
    }
    return socket;
}

static void act(struct http_client *client, curl_socket_t fd, int flags);

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct socket *socket = poll->data;
    int flags = (events & UV_READABLE ? CURL_CSELECT_IN : 0) | (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);

    /* An error beside bytes that came before it: curl is told to read and write, to find both by itself. */
    if (status < 0)
        flags = CURL_CSELECT_IN | CURL_CSELECT_OUT | CURL_CSELECT_ERR;
    act(socket->client, socket->fd, flags);
    /* libuv stops watching at an error; curl may want to read on. */
    if (status < 0 && !uv_is_closing((uv_handle_t *)poll) && !uv_is_active((uv_handle_t *)poll))
        uv_poll_start(poll, socket->events, on_poll);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *socket_user)
{
    struct http_client *client = user;
    struct socket *socket = socket_user;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (socket)
            close_socket(socket);
        return 0;
    }
    if (!socket)
        socket = open_socket(client, fd);
    if (!socket)
        return -1;
    socket->events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    return uv_poll_start(&socket->poll, socket->events, on_poll) == 0 ? 0 : -1;
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timeout(CURLM *multi, long timeout_ms, void *user)
{
    struct http_client *client = user;

    (void)multi;
    if (timeout_ms < 0 || client->closing)
        uv_timer_stop(&client->timer);
    else
        uv_timer_start(&client->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

/* ---- the multi handle ---- */

static bool open_multi(struct http_client *client)
{
    CURLM *multi = libcurl.multi_init();

    if (!multi)
        return false;
    curl_socket_callback socket_callback = on_socket;
    curl_multi_timer_callback timer_callback = on_timeout;
    void *user = client;
    libcurl.multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket_callback);
    libcurl.multi_setopt(multi, CURLMOPT_SOCKETDATA, user);
    libcurl.multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer_callback);
    libcurl.multi_setopt(multi, CURLMOPT_TIMERDATA, user);
    libcurl.multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)HTTP_CLIENT_CONNECTIONS);
    /* Those in use count too: fewer would close a connection that a waiting request could have had. */
    libcurl.multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)HTTP_CLIENT_CONNECTIONS);
    client->multi = multi;
    return true;
}

static void close_multi(struct http_client *client)
{
    if (!client->multi)
        return;
    libcurl.multi_cleanup(client->multi);
    client->multi = NULL;
    uv_timer_stop(&client->timer);
    while (!list_is_empty(&client->sockets)) /* a multi handle that broke down says nothing of its sockets */
        close_socket(LIST_ENTRY(client->sockets.next, struct socket, node));
}

/* ---- an exchange's life ---- */

static void stop(struct http_exchange *exchange)
{
    list_remove(&exchange->node);
    if (!exchange->running)
        return;
    exchange->running = false;
    exchange->client->running_count--;
    libcurl.multi_remove_handle(exchange->client->multi, exchange->easy);
}

void http_exchange_release(struct http_exchange *exchange)
{
    if (exchange->easy)
        libcurl.easy_cleanup(exchange->easy);
    libcurl.slist_free_all(exchange->headers);
    buffer_deinit(&exchange->head);
    buffer_deinit(&exchange->body);
    buffer_deinit(&exchange->stream.outgoing);
    free(exchange);
}

static void drop(struct http_exchange *exchange)
{
    stop(exchange);
    list_remove(&exchange->stream.due);
    deadline_cancel(&exchange->client->deadlines, &exchange->deadline);
    exchange->client->count--;
    http_exchange_release(exchange);
}

void http_exchange_fail(struct http_exchange *exchange, const char *failure)
{
    struct http_client *client = exchange->client;

    stop(exchange);
    list_append(&client->ended, &exchange->node);
    exchange->failure = failure;
    if (http_exchange_streams(exchange))
        http_stream_ended(exchange, failure);
    else
        deadline_set(&client->deadlines, &exchange->deadline, 0);
}

/* The queue is ours, not curl's: how its own treats time-outs differs from one version to the next. */
static void start_waiting(struct http_client *client)
{
    while (!client->closing && client->running_count < HTTP_CLIENT_CONNECTIONS &&
           !list_is_empty(&client->waiting)) {
        struct http_exchange *exchange = LIST_ENTRY(client->waiting.next, struct http_exchange, node);
        CURLMcode code = CURLM_OUT_OF_MEMORY;
        if (client->multi || open_multi(client))
            code = libcurl.multi_add_handle(client->multi, exchange->easy);
        if (code != CURLM_OK) {
            http_exchange_fail(exchange, libcurl.multi_strerror(code));
            continue;
        }
        list_remove(&exchange->node);
        list_append(&client->running, &exchange->node);
        exchange->running = true;
        client->running_count++;
    }
}

/* Once it is stopped: curl may write its words until then. */
static void deliver(struct http_exchange *exchange, const struct http_response *response)
{
    deadline_cancel(&exchange->client->deadlines, &exchange->deadline);
    exchange->client->count--;
    exchange->delivered = true; /* it is its own now, whatever on_response does to the client */
    exchange->on_response(exchange->owner, response);
    http_exchange_release(exchange);
}

static void deliver_error(struct http_exchange *exchange, const char *error)
{
    deliver(exchange, &(struct http_response){.error = error});
}

static void on_due(struct deadline *deadline)
{
    struct http_exchange *exchange = LIST_ENTRY(deadline, struct http_exchange, deadline);
    struct http_client *client = exchange->client;

    stop(exchange);
    if (!exchange->failure)
        snprintf(exchange->words, sizeof exchange->words, "timed out after %u ms", exchange->timeout_ms);
    if (http_exchange_streams(exchange))
        http_exchange_fail(exchange, exchange->words);
    else
        deliver_error(exchange, exchange->failure ? exchange->failure : exchange->words);
    start_waiting(client);
}

static void deliver_response(struct http_exchange *exchange)
{
    struct http_response response;
    struct http_header *headers;

    if (!http_response_parse(exchange, &response, &headers)) {
        deliver_error(exchange, "out of memory");
        return;
    }
    response.body = buffer_text(&exchange->body);
    deliver(exchange, &response);
    free(headers);
}

static void deliver_end(struct http_exchange *exchange, const char *failure)
{
    if (http_exchange_streams(exchange)) {
        list_append(&exchange->client->ended, &exchange->node);
        http_stream_ended(exchange, failure);
    } else if (failure) {
        deliver_error(exchange, failure);
    } else {
        deliver_response(exchange);
    }
}

static void deliver_finished(struct http_client *client)
{
    CURLMsg *message;
    int left;

    while (client->multi && /* on_response may destroy the client */
           (message = libcurl.multi_info_read(client->multi, &left)) != NULL) {
        struct http_exchange *exchange = NULL;
        CURLcode code = message->data.result;
        libcurl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
        stop(exchange);
        deliver_end(exchange, code == CURLE_OK ? NULL : http_response_failure(exchange, code));
    }
}

/* curl's multi handle is of no use any more; the next request gets a new one. */
static void break_down(struct http_client *client, CURLMcode code)
{
    while (!list_is_empty(&client->running))
        http_exchange_fail(LIST_ENTRY(client->running.next, struct http_exchange, node),
                           libcurl.multi_strerror(code));
    close_multi(client);
}

/* Has curl do what there is to do on a socket or for time that has passed, then tells what came of it. */
static void act(struct http_client *client, curl_socket_t fd, int flags)
{
    int running_count;
    CURLMcode code = libcurl.multi_socket_action(client->multi, fd, flags, &running_count);

    if (code == CURLM_OK)
        deliver_finished(client);
    else
        break_down(client, code);
    start_waiting(client);
    http_stream_tell(client);
}

/* ---- requests ---- */

static CURLcode set_callbacks(struct http_exchange *exchange, const struct http_request *request)
{
    CURL *easy = exchange->easy;
    CURLcode code = libcurl_set_on_bytes(easy, CURLOPT_HEADERFUNCTION, http_response_on_head);

    if (code == CURLE_OK)
        code = libcurl_set_pointer(easy, CURLOPT_HEADERDATA, exchange);
    if (code == CURLE_OK)
        code = libcurl_set_on_bytes(easy, CURLOPT_WRITEFUNCTION, http_response_on_body);
    if (code == CURLE_OK)
        code = libcurl_set_pointer(easy, CURLOPT_WRITEDATA, exchange);
    if (code == CURLE_OK && request->body_follows)
        code = libcurl_set_on_room(easy, CURLOPT_READFUNCTION, http_stream_on_room);
    if (code == CURLE_OK && request->body_follows)
        code = libcurl_set_pointer(easy, CURLOPT_READDATA, exchange);
    if (code == CURLE_OK)
        code = libcurl_set_pointer(easy, CURLOPT_PRIVATE, exchange);
    if (code == CURLE_OK)
        code = libcurl_set_pointer(easy, CURLOPT_ERRORBUFFER, exchange->words);
    return code;
}

static enum status refuse_more(struct buffer *error)
{
    enum status status = buffer_printf(error, "%d HTTP requests are under way already", HTTP_CLIENT_REQUESTS);

    return status == STATUS_OK ? STATUS_LIMIT : status;
}

/* `on_response` or `functions` is NULL. */
static enum status begin(struct http_client *client, const struct http_request *request,
                         http_response_function *on_response, const struct http_stream_functions *functions,
                         void *owner, struct http_exchange **exchange, struct buffer *error)
{
    assert(!client->closing);
    enum status status = http_request_check(request, error);
    if (status == STATUS_OK)
        status = libcurl_open(error);
    if (status != STATUS_OK)
        return status;
    if (client->count == HTTP_CLIENT_REQUESTS)
        return refuse_more(error);

    struct http_exchange *made = calloc(1, sizeof *made);
    if (!made)
        return STATUS_NO_MEMORY;
    made->client = client;
    made->on_response = on_response;
    made->owner = owner;
    made->timeout_ms = request->timeout_ms;
    made->max_response = request->max_response;
    made->stream.functions = functions;
    list_init(&made->stream.due);
    buffer_init(&made->stream.outgoing, BUFFER_UNLIMITED);
    list_init(&made->node);
    deadline_init(&made->deadline, on_due);
    buffer_init(&made->head, HTTP_CLIENT_RESPONSE_HEAD);
    buffer_init(&made->body, BUFFER_UNLIMITED);
    made->easy = libcurl.easy_init();
    if (!made->easy || set_callbacks(made, request) != CURLE_OK)
        status = STATUS_NO_MEMORY;
    else
        status = http_request_apply(request, made->easy, &made->headers, error);
    if (status != STATUS_OK) {
        http_exchange_release(made);
        return status;
    }

    uv_update_time(client->loop); /* a handler may have run for long since the loop looked at the clock */
    deadline_set(&client->deadlines, &made->deadline, made->timeout_ms);
    list_append(&client->waiting, &made->node);
    client->count++;
    start_waiting(client);
    if (exchange)
        *exchange = made;
    return STATUS_OK;
}

enum status http_client_send(struct http_client *client, const struct http_request *request,
                             http_response_function *on_response, void *owner,
                             struct http_exchange **exchange, struct buffer *error)
{
    assert(!request->body_follows);
    return begin(client, request, on_response, NULL, owner, exchange, error);
}

enum status http_client_open(struct http_client *client, const struct http_request *request,
                             const struct http_stream_functions *functions, void *owner,
                             struct http_exchange **exchange, struct buffer *error)
{
    return begin(client, request, NULL, functions, owner, exchange, error);
}

void http_client_cancel(struct http_exchange *exchange)
{
    if (!exchange || exchange->delivered)
        return;
    struct http_client *client = exchange->client;
    drop(exchange);
    start_waiting(client);
}

/* ---- life ---- */

enum status http_client_create(struct http_client **client, uv_loop_t *loop)
{
    struct http_client *made = calloc(1, sizeof *made);

    if (!made)
        return STATUS_NO_MEMORY;
    made->loop = loop;
    list_init(&made->sockets);
    list_init(&made->waiting);
    list_init(&made->running);
    list_init(&made->ended);
    list_init(&made->due);
    deadlines_init(&made->deadlines, loop);
    uv_timer_init(loop, &made->timer);
    made->timer.data = made;
    uv_timer_init(loop, &made->soon);
    made->soon.data = made;
    made->handles = 3;
    *client = made;
    return STATUS_OK;
}

static void drop_all(struct list *exchanges)
{
    while (!list_is_empty(exchanges))
        drop(LIST_ENTRY(exchanges->next, struct http_exchange, node));
}

void http_client_destroy(struct http_client *client)
{
    if (!client)
        return;
    client->closing = true;
    drop_all(&client->waiting);
    drop_all(&client->running);
    drop_all(&client->ended);
    close_multi(client);
    uv_close((uv_handle_t *)&client->timer, on_timer_closed);
    uv_close((uv_handle_t *)&client->soon, on_timer_closed);
    deadlines_close(&client->deadlines, on_deadlines_closed);
}
