#include "fuzz.h"

#include "base/buffer.h"
#include "base/utf8.h"
#include "config/config.h"
#include "json/scan.h"
#include "json/shared.h"

/*
 * config.yaml. The input is the file; longer ones are passed over, as YAML's aliases make a little text much
 * work.
 */

enum { LONGEST = 4096 };

static const char file_name[] = "config.yaml";

/* At most, and with the one behind the last line break, where the last line had none too. A carriage return
 * ends a line, and so does what Unicode has for that (YAML 1.1). */
static size_t count_lines(struct text yaml)
{
    size_t lines = 2;

    for (size_t i = 0; i < yaml.length; i++) {
        unsigned char c = (unsigned char)yaml.data[i];
        lines += c == '\n' || c == '\r' || c == 0x85 || c == 0xA8 || c == 0xA9;
    }
    return lines;
}

static void check_position(struct config_position position, size_t lines)
{
    HOLDS(position.line >= 1 && position.line <= lines);
    HOLDS(position.column >= 1);
}

static unsigned take_digits(struct text *rest)
{
    unsigned value = 0;

    HOLDS(rest->length > 0 && *rest->data >= '1' && *rest->data <= '9');
    while (rest->length > 0 && *rest->data >= '0' && *rest->data <= '9')
        value = 10 * value + (fuzz_take_byte(rest) - '0');
    return value;
}

/* "config.yaml:7:11: why", on one line. */
static void check_error(struct text error, struct text yaml, size_t lines)
{
    struct text rest = error;
    struct config_position position;

    HOLDS(text_starts_with(rest, TEXT("config.yaml:")));
    rest = (struct text){rest.data + sizeof file_name, rest.length - sizeof file_name};
    position.line = take_digits(&rest);
    HOLDS(fuzz_take_byte(&rest) == ':');
    position.column = take_digits(&rest);
    HOLDS(text_starts_with(rest, TEXT(": ")) && rest.length > strlen(": "));
    check_position(position, lines);
    for (size_t i = 0; i < error.length; i++)
        HOLDS((unsigned char)error.data[i] >= 0x20 && error.data[i] != 0x7F);
    if (utf8_is_valid(yaml.data, yaml.length))
        HOLDS(utf8_is_valid(error.data, error.length));
}

/* As they go to JavaScript. */
static void check_parameters(const json_t *parameters)
{
    json_t *marked = json_mark_shared(parameters);

    HOLDS(json_is_array(parameters));
    HOLDS(marked);
    char *text = json_dumps(marked, JSON_COMPACT);
    HOLDS(text);
    const char *end = text + strlen(text);
    HOLDS(json_skip_value(text, end) == end);
    free(text);
    json_decref(marked);
}

static void check_terminated(struct text text)
{
    HOLDS(text.data && text.data[text.length] == '\0');
}

static void check_config(const struct config *config, size_t lines)
{
    HOLDS(text_equal(config->path, text_from_cstr(file_name)));
    HOLDS(text_equal(config->directory, TEXT("/application")));
    for (size_t i = 0; i < config->import_count; i++) {
        check_terminated(config->imports[i].name);
        HOLDS(!text_starts_with(config->imports[i].name, TEXT(".")));
        check_position(config->imports[i].position, lines);
    }
    for (size_t i = 0; i < config->route_count; i++) {
        const struct config_route *route = &config->routes[i];
        check_terminated(route->name);
        check_position(route->position, lines);
        HOLDS(config_route(config, route->name) == route);
        HOLDS(route->log_level <= LOG_DEBUG);
        for (size_t j = 0; j < route->policy_count; j++) {
            const struct config_policy *policy = &route->policies[j];
            check_terminated(policy->name);
            HOLDS(policy->name.length > 0);
            check_position(policy->position, lines);
            HOLDS(policy->log_level <= LOG_DEBUG);
            HOLDS(policy->log_level_known || policy->log_level == LOG_NONE);
            check_parameters(policy->parameters);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text yaml = fuzz_input(data, size);
    struct config *config = NULL;
    struct buffer error;

    if (size > LONGEST)
        return 0;
    size_t lines = count_lines(yaml);
    buffer_init(&error, BUFFER_UNLIMITED);
    enum status status = config_parse(&config, yaml, file_name, "/application", "production", &error);
    HOLDS(status == STATUS_OK || status == STATUS_INVALID);
    if (status == STATUS_OK) {
        HOLDS(config && error.length == 0);
        check_config(config, lines);
    } else {
        HOLDS(!config);
        check_error(buffer_text(&error), yaml, lines);
    }
    config_destroy(config);
    buffer_deinit(&error);
    return 0;
}
