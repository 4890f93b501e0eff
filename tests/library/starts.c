/* What can be started, and what is said of what can not. */

#include "support/app.h"
#include "support/client.h"
#include "support/cmocka_all.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void has_defaults(void **state)
{
    struct configurapi_runner_options options;

    (void)state;
    configurapi_runner_options_init(&options, sizeof options);
    assert_int_equal(options.size, sizeof options);
    assert_int_equal(options.port, 8000);
    assert_null(options.config_path);
    assert_false(options.management);
    assert_string_equal(options.management_host, "127.0.0.1");
    assert_int_equal(options.max_payload, 16 << 20);
    assert_int_equal(options.log_level, CONFIGURAPI_LOG_TRACE);
    configurapi_runner_options_api_gateway(&options);
    assert_true(options.api_gateway);
    assert_int_equal(options.max_payload, 128 << 10);
}

/* A program that was built when the options ended with `port`. */
static void takes_the_options_of_an_older_header(void **state)
{
    enum { OLD = offsetof(struct configurapi_runner_options, secure_port) };
    struct configurapi_runner_options options;

    (void)state;
    memset(&options, 0x55, sizeof options);
    configurapi_runner_options_init(&options, OLD);
    assert_int_equal(((unsigned char *)&options)[OLD], 0x55);
    options.port = 0;
    options.host = "127.0.0.1";
    configurapi_runner *runner = configurapi_runner_create(&options);
    assert_true(configurapi_runner_on(runner, "a", say, "1"));
    assert_true(configurapi_runner_start_thread(runner));
    assert_true(client_can_connect(configurapi_runner_port(runner)));
    assert_true(configurapi_runner_destroy(runner));
}

/* Everything that can be started is stopped; `expected` is how the error begins. */
static void refuses(configurapi_runner *runner, const char *expected)
{
    assert_false(configurapi_runner_start_thread(runner));
    const char *error = configurapi_runner_error(runner);
    if (strncmp(error, expected, strlen(expected)) != 0)
        fail_msg("'%s' does not begin with '%s'", error, expected);
    assert_null(strchr(error, '\n'));
    assert_int_equal(configurapi_runner_port(runner), 0);
    assert_true(configurapi_runner_destroy(runner));
}

static void refuses_config(const char *text, const char *expected)
{
    struct configurapi_runner_options options = quiet_options();

    options.config_text = text;
    configurapi_runner *checked = configurapi_runner_create(&options);
    assert_false(configurapi_runner_check(checked));
    assert_string_equal(configurapi_runner_error(checked), expected);
    refuses(checked, expected);
}

static void names_the_place_in_a_text(void **state)
{
    (void)state;
    refuses_config("api:\n  events: 5\n", "config:2:11: expected a list of events, found the number 5");
    refuses_config("api:\n  events:\n    - name: a\n      policies: [nobodyHandler]\n",
                   "config:4:18: no handler is named 'nobodyHandler' (policy of event 'a')");
    refuses_config("import: [/no/such.so]\napi: {events: []}\n",
                   "config:1:10: /no/such.so: cannot open shared object file: No such file or directory");
}

static void names_the_file(void **state)
{
    struct configurapi_runner_options options = quiet_options();

    (void)state;
    options.config_path = "/nowhere/config.yaml";
    refuses(configurapi_runner_create(&options), "/nowhere/config.yaml: cannot be read: ");
}

static void wants_something_to_serve(void **state)
{
    struct configurapi_runner_options options = quiet_options();

    (void)state;
    refuses(configurapi_runner_create(&options), "there is nothing to serve");
    options.config_path = "a.yaml";
    options.config_text = "b";
    refuses(configurapi_runner_create(&options), "config_path and config_text do not go together");
    options.config_text = NULL;
    configurapi_runner *both = configurapi_runner_create(&options);
    assert_true(configurapi_runner_on(both, "a", say, "1"));
    refuses(both, "a configuration and handlers of events do not go together");
}

static void refuses_options(void **state)
{
    struct configurapi_runner_options options = quiet_options();

    (void)state;
    options.config_text = "api: {events: []}";
    options.max_in_flight = 0;
    refuses(configurapi_runner_create(&options), "max_in_flight must be at least 1");
    options = quiet_options();
    options.config_text = "api: {events: []}";
    options.max_payload = 0;
    refuses(configurapi_runner_create(&options), "max_payload must be at least 1");
    options = quiet_options();
    options.config_text = "api: {events: []}";
    options.max_buffered = 0;
    refuses(configurapi_runner_create(&options), "max_buffered must be at least 1");
    options = quiet_options();
    options.config_text = "api: {events: []}";
    options.key_path = TEST_KEY;
    refuses(configurapi_runner_create(&options), "a key, and neither certificate_path nor certificate_text");
    options.key_path = NULL;
    options.certificate_text = "no PEM";
    refuses(configurapi_runner_create(&options), "a certificate, and neither key_path nor key_text");
    options.certificate_text = NULL;
    options.key_path = TEST_KEY;
    options.key_text = "no PEM";
    refuses(configurapi_runner_create(&options), "key_path and key_text do not go together");
    options.key_path = NULL;
    options.certificate_path = TEST_CERTIFICATE;
    refuses(configurapi_runner_create(&options), "key: no key for that certificate can be read");
    options.certificate_text = "no PEM";
    refuses(configurapi_runner_create(&options), "certificate_path and certificate_text do not go together");
    options.certificate_path = NULL;
    refuses(configurapi_runner_create(&options), "cert: no certificate can be read");
    options.key_text = options.certificate_text = NULL;
    options.host = "192.0.2.1";
    refuses(configurapi_runner_create(&options), "cannot listen on 192.0.2.1");
}

/* Zeroes would listen everywhere. */
static void refuses_options_without_defaults(void **state)
{
    static const char expected[] =
        "the options have no defaults: configurapi_runner_options_init() sets them";
    struct configurapi_runner_options options = {.port = 0};

    (void)state;
    configurapi_runner *runner = configurapi_runner_create(&options);
    assert_true(configurapi_runner_on(runner, "a", say, "1"));
    assert_false(configurapi_runner_check(runner));
    assert_string_equal(configurapi_runner_error(runner), expected);
    refuses(runner, expected);
}

static void refuses_what_is_null(void **state)
{
    struct configurapi_runner_options options = quiet_options();

    (void)state;
    assert_null(configurapi_runner_create(NULL));
    configurapi_runner *runner = configurapi_runner_create(&options);
    assert_false(configurapi_runner_on(runner, "a", NULL, NULL));
    assert_false(configurapi_runner_on(runner, NULL, say, "1"));
    assert_false(configurapi_runner_handler(runner, "aHandler", NULL, NULL));
    assert_false(configurapi_runner_handler(runner, NULL, say, "1"));
    assert_string_equal(configurapi_runner_error(runner),
                        "a handler is a name and a function: one of them is NULL");
    refuses(runner, "there is nothing to serve");
}

static void refuses_a_name_twice(void **state)
{
    struct configurapi_runner_options options = quiet_options();

    (void)state;
    options.config_text = "api: {events: []}";
    configurapi_runner *runner = configurapi_runner_create(&options);
    assert_true(configurapi_runner_handler(runner, "oneHandler", say, "1"));
    assert_true(configurapi_runner_handler(runner, "oneHandler", say, "2"));
    refuses(runner, "there is a handler named 'oneHandler' already");
}

static void refuses_a_port_in_use(void **state)
{
    struct configurapi_runner_options options = quiet_options();

    (void)state;
    options.config_text = "api: {events: []}";
    configurapi_runner *first = configurapi_runner_create(&options);
    assert_true(configurapi_runner_start_thread(first));
    options.port = configurapi_runner_port(first);
    refuses(configurapi_runner_create(&options), "cannot listen on 127.0.0.1 port ");
    options.port = 0;
    options.management = true;
    options.management_port = configurapi_runner_port(first);
    refuses(configurapi_runner_create(&options), "management: cannot listen on 127.0.0.1 port ");
    assert_true(configurapi_runner_destroy(first));
}

static void starts_once(void **state)
{
    struct configurapi_runner_options options = quiet_options();

    (void)state;
    options.config_text = "api: {events: []}";
    configurapi_runner *runner = configurapi_runner_create(&options);
    assert_true(configurapi_runner_check(runner));
    assert_true(configurapi_runner_start_thread(runner));
    assert_false(configurapi_runner_start_thread(runner));
    assert_string_equal(configurapi_runner_error(runner), "it was started before: a runner is started once");
    assert_false(configurapi_runner_handler(runner, "lateHandler", say, ""));
    assert_false(configurapi_runner_on(runner, "late", say, ""));
    assert_true(configurapi_runner_destroy(runner));
}

static void serves_a_file_and_its_handlers(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    char directory[] = "/tmp/library-XXXXXX";
    char path[64];
    struct client client;

    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/config.yaml", directory);
    FILE *file = fopen(path, "w");
    fprintf(file,
            "import: ['%s']\napi:\n  events:\n    - name: a\n      policies: [mineHandler]\n"
            "    - name: b\n      policies:\n        - fromModuleHandler: [{deep: 1}]\n",
            TEST_MODULE);
    fclose(file);
    options.config_path = path;
    configurapi_runner *runner = configurapi_runner_create(&options);
    assert_true(configurapi_runner_handler(runner, "mineHandler", say, "\"mine\""));
    assert_true(configurapi_runner_start_thread(runner));
    client_connect(&client, configurapi_runner_port(runner));
    assert_string_equal(client_ask(&client, ASK("a")), REPLY("\"mine\""));
    assert_string_equal(client_ask(&client, ASK("b")), REPLY("{\"module\":{\"deep\":1}}"));
    client_close(&client);
    assert_true(configurapi_runner_destroy(runner));
    unlink(path);
    rmdir(directory);
}

static void reads_an_environment_file(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    char path[] = "/tmp/library-XXXXXX";
    int descriptor = mkstemp(path);

    (void)state;
    assert_int_equal(write(descriptor, "LIBRARY_TEST=yes\n", 17), 17);
    options.config_text = "api: {events: []}";
    options.env_path = path;
    configurapi_runner *runner = configurapi_runner_create(&options);
    assert_true(configurapi_runner_check(runner));
    assert_string_equal(getenv("LIBRARY_TEST"), "yes");
    assert_int_equal(write(descriptor, "nonsense\n", 9), 9);
    assert_false(configurapi_runner_check(runner));
    assert_non_null(strstr(configurapi_runner_error(runner), ":2: expected NAME=value"));
    assert_true(configurapi_runner_destroy(runner));
    close(descriptor);
    unlink(path);
}

static int listening_socket(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(descriptor, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(descriptor, 16), 0);
    assert_int_equal(getsockname(descriptor, (struct sockaddr *)&address, &length), 0);
    *port = ntohs(address.sin_port);
    return descriptor;
}

static void listens_on_sockets_that_it_is_given(void **state)
{
    struct configurapi_runner_options options = quiet_options();
    uint16_t ports[2];

    (void)state;
    options.config_text = "api: {events: []}";
    options.descriptor = listening_socket(&ports[0]);
    options.management = true;
    options.management_descriptor = listening_socket(&ports[1]);
    configurapi_runner *runner = configurapi_runner_create(&options);
    assert_true(configurapi_runner_start_thread(runner));
    assert_int_equal(configurapi_runner_port(runner), ports[0]);
    assert_int_equal(configurapi_runner_management_port(runner), ports[1]);
    assert_true(client_can_connect(ports[0]));
    assert_true(configurapi_runner_destroy(runner));
    assert_false(client_can_connect(ports[0]));

    options.descriptor = listening_socket(&ports[0]);
    options.management_descriptor = listening_socket(&ports[1]);
    options.config_text = "nonsense";
    refuses(configurapi_runner_create(&options), "config:1:1: ");
    assert_false(client_can_connect(ports[0]));
    assert_false(client_can_connect(ports[1]));
}

static void says_its_version(void **state)
{
    (void)state;
    assert_non_null(strchr(configurapi_runner_version(), '.'));
    assert_string_equal(configurapi_runner_error(NULL), "out of memory");
    assert_true(configurapi_runner_destroy(NULL));
    assert_null(configurapi_client_ref(NULL));
    configurapi_client_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_defaults),
        cmocka_unit_test(takes_the_options_of_an_older_header),
        cmocka_unit_test(names_the_place_in_a_text),
        cmocka_unit_test(names_the_file),
        cmocka_unit_test(wants_something_to_serve),
        cmocka_unit_test(refuses_options),
        cmocka_unit_test(refuses_options_without_defaults),
        cmocka_unit_test(refuses_what_is_null),
        cmocka_unit_test(refuses_a_name_twice),
        cmocka_unit_test(refuses_a_port_in_use),
        cmocka_unit_test(starts_once),
        cmocka_unit_test(serves_a_file_and_its_handlers),
        cmocka_unit_test(reads_an_environment_file),
        cmocka_unit_test(listens_on_sockets_that_it_is_given),
        cmocka_unit_test(says_its_version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
