#include "net/http_client.h"

#include "base/list.h"
#include "net/curl.h"
#include "net/deadline.h"
#include "net/http_request.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * An exchange is in one list: waiting --start--> running (in curl's multi handle) --> its on_response. One
 * that cannot go on without curl saying so is in `failed` until its deadline, set to now, delivers it: so
 * on_response is never called from within a call into the client.
 */
struct http_client {
    uv_loop_t *loop;
    uv_timer_t timer;           /* curl's */
    struct deadlines deadlines; /* the requests' */
    CURLM *multi;               /* NULL before the first request, and after curl broke down */
    struct list sockets;
    struct list waiting;
    struct list running;
    struct list failed;
    size_t running_count;
    size_t count;   /* of all exchanges */
    size_t handles; /* of the loop's, not closed yet */
    bool closing;
};

struct http_exchange {
    struct list node;
    struct http_client *client;
    CURL *easy;
    struct curl_slist *headers;
    struct deadline deadline;
    uint32_t timeout_ms;
    bool running;
    bool delivered;
    bool head_ended;
    struct buffer head; /* the last head's lines, each ended by one '\n', the status line first */
    struct buffer body;
    const char *failure; /* a constant: what broke it on our side */
    http_response_function *on_response;
    void *owner;
    char words[CURL_ERROR_SIZE + 64]; /* the first CURL_ERROR_SIZE are curl's to write */
};

/* A socket of curl's, watched. */
struct socket {
    uv_poll_t poll;
    struct list node;
    struct http_client *client;
    curl_socket_t fd;
    int events; /* that curl waits for */
};

/* The loop's side */

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

/* The multi handle */

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

/* An exchange's life */

static void stop(struct http_exchange *exchange)
{
    list_remove(&exchange->node);
    if (!exchange->running)
        return;
    exchange->running = false;
    exchange->client->running_count--;
    libcurl.multi_remove_handle(exchange->client->multi, exchange->easy);
}

static void release(struct http_exchange *exchange)
{
    if (exchange->easy)
        libcurl.easy_cleanup(exchange->easy);
    libcurl.slist_free_all(exchange->headers);
    buffer_deinit(&exchange->head);
    buffer_deinit(&exchange->body);
    free(exchange);
}

static void drop(struct http_exchange *exchange)
{
    stop(exchange);
    deadline_cancel(&exchange->client->deadlines, &exchange->deadline);
    exchange->client->count--;
    release(exchange);
}

static void fail_soon(struct http_exchange *exchange, const char *failure)
{
    struct http_client *client = exchange->client;

    stop(exchange);
    list_append(&client->failed, &exchange->node);
    exchange->failure = failure;
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
            fail_soon(exchange, libcurl.multi_strerror(code));
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
    release(exchange);
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
    deliver_error(exchange, exchange->failure ? exchange->failure : exchange->words);
    start_waiting(client);
}

/* Response */

static size_t keep(struct http_exchange *exchange, struct buffer *buffer, const char *data, size_t length,
                   const char *too_large)
{
    enum status status = buffer_append(buffer, data, length);

    if (status == STATUS_OK)
        return length;
    exchange->failure = status == STATUS_LIMIT ? too_large : "out of memory";
    return 0; /* anything but `length` ends the transfer */
}

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
    struct http_exchange *exchange = user;

    return keep(exchange, &exchange->body, data, size * count, "the response is larger than allowed");
}

/* One line of a head: of interim responses first, of the response itself, of the trailer at last. */
static size_t on_head(char *data, size_t size, size_t count, void *user)
{
    struct http_exchange *exchange = user;
    struct buffer *head = &exchange->head;
    struct text line = {data, size * count};

    while (line.length > 0 && (line.data[line.length - 1] == '\n' || line.data[line.length - 1] == '\r'))
        line.length--;
    if (text_starts_with(line, TEXT("HTTP/")) && (exchange->head_ended || head->length == 0)) {
        buffer_clear(head);
        exchange->head_ended = false;
    }
    if (exchange->head_ended)
        return size * count;
    if (line.length == 0) {
        exchange->head_ended = true;
        return size * count;
    }
    /* RFC 9112, 5.2: a line that starts with a space goes on with the one before. */
    if (head->length > 0 && (line.data[0] == ' ' || line.data[0] == '\t')) {
        line = text_trim(line);
        head->data[head->length - 1] = ' ';
    }
    if (keep(exchange, head, line.data, line.length, "the response's head is too large") != line.length ||
        keep(exchange, head, "\n", 1, "the response's head is too large") != 1)
        return 0;
    return size * count;
}

static size_t count_lines(struct text text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.length; i++)
        count += text.data[i] == '\n';
    return count;
}

static size_t parse_head(struct text head, struct http_header *headers)
{
    size_t count = 0;

    text_split(head, '\n', &head); /* the status line */
    while (head.length > 0) {
        struct http_header header = {.name = text_split(head, '\n', &head)};
        bool has_colon = header.name.length > 0 && memchr(header.name.data, ':', header.name.length);
        header.name = text_trim(text_split(header.name, ':', &header.value));
        header.value = text_trim(header.value);
        if (has_colon)
            headers[count++] = header;
    }
    return count;
}

static void deliver_response(struct http_exchange *exchange)
{
    struct text head = buffer_text(&exchange->head);
    size_t line_count = count_lines(head);
    struct http_header *headers = calloc(line_count ? line_count : 1, sizeof *headers);
    long status = 0;

    if (!headers) {
        deliver_error(exchange, "out of memory");
        return;
    }
    libcurl.easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    struct http_response response = {
        .status = (int)status,
        .headers = headers,
        .header_count = parse_head(head, headers),
        .body = buffer_text(&exchange->body),
    };
    deliver(exchange, &response);
    free(headers);
}

static void deliver_failure(struct http_exchange *exchange, CURLcode code)
{
    char *words = exchange->words;
    long os_error = 0;

    if (exchange->failure) {
        deliver_error(exchange, exchange->failure);
        return;
    }
    if (!words[0])
        snprintf(words, sizeof exchange->words, "%s", libcurl.easy_strerror(code));
    /* "Couldn't connect to server" is all that curl says of a refused connection. */
    libcurl.easy_getinfo(exchange->easy, CURLINFO_OS_ERRNO, &os_error);
    if (code == CURLE_COULDNT_CONNECT && os_error != 0) {
        size_t length = strlen(words);
        snprintf(words + length, sizeof exchange->words - length, ": %s",
                 uv_strerror(uv_translate_sys_error((int)os_error)));
    }
    deliver_error(exchange, words);
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
        if (code == CURLE_OK)
            deliver_response(exchange);
        else
            deliver_failure(exchange, code);
    }
}

/* curl's multi handle is of no use any more; the next request gets a new one. */
static void break_down(struct http_client *client, CURLMcode code)
{
    while (!list_is_empty(&client->running))
        fail_soon(LIST_ENTRY(client->running.next, struct http_exchange, node), libcurl.multi_strerror(code));
    close_multi(client);
}

static void act(struct http_client *client, curl_socket_t fd, int flags)
{
    int running_count;
    CURLMcode code = libcurl.multi_socket_action(client->multi, fd, flags, &running_count);

    if (code == CURLM_OK)
        deliver_finished(client);
    else
        break_down(client, code);
    start_waiting(client);
}

/* Request */

static CURLcode set_callbacks(struct http_exchange *exchange)
{
    CURL *easy = exchange->easy;
    CURLcode code = libcurl_set_on_bytes(easy, CURLOPT_HEADERFUNCTION, on_head);

    if (code == CURLE_OK)
        code = libcurl_set_pointer(easy, CURLOPT_HEADERDATA, exchange);
    if (code == CURLE_OK)
        code = libcurl_set_on_bytes(easy, CURLOPT_WRITEFUNCTION, on_body);
    if (code == CURLE_OK)
        code = libcurl_set_pointer(easy, CURLOPT_WRITEDATA, exchange);
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

enum status http_client_send(struct http_client *client, const struct http_request *request,
                             http_response_function *on_response, void *owner,
                             struct http_exchange **exchange, struct buffer *error)
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
    list_init(&made->node);
    deadline_init(&made->deadline, on_due);
    buffer_init(&made->head, HTTP_CLIENT_RESPONSE_HEAD);
    buffer_init(&made->body, request->max_response);
    made->easy = libcurl.easy_init();
    if (!made->easy || set_callbacks(made) != CURLE_OK)
        status = STATUS_NO_MEMORY;
    else
        status = http_request_apply(request, made->easy, &made->headers, error);
    if (status != STATUS_OK) {
        release(made);
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

void http_client_cancel(struct http_exchange *exchange)
{
    if (!exchange || exchange->delivered)
        return;
    struct http_client *client = exchange->client;
    drop(exchange);
    start_waiting(client);
}

enum status http_client_create(struct http_client **client, uv_loop_t *loop)
{
    struct http_client *made = calloc(1, sizeof *made);

    if (!made)
        return STATUS_NO_MEMORY;
    made->loop = loop;
    list_init(&made->sockets);
    list_init(&made->waiting);
    list_init(&made->running);
    list_init(&made->failed);
    deadlines_init(&made->deadlines, loop);
    uv_timer_init(loop, &made->timer);
    made->timer.data = made;
    made->handles = 2;
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
    drop_all(&client->failed);
    close_multi(client);
    uv_close((uv_handle_t *)&client->timer, on_timer_closed);
    deadlines_close(&client->deadlines, on_deadlines_closed);
}
