#include "library/options.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_OPTION(member) offsetof(struct configurapi_runner_options, member)

static const size_t texts[] = {
    TEXT_OPTION(config_path),
    TEXT_OPTION(config_text),
    TEXT_OPTION(directory),
    TEXT_OPTION(env_path),
    TEXT_OPTION(host),
    TEXT_OPTION(key_path),
    TEXT_OPTION(certificate_path),
    TEXT_OPTION(key_text),
    TEXT_OPTION(certificate_text),
    TEXT_OPTION(management_host),
    TEXT_OPTION(management_token),
};

enum { TEXT_COUNT = sizeof texts / sizeof *texts };

static char **text_at(struct configurapi_runner_options *options, size_t i)
{
    return (char **)(void *)((char *)options + texts[i]);
}

/* In place: the copies replace what they are copies of. False when memory is out. */
static bool copy_texts(struct configurapi_runner_options *options)
{
    bool copied = true;

    for (size_t i = 0; i < TEXT_COUNT; i++) {
        char **text = text_at(options, i);
        if (*text)
            copied &= (*text = strdup(*text)) != NULL;
    }
    return copied;
}

static bool copy_origins(struct configurapi_runner_options *options)
{
    const char *const *given = options->origins;
    char **origins = calloc(options->origin_count + 1, sizeof *origins);
    bool copied = origins != NULL;

    options->origins = (const char *const *)origins;
    for (size_t i = 0; i < options->origin_count && copied; i++)
        copied = (origins[i] = strdup(given[i])) != NULL;
    return copied;
}

enum status options_copy(struct configurapi_runner_options *copy,
                         const struct configurapi_runner_options *options)
{
    configurapi_runner_options_init(copy, sizeof *copy);
    memcpy(copy, options, options->size < sizeof *copy ? options->size : sizeof *copy);
    copy->size = sizeof *copy;
    bool copied = copy_texts(copy);
    copied &= copy_origins(copy);
    if (copied)
        return STATUS_OK;
    options_free(copy);
    return STATUS_NO_MEMORY;
}

void options_free(struct configurapi_runner_options *copy)
{
    for (size_t i = 0; i < TEXT_COUNT; i++)
        free(*text_at(copy, i));
    for (size_t i = 0; copy->origins && i < copy->origin_count; i++)
        free((char *)copy->origins[i]);
    free((void *)(uintptr_t)copy->origins);
}
