#include "config/yaml_source.h"
#include "base/utf8.h"
#include "config/unicode.h"

#include <string.h>

static const char blanks[] = " \t";
static const char breaks[] = "\r\n";
static const char separators[] = " \t\r\n";

bool yaml_source_at(struct text source, size_t offset, const char *set)
{
    return offset < source.length && source.data[offset] != '\0' && strchr(set, source.data[offset]);
}

/* On to the next character. */
static void step(struct text source, struct yaml_place *place)
{
    const char *from = source.data + place->offset;
    const char *at = from;

    unicode_next(&at, source.data + source.length);
    place->offset += (size_t)(at - from);
    if (*from == '\n' || (*from == '\r' && !yaml_source_at(source, place->offset, "\n"))) {
        place->position.line++;
        place->position.column = 1;
    } else {
        place->position.column++;
    }
}

static void skip_all(struct text source, struct yaml_place *place, const char *set)
{
    while (yaml_source_at(source, place->offset, set))
        step(source, place);
}

static void skip_to(struct text source, struct yaml_place *place, const char *set)
{
    while (place->offset < source.length && !yaml_source_at(source, place->offset, set))
        step(source, place);
}

struct yaml_place yaml_source_skip(struct text source, struct yaml_place place)
{
    for (;;) {
        skip_all(source, &place, separators);
        if (!yaml_source_at(source, place.offset, "#"))
            return place;
        skip_to(source, &place, breaks);
    }
}

bool yaml_source_indicates(struct text source, size_t offset, char indicator)
{
    const char set[] = {indicator, '\0'};

    return yaml_source_at(source, offset, set) && (indicator == ',' || offset + 1 == source.length ||
                                                   yaml_source_at(source, offset + 1, separators));
}

static enum status copy(struct buffer *source, struct text text)
{
    enum status status = utf8_append_repaired(source, text);

    if (status == STATUS_OK && (source->length == 0 || !strchr(breaks, source->data[source->length - 1])))
        status = buffer_append(source, "\n", 1);
    if (status == STATUS_OK && text_starts_with(buffer_text(source), TEXT("\xEF\xBB\xBF")))
        buffer_consume(source, 3);
    return status;
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

/* libfyaml 0.7.12 may free something twice where a tab comes behind the colon of an explicit key's value.
 * There is no telling keys from text here, so this refuses a few documents more than it must. */
static enum status reject_dangerous_tabs(struct text source, const struct report *report)
{
    struct yaml_place place = {.position = {1, 1}};
    bool explicit_keys = false;
    bool colon = false;

    for (; place.offset < source.length; step(source, &place)) {
        if (yaml_source_at(source, place.offset, "?") && yaml_source_at(source, place.offset + 1, separators))
            explicit_keys = true;
        if (colon && explicit_keys && yaml_source_at(source, place.offset, "\t"))
            return report_at(report, place.position, "expected a space behind the colon, found a tab");
        colon =
            yaml_source_at(source, place.offset, ":") || (colon && yaml_source_at(source, place.offset, " "));
    }
    return STATUS_OK;
}

static struct text take_word(struct text source, struct yaml_place *place)
{
    size_t from = place->offset;

    skip_to(source, place, separators);
    return (struct text){source.data + from, place->offset - from};
}

static size_t digits(struct text text)
{
    size_t count = 0;

    while (count < text.length && text.data[count] >= '0' && text.data[count] <= '9')
        count++;
    return count;
}

/* "1.2": js-yaml takes any minor version, and reads it as 1.2. */
static bool is_version_one(struct text text)
{
    struct text minor;
    struct text major = text_split(text, '.', &minor);

    if (major.length == 0 || digits(major) != major.length || minor.length == 0 ||
        digits(minor) != minor.length)
        return false;
    while (major.length > 1 && major.data[0] == '0') {
        major.data++;
        major.length--;
    }
    return text_equal(major, TEXT("1"));
}

/* What the lines before the document say. */
struct directives {
    bool any;
    bool version;
    bool tags;
};

/* A line that begins with '%'. */
static enum status read_directive(struct buffer *out, struct yaml_place *place, struct directives *directives,
                                  const struct report *report)
{
    struct text source = buffer_text(out);
    struct yaml_place start = *place;
    struct text arguments[2] = {{NULL, 0}, {NULL, 0}};
    size_t count = 0;

    step(source, place);
    struct text name = take_word(source, place);
    for (skip_all(source, place, blanks); place->offset < source.length; skip_all(source, place, blanks)) {
        if (yaml_source_at(source, place->offset, "#\r\n"))
            break;
        struct text word = take_word(source, place);
        if (count < 2)
            arguments[count] = word;
        count++;
    }
    skip_to(source, place, breaks);
    directives->any = true;
    if (name.length == 0)
        return report_at(report, start.position, "expected the name of a directive");
    if (text_equal(name, TEXT("TAG"))) {
        directives->tags = true;
        return STATUS_OK;
    }
    if (text_equal(name, TEXT("YAML"))) {
        if (directives->version)
            return report_at(report, start.position, "expected one %%YAML directive, found another");
        directives->version = true;
        if (count != 1 || !is_version_one(arguments[0]))
            return report_at(report, start.position, "expected %%YAML with a version 1.x");
    }
    out->data[start.offset] = '#';
    return STATUS_OK;
}

bool yaml_source_is_marker(struct text source, struct yaml_place place, const char *marker)
{
    return place.position.column == 1 && source.length - place.offset >= 3 &&
           memcmp(source.data + place.offset, marker, 3) == 0;
}

/* What stands before the document's contents. */
static enum status read_prologue(struct buffer *out, const struct report *report)
{
    struct text source = buffer_text(out);
    struct yaml_place place = {.position = {1, 1}};
    struct directives directives = {0};

    for (;;) {
        place = yaml_source_skip(source, place);
        if (place.position.column != 1 || !yaml_source_at(source, place.offset, "%"))
            break;
        enum status status = read_directive(out, &place, &directives, report);
        if (status != STATUS_OK)
            return status;
    }
    if (yaml_source_is_marker(source, place, "...") && yaml_source_at(source, place.offset + 3, separators))
        return report_at(report, place.position, "expected a document, found its end");
    if (!yaml_source_is_marker(source, place, "---")) {
        if (directives.any)
            return report_at(report, place.position,
                             "expected \"---\" between the directives and the document");
        return STATUS_OK;
    }
    struct yaml_place behind = place;
    for (int i = 0; i < 3; i++)
        step(source, &behind);
    struct yaml_place contents = behind;
    skip_all(source, &contents, blanks);
    bool glued = !yaml_source_at(source, behind.offset, separators);
    if (!directives.tags && (glued || !yaml_source_at(source, contents.offset, "#\r\n")))
        memset(out->data + place.offset, ' ', 3);
    return STATUS_OK;
}

enum status yaml_source(struct buffer *source, struct text text, const struct report *report)
{
    enum status status = copy(source, text);

    if (status == STATUS_OK)
        status = reject_nul(buffer_text(source), report);
    if (status == STATUS_OK)
        status = reject_dangerous_tabs(buffer_text(source), report);
    if (status == STATUS_OK)
        status = read_prologue(source, report);
    return status;
}

/* Blanks the tabs of a line that has nothing else, or only a comment. */
static bool blank_tabs(struct buffer *out, size_t line)
{
    struct text source = buffer_text(out);
    size_t end = line;
    bool found = false;

    for (; yaml_source_at(source, end, blanks); end++)
        found = found || source.data[end] == '\t';
    if (!found || (end < source.length && !yaml_source_at(source, end, "#\r\n")))
        return false;
    memset(out->data + line, ' ', end - line);
    return true;
}

static bool blank_comment(struct buffer *out, struct yaml_place place)
{
    struct text source = buffer_text(out);
    struct yaml_place end = place;

    if (place.offset == 0 || !yaml_source_at(source, place.offset, "#") ||
        !yaml_source_at(source, place.offset - 1, "\"'[]{},"))
        return false;
    skip_to(source, &end, breaks);
    memset(out->data + place.offset, ' ', end.offset - place.offset);
    return true;
}

bool yaml_source_blank(struct buffer *source, struct config_position position)
{
    struct text text = buffer_text(source);
    struct yaml_place place = {.position = {1, 1}};

    while (place.position.line < position.line && place.offset < text.length)
        step(text, &place);
    if (blank_tabs(source, place.offset))
        return true;
    while (place.position.line == position.line && place.position.column < position.column &&
           place.offset < text.length)
        step(text, &place);
    return blank_comment(source, place);
}

enum status yaml_source_fill(struct buffer *source, struct yaml_place place)
{
    /* The comment keeps what comes next from continuing the scalar. */
    static const char null[] = {' ', '~', ' ', '#'};
    struct text text = buffer_text(source);

    place = yaml_source_skip(text, place);
    if (yaml_source_indicates(text, place.offset, ':')) {
        place.offset++;
        place = yaml_source_skip(text, place);
    }
    size_t end = place.offset + 1;
    if (!yaml_source_indicates(text, place.offset, '-'))
        return STATUS_NOT_FOUND;
    while (yaml_source_at(text, end, blanks))
        end++;
    if (!yaml_source_at(text, end, "#\r\n"))
        return STATUS_NOT_FOUND;
    enum status status = buffer_reserve(source, sizeof null);
    if (status != STATUS_OK)
        return status;
    char *behind = source->data + place.offset + 1;
    memmove(behind + sizeof null, behind, source->length - place.offset - 1);
    memcpy(behind, null, sizeof null);
    source->length += sizeof null;
    return STATUS_OK;
}
