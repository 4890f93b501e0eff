#include "cli/options.h"
#include "base/log.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

const char command_line_help[] =
    "Usage: configurapi-runner-ws [options] [script.js [its arguments]]\n"
    "\n"
    "Serves the events of a Configurapi config.yaml over WebSocket; with a script, those of the\n"
    "runners that it starts, and the options are what its run() leaves unsaid.\n"
    "\n"
    "  -f, --file PATH            the config file (config.yaml)\n"
    "  -p, --port N               the port to listen on; 0 picks a free one (8000)\n"
    "      --host ADDR            the address to listen on (every address)\n"
    "      --s-port N             the port for HTTPS and WSS, with --key and --cert (8443)\n"
    "      --key PATH             the private key, PEM\n"
    "      --cert PATH            the certificate and its chain, PEM\n"
    "      --management-port N    the management server's port; 0 picks a free one (9100)\n"
    "      --management-host ADDR the address it listens on (127.0.0.1)\n"
    "      --management-token T   its requests then need \"Authorization: Bearer T\";\n"
    "                             CONFIGURAPI_MANAGEMENT_TOKEN says it too (none)\n"
    "      --no-management        no management server\n"
    "      --max-payload BYTES    a longer message closes the connection with 1009 (16m)\n"
    "      --max-in-flight N      events of one connection handled at once; beyond it\n"
    "                             its socket is not read (256)\n"
    "      --high-water-mark BYTES\n"
    "                             above so many unsent bytes streams and pushes wait\n"
    "                             and the connection is not read; below half they go\n"
    "                             on (1m)\n"
    "      --max-buffered BYTES   a connection with more unsent bytes is closed with\n"
    "                             1013 (64m)\n"
    "      --compress-above BYTES messages longer than that are compressed for clients that\n"
    "                             take it (1k)\n"
    "      --no-compression       do without permessage-deflate\n"
    "      --max-connections N    more are refused with 503 (no limit)\n"
    "      --origin PATTERN       refuse pages of other origins with 403; '*' stands for any\n"
    "                             characters of a name; may be given again (any)\n"
    "      --handshake-timeout MS a connection must have asked for its upgrade (10s)\n"
    "      --ping-interval MS     a peer silent for two of them is dropped (30s)\n"
    "      --idle-timeout MS      without a message either way for so long a connection is\n"
    "                             closed with 1001 (none)\n"
    "      --max-lifetime MS      open for so long, likewise (none)\n"
    "      --handler-timeout MS   an event whose handlers take longer fails with 504 (none)\n"
    "      --max-blocking MS      JavaScript that keeps the processor for longer without\n"
    "                             returning is ended (10s)\n"
    "      --drain-timeout MS     on SIGTERM or SIGINT connections get so long (10s)\n"
    "      --api-gateway          hold to Amazon API Gateway's limits and manners\n"
    "      --log-level LEVEL      debug, trace, info, error or none (trace)\n"
    "      --log-format FORMAT    text, or json: one object a line (text)\n"
    "      --workers N            threads that serve, each with a JavaScript world of its own (1)\n"
    "      --watch                reload the config and its handlers when they change, as on\n"
    "                             SIGHUP; connections stay\n"
    "      --check                read the config, load every handler, say what is\n"
    "                             wrong, and exit\n"
    "  -h, --help                 this text\n"
    "      --version              the version\n"
    "\n"
    "BYTES take k, m or g behind the number, MS take ms, s or m; 0 turns a timeout off\n"
    "and is an error for a limit, but for --high-water-mark and --compress-above.\n"
    "A .env file in the working directory is read into the environment first; it never\n"
    "overrides what is set. JavaScript handlers are loaded from the modules of `import:`\n"
    "and from handlers/ beside the config file, else in the working directory.\n";

enum { MOST = 1000000, MOST_WORKERS = 256 /* as configurapi-runner-ws.h has it */ };

enum kind {
    KIND_FLAG,
    KIND_TEXT,
    KIND_PORT,
    KIND_COUNT,
    KIND_WORKERS,
    KIND_BYTES,
    KIND_MARK, /* bytes, which may be 0 */
    KIND_TIME,
    KIND_LEVEL,
    KIND_FORMAT,
    KIND_ORIGIN
};

struct option {
    const char *name;
    char letter; /* 0 for none */
    enum kind kind;
    size_t offset; /* of its field in struct command_line */
};

#define FIELD(member) offsetof(struct command_line, member)

static const struct option options[] = {
    {"file", 'f', KIND_TEXT, FIELD(options.config_path)},
    {"port", 'p', KIND_PORT, FIELD(options.port)},
    {"host", 0, KIND_TEXT, FIELD(options.host)},
    {"s-port", 0, KIND_PORT, FIELD(options.secure_port)},
    {"key", 0, KIND_TEXT, FIELD(options.key_path)},
    {"cert", 0, KIND_TEXT, FIELD(options.certificate_path)},
    {"management-port", 0, KIND_PORT, FIELD(options.management_port)},
    {"management-host", 0, KIND_TEXT, FIELD(options.management_host)},
    {"management-token", 0, KIND_TEXT, FIELD(options.management_token)},
    {"no-management", 0, KIND_FLAG, FIELD(no_management)},
    {"max-payload", 0, KIND_BYTES, FIELD(options.max_payload)},
    {"max-in-flight", 0, KIND_COUNT, FIELD(options.max_in_flight)},
    {"max-connections", 0, KIND_COUNT, FIELD(options.max_connections)},
    {"compress-above", 0, KIND_MARK, FIELD(options.compress_above)},
    {"no-compression", 0, KIND_FLAG, FIELD(options.no_compression)},
    {"high-water-mark", 0, KIND_MARK, FIELD(options.high_water_mark)},
    {"max-buffered", 0, KIND_BYTES, FIELD(options.max_buffered)},
    {"handshake-timeout", 0, KIND_TIME, FIELD(options.handshake_timeout_ms)},
    {"idle-timeout", 0, KIND_TIME, FIELD(options.idle_timeout_ms)},
    {"max-lifetime", 0, KIND_TIME, FIELD(options.max_lifetime_ms)},
    {"origin", 0, KIND_ORIGIN, 0},
    {"api-gateway", 0, KIND_FLAG, FIELD(options.api_gateway)},
    {"ping-interval", 0, KIND_TIME, FIELD(options.ping_interval_ms)},
    {"handler-timeout", 0, KIND_TIME, FIELD(options.handler_timeout_ms)},
    {"max-blocking", 0, KIND_TIME, FIELD(options.max_blocking_ms)},
    {"drain-timeout", 0, KIND_TIME, FIELD(options.drain_timeout_ms)},
    {"log-level", 0, KIND_LEVEL, FIELD(options.log_level)},
    {"log-format", 0, KIND_FORMAT, FIELD(options.log_format)},
    {"workers", 0, KIND_WORKERS, FIELD(options.workers)},
    {"watch", 0, KIND_FLAG, FIELD(options.watch)},
    {"check", 0, KIND_FLAG, FIELD(check)},
    {"help", 'h', KIND_FLAG, FIELD(help)},
    {"version", 0, KIND_FLAG, FIELD(version)},
};

static const char *const expected[] = {
    [KIND_TEXT] = "a value",
    [KIND_PORT] = "a port from 0 to 65535",
    [KIND_COUNT] = "a number from 1 to 1000000",
    [KIND_WORKERS] = "a number from 1 to 256",
    [KIND_BYTES] = "a number of bytes above 0 such as 4096, 64k, 16m or 1g",
    [KIND_MARK] = "a number of bytes such as 4096, 64k, 16m or 1g",
    [KIND_TIME] = "a time such as 500ms, 30s or 2m (plain numbers are milliseconds)",
    [KIND_ORIGIN] = "an origin such as https://example.com or https://*.example.com, 64 times at most",
    [KIND_LEVEL] = "debug, trace, info, error or none",
    [KIND_FORMAT] = "text or json",
};

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit byte_units[] = {
    {"", 1}, {"k", 1u << 10}, {"m", 1u << 20}, {"g", 1u << 30}, {NULL, 0}};
static const struct unit time_units[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {NULL, 0}};
static const struct unit no_units[] = {{"", 1}, {NULL, 0}};

/* Digits and one of the units; the whole not above `most`. */
static bool parse_number(const char *text, const struct unit *units, uint64_t most, uint64_t *number)
{
    char *end;

    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0)
        return false;
    while (units->name && strcasecmp(units->name, end) != 0)
        units++;
    if (!units->name || value > most / units->factor)
        return false;
    *number = value * units->factor;
    return true;
}

static bool set_format(struct command_line *line, const char *value)
{
    enum log_format format;

    if (log_format_parse(&format, text_from_cstr(value)) != STATUS_OK)
        return false;
    line->options.log_format = (enum configurapi_log_format)format;
    return true;
}

static bool set_level(struct command_line *line, const char *value)
{
    enum log_level level;

    if (log_level_parse(&level, text_from_cstr(value)) != STATUS_OK)
        return false;
    line->options.log_level = (enum configurapi_level)level;
    return true;
}

static bool set_count(uint32_t *field, const char *value, uint32_t most)
{
    uint64_t number;

    if (!parse_number(value, no_units, most, &number) || number == 0)
        return false;
    *field = (uint32_t)number;
    return true;
}

static bool set_value(struct command_line *line, const struct option *option, const char *value)
{
    void *field = (char *)line + option->offset;
    uint64_t number = 0;

    switch (option->kind) {
    case KIND_FLAG: *(bool *)field = true; return true;
    case KIND_TEXT: *(const char **)field = value; return *value != '\0';
    case KIND_PORT:
        if (!parse_number(value, no_units, UINT16_MAX, &number))
            return false;
        *(uint16_t *)field = (uint16_t)number;
        return true;
    case KIND_COUNT: return set_count(field, value, MOST);
    case KIND_WORKERS: return set_count(field, value, MOST_WORKERS);
    case KIND_BYTES:
    case KIND_MARK:
        if (!parse_number(value, byte_units, UINT64_C(1) << 40, &number) ||
            (number == 0 && option->kind == KIND_BYTES))
            return false;
        *(size_t *)field = (size_t)number;
        return true;
    case KIND_TIME:
        if (!parse_number(value, time_units, INT32_MAX, &number))
            return false;
        *(uint32_t *)field = (uint32_t)number;
        return true;
    case KIND_ORIGIN:
        if (*value == '\0' || line->options.origin_count == COMMAND_LINE_ORIGINS)
            return false;
        line->origins[line->options.origin_count++] = value;
        line->options.origins = line->origins;
        return true;
    case KIND_LEVEL: return set_level(line, value);
    case KIND_FORMAT: return set_format(line, value);
    }
    return false;
}

/* "-n" or, where it takes one, "-nvalue"; *value gets the value, NULL where there is none. */
static const struct option *find_letter(const char *argument, const char **value)
{
    *value = argument[2] ? argument + 2 : NULL;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (options[i].letter == argument[1] && (!*value || options[i].kind != KIND_FLAG))
            return &options[i];
    return NULL;
}

/* "--name" or "--name=value" likewise. */
static const struct option *find_name(const char *argument, const char **value)
{
    const char *name = argument + 2;
    const char *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);

    *value = equals ? equals + 1 : NULL;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (strlen(options[i].name) == length && memcmp(options[i].name, name, length) == 0)
            return &options[i];
    return NULL;
}

static const struct option *find_option(const char *argument, const char **value)
{
    return argument[1] == '-' ? find_name(argument, value) : find_letter(argument, value);
}

static bool is_option(const char *argument)
{
    return argument[0] == '-' && argument[1] != '\0';
}

/* In front of a script, whose arguments are its own. */
static bool asks_for_api_gateway(int count, char **arguments)
{
    for (int i = 1; i < count && is_option(arguments[i]); i++) {
        const char *value;
        const struct option *option = find_option(arguments[i], &value);
        if (!option)
            return false; /* which is an error later */
        if (option->offset == FIELD(options.api_gateway))
            return true;
        if (option->kind != KIND_FLAG && !value)
            i++;
    }
    return false;
}

static enum status invalid(enum status printed)
{
    return printed == STATUS_OK ? STATUS_INVALID : printed;
}

static enum status check_script(const struct command_line *line, struct buffer *error)
{
    size_t length = strlen(line->script);

    const struct configurapi_runner_options *given = &line->options;
    const char *wrong = line->check          ? "check"
                        : given->watch       ? "watch"
                        : given->workers > 1 ? "workers"
                                             : NULL;
    if (wrong)
        return invalid(
            buffer_printf(error, "--%s is for a config file's handlers: it takes no script", wrong));
    if ((length > 5 && strcasecmp(line->script + length - 5, ".yaml") == 0) ||
        (length > 4 && strcasecmp(line->script + length - 4, ".yml") == 0))
        return invalid(
            buffer_printf(error, "unexpected argument '%s': a config file goes behind --file", line->script));
    return STATUS_OK;
}

enum status command_line_parse(struct command_line *line, int count, char **arguments, struct buffer *error)
{
    bool says_secure_port = false;

    *line = (struct command_line){0};
    configurapi_runner_options_init(&line->options, sizeof line->options);
    line->options.config_path = "config.yaml";
    /* First: options of their own still change what it sets. */
    if (asks_for_api_gateway(count, arguments))
        configurapi_runner_options_api_gateway(&line->options);
    for (int i = 1; i < count; i++) {
        const char *argument = arguments[i];
        const char *value;
        if (!is_option(argument)) {
            line->script = argument;
            line->script_arguments = arguments + i + 1;
            line->script_argument_count = (size_t)(count - i - 1);
            break;
        }
        const struct option *option = find_option(argument, &value);
        if (!option)
            return invalid(buffer_printf(error, "unknown option '%s' (see --help)", argument));
        if (option->kind == KIND_FLAG && value)
            return invalid(buffer_printf(error, "--%s takes no value", option->name));
        if (option->kind != KIND_FLAG && !value)
            value = i + 1 < count ? arguments[++i] : "";
        if (!set_value(line, option, value))
            return invalid(
                buffer_printf(error, "--%s wants %s, not '%s'", option->name, expected[option->kind], value));
        says_secure_port = says_secure_port || option->offset == FIELD(options.secure_port);
    }
    line->options.management = !line->no_management;
    if (line->script)
        return check_script(line, error);
    if (!line->options.key_path != !line->options.certificate_path)
        return invalid(buffer_printf(error, "--key and --cert go together"));
    if (says_secure_port && !line->options.key_path)
        return invalid(buffer_printf(error, "--s-port needs --key and --cert"));
    return STATUS_OK;
}

/* ---- what a script says ---- */

/* Those that it calls otherwise than in camelCase. */
static const struct {
    const char *option;
    const char *name;
} script_names[] = {
    {"file", "configPath"},
    {"key", "keyPath"},
    {"cert", "certPath"},
    {"no-management", "management"},
    {"no-compression", "compression"},
    {"origin", "origins"},
};

static bool is_negative(const struct option *option)
{
    return strncmp(option->name, "no-", 3) == 0;
}

/* Whether "highWaterMark" is "high-water-mark". */
static bool is_camel_case(const char *name, const char *option)
{
    for (; *option; option++, name++) {
        bool hump = *option == '-';
        if (hump)
            option++;
        if (*name != (hump ? toupper((unsigned char)*option) : *option))
            return false;
    }
    return *name == '\0';
}

static bool is_called(const struct option *option, const char *name)
{
    for (size_t i = 0; i < sizeof script_names / sizeof *script_names; i++)
        if (strcmp(script_names[i].option, option->name) == 0)
            return strcmp(script_names[i].name, name) == 0;
    return is_camel_case(name, option->name);
}

/* What is about the command itself is none of a runner's options, nor what wants worlds of its own. */
static bool is_for_scripts(const struct option *option)
{
    return (option->offset < sizeof(struct configurapi_runner_options) || is_negative(option)) &&
           option->offset != FIELD(options.workers) && option->offset != FIELD(options.watch);
}

static bool set_flag(struct command_line *line, const struct option *option, const char *value)
{
    bool *field = (bool *)(void *)((char *)line + option->offset);
    bool is_true = strcmp(value, "true") == 0;

    *field = is_negative(option) ? !is_true : is_true;
    return is_true || strcmp(value, "false") == 0;
}

enum status command_line_set(struct command_line *line, const char *name, const char *value,
                             struct buffer *error)
{
    const struct option *found = NULL;

    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (is_for_scripts(&options[i]) && is_called(&options[i], name))
            found = &options[i];
    if (!found)
        return invalid(buffer_printf(error, "run() has no option '%s'", name));
    bool is_flag = found->kind == KIND_FLAG;
    if (is_flag ? !set_flag(line, found, value) : !set_value(line, found, value))
        return invalid(buffer_printf(error, "%s wants %s, not '%s'", name,
                                     is_flag ? "true or false" : expected[found->kind], value));
    return STATUS_OK;
}
