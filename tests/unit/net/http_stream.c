#include "net/http_client.h"

#include "net/http_server.h"
#include "support/cmocka_all.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 20000 };

struct world {
    uv_loop_t loop;
    struct server server;
    struct http_client *client; /* NULL once destroyed */
    struct buffer error;
};

/* One stream, and what its owner was told. */
struct stream {
    struct world *world;
    struct http_exchange *exchange; /* NULL once it has ended */
    bool reads;                     /* asks for the next chunk at once */
    bool has_head;
    bool ended;
    int status;
    char reason[64];
    char error[512];
    size_t chunks;
    size_t taken;
    struct buffer body;
    void (*then)(struct stream *stream); /* called last in every callback */
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

static void finish_call(struct stream *stream)
{
    if (stream->then)
        stream->then(stream);
}

static void on_head(void *owner, const struct http_response *response)
{
    struct stream *stream = owner;

    assert_false(stream->has_head);
    assert_false(stream->ended);
    assert_null(response->error);
    assert_int_equal(response->body.length, 0);
    stream->has_head = true;
    stream->status = response->status;
    snprintf(stream->reason, sizeof stream->reason, "%.*s", TEXT_ARGS(response->reason));
    if (stream->reads)
        http_client_read(stream->exchange);
    finish_call(stream);
}

static void on_chunk(void *owner, struct text chunk)
{
    struct stream *stream = owner;

    assert_true(stream->has_head);
    assert_false(stream->ended);
    assert_true(chunk.length > 0);
    stream->chunks++;
    put(&stream->body, chunk);
    if (stream->reads)
        http_client_read(stream->exchange);
    finish_call(stream);
}

static void on_taken(void *owner)
{
    struct stream *stream = owner;

    assert_false(stream->ended);
    stream->taken++;
    finish_call(stream);
}

static void on_end(void *owner, const char *error)
{
    struct stream *stream = owner;

    assert_false(stream->ended);
    stream->ended = true;
    stream->exchange = NULL;
    snprintf(stream->error, sizeof stream->error, "%s", error ? error : "");
    finish_call(stream);
}

static const struct http_stream_functions functions = {
    .on_head = on_head, .on_chunk = on_chunk, .on_taken = on_taken, .on_end = on_end};

static void open_stream(struct world *world, struct http_request request, const char *path,
                        struct stream *stream)
{
    char url[256];

    stream->world = world;
    buffer_init(&stream->body, BUFFER_UNLIMITED);
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", world->server.port, path);
    request.url = text_from_cstr(url);
    if (!request.method.length)
        request.method = TEXT("GET");
    if (!request.timeout_ms)
        request.timeout_ms = PATIENCE_MS;
    if (!request.max_response)
        request.max_response = (size_t)-1;
    assert_int_equal(
        http_client_open(world->client, &request, &functions, stream, &stream->exchange, &world->error),
        STATUS_OK);
    assert_false(stream->has_head);
}

static void turn(struct world *world)
{
    assert_true(uv_run(&world->loop, UV_RUN_ONCE) != 0);
}

static void close_stream(struct stream *stream)
{
    http_client_cancel(stream->exchange);
    buffer_deinit(&stream->body);
}

static void run_to_end(struct stream *stream)
{
    while (!stream->ended)
        turn(stream->world);
}

/* The tests */

static void tells_the_head_then_the_body(void **state)
{
    struct stream stream = {.reads = true};

    open_stream(*state, (struct http_request){0}, "/headers", &stream);
    run_to_end(&stream);
    assert_string_equal(stream.error, "");
    assert_int_equal(stream.status, 404); /* not the 103 before it */
    assert_string_equal(stream.reason, "Not Found");
    assert_true(text_equal(buffer_text(&stream.body), TEXT("no")));
    close_stream(&stream);
}

static void holds_back_what_is_not_read(void **state)
{
    struct world *world = *state;
    struct stream stream = {0};

    open_stream(world, (struct http_request){0}, "/endless", &stream);
    while (!stream.has_head)
        turn(world);
    /* The server fills the sockets' buffers and then waits: what it has sent stays the same. */
    size_t before;
    do {
        before = world->server.sent;
        for (int i = 0; i < 50; i++)
            uv_run(&world->loop, UV_RUN_NOWAIT);
    } while (world->server.sent != before);
    assert_int_equal(stream.chunks, 0);
    http_client_read(stream.exchange);
    while (stream.chunks == 0)
        turn(world);
    assert_true(stream.body.length >= HTTP_CLIENT_WINDOW);
    assert_true(stream.body.length < 2 * HTTP_CLIENT_WINDOW);
    for (int i = 0; i < 50; i++)
        uv_run(&world->loop, UV_RUN_NOWAIT);
    assert_int_equal(stream.chunks, 1); /* one for every read */
    while (stream.body.length < 30000000) {
        size_t chunks = stream.chunks;
        http_client_read(stream.exchange);
        while (stream.chunks == chunks)
            turn(world);
    }
    for (size_t i = 0; i < stream.body.length; i++)
        assert_int_equal((unsigned char)stream.body.data[i], i % 251);
    close_stream(&stream);
}

static void reads_what_came_before_it_was_asked(void **state)
{
    struct world *world = *state;
    struct stream stream = {0};

    open_stream(world, (struct http_request){0}, "/chunked", &stream);
    while (world->server.requests == 0 || !stream.has_head)
        turn(world);
    for (int i = 0; i < 50; i++)
        uv_run(&world->loop, UV_RUN_NOWAIT);
    assert_false(stream.ended); /* it ends when it was read */
    http_client_read(stream.exchange);
    stream.reads = true;
    run_to_end(&stream);
    assert_true(text_equal(buffer_text(&stream.body), TEXT("hello, you!")));
    close_stream(&stream);
}

static void says_what_broke_it(void **state)
{
    static const struct {
        const char *path;
        bool has_head;
        const char *body;
        const char *error;
    } cases[] = {
        {"/midway", true, "ten bytes.", "transfer closed with 90 bytes remaining to read"},
        {"/nothing", false, "", "Empty reply from server"},
        {"/big-head", false, "", "the response's head is too large"},
        {"/silent", false, "", "timed out after 300 ms"},
        {"/gzip-broken", true, "", "Error while processing content unencoding"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stream stream = {.reads = true};
        open_stream(*state, (struct http_request){.timeout_ms = 300, .decodes = true}, cases[i].path,
                    &stream);
        run_to_end(&stream);
        assert_int_equal(stream.has_head, cases[i].has_head);
        assert_true(text_equal(buffer_text(&stream.body), text_from_cstr(cases[i].body)));
        if (!strstr(stream.error, cases[i].error))
            fail_msg("%s: '%s'", cases[i].path, stream.error);
        close_stream(&stream);
    }
}

static void bounds_what_comes(void **state)
{
    struct stream stream = {.reads = true};

    open_stream(*state, (struct http_request){.max_response = BIG - 1}, "/big", &stream);
    run_to_end(&stream);
    assert_string_equal(stream.error, "the response is larger than allowed");
    close_stream(&stream);
}

static void decodes_where_it_is_asked_to(void **state)
{
    static const struct http_header headers[] = {{{"Accept-Encoding", 15}, {"gzip", 4}}};

    for (int decodes = 0; decodes < 2; decodes++) {
        struct stream stream = {.reads = true};
        struct http_request request = {.decodes = decodes, .headers = headers, .header_count = 1};
        open_stream(*state, request, "/gzip", &stream);
        run_to_end(&stream);
        assert_string_equal(stream.error, "");
        if (decodes)
            assert_true(text_equal(buffer_text(&stream.body), TEXT("squeezed")));
        else
            assert_memory_equal(stream.body.data, "\x1f\x8b", 2);
        close_stream(&stream);
    }
}

static void sends_a_body_that_follows(void **state)
{
    static const struct {
        int64_t length;
        const char *head;
    } cases[] = {{-1, "\r\nTransfer-Encoding: chunked\r\n"}, {11, "\r\nContent-Length: 11\r\n"}};
    struct world *world = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stream stream = {.reads = true};
        struct http_request request = {
            .method = TEXT("PATCH"), .body_follows = true, .body_length = cases[i].length};
        open_stream(world, request, "/echo", &stream);
        static const char *const parts[] = {"hello", ", ", "you!"};
        for (size_t k = 0; k < 3; k++) {
            assert_int_equal(http_client_write(stream.exchange, text_from_cstr(parts[k])), STATUS_OK);
            assert_int_equal(stream.taken, k); /* never from within */
            while (stream.taken == k)
                turn(world);
            assert_false(stream.has_head);
        }
        http_client_finish(stream.exchange);
        assert_int_equal(http_client_write(stream.exchange, TEXT("more")), STATUS_CLOSED);
        run_to_end(&stream);
        assert_string_equal(stream.error, "");
        assert_true(text_starts_with(buffer_text(&stream.body), TEXT("PATCH /echo HTTP/1.1\r\n")));
        assert_non_null(memmem(stream.body.data, stream.body.length, cases[i].head, strlen(cases[i].head)));
        assert_null(memmem(stream.body.data, stream.body.length, "Expect", 6));
        const char *whole =
            cases[i].length < 0 ? "5\r\nhello\r\n2\r\n, \r\n4\r\nyou!\r\n0\r\n\r\n" : "hello, you!";
        size_t length = strlen(whole);
        assert_true(stream.body.length > length);
        assert_memory_equal(stream.body.data + stream.body.length - length, whole, length);
        close_stream(&stream);
    }
}

static void waits_for_a_server_that_takes_nothing(void **state)
{
    struct world *world = *state;
    struct stream stream = {0};
    static char part[65536];
    size_t written = 0;

    open_stream(world, (struct http_request){.method = TEXT("PUT"), .body_follows = true, .body_length = -1},
                "/unread", &stream);
    for (int idle = 0; idle < 100; idle++) {
        if (stream.taken == written) {
            assert_int_equal(http_client_write(stream.exchange, (struct text){part, sizeof part}), STATUS_OK);
            written++;
            idle = 0;
        }
        uv_run(&world->loop, UV_RUN_NOWAIT);
    }
    assert_true(written < 1000); /* the sockets' buffers are full */
    assert_int_equal(stream.taken, written - 1);
    close_stream(&stream);
}

static void cancel_stream(struct stream *stream)
{
    http_client_cancel(stream->exchange);
    stream->exchange = NULL;
}

static void destroy_client(struct stream *stream)
{
    if (!stream->world->client)
        return;
    http_client_destroy(stream->world->client);
    stream->world->client = NULL;
    stream->exchange = NULL;
}

static void cancels_in_chunk(struct stream *stream)
{
    if (stream->chunks > 0)
        cancel_stream(stream);
}

static void destroys_in_chunk(struct stream *stream)
{
    if (stream->chunks > 0)
        destroy_client(stream);
}

static void destroys_in_end(struct stream *stream)
{
    if (stream->ended)
        destroy_client(stream);
}

static void may_be_cancelled_from_within(void **state)
{
    static void (*const ways[])(struct stream *) = {cancel_stream, cancels_in_chunk, destroy_client,
                                                    destroys_in_chunk, destroys_in_end};
    struct world *world = *state;

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct stream streams[3] = {{.then = ways[i]}, {.reads = false}, {.reads = false}};
        if (!world->client)
            assert_int_equal(http_client_create(&world->client, &world->loop), STATUS_OK);
        open_stream(world, (struct http_request){0}, i == 4 ? "/nothing" : "/big", &streams[0]);
        open_stream(world, (struct http_request){0}, "/silent", &streams[1]);
        open_stream(world, (struct http_request){0}, "/big", &streams[2]);
        streams[0].reads = true;
        while (streams[0].exchange) {
            if (i == 0 || i == 2)
                streams[0].reads = false; /* it is gone in the callback that would read */
            turn(world);
        }
        for (int k = 0; k < 20; k++)
            uv_run(&world->loop, UV_RUN_NOWAIT);
        if (!world->client)
            streams[1].exchange = streams[2].exchange = NULL;
        for (int k = 0; k < 3; k++)
            close_stream(&streams[k]);
    }
}

static void silence_is_timed_only_while_it_is_the_servers(void **state)
{
    struct world *world = *state;
    struct stream stream = {0};
    uint64_t begun;

    open_stream(world, (struct http_request){.timeout_ms = 200}, "/endless", &stream);
    while (!stream.has_head)
        turn(world);
    begun = uv_now(&world->loop);
    while (uv_now(&world->loop) < begun + 800)
        turn(world);
    assert_false(stream.ended); /* nobody has read: the server is not to blame */
    close_stream(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tells_the_head_then_the_body, set_up, tear_down),
        cmocka_unit_test_setup_teardown(holds_back_what_is_not_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_what_came_before_it_was_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_what_broke_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds_what_comes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(decodes_where_it_is_asked_to, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sends_a_body_that_follows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waits_for_a_server_that_takes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(may_be_cancelled_from_within, set_up, tear_down),
        cmocka_unit_test_setup_teardown(silence_is_timed_only_while_it_is_the_servers, set_up, tear_down),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
