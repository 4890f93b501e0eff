/* In a program whose locale writes 1,5: numbers are JSON's and YAML's all the same. */

#include "support/app.h"
#include "support/client.h"
#include "support/cmocka_all.h"

#include <locale.h>

static enum configurapi_result answer(configurapi_event *event, const json_t *parameters)
{
    return configurapi_reply_printf(event, 200,
                                    "{\"parameters\":%j,\"payload\":%j,\"third\":%.2f,\"half\":%g}",
                                    parameters, configurapi_event_payload(event), 1 / 3.0, 0.5);
}

static void numbers_have_points(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    static char metrics[64 * 1024];
    struct client client;

    (void)state;
    assert_non_null(setlocale(LC_ALL, "de_DE.UTF-8"));
    assert_string_equal(localeconv()->decimal_point, ",");
    options.management = true;
    options.config_text =
        "api:\n  events:\n    - name: a\n      policies:\n        - answerHandler: [1.5, 1.0e-7]\n"
        "    - name: b\n      policies:\n"
        "        - setResponseHandler: [200, {a: 2.5}]\n";
    configurapi_runner *runner = configurapi_runner_create(&options);
    assert_true(configurapi_runner_handler(runner, "answerHandler", answer, NULL));
    if (!configurapi_runner_start_thread(runner))
        fail_msg("%s", configurapi_runner_error(runner));
    client_connect(&client, configurapi_runner_port(runner));
    assert_string_equal(client_ask(&client, "{\"name\":\"a\",\"payload\":0.25}"),
                        REPLY("{\"parameters\":[1.5,1e-07],\"payload\":0.25,\"third\":0.33,\"half\":0.5}"));
    assert_string_equal(client_ask(&client, ASK("b")), REPLY("{\"a\":2.5}"));
    client_close(&client);
    client_http(configurapi_runner_management_port(runner), "GET /metrics", metrics, sizeof metrics);
    assert_non_null(strstr(metrics, "le=\"0.0001\""));
    assert_true(configurapi_runner_destroy(runner));
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_points),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
