#include "config/config.h"

#include "support/cmocka_all.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct config *parse_as(const char *yaml, const char *node_env)
{
    struct config *config = NULL;
    struct buffer error;

    buffer_init(&error, BUFFER_UNLIMITED);
    if (config_parse(&config, text_from_cstr(yaml), "c.yaml", "/srv/app", node_env, &error) != STATUS_OK)
        fail_msg("%s: %.*s", yaml, TEXT_ARGS(buffer_text(&error)));
    buffer_deinit(&error);
    return config;
}

static struct config *parse(const char *yaml)
{
    return parse_as(yaml, NULL);
}

static void assert_error(const char *yaml, const char *expected)
{
    struct config *config = NULL;
    struct buffer error;

    buffer_init(&error, BUFFER_UNLIMITED);
    assert_int_equal(config_parse(&config, text_from_cstr(yaml), "c.yaml", "/srv/app", NULL, &error),
                     STATUS_INVALID);
    assert_null(config);
    if (!text_equal(buffer_text(&error), text_from_cstr(expected)))
        fail_msg("%s: %.*s", yaml, TEXT_ARGS(buffer_text(&error)));
    buffer_deinit(&error);
}

static void assert_text(struct text text, const char *expected)
{
    assert_int_equal(text.length, strlen(expected));
    assert_string_equal(text.data, expected); /* NUL-terminated too */
}

static void assert_parameters(const struct config_policy *policy, const char *expected)
{
    char *text = json_dumps(policy->parameters, JSON_COMPACT);

    assert_string_equal(text, expected);
    free(text);
}

static void reads_a_whole_config(void **state)
{
    static const char yaml[] = "import:\n"
                               "  - configurapi-handler-json\n"
                               "  - ./lib/../handlers\n"
                               "api:\n"
                               "  events:\n"
                               "    - name: getData\n"
                               "      logLevel: Debug\n"
                               "      policies:\n"
                               "        - authorizeHandler\n"
                               "        - loadHandler:\n"
                               "            - [1, 2.5]\n"
                               "            - {a: ~}\n"
                               "          logLevel: error\n"
                               "        - saveHandler:\n"
                               "          parameters: [x]\n"
                               "    - name: 5\n"
                               "      policies: []\n";
    struct config *config = parse(yaml);

    (void)state;
    assert_text(config->path, "c.yaml");
    assert_text(config->directory, "/srv/app");
    assert_int_equal(config->import_count, 2);
    assert_text(config->imports[0].name, "configurapi-handler-json");
    assert_text(config->imports[1].name, "/srv/app/handlers");
    assert_int_equal(config->imports[1].position.line, 3);
    assert_int_equal(config->imports[1].position.column, 5);
    assert_int_equal(config->route_count, 2);

    const struct config_route *route = config_route(config, TEXT("getData"));
    assert_ptr_equal(route, &config->routes[0]);
    assert_text(route->name, "getData");
    assert_int_equal(route->log_level, LOG_DEBUG);
    assert_int_equal(route->position.line, 6);
    assert_int_equal(route->position.column, 7);
    assert_int_equal(route->policy_count, 3);
    assert_text(route->policies[0].name, "authorizeHandler");
    assert_parameters(&route->policies[0], "[]");
    assert_int_equal(route->policies[0].log_level, LOG_TRACE);
    assert_int_equal(route->policies[0].position.line, 9);
    assert_int_equal(route->policies[0].position.column, 11);
    assert_text(route->policies[1].name, "loadHandler");
    assert_parameters(&route->policies[1], "[[1,2.5],{\"a\":null}]");
    assert_int_equal(route->policies[1].log_level, LOG_ERROR);
    assert_int_equal(route->policies[1].position.line, 10);
    assert_text(route->policies[2].name, "saveHandler");
    assert_parameters(&route->policies[2], "[\"x\"]");

    assert_text(config_route(config, TEXT("5"))->name, "5");
    assert_int_equal(config_route(config, TEXT("5"))->policy_count, 0);
    assert_null(config_route(config, TEXT("other")));
    assert_null(config_route(config, TEXT("")));
    config_destroy(config);
    config_destroy(NULL);
}

#define ROUTE(name, more) "{name: " name ", policies: [" more "]}"
#define EVENTS(events) "api: {events: [" events "]}"

static void resolves_imports(void **state)
{
    struct config *config = parse("import: [a, ./b/, ../c, .., .d, /e, '', ./x//y/../z]\napi: {events: []}");
    static const char *const expected[] = {"a",           "/srv/app/b", "/srv/c", "/srv",
                                           "/srv/app/.d", "/e",         "",       "/srv/app/x/z"};

    (void)state;
    assert_int_equal(config->import_count, 8);
    for (size_t i = 0; i < 8; i++)
        assert_text(config->imports[i].name, expected[i]);
    config_destroy(config);
}

static void keeps_the_last_event_of_a_name(void **state)
{
    struct config *config =
        parse(EVENTS(ROUTE("a", "p: [1]") ", " ROUTE("b", "") ", " ROUTE("a", "q: [2], r")));

    (void)state;
    assert_int_equal(config->route_count, 2);
    assert_text(config->routes[0].name, "a");
    assert_int_equal(config->routes[0].policy_count, 2);
    assert_text(config->routes[0].policies[0].name, "q");
    config_destroy(config);
}

static void leaves_out_events_of_other_environments(void **state)
{
    static const char yaml[] = EVENTS("{name: a, policies: [p]}, {name: a, when: dev, policies: [q: [1]]},"
                                      "{name: b, when: 5, policies: []}, {name: c, when: '', policies: []}");
    struct config *config = parse(yaml);

    (void)state;
    assert_int_equal(config->route_count, 2);
    assert_text(config_route(config, TEXT("a"))->policies[0].name, "p");
    assert_non_null(config_route(config, TEXT("c")));
    config_destroy(config);
    config = parse_as(yaml, "dev");
    assert_text(config_route(config, TEXT("a"))->policies[0].name, "q");
    config_destroy(config);
    config = parse_as(yaml, "5");
    assert_null(config_route(config, TEXT("b")));
    config_destroy(config);
    config = parse_as(yaml, "");
    assert_text(config_route(config, TEXT("a"))->policies[0].name, "p");
    config_destroy(config);
}

static void spells_names_as_javascript_does(void **state)
{
    static const struct {
        const char *yaml;
        const char *name;
    } cases[] = {
        {"5", "5"},
        {"~", "null"},
        {"true", "true"},
        {"1.50", "1.5"},
        {"1e21", "1e+21"},
        {"[a, [1, ~]]", "a,1,"},
        {"{}", "[object Object]"},
        {"''", ""},
        {"__proto__", "__proto__"},
        {"constructor", "constructor"},
        {"\u00e9", "\u00e9"},
    };
    char yaml[128];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(yaml, sizeof yaml, EVENTS("{name: %s, policies: []}"), cases[i].yaml);
        struct config *config = parse(yaml);
        assert_text(config->routes[0].name, cases[i].name);
        assert_ptr_equal(config_route(config, text_from_cstr(cases[i].name)), &config->routes[0]);
        config_destroy(config);
    }
}

static void reads_log_levels(void **state)
{
    static const struct {
        const char *yaml;
        enum log_level level;
    } cases[] = {
        {"debug", LOG_DEBUG}, {"TRACE", LOG_TRACE}, {"Info", LOG_INFO}, {"error", LOG_ERROR},
        {"none", LOG_NONE},   {"warn", LOG_NONE},   {"''", LOG_TRACE},  {"~", LOG_TRACE},
        {"0", LOG_TRACE},     {"false", LOG_TRACE},
    };
    char yaml[128];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(yaml, sizeof yaml, EVENTS("{name: a, logLevel: %s, policies: [{p: [], logLevel: %s}]}"),
                 cases[i].yaml, cases[i].yaml);
        struct config *config = parse(yaml);
        assert_int_equal(config->routes[0].log_level, cases[i].level);
        assert_int_equal(config->routes[0].policies[0].log_level, cases[i].level);
        assert_int_equal(config->routes[0].policies[0].log_level_known, strcmp(cases[i].yaml, "warn") != 0);
        config_destroy(config);
    }
}

static void reads_policies(void **state)
{
    static const struct {
        const char *yaml;
        const char *name;
        const char *parameters;
    } cases[] = {
        {"p", "p", "[]"},
        {"{p: [1]}", "p", "[1]"},
        {"{p: 5, parameters: [2]}", "p", "[2]"},
        {"{p: [1], parameters: [2]}", "p", "[1]"},
        {"{p: 5}", "p", "[]"},
        {"{p: {a: 1}, parameters: x}", "p", "[]"},
        {"{q: [1], 7: [2]}", "7", "[2]"},
        {"{1.5: [1]}", "1.5", "[1]"},
        {"[[1], 2]", "0", "[1]"},
        {"[a]", "0", "[]"},
        {"{__proto__: [1]}", "__proto__", "[1]"},
        {"{<<: {p: [1]}, q: [2]}", "p", "[1]"},
        {"{p: [2001-01-01, .inf, {$a: 1}]}", "p",
         "[{\"$date\":\"2001-01-01T00:00:00.000Z\"},{\"$number\":\"Infinity\"},{\"$$a\":1}]"},
    };
    char yaml[128];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(yaml, sizeof yaml, EVENTS("{name: a, policies: [%s]}"), cases[i].yaml);
        struct config *config = parse(yaml);
        assert_text(config->routes[0].policies[0].name, cases[i].name);
        assert_parameters(&config->routes[0].policies[0], cases[i].parameters);
        config_destroy(config);
    }
}

static void says_what_the_document_lacks(void **state)
{
    (void)state;
    assert_error("", "c.yaml:1:1: expected a map with \"api\", found nothing");
    assert_error("# c\n- a", "c.yaml:2:1: expected a map with \"api\", found a list");
    assert_error("text", "c.yaml:1:1: expected a map with \"api\", found the string \"text\"");
    assert_error("a: 1", "c.yaml:1:1: expected \"api\" in the config");
    assert_error("a: 1\napi:\n", "c.yaml:2:1: expected a map with \"events\", found nothing");
    assert_error("api: 5", "c.yaml:1:6: expected a map with \"events\", found the number 5");
    assert_error("api:\n  evnts: []", "c.yaml:2:3: expected \"events\" in \"api\"");
    assert_error("api:\n  events:\n", "c.yaml:2:3: expected a list of events, found nothing");
    assert_error("api: {events: {a: 1}}", "c.yaml:1:15: expected a list of events, found a map");
    assert_error("api: {events: getData}", "c.yaml:1:15: expected a list of events; write \"- getData\"");
}

static void says_what_imports_are_not(void **state)
{
    (void)state;
    assert_error("import: configurapi-handler-json",
                 "c.yaml:1:9: expected a list of modules; write \"- configurapi-handler-json\"");
    assert_error("import:\napi: {events: []}", "c.yaml:1:1: expected a list of modules, found nothing");
    assert_error("import:\n  - a\n  - 5", "c.yaml:3:5: expected a module's name or path, found the number 5");
    assert_error("import: [a, {b: c}]", "c.yaml:1:13: expected a module's name or path, found a map");
}

static void says_what_events_lack(void **state)
{
    (void)state;
    assert_error("api:\n  events:\n    -\n    - {name: a, policies: []}",
                 "c.yaml:3:5: expected an event: a map with \"name\" and \"policies\", found nothing");
    assert_error(
        "api:\n  events:\n    - getData",
        "c.yaml:3:7: expected an event: a map with \"name\" and \"policies\", found the string \"getData\"");
    assert_error("api:\n  events:\n    - policies: []", "c.yaml:3:7: expected \"name\" in the event");
    assert_error("api:\n  events:\n    - name: getData",
                 "c.yaml:3:7: event \"getData\": expected \"policies\" in the event");
    assert_error("api:\n  events:\n    - name: getData\n      policies:\n",
                 "c.yaml:4:7: event \"getData\": expected a list of policies, found nothing");
    assert_error("api:\n  events:\n    - name: getData\n      policies: fooHandler",
                 "c.yaml:4:17: event \"getData\": expected a list of policies; write \"- fooHandler\"");
    assert_error("api:\n  events:\n    - name: 5\n      logLevel: 2\n      policies: []",
                 "c.yaml:4:17: event \"5\": expected a log level (debug, trace, info, error or none), found "
                 "the number 2");
    assert_error(EVENTS("{name: {toString: 1}, policies: []}"),
                 "c.yaml:1:23: expected the name of an event, found a map");
    /* What is left out must be right, too. */
    assert_error(EVENTS("{name: a, when: test, policies: [5]}"),
                 "c.yaml:1:49: event \"a\": expected a policy: its name, or a map from its name to a list of "
                 "parameters, found the number 5");
}

static void says_what_policies_are_not(void **state)
{
    (void)state;
    assert_error("api:\n  events:\n  - name: a\n    policies:\n    - p\n    -\n    - q",
                 "c.yaml:6:7: event \"a\": expected a policy: its name, or a map from its name to a list of "
                 "parameters, found nothing");
    assert_error(EVENTS(ROUTE("a", "''")), "c.yaml:1:37: event \"a\": expected a policy: its name, or a map "
                                           "from its name to a list of parameters, found the string \"\"");
    assert_error(EVENTS(ROUTE("a", "{}")), "c.yaml:1:37: event \"a\": expected a policy: its name, or a map "
                                           "from its name to a list of parameters, found a map");
    assert_error(EVENTS(ROUTE("a", "{'': [1]}")),
                 "c.yaml:1:38: event \"a\": expected the name of a policy, found an empty one");
    assert_error(EVENTS(ROUTE("a", "{p: [], logLevel: []}")),
                 "c.yaml:1:55: event \"a\", policy \"p\": expected a log level (debug, trace, info, error or "
                 "none), found a list");
}

static void says_it_on_one_short_line(void **state)
{
    char yaml[1024];
    struct config *config = NULL;
    struct buffer error;

    (void)state;
    assert_error("api: {events: \"a\\nb\\x1b\"}", "c.yaml:1:15: expected a list of events; write \"- a b \"");
    snprintf(yaml, sizeof yaml, "api: {events: \u00e9%0500d}", 0);
    buffer_init(&error, BUFFER_UNLIMITED);
    assert_int_equal(config_parse(&config, text_from_cstr(yaml), "c.yaml", "/", NULL, &error),
                     STATUS_INVALID);
    assert_true(error.length < 160);
    buffer_deinit(&error);
}

static void passes_on_what_yaml_is_not(void **state)
{
    (void)state;
    assert_error("api: {events: [", "c.yaml:2:1: flow sequence without a closing bracket");
    assert_error("api: {events: []}\napi: {events: []}",
                 "c.yaml:2:1: the key \"api\" is here twice: it was set at line 1, column 1");
}

static void leaves_no_error_behind(void **state)
{
    struct config *config = NULL;
    struct buffer error;

    (void)state;
    buffer_init(&error, 8);
    assert_int_equal(config_parse(&config, TEXT("x"), "a long name of a file", "/", NULL, &error),
                     STATUS_INVALID);
    assert_int_equal(config_parse(&config, TEXT("api: {events: []}"), "c", "/", NULL, &error), STATUS_OK);
    assert_int_equal(error.length, 0);
    config_destroy(config);
    buffer_deinit(&error);
}

/* Files, in a directory that is removed again. */
static char directory[] = "/tmp/config-XXXXXX";

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) ? chdir(directory) : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink("config.yaml");
    return chdir("/") == 0 ? rmdir(directory) : -1;
}

static void write_file(const char *contents)
{
    FILE *file = fopen("config.yaml", "w");

    assert_non_null(file);
    assert_true(fputs(contents, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void loads_a_file(void **state)
{
    struct config *config = NULL;
    struct buffer error;
    char path[64];

    (void)state;
    buffer_init(&error, BUFFER_UNLIMITED);
    write_file("import: [./lib]\napi: {events: []}\n");
    assert_int_equal(config_load(&config, "config.yaml", NULL, &error), STATUS_OK);
    char *working = getcwd(NULL, 0);
    assert_text(config->path, "config.yaml");
    assert_text(config->directory, working);
    snprintf(path, sizeof path, "%s/lib", working);
    assert_text(config->imports[0].name, path);
    config_destroy(config);

    snprintf(path, sizeof path, "%s/./config.yaml", working);
    assert_int_equal(config_load(&config, path, NULL, &error), STATUS_OK);
    assert_text(config->path, path);
    assert_text(config->directory, working);
    config_destroy(config);
    free(working);
    buffer_deinit(&error);
}

static void says_why_a_file_cannot_be_read(void **state)
{
    struct config *config = NULL;
    struct buffer error;

    (void)state;
    buffer_init(&error, BUFFER_UNLIMITED);
    assert_int_equal(config_load(&config, "missing.yaml", NULL, &error), STATUS_NOT_FOUND);
    assert_true(
        text_equal(buffer_text(&error), TEXT("missing.yaml: cannot be read: No such file or directory")));
    assert_int_equal(config_load(&config, ".", NULL, &error), STATUS_SYSTEM);
    assert_true(text_equal(buffer_text(&error), TEXT(".: cannot be read: Is a directory")));
    write_file("api:\n  events: 5\n");
    assert_int_equal(config_load(&config, "./config.yaml", NULL, &error), STATUS_INVALID);
    assert_true(text_equal(buffer_text(&error),
                           TEXT("./config.yaml:2:11: expected a list of events, found the number 5")));
    assert_int_equal(truncate("config.yaml", 17 * 1024 * 1024), 0);
    assert_int_equal(config_load(&config, "config.yaml", NULL, &error), STATUS_LIMIT);
    assert_true(text_equal(buffer_text(&error), TEXT("config.yaml: cannot be read: larger than 16 MiB")));
    assert_null(config);
    buffer_deinit(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_whole_config),
        cmocka_unit_test(resolves_imports),
        cmocka_unit_test(keeps_the_last_event_of_a_name),
        cmocka_unit_test(leaves_out_events_of_other_environments),
        cmocka_unit_test(spells_names_as_javascript_does),
        cmocka_unit_test(reads_log_levels),
        cmocka_unit_test(reads_policies),
        cmocka_unit_test(says_what_the_document_lacks),
        cmocka_unit_test(says_what_imports_are_not),
        cmocka_unit_test(says_what_events_lack),
        cmocka_unit_test(says_what_policies_are_not),
        cmocka_unit_test(says_it_on_one_short_line),
        cmocka_unit_test(passes_on_what_yaml_is_not),
        cmocka_unit_test(leaves_no_error_behind),
        cmocka_unit_test(loads_a_file),
        cmocka_unit_test(says_why_a_file_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
