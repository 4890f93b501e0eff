#include "config/config.h"
#include "config/names.h"
#include "config/path.h"
#include "config/report.h"
#include "config/yaml_parse.h"
#include "config/yaml_value.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_FILE = 16 * 1024 * 1024,
    MAX_NAME = 1024 * 1024, /* bytes of a route's name: a list spelled as one could grow without bound */
};

/* What the header shows and what it stands on. */
struct owned_config {
    struct config config;
    struct names routes; /* to struct config_route */
    struct arena arena;
};

/* The way from a document to a config. */
struct builder {
    struct owned_config *owned;
    const char *node_env; /* NULL where it is not set */
    struct report report;
};

static enum status keep(struct builder *builder, struct text text, struct text *copy)
{
    char *bytes = arena_alloc(&builder->owned->arena, text.length + 1);

    if (!bytes)
        return STATUS_NO_MEMORY;
    if (text.length > 0)
        memcpy(bytes, text.data, text.length);
    bytes[text.length] = '\0';
    *copy = (struct text){bytes, text.length};
    return STATUS_OK;
}

/* "…: expected WHAT, found a list": `where` is "" or names the event and the policy. */
static enum status unexpected(const struct builder *builder, const char *where, const char *what,
                              const struct yaml_value *found)
{
    struct buffer description;

    buffer_init(&description, BUFFER_UNLIMITED);
    yaml_describe(&description, found);
    enum status status =
        report_at(&builder->report, found->position, "%sexpected %s, found %.*s", where, what,
                  TEXT_ARGS(buffer_text(&description)));
    buffer_deinit(&description);
    return status;
}
