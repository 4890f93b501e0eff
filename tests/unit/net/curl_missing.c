#include "net/http_client.h"

#include "support/cmocka_all.h"

#include <string.h>

/* In place of the library's own, which the linker then leaves out. */
#include "net/curl.c"

static void on_response(void *owner, const struct http_response *response)
{
    (void)owner;
    (void)response;
    fail();
}

static void says_which_package_is_missing(void **state)
{
    struct http_client *client;
    struct http_exchange *exchange = NULL;
    struct http_request request = {
        .method = TEXT("GET"),
        .url = TEXT("http://127.0.0.1:1/"),
        .timeout_ms = 1000,
    };
    uv_loop_t loop;
    struct buffer error;

    (void)state;
    uv_loop_init(&loop);
    assert_int_equal(http_client_create(&client, &loop), STATUS_OK);
    buffer_init(&error, BUFFER_UNLIMITED);
    for (int i = 0; i < 2; i++) {
        buffer_clear(&error);
        assert_int_equal(http_client_send(client, &request, on_response, NULL, &exchange, &error),
                         STATUS_SYSTEM);
        assert_int_equal(buffer_append(&error, "", 1), STATUS_OK);
        assert_non_null(strstr(error.data, "install Debian package libcurl4"));
        assert_non_null(strstr(error.data, "libcurl-is-not-here.so.4: cannot open"));
    }
    assert_null(exchange);
    http_client_destroy(client);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    buffer_deinit(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_which_package_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
