#include "cli/options.h"

#include "support/cmocka_all.h"
#include <stdio.h>
#include <string.h>

static struct command_line line;

static enum status parse(const char *first, const char *second, struct buffer *error)
{
    char *arguments[] = {"program", (char *)first, (char *)second, NULL};

    return command_line_parse(&line, second ? 3 : first ? 2 : 1, arguments, error);
}

static void good(const char *first, const char *second)
{
    struct buffer error;

    buffer_init(&error, BUFFER_UNLIMITED);
    assert_int_equal(parse(first, second, &error), STATUS_OK);
}

static void all_good(char **arguments)
{
    struct buffer error;
    int count = 0;

    while (arguments[count])
        count++;
    buffer_init(&error, BUFFER_UNLIMITED);
    assert_int_equal(command_line_parse(&line, count, arguments, &error), STATUS_OK);
}

static void bad(const char *first, const char *second, const char *message)
{
    struct buffer error;

    buffer_init(&error, BUFFER_UNLIMITED);
    assert_int_equal(parse(first, second, &error), STATUS_INVALID);
    assert_true(text_equal(buffer_text(&error), text_from_cstr(message)));
    buffer_deinit(&error);
}

static void has_the_contract_s_defaults(void **state)
{
    const struct configurapi_runner_options *options = &line.options;
    enum { KIB = 1024, MIB = 1024 * KIB, SECOND_MS = 1000 };

    (void)state;
    good(NULL, NULL);
    assert_string_equal(options->config_path, "config.yaml");
    assert_int_equal(options->port, 8000);
    assert_null(options->host);
    assert_int_equal(options->secure_port, 8443);
    assert_null(options->key_path);
    assert_null(options->certificate_path);
    assert_int_equal(options->descriptor, -1);
    assert_int_equal(options->secure_descriptor, -1);
    assert_int_equal(options->max_payload, 16 * MIB);
    assert_int_equal(options->high_water_mark, MIB);
    assert_int_equal(options->max_buffered, 64 * MIB);
    assert_int_equal(options->max_in_flight, 256);
    assert_int_equal(options->max_frame, 0);
    assert_int_equal(options->max_connections, 0);
    assert_int_equal(options->compress_above, KIB);
    assert_false(options->no_compression);
    assert_int_equal(options->handshake_timeout_ms, 10 * SECOND_MS);
    assert_int_equal(options->ping_interval_ms, 30 * SECOND_MS);
    assert_int_equal(options->idle_timeout_ms, 0);
    assert_int_equal(options->max_lifetime_ms, 0);
    assert_int_equal(options->handler_timeout_ms, 0);
    assert_int_equal(options->max_blocking_ms, 10 * 1000);
    assert_int_equal(options->drain_timeout_ms, 10 * SECOND_MS);
    assert_int_equal(options->origin_count, 0);
    assert_false(options->api_gateway);
    assert_int_equal(options->log_level, CONFIGURAPI_LOG_TRACE);
    assert_int_equal(options->log_format, CONFIGURAPI_LOG_TEXT);
    assert_true(options->management);
    assert_string_equal(options->management_host, "127.0.0.1");
    assert_int_equal(options->management_port, 9100);
    assert_int_equal(options->management_descriptor, -1);
    assert_null(options->management_token);
    assert_false(line.no_management || line.check || line.help || line.version);
}

static void holds_to_api_gateway(void **state)
{
    const struct configurapi_runner_options *options = &line.options;

    (void)state;
    good("--api-gateway", NULL);
    assert_true(options->api_gateway);
    assert_int_equal(options->max_payload, 128 * 1024);
    assert_int_equal(options->max_frame, 32 * 1024);
    assert_int_equal(options->idle_timeout_ms, 10 * 60 * 1000);
    assert_int_equal(options->max_lifetime_ms, 2 * 60 * 60 * 1000);
    assert_int_equal(options->handler_timeout_ms, 29 * 1000);
    /* Options of their own change it, in front of it and behind. */
    good("--idle-timeout=1m", "--api-gateway");
    assert_int_equal(options->idle_timeout_ms, 60 * 1000);
    assert_int_equal(options->max_payload, 128 * 1024);
    good("--api-gateway", "--max-payload=1k");
    assert_int_equal(options->max_payload, 1024);
}

/* Each option changes its own field. */
static void fills_every_field(void **state)
{
    (void)state;
    good("--host", "h");
    assert_string_equal(line.options.host, "h");
    good("--key=k", "--cert=c");
    assert_string_equal(line.options.key_path, "k");
    assert_string_equal(line.options.certificate_path, "c");
    all_good((char *[]){"program", "--key", "k", "--cert", "c", "--s-port", "443", NULL});
    assert_string_equal(line.options.key_path, "k");
    assert_string_equal(line.options.certificate_path, "c");
    assert_int_equal(line.options.secure_port, 443);
    good("--management-port", "1");
    assert_int_equal(line.options.management_port, 1);
    good("--management-host", "m");
    assert_string_equal(line.options.management_host, "m");
    good("--management-token", "t");
    assert_string_equal(line.options.management_token, "t");
    good("--no-management", NULL);
    assert_true(line.no_management);
    assert_false(line.options.management);
    good("--high-water-mark", "2k");
    assert_int_equal(line.options.high_water_mark, 2048);
    good("--max-buffered", "3k");
    assert_int_equal(line.options.max_buffered, 3072);
    good("--max-in-flight", "4");
    assert_int_equal(line.options.max_in_flight, 4);
    good("--max-connections", "5");
    assert_int_equal(line.options.max_connections, 5);
    good("--compress-above", "6");
    assert_int_equal(line.options.compress_above, 6);
    good("--no-compression", NULL);
    assert_true(line.options.no_compression);
    good("--handshake-timeout", "7");
    assert_int_equal(line.options.handshake_timeout_ms, 7);
    good("--idle-timeout", "8");
    assert_int_equal(line.options.idle_timeout_ms, 8);
    good("--max-lifetime", "9");
    assert_int_equal(line.options.max_lifetime_ms, 9);
    good("--handler-timeout", "29s");
    assert_int_equal(line.options.handler_timeout_ms, 29 * 1000);
    good("--max-blocking", "250ms");
    assert_int_equal(line.options.max_blocking_ms, 250);
    good("--drain-timeout", "0");
    assert_int_equal(line.options.drain_timeout_ms, 0);
    good("--origin=https://a.example", "--origin=https://b.example");
    assert_int_equal(line.options.origin_count, 2);
    assert_string_equal(line.options.origins[1], "https://b.example");
    good("--help", "--version");
    assert_true(line.help && line.version);
}

static void takes_values_either_way(void **state)
{
    (void)state;
    good("-f", "a.yaml");
    assert_string_equal(line.options.config_path, "a.yaml");
    good("--file=b=c.yaml", NULL);
    assert_string_equal(line.options.config_path, "b=c.yaml");
    good("-p", "0");
    assert_int_equal(line.options.port, 0);
    good("-p18100", NULL);
    assert_int_equal(line.options.port, 18100);
    good("-fa.yaml", NULL);
    assert_string_equal(line.options.config_path, "a.yaml");
    good("--log-level", "none");
    assert_int_equal(line.options.log_level, CONFIGURAPI_LOG_NONE);
    good("--log-format", "json");
    assert_int_equal(line.options.log_format, CONFIGURAPI_LOG_JSON);
    good("--check", NULL);
    assert_true(line.check);
}

static void takes_units(void **state)
{
    (void)state;
    good("--max-payload", "64k");
    assert_int_equal(line.options.max_payload, 65536);
    good("--max-payload", "2G");
    assert_true(line.options.max_payload == (size_t)2 << 30);
    good("--ping-interval", "2m");
    assert_int_equal(line.options.ping_interval_ms, 120000);
    good("--drain-timeout", "250");
    assert_int_equal(line.options.drain_timeout_ms, 250);
}

static void takes_a_script_and_leaves_it_its_arguments(void **state)
{
    char *arguments[] = {"program", "-p", "1", "server.js", "--api-gateway", "-p", "2", "--nonsense", NULL};
    struct buffer error;

    (void)state;
    buffer_init(&error, BUFFER_UNLIMITED);
    assert_int_equal(command_line_parse(&line, 8, arguments, &error), STATUS_OK);
    assert_string_equal(line.script, "server.js");
    assert_int_equal(line.script_argument_count, 4);
    assert_ptr_equal(line.script_arguments, arguments + 4);
    assert_int_equal(line.options.port, 1);
    assert_false(line.options.api_gateway);
    good("-p", "1");
    assert_null(line.script);
    arguments[3] = "--api-gateway"; /* behind a value */
    arguments[4] = "server.js";
    assert_int_equal(command_line_parse(&line, 5, arguments, &error), STATUS_OK);
    assert_true(line.options.api_gateway);
}

static void set(const char *name, const char *value)
{
    struct buffer error;

    buffer_init(&error, BUFFER_UNLIMITED);
    assert_int_equal(command_line_set(&line, name, value, &error), STATUS_OK);
}

static void bad_set(const char *name, const char *value, const char *message)
{
    struct buffer error;

    buffer_init(&error, BUFFER_UNLIMITED);
    assert_int_equal(command_line_set(&line, name, value, &error), STATUS_INVALID);
    assert_true(text_equal(buffer_text(&error), text_from_cstr(message)));
    buffer_deinit(&error);
}

static void takes_what_a_script_says(void **state)
{
    (void)state;
    good(NULL, NULL);
    set("configPath", "other.yaml");
    assert_string_equal(line.options.config_path, "other.yaml");
    set("highWaterMark", "2m");
    assert_int_equal(line.options.high_water_mark, 2 << 20);
    set("sPort", "1");
    assert_int_equal(line.options.secure_port, 1);
    set("compression", "false");
    assert_true(line.options.no_compression);
    set("compression", "true");
    assert_false(line.options.no_compression);
    set("management", "false");
    assert_true(line.no_management);
    set("apiGateway", "true");
    assert_true(line.options.api_gateway);
    set("keyPath", "k");
    assert_string_equal(line.options.key_path, "k");
    bad_set("compression", "", "compression wants true or false, not ''");
    bad_set("port", "x", "port wants a port from 0 to 65535, not 'x'");
    for (const char *const *name =
             (const char *const[]){"", "p", "help", "check", "watch", "workers", "file", "key", "s-port", "s",
                                   "sPortX", "SPort", "noManagement", NULL};
         *name; name++) {
        char message[64];
        snprintf(message, sizeof message, "run() has no option '%s'", *name);
        bad_set(*name, "1", message);
    }
}

static void refuses_with_one_line(void **state)
{
    (void)state;
    bad("--nonsense", NULL, "unknown option '--nonsense' (see --help)");
    bad("-x", NULL, "unknown option '-x' (see --help)");
    bad("-p1x", NULL, "--port wants a port from 0 to 65535, not '1x'");
    bad("-x1", NULL, "unknown option '-x1' (see --help)");
    bad("-help", NULL, "unknown option '-help' (see --help)");
    bad("--", NULL, "unknown option '--' (see --help)");
    bad("other.yaml", NULL, "unexpected argument 'other.yaml': a config file goes behind --file");
    bad("other.YML", NULL, "unexpected argument 'other.YML': a config file goes behind --file");
    bad("--check", "server.js", "--check is for a config file's handlers: it takes no script");
    bad("--watch", "server.js", "--watch is for a config file's handlers: it takes no script");
    bad("--workers=2", "server.js", "--workers is for a config file's handlers: it takes no script");
    bad("--port", "65536", "--port wants a port from 0 to 65535, not '65536'");
    bad("--port", NULL, "--port wants a port from 0 to 65535, not ''");
    bad("--port", "-1", "--port wants a port from 0 to 65535, not '-1'");
    bad("--max-payload", "1x",
        "--max-payload wants a number of bytes above 0 such as 4096, 64k, 16m or 1g, not '1x'");
    bad("--max-payload", "99999999999999999999",
        "--max-payload wants a number of bytes above 0 such as 4096, 64k, 16m or 1g, not "
        "'99999999999999999999'");
    bad("--max-payload", "0",
        "--max-payload wants a number of bytes above 0 such as 4096, 64k, 16m or 1g, not '0'");
    bad("--max-buffered", "0k",
        "--max-buffered wants a number of bytes above 0 such as 4096, 64k, 16m or 1g, not '0k'");
    bad("--compress-above", "1x",
        "--compress-above wants a number of bytes such as 4096, 64k, 16m or 1g, not '1x'");
    bad("--max-in-flight", "0", "--max-in-flight wants a number from 1 to 1000000, not '0'");
    bad("--log-level", "loud", "--log-level wants debug, trace, info, error or none, not 'loud'");
    bad("--log-format", "xml", "--log-format wants text or json, not 'xml'");
    bad("--key", "k", "--key and --cert go together");
    bad("--cert", "c", "--key and --cert go together");
    bad("--s-port", "0", "--s-port needs --key and --cert");
    bad("--check=1", NULL, "--check takes no value");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_contract_s_defaults),
        cmocka_unit_test(holds_to_api_gateway),
        cmocka_unit_test(fills_every_field),
        cmocka_unit_test(takes_values_either_way),
        cmocka_unit_test(takes_units),
        cmocka_unit_test(takes_a_script_and_leaves_it_its_arguments),
        cmocka_unit_test(takes_what_a_script_says),
        cmocka_unit_test(refuses_with_one_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
