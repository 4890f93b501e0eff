#include "cli/scripting.h"
#include "script/script.h"

#include <string.h>

static enum status refuse(struct buffer *error, const char *why)
{
    enum status status = buffer_append_text(error, text_from_cstr(why));

    return status == STATUS_OK ? STATUS_INVALID : status;
}

/* ---- what a script says ---- */

/* The next name and its value; false at the end. */
static bool next_pair(struct text *pairs, const char **name, const char **value)
{
    if (pairs->length == 0)
        return false;
    *name = text_split(*pairs, '\0', pairs).data;
    *value = text_split(*pairs, '\0', pairs).data;
    return true;
}

static enum status set_options(struct command_line *line, struct text pairs, struct buffer *error)
{
    enum status status = STATUS_OK;
    bool says_origins = false;
    bool says_secure_port = false;
    const char *name;
    const char *value;

    /* First: options of their own still change what it sets. */
    for (struct text all = pairs; next_pair(&all, &name, &value);)
        if (strcmp(name, "apiGateway") == 0 && strcmp(value, "true") == 0)
            configurapi_runner_options_api_gateway(&line->options);
    while (status == STATUS_OK && next_pair(&pairs, &name, &value)) {
        if (strcmp(name, "origins") == 0 && !says_origins) { /* in place of the command line's */
            says_origins = true;
            line->options.origin_count = 0;
        }
        says_secure_port |= strcmp(name, "sPort") == 0;
        status = command_line_set(line, name, value, error);
    }
    if (status != STATUS_OK)
        return status;
    const struct configurapi_runner_options *options = &line->options;
    bool has_key = options->key_path || options->key_text;
    bool has_certificate = options->certificate_path || options->certificate_text;
    if (options->key_path && options->key_text)
        return refuse(error, "key and keyPath do not go together");
    if (options->certificate_path && options->certificate_text)
        return refuse(error, "cert and certPath do not go together");
    if (has_key != has_certificate)
        return refuse(error, "key and cert go together");
    return says_secure_port && !has_key ? refuse(error, "sPort needs key and cert") : STATUS_OK;
}

/* PEM that it gives stands in place of the command line's files. */
static void set_pem(struct configurapi_runner_options *options, const struct script_settings *settings)
{
    if (settings->key)
        options->key_path = NULL;
    options->key_text = settings->key;
    if (settings->certificate)
        options->certificate_path = NULL;
    options->certificate_text = settings->certificate;
}

static enum status create(void *owner, const struct script_settings *settings,
                          const struct configurapi_runner_options *functions, configurapi_runner **runner,
                          struct buffer *error)
{
    const struct scripting *scripting = owner;
    struct configurapi_runner_options *given = &scripting->line->options;
    struct command_line line = *scripting->line;

    if (line.options.origins)
        line.options.origins = line.origins;
    set_pem(&line.options, settings);
    enum status status = set_options(&line, settings->options, error);
    if (status != STATUS_OK)
        return status;
    line.options.management = !line.no_management;
    line.options.data = functions->data;
    line.options.on_log = functions->on_log;
    line.options.on_started = functions->on_started;
    line.options.on_stopped = functions->on_stopped;
    *runner = configurapi_runner_create(&line.options);
    if (!*runner)
        return STATUS_NO_MEMORY;
    given->descriptor = given->secure_descriptor = given->management_descriptor = -1;
    return STATUS_OK;
}

/* ---- the script ---- */

static void on_serving(void *owner, struct uv_loop_s *loop)
{
    const struct scripting *scripting = owner;

    scripting->on_serving(scripting->data, loop);
}

static void on_stopping(void *owner)
{
    const struct scripting *scripting = owner;

    scripting->on_stopping(scripting->data);
}

static void on_end(void *owner)
{
    const struct scripting *scripting = owner;

    scripting->on_end(scripting->data);
}

enum status scripting_run(const struct scripting *scripting, int *code, bool *clean, struct buffer *error)
{
    static const struct script_functions functions = {
        .create = create, .on_serving = on_serving, .on_stopping = on_stopping, .on_end = on_end};
    const struct command_line *line = scripting->line;
    const struct script_options options = {
        .path = line->script,
        .arguments = line->script_arguments,
        .argument_count = line->script_argument_count,
        .env_path = scripting->env_path,
        .log_level = line->options.log_level,
        .format = line->options.log_format,
    };
    enum status status = script_run(&options, &functions, (void *)(uintptr_t)scripting, code, clean, error);

    if (status != STATUS_OK && error->length > 0 && buffer_append(error, "", 1) != STATUS_OK)
        buffer_clear(error);
    return status;
}
