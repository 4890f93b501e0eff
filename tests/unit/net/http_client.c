#include "net/http_client.h"

#include "net/curl.h"
#include "net/http_server.h"
#include "support/cmocka_all.h"

#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000, ROOM = 1 << 22 };

/* What every test has. */

struct world {
    uv_loop_t loop;
    struct server server;
    struct http_client *client; /* NULL once destroyed */
    struct buffer error;
    size_t done;
    size_t failed;
};

/* One request's end, kept. */
struct result {
    struct world *world;
    struct http_exchange *exchange;
    bool done;
    int status;
    size_t header_count;
    char error[512];
    struct buffer headers; /* "name=value\n" each */
    struct buffer body;
    void (*then)(struct result *result);
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    if (!world)
        return -1;
    uv_loop_init(&world->loop);
    server_open(&world->server, &world->loop);
    buffer_init(&world->error, BUFFER_UNLIMITED);
    if (http_client_create(&world->client, &world->loop) != STATUS_OK)
        return -1;
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    http_client_destroy(world->client);
    server_close(&world->server);
    uv_run(&world->loop, UV_RUN_DEFAULT);
    int left = uv_loop_close(&world->loop);
    buffer_deinit(&world->error);
    free(world);
    return left;
}

static void result_init(struct result *result, struct world *world)
{
    *result = (struct result){.world = world};
    buffer_init(&result->headers, BUFFER_UNLIMITED);
    buffer_init(&result->body, BUFFER_UNLIMITED);
}

static void result_deinit(struct result *result)
{
    buffer_deinit(&result->headers);
    buffer_deinit(&result->body);
}

static void on_response(void *owner, const struct http_response *response)
{
    struct result *result = owner;

    assert_false(result->done);
    result->done = true;
    result->world->done++;
    result->status = response->status;
    result->header_count = response->header_count;
    if (response->error) {
        result->world->failed++;
        snprintf(result->error, sizeof result->error, "%s", response->error);
        assert_int_equal(response->status, 0);
        assert_int_equal(response->header_count, 0);
        assert_int_equal(response->body.length, 0);
    }
    for (size_t i = 0; i < response->header_count; i++)
        assert_int_equal(buffer_printf(&result->headers, "%.*s=%.*s\n", TEXT_ARGS(response->headers[i].name),
                                       TEXT_ARGS(response->headers[i].value)),
                         STATUS_OK);
    put(&result->body, response->body);
    if (result->then)
        result->then(result);
}

static enum status try_send(struct world *world, const struct http_request *request, struct result *result)
{
    buffer_clear(&world->error);
    return http_client_send(world->client, request, on_response, result, &result->exchange, &world->error);
}

/* Fills in what the request leaves out: GET, patience, room, and `path` at the server. */
static void start(struct world *world, struct http_request request, const char *path, struct result *result)
{
    char url[256];

    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", world->server.port, path);
    if (!request.method.length)
        request.method = TEXT("GET");
    if (!request.url.length)
        request.url = text_from_cstr(url);
    if (!request.timeout_ms)
        request.timeout_ms = PATIENCE_MS;
    if (!request.max_response)
        request.max_response = ROOM;
    assert_int_equal(try_send(world, &request, result), STATUS_OK);
    memset(url, '#', sizeof url); /* the client has its own */
}

static void run_until(struct world *world, size_t done)
{
    while (world->done < done)
        assert_true(uv_run(&world->loop, UV_RUN_ONCE) != 0);
    assert_int_equal(world->done, done);
}

static void exchange(struct world *world, struct http_request request, const char *path,
                     struct result *result)
{
    size_t before = world->done;

    result_init(result, world);
    start(world, request, path, result);
    run_until(world, before + 1);
}

static bool has(const struct buffer *buffer, const char *part)
{
    return buffer->length > 0 && memmem(buffer->data, buffer->length, part, strlen(part)) != NULL;
}

static void assert_body(const struct result *result, const char *body)
{
    assert_string_equal(result->error, "");
    assert_true(text_equal(buffer_text(&result->body), text_from_cstr(body)));
}

/* libc's, with one name that takes as long to look up as the test wants. The shared libraries take it from
 * here. */

static pthread_mutex_t lookups = PTHREAD_MUTEX_INITIALIZER;

__attribute__((visibility("default"))) int getaddrinfo(const char *name, const char *service,
                                                       const struct addrinfo *hints, struct addrinfo **found)
{
    int (*libcs)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    void *next = dlsym(RTLD_NEXT, "getaddrinfo");

    memcpy(&libcs, &next, sizeof libcs);
    if (name && strcmp(name, "slow.invalid") == 0) {
        pthread_mutex_lock(&lookups);
        pthread_mutex_unlock(&lookups);
        return EAI_NONAME;
    }
    return libcs(name, service, hints, found);
}

/* The tests */

static bool is_mapped(void)
{
    void *library = dlopen("libcurl.so.4", RTLD_LAZY | RTLD_NOLOAD);

    if (library)
        dlclose(library);
    return library != NULL;
}

static void opens_the_library_at_the_first_request(void **state)
{
    struct world *world = *state;
    struct result result;

    assert_false(is_mapped());
    exchange(world, (struct http_request){0}, "/x", &result);
    assert_true(is_mapped());
    result_deinit(&result);
}

static void posts_a_body_and_headers(void **state)
{
    static const struct http_header headers[] = {
        {{"Content-Type", 12}, {"application/json", 16}},
        {{"X-Empty", 7}, {NULL, 0}},
        {{"X-Spaced", 8}, {"  in between\t", 13}},
        {{"Host", 4}, {"elsewhere.example", 17}},
    };
    struct world *world = *state;
    struct result result;
    struct http_request request = {
        .method = TEXT("POST"),
        .headers = headers,
        .header_count = sizeof headers / sizeof *headers,
        .body = TEXT("{\"a\":\0\xff}"),
        .has_body = true,
    };

    exchange(world, request, "/echo?q=1#fragment", &result);
    assert_int_equal(result.status, 200);
    assert_true(text_starts_with(buffer_text(&result.body), TEXT("POST /echo?q=1 HTTP/1.1\r\n")));
    assert_true(has(&result.body, "\r\nContent-Type: application/json\r\n"));
    assert_true(has(&result.body, "\r\nX-Empty:\r\n"));
    assert_true(has(&result.body, "\r\nX-Spaced: in between\r\n"));
    assert_true(has(&result.body, "\r\nHost: elsewhere.example\r\n"));
    assert_true(has(&result.body, "\r\nContent-Length: 8\r\n"));
    assert_false(has(&result.body, "Expect"));
    assert_memory_equal(result.body.data + result.body.length - 12, "\r\n\r\n{\"a\":\0\xff}", 12);
    result_deinit(&result);
}

static void sends_large_bodies_without_waiting(void **state)
{
    struct world *world = *state;
    struct result result;
    static char large[2000000]; /* more than curl sends without Expect by itself */

    memset(large, 'l', sizeof large);
    exchange(world,
             (struct http_request){.method = TEXT("PUT"), .body = {large, sizeof large}, .has_body = true},
             "/echo", &result);
    assert_true(result.body.length > sizeof large);
    assert_memory_equal(result.body.data + result.body.length - sizeof large, large, sizeof large);
    assert_false(has(&result.body, "Expect"));
    assert_false(has(&result.body, "Content-Type")); /* nobody said one */
    result_deinit(&result);
}

static void sends_any_method(void **state)
{
    static const struct {
        const char *method;
        bool has_body;
        const char *expected;
        bool says_length;
    } cases[] = {
        {"GET", false, "GET /m HTTP/1.1\r\n", false},       {"GET", true, "GET /m HTTP/1.1\r\n", true},
        {"POST", false, "POST /m HTTP/1.1\r\n", true},      {"PUT", false, "PUT /m HTTP/1.1\r\n", true},
        {"DELETE", false, "DELETE /m HTTP/1.1\r\n", false}, {"PATCH", true, "PATCH /m HTTP/1.1\r\n", true},
        {"x-own!", true, "x-own! /m HTTP/1.1\r\n", true},
    };
    struct world *world = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct result result;
        struct http_request request = {.method = text_from_cstr(cases[i].method),
                                       .has_body = cases[i].has_body};
        exchange(world, request, "/m", &result);
        assert_true(text_starts_with(buffer_text(&result.body), text_from_cstr(cases[i].expected)));
        assert_int_equal(has(&result.body, "\r\nContent-Length: 0\r\n"), cases[i].says_length);
        result_deinit(&result);
    }
}

static void head_has_no_body(void **state)
{
    struct world *world = *state;
    struct result result;

    exchange(world, (struct http_request){.method = TEXT("HEAD"), .max_response = 1}, "/h", &result);
    assert_int_equal(result.status, 200);
    assert_true(has(&result.headers, "Content-Length=1234567\n"));
    assert_body(&result, "");
    result_deinit(&result);
}

static void gives_the_responses_headers(void **state)
{
    struct world *world = *state;
    struct result result;

    exchange(world, (struct http_request){0}, "/headers", &result);
    assert_int_equal(result.status, 404);
    assert_int_equal(result.header_count, 5);
    assert_true(text_equal(buffer_text(&result.headers),
                           TEXT("X-One=1\nx-two=a b: c\nX-One=2\nX-None=\nContent-Length=2\n")));
    assert_body(&result, "no");
    result_deinit(&result);
}

static void takes_chunks_and_unsized_bodies(void **state)
{
    struct world *world = *state;
    struct result result;

    exchange(world, (struct http_request){0}, "/chunked", &result);
    assert_body(&result, "hello, you!");
    assert_false(has(&result.headers, "X-Late=")); /* a trailer */
    result_deinit(&result);
    exchange(world, (struct http_request){0}, "/until-end", &result);
    assert_body(&result, "all");
    result_deinit(&result);
}

static void follows_no_redirect(void **state)
{
    struct world *world = *state;
    struct result result;

    exchange(world, (struct http_request){0}, "/redirect", &result);
    assert_int_equal(result.status, 302);
    assert_true(has(&result.headers, "Location=/echo\n"));
    assert_int_equal(world->server.requests, 1);
    result_deinit(&result);
}

static void bounds_the_response(void **state)
{
    struct world *world = *state;
    struct result result;

    exchange(world, (struct http_request){.max_response = BIG}, "/big", &result);
    assert_int_equal(result.body.length, BIG);
    result_deinit(&result);
    exchange(world, (struct http_request){.max_response = BIG - 1}, "/big", &result);
    assert_string_equal(result.error, "the response is larger than allowed");
    result_deinit(&result);
    exchange(world, (struct http_request){0}, "/big-head", &result);
    assert_string_equal(result.error, "the response's head is too large");
    result_deinit(&result);
}

static void says_that_nobody_listens(void **state)
{
    struct world *world = *state;
    struct result result;

    exchange(world, (struct http_request){.url = TEXT("http://127.0.0.1:1/")}, "", &result);
    assert_non_null(strstr(result.error, "127.0.0.1 port 1"));
    assert_non_null(strstr(result.error, "connection refused"));
    result_deinit(&result);
}

static void says_that_a_name_is_unknown(void **state)
{
    struct world *world = *state;
    struct result result;

    exchange(world, (struct http_request){.url = TEXT("http://nowhere.invalid/")}, "", &result);
    assert_non_null(strstr(result.error, "nowhere.invalid"));
    result_deinit(&result);
}

static void says_that_it_is_not_tls(void **state)
{
    struct world *world = *state;
    struct result result;
    char url[64];

    snprintf(url, sizeof url, "https://127.0.0.1:%d/", world->server.port);
    exchange(world, (struct http_request){.url = text_from_cstr(url), .timeout_ms = 500}, "", &result);
    assert_int_equal(result.status, 0);
    assert_string_not_equal(result.error, "");
    result_deinit(&result);
}

static void times_out(void **state)
{
    struct world *world = *state;
    struct result result;
    uint64_t start_ms = uv_hrtime() / 1000000;

    exchange(world, (struct http_request){.timeout_ms = 150}, "/silent", &result);
    uint64_t took_ms = uv_hrtime() / 1000000 - start_ms;
    assert_string_equal(result.error, "timed out after 150 ms");
    assert_true(took_ms >= 149);
    assert_true(took_ms < PATIENCE_MS / 2);
    result_deinit(&result);
}

static void says_that_the_server_closed(void **state)
{
    struct world *world = *state;
    struct result result;

    exchange(world, (struct http_request){0}, "/midway", &result);
    assert_non_null(strstr(result.error, "90 bytes remaining"));
    result_deinit(&result);
    exchange(world, (struct http_request){0}, "/nothing", &result);
    assert_non_null(strstr(result.error, "Empty reply"));
    result_deinit(&result);
}

/* Were any of these to wait for the resolver, it would wait for this thread, which holds the lock. */
static void gives_up_while_a_name_is_looked_up(void **state)
{
    struct world *world = *state;
    struct http_request slow = {.url = TEXT("http://slow.invalid/"), .timeout_ms = 300};
    struct result results[3];

    pthread_mutex_lock(&lookups);
    exchange(world, slow, "", &results[0]);
    assert_string_equal(results[0].error, "timed out after 300 ms");
    slow.timeout_ms = PATIENCE_MS;
    for (int i = 1; i < 3; i++) {
        result_init(&results[i], world);
        start(world, slow, "", &results[i]);
    }
    for (int i = 0; i < 10; i++)
        uv_run(&world->loop, UV_RUN_NOWAIT);
    http_client_cancel(results[1].exchange);
    http_client_destroy(world->client);
    world->client = NULL;
    pthread_mutex_unlock(&lookups);
    usleep(100000); /* the resolver's threads free what is theirs */
    assert_false(results[1].done || results[2].done);
}

static void keeps_connections_alive(void **state)
{
    struct world *world = *state;
    struct result result;

    for (int i = 0; i < 3; i++) {
        exchange(world, (struct http_request){0}, "/x", &result);
        result_deinit(&result);
    }
    assert_int_equal(world->server.accepted, 1);
}

static void survives_that_a_kept_connection_was_closed(void **state)
{
    struct world *world = *state;
    struct result result;

    for (int i = 0; i < 3; i++) {
        exchange(world, (struct http_request){.method = TEXT("POST")}, "/last", &result);
        assert_body(&result, "bye");
        result_deinit(&result);
    }
    assert_int_equal(world->server.accepted, 3);
}

static void has_two_hundred_at_once(void **state)
{
    enum { MANY = 200 };
    struct world *world = *state;
    static struct result results[MANY];

    for (int i = 0; i < MANY; i++) {
        char path[32];
        snprintf(path, sizeof path, "/number/%d", i);
        result_init(&results[i], world);
        start(world, (struct http_request){.method = TEXT("POST"), .body = TEXT("b"), .has_body = true}, path,
              &results[i]);
    }
    run_until(world, MANY);
    assert_int_equal(world->failed, 0);
    assert_int_equal(world->server.requests, MANY);
    assert_int_equal(world->server.most_open, HTTP_CLIENT_CONNECTIONS);
    assert_int_equal(world->server.accepted, HTTP_CLIENT_CONNECTIONS); /* each was used again and again */
    for (int i = 0; i < MANY; i++) {
        char line[64];
        snprintf(line, sizeof line, "POST /number/%d HTTP/1.1\r\n", i);
        assert_true(has(&results[i].body, line));
        result_deinit(&results[i]);
    }
}

static void times_out_those_that_wait_too(void **state)
{
    enum { MANY = HTTP_CLIENT_CONNECTIONS + 20 };
    struct world *world = *state;
    static struct result results[MANY];

    for (int i = 0; i < MANY; i++) {
        result_init(&results[i], world);
        start(world, (struct http_request){.timeout_ms = i < HTTP_CLIENT_CONNECTIONS ? 600 : 200}, "/silent",
              &results[i]);
    }
    run_until(world, MANY);
    assert_int_equal(world->failed, MANY);
    for (int i = 0; i < MANY; i++) {
        assert_non_null(strstr(results[i].error, "timed out after"));
        result_deinit(&results[i]);
    }
    /* Whoever waits to its end was never sent. */
    assert_true(world->server.requests <= HTTP_CLIENT_CONNECTIONS);
    exchange(world, (struct http_request){0}, "/x", &results[0]);
    assert_int_equal(results[0].status, 200);
    result_deinit(&results[0]);
}

static void bounds_the_requests_under_way(void **state)
{
    struct world *world = *state;
    struct result result;
    struct http_request request = {
        .method = TEXT("GET"), .url = TEXT("http://127.0.0.1:1/"), .timeout_ms = PATIENCE_MS};
    struct http_exchange *exchanges[HTTP_CLIENT_REQUESTS];

    result_init(&result, world);
    for (int i = 0; i < HTTP_CLIENT_REQUESTS; i++) {
        assert_int_equal(try_send(world, &request, &result), STATUS_OK);
        exchanges[i] = result.exchange;
    }
    assert_int_equal(try_send(world, &request, &result), STATUS_LIMIT);
    assert_true(has(&world->error, "1024 HTTP requests are under way"));
    for (int i = HTTP_CLIENT_REQUESTS - 1; i >= 0; i--)
        http_client_cancel(exchanges[i]);
    exchange(world, (struct http_request){0}, "/x", &result);
    assert_int_equal(result.status, 200);
    assert_int_equal(world->server.requests, 1);
    result_deinit(&result);
}

static void cancels(void **state)
{
    struct world *world = *state;
    struct result silent;
    struct result early;
    struct result other;

    http_client_cancel(NULL);
    result_init(&early, world);
    start(world, (struct http_request){0}, "/x", &early);
    http_client_cancel(early.exchange); /* before curl had its turn */
    result_init(&silent, world);
    start(world, (struct http_request){0}, "/silent", &silent);
    exchange(world, (struct http_request){0}, "/x", &other);
    http_client_cancel(silent.exchange); /* the server has it */
    uv_run(&world->loop, UV_RUN_NOWAIT);
    result_deinit(&other);
    exchange(world, (struct http_request){0}, "/x", &other);
    assert_false(early.done);
    assert_false(silent.done);
    assert_int_equal(other.status, 200);
    result_deinit(&other);
}

static void lets_those_that_wait_start_after_a_cancel(void **state)
{
    enum { MANY = HTTP_CLIENT_CONNECTIONS };
    struct world *world = *state;
    static struct result results[MANY];
    struct result waiting;

    for (int i = 0; i < MANY; i++) {
        result_init(&results[i], world);
        start(world, (struct http_request){0}, "/silent", &results[i]);
    }
    result_init(&waiting, world);
    start(world, (struct http_request){0}, "/x", &waiting);
    while (world->server.requests < MANY)
        uv_run(&world->loop, UV_RUN_ONCE);
    http_client_cancel(results[7].exchange);
    run_until(world, 1);
    assert_int_equal(waiting.status, 200);
    result_deinit(&waiting);
}

static void send_next(struct result *result)
{
    struct result *next = result + 1;

    http_client_cancel(result->exchange); /* its own: too late, and harmless */
    start(result->world, (struct http_request){0}, "/x", next);
}

static void sends_from_within_the_callback(void **state)
{
    struct world *world = *state;
    struct result results[4];

    for (int i = 0; i < 4; i++) {
        result_init(&results[i], world);
        results[i].then = i < 3 ? send_next : NULL;
    }
    start(world, (struct http_request){0}, "/nothing", &results[0]);
    run_until(world, 4);
    assert_string_not_equal(results[0].error, "");
    assert_int_equal(results[3].status, 200);
    for (int i = 0; i < 4; i++)
        result_deinit(&results[i]);
}

static void cancel_next(struct result *result)
{
    http_client_cancel(result[1].exchange);
    result[1].exchange = NULL;
}

/* Both are due in one turn of the wheel: the first cancels the second while the client walks over them. */
static void cancels_another_from_within_the_callback(void **state)
{
    struct world *world = *state;
    struct result results[2];

    for (int i = 0; i < 2; i++) {
        result_init(&results[i], world);
        start(world, (struct http_request){.timeout_ms = 100}, "/silent", &results[i]);
    }
    results[0].then = cancel_next;
    run_until(world, 1);
    uv_run(&world->loop, UV_RUN_NOWAIT);
    assert_false(results[1].done);
}

static void destroy(struct result *result)
{
    http_client_destroy(result->world->client);
    result->world->client = NULL;
}

static void destroys_with_requests_under_way(void **state)
{
    enum { MANY = HTTP_CLIENT_CONNECTIONS + 10 };
    struct world *world = *state;
    static struct result results[MANY];
    struct result other;

    for (int i = 0; i < MANY; i++) {
        result_init(&results[i], world);
        start(world, (struct http_request){0}, "/silent", &results[i]);
    }
    while (world->server.requests < 10)
        uv_run(&world->loop, UV_RUN_ONCE);
    result_init(&other, world);
    other.world = world;
    destroy(&other);
    uv_run(&world->loop, UV_RUN_NOWAIT);
    assert_int_equal(world->done, 0);
}

static void destroys_from_within_the_callback(void **state)
{
    static const char *const paths[] = {"/x", "/nothing", "/silent"}; /* answer, error, time-out */
    struct world *world = *state;

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct result results[3];
        if (!world->client)
            assert_int_equal(http_client_create(&world->client, &world->loop), STATUS_OK);
        world->done = 0;
        for (int k = 0; k < 3; k++) {
            result_init(&results[k], world);
            results[k].then = destroy;
            start(world, (struct http_request){.timeout_ms = i == 2 ? 100 : 0}, paths[i], &results[k]);
        }
        run_until(world, 1);
        for (int k = 0; k < 10; k++)
            uv_run(&world->loop, UV_RUN_NOWAIT);
        assert_int_equal(world->done, 1);
        for (int k = 0; k < 3; k++)
            result_deinit(&results[k]);
    }
}

static void destroys_unused(void **state)
{
    struct http_client *client;
    uv_loop_t loop;

    (void)state;
    uv_loop_init(&loop);
    assert_int_equal(http_client_create(&client, &loop), STATUS_OK);
    http_client_destroy(client);
    http_client_destroy(NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void idle_it_keeps_no_loop_running(void **state)
{
    struct world *world = *state;
    struct result result;

    exchange(world, (struct http_request){0}, "/x", &result);
    server_close(&world->server);
    assert_int_equal(uv_run(&world->loop, UV_RUN_DEFAULT), 0);
    result_deinit(&result);
    server_open(&world->server, &world->loop); /* for the tear-down */
}

static void assert_refused(struct world *world, struct http_request request, const char *why)
{
    struct result result;

    result_init(&result, world);
    request.timeout_ms = PATIENCE_MS;
    assert_int_equal(try_send(world, &request, &result), STATUS_INVALID);
    if (!has(&world->error, why))
        fail_msg("'%.*s' instead of '%s'", (int)world->error.length, world->error.data, why);
    assert_null(result.exchange);
    assert_false(uv_run(&world->loop, UV_RUN_NOWAIT) == 0); /* the server */
    assert_int_equal(world->server.accepted, 0);
}

static void refuses_what_would_be_two_requests(void **state)
{
    static const struct text bad_tokens[] = {
        {"", 0}, {"A\rB", 3}, {"A\nB", 3}, {"A\0B", 3}, {"A B", 3}, {"A:", 2}, {"A;", 2}, {"\xc3\xa4", 2},
    };
    static const struct text bad_values[] = {{"a\r\nX: y", 7}, {"a\n", 2}, {"\ra", 2}, {"a\0b", 3}};
    static const char *const ours[] = {"Content-Length", "transfer-encoding", "EXPECT"};
    struct world *world = *state;
    char url[64];
    struct http_header header = {.value = TEXT("v")};
    struct http_request request = {.method = TEXT("POST"), .headers = &header, .header_count = 1};

    snprintf(url, sizeof url, "http://127.0.0.1:%d/", world->server.port);
    request.url = text_from_cstr(url);
    for (size_t i = 0; i < sizeof bad_tokens / sizeof *bad_tokens; i++) {
        header.name = bad_tokens[i];
        assert_refused(world, request, "the name of header 1 is not a token");
        assert_refused(world, (struct http_request){.method = bad_tokens[i], .url = request.url},
                       "the method is not a token");
    }
    header.name = TEXT("X-Name");
    for (size_t i = 0; i < sizeof bad_values / sizeof *bad_values; i++) {
        header.value = bad_values[i];
        assert_refused(world, request, "header X-Name: a line break or NUL in its value");
    }
    header.value = TEXT("1");
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        header.name = text_from_cstr(ours[i]);
        assert_refused(world, request, "cannot be set");
    }
    assert_refused(world, (struct http_request){.method = TEXT("HEAD"), .url = request.url, .has_body = true},
                   "a HEAD request has no body");
}

static void refuses_urls(void **state)
{
    static const struct {
        struct text url;
        const char *why;
    } cases[] = {
        {{"file:///etc/passwd", 18}, "unsupported protocol 'file'"},
        {{"ftp://127.0.0.1/", 16}, "unsupported protocol 'ftp'"},
        {{"gopher://127.0.0.1/", 19}, "unsupported protocol 'gopher'"},
        {{"ws://127.0.0.1/", 15}, "unsupported protocol 'ws'"},
        {{"own://127.0.0.1/", 16}, "unsupported protocol 'own'"},
        {{"data:,x", 7}, "malformed"},
        {{NULL, 0}, "malformed"},
        {{"127.0.0.1/", 10}, "malformed"},
        {{"/path", 5}, "malformed"},
        {{"http://", 7}, "malformed"},
        {{"http://127.0.0.1:99999/", 23}, "malformed"},
        {{"http://127.0.0.1/a b", 20}, "malformed"},
        {{"http://127.0.0.1/\r\nX: y", 23}, "malformed"},
        {{"http://127.0.0.1/\0x", 19}, "malformed"},
        {{"http://127.0.0.1/\x7F", 18}, "malformed"},
        {{"http://127.0.0.1\t/", 18}, "malformed"},
        {{" http://127.0.0.1/", 18}, "malformed"},
        {{"http://127.0.0.1:1\\@127.0.0.1:2/", 32}, "malformed"},
        {{"http:\\\\127.0.0.1/", 17}, "malformed"},
    };
    struct world *world = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(world, (struct http_request){.method = TEXT("GET"), .url = cases[i].url},
                       cases[i].why);
}

/* The proxy would answer; at port 1 nobody does. */
static void asks_for_this_machine_without_a_proxy(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", "127.1",         "127.9.9.9", "localhost",
                                        "LocalHost", "a.b.localhost", "[::1]",     "[0:0:0:0:0:0:0:1]"};
    struct world *world = *state;
    char proxy[64];

    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", world->server.port);
    setenv("http_proxy", proxy, 1);
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        char url[64];
        struct result result;
        snprintf(url, sizeof url, "http://%s:1/x", hosts[i]);
        exchange(world, (struct http_request){.url = text_from_cstr(url)}, "", &result);
        assert_string_not_equal(result.error, "");
        result_deinit(&result);
    }
    assert_int_equal(world->server.accepted, 0);
    unsetenv("http_proxy");
}

static void asks_for_others_through_the_environments_proxy(void **state)
{
    struct world *world = *state;
    struct result result;
    char proxy[64];

    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", world->server.port);
    setenv("http_proxy", proxy, 1);
    exchange(world, (struct http_request){.url = TEXT("http://localhost.invalid/x")}, "", &result);
    assert_true(
        text_starts_with(buffer_text(&result.body), TEXT("GET http://localhost.invalid/x HTTP/1.1\r\n")));
    result_deinit(&result);
    setenv("no_proxy", "localhost.invalid", 1);
    exchange(world, (struct http_request){.url = TEXT("http://localhost.invalid/x")}, "", &result);
    assert_string_not_equal(result.error, "");
    result_deinit(&result);
    unsetenv("no_proxy");
    unsetenv("http_proxy");
}

static CURLMcode break_down(CURLM *multi, curl_socket_t fd, int flags, int *running)
{
    (void)multi;
    (void)fd;
    (void)flags;
    (void)running;
    return CURLM_INTERNAL_ERROR;
}

static __typeof__(&curl_multi_cleanup) clean_up;
static int clean_up_count;

static CURLMcode count_clean_up(CURLM *multi)
{
    clean_up_count++;
    return clean_up(multi);
}

static void goes_on_when_curl_breaks_down(void **state)
{
    struct world *world = *state;
    struct curl_functions *table =
        (struct curl_functions *)libcurl_table; /* no constant behind the pointer */
    struct result silent;
    struct result other;

    result_init(&silent, world);
    start(world, (struct http_request){0}, "/silent", &silent);
    while (world->server.requests < 1)
        uv_run(&world->loop, UV_RUN_ONCE);
    result_init(&other, world);
    start(world, (struct http_request){0}, "/x", &other);
    __typeof__(table->multi_socket_action) kept = table->multi_socket_action;
    table->multi_socket_action = break_down;
    clean_up = table->multi_cleanup;
    table->multi_cleanup = count_clean_up;
    run_until(world, 2);
    table->multi_socket_action = kept;
    table->multi_cleanup = clean_up;
    assert_int_equal(clean_up_count, 1);
    assert_string_equal(silent.error, "Internal error");
    assert_string_equal(other.error, "Internal error");
    exchange(world, (struct http_request){0}, "/x", &other);
    assert_int_equal(other.status, 200);
    result_deinit(&other);
}

#define HTTP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const char *const variables[] = {"http_proxy", "https_proxy", "all_proxy",  "ALL_PROXY",
                                            "no_proxy",   "NO_PROXY",    "HTTPS_PROXY"};
    const struct CMUnitTest tests[] = {
        HTTP_TEST(opens_the_library_at_the_first_request), /* first: see its name */
        HTTP_TEST(posts_a_body_and_headers),
        HTTP_TEST(sends_large_bodies_without_waiting),
        HTTP_TEST(sends_any_method),
        HTTP_TEST(head_has_no_body),
        HTTP_TEST(gives_the_responses_headers),
        HTTP_TEST(takes_chunks_and_unsized_bodies),
        HTTP_TEST(follows_no_redirect),
        HTTP_TEST(bounds_the_response),
        HTTP_TEST(says_that_nobody_listens),
        HTTP_TEST(says_that_a_name_is_unknown),
        HTTP_TEST(says_that_it_is_not_tls),
        HTTP_TEST(times_out),
        HTTP_TEST(says_that_the_server_closed),
        HTTP_TEST(gives_up_while_a_name_is_looked_up),
        HTTP_TEST(keeps_connections_alive),
        HTTP_TEST(survives_that_a_kept_connection_was_closed),
        HTTP_TEST(has_two_hundred_at_once),
        HTTP_TEST(times_out_those_that_wait_too),
        HTTP_TEST(bounds_the_requests_under_way),
        HTTP_TEST(cancels),
        HTTP_TEST(lets_those_that_wait_start_after_a_cancel),
        HTTP_TEST(sends_from_within_the_callback),
        HTTP_TEST(cancels_another_from_within_the_callback),
        HTTP_TEST(destroys_with_requests_under_way),
        HTTP_TEST(destroys_from_within_the_callback),
        cmocka_unit_test(destroys_unused),
        HTTP_TEST(idle_it_keeps_no_loop_running),
        HTTP_TEST(refuses_what_would_be_two_requests),
        HTTP_TEST(refuses_urls),
        HTTP_TEST(asks_for_this_machine_without_a_proxy),
        HTTP_TEST(asks_for_others_through_the_environments_proxy),
        HTTP_TEST(goes_on_when_curl_breaks_down),
    };

    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
