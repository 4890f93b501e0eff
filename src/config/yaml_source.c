#include "config/yaml_source.h"
#include "config/unicode.h"

static enum status repair(struct text *source, struct text text, struct arena *arena)
{
    struct buffer repaired;

    buffer_init(&repaired, BUFFER_UNLIMITED);
    enum status status = unicode_append_repaired(&repaired, text);
    if (status == STATUS_OK)
        status = arena_copy(arena, buffer_text(&repaired), source);
    buffer_deinit(&repaired);
    return status;
}

/* On to the next character. */
static void step(struct text source, struct yaml_place *place)
{
    const char *from = source.data + place->offset;
    const char *at = from;

    unicode_next(&at, source.data + source.length);
    place->offset += (size_t)(at - from);
    bool carriage_return = *from == '\r' && (at == source.data + source.length || *at != '\n');
    if (*from == '\n' || carriage_return) {
        place->position.line++;
        place->position.column = 1;
    } else {
        place->position.column++;
    }
}

static bool next_is(struct text source, struct yaml_place place, const char *set)
{
    char next = place.offset < source.length ? source.data[place.offset] : '\0';

    for (; next && *set; set++)
        if (next == *set)
            return true;
    return false;
}

struct yaml_place yaml_source_skip(struct text source, struct yaml_place place)
{
    for (;;) {
        while (next_is(source, place, " \t\r\n"))
            step(source, &place);
        if (!next_is(source, place, "#"))
            return place;
        while (place.offset < source.length && !next_is(source, place, "\r\n"))
            step(source, &place);
    }
}

static enum status reject_nul(struct text source, const struct report *report)
{
    struct yaml_place place = {.position = {1, 1}};

    while (place.offset < source.length && source.data[place.offset] != '\0')
        step(source, &place);
    if (place.offset < source.length)
        return report_at(report, place.position, "a NUL character has no place in YAML");
    return STATUS_OK;
}

enum status yaml_source(struct text *source, struct text text, struct arena *arena,
                        const struct report *report)
{
    enum status status = repair(source, text, arena);

    if (status != STATUS_OK)
        return status;
    if (text_starts_with(*source, TEXT("\xEF\xBB\xBF"))) {
        source->data += 3;
        source->length -= 3;
    }
    return reject_nul(*source, report);
}
