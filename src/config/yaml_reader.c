#include "config/yaml_reader.h"
#include "config/unicode.h"
#include "config/yaml_quoted.h"

#include <libfyaml.h>
#include <stdint.h>
#include <string.h>

enum { MAX_REPAIRS = 1000 };

static struct config_position position_of(const struct fy_mark *mark)
{
    return (struct config_position){(unsigned)mark->line + 1, (unsigned)mark->column + 1};
}

static void close_parser(struct yaml_reader *reader)
{
    if (reader->parser)
        fy_parser_destroy(reader->parser);
    if (reader->diag)
        fy_diag_destroy(reader->diag);
    reader->parser = NULL;
    reader->diag = NULL;
}

static enum status open_parser(struct yaml_reader *reader)
{
    struct fy_diag_cfg diag;

    fy_diag_cfg_default(&diag);
    diag.fp = NULL; /* kept, not printed */
    reader->diag = fy_diag_create(&diag);
    if (!reader->diag)
        return STATUS_NO_MEMORY;
    fy_diag_set_collect_errors(reader->diag, true);
    const struct fy_parse_cfg config = {
        .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE |
                 FYPCF_SLOPPY_FLOW_INDENTATION | FYPCF_DISABLE_DEPTH_LIMIT,
        .diag = reader->diag,
    };
    reader->parser = fy_parser_create(&config);
    if (reader->parser &&
        fy_parser_set_string(reader->parser, reader->source.data, reader->source.length) == 0)
        return STATUS_OK;
    close_parser(reader);
    return STATUS_NO_MEMORY;
}

/* Where libfyaml stopped and why. */
static const char *diagnosis(const struct yaml_reader *reader, struct config_position *position)
{
    struct fy_diag_error *error;
    void *at = NULL;

    while ((error = fy_diag_errors_iterate(reader->diag, &at))) {
        if (error->type == FYET_ERROR) {
            *position = (struct config_position){(unsigned)error->line, (unsigned)error->column};
            return error->msg;
        }
    }
    *position = reader->end.position;
    return "expected something else than what follows here";
}

static bool is_quoted(struct fy_token *token)
{
    enum fy_scalar_style style = fy_token_scalar_style(token);

    return style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
}

static void move_end_to(struct yaml_reader *reader, const struct fy_mark *mark, unsigned past)
{
    if (!mark || mark->line < 0 || mark->input_pos + past <= reader->end.offset)
        return;
    reader->end = (struct yaml_place){mark->input_pos + past, position_of(mark)};
    reader->end.position.column += past;
}

/* Behind the last thing that belongs to the event. */
static void move_end(struct yaml_reader *reader, struct fy_event *event)
{
    struct fy_token *tag = fy_event_get_tag_token(event);
    struct fy_token *anchor = fy_event_get_anchor_token(event);
    bool closes = event->type == FYET_SEQUENCE_END || event->type == FYET_MAPPING_END;

    /* A list or a map without brackets ends where something else begins, or even behind that. */
    if (closes && fy_event_get_node_style(event) != FYNS_FLOW)
        return;
    if (tag)
        move_end_to(reader, fy_token_end_mark(tag), 0);
    if (anchor)
        move_end_to(reader, fy_token_end_mark(anchor), 0);
    /* The end of a scalar in quotes is marked before its quote. */
    move_end_to(reader, fy_event_end_mark(event),
                event->type == FYET_SCALAR && event->scalar.value && is_quoted(event->scalar.value));
}

/* Tries to mend what libfyaml has stopped at. STATUS_NOT_FOUND where that is not to be mended. */
static enum status mend(struct yaml_reader *reader)
{
    struct config_position position;
    const char *message = diagnosis(reader, &position);

    if (strstr(message, "expected node content"))
        return yaml_source_fill(&reader->source, reader->end);
    /* In a block scalar a tab is text. */
    if (strstr(message, "block scalar") || strstr(message, "as indent instead of"))
        return STATUS_NOT_FOUND;
    return yaml_source_blank(&reader->source, position) ? STATUS_OK : STATUS_NOT_FOUND;
}

/* Goes through everything, to mend what js-yaml reads and libfyaml does not. */
static enum status settle(struct yaml_reader *reader)
{
    enum status status = STATUS_OK;

    for (int i = 0; status == STATUS_OK && i < MAX_REPAIRS; i++) {
        struct fy_event *event;
        reader->end = (struct yaml_place){.position = {1, 1}};
        status = open_parser(reader);
        if (status != STATUS_OK)
            return status;
        while ((event = fy_parser_parse(reader->parser))) {
            move_end(reader, event);
            fy_parser_event_free(reader->parser, event);
        }
        status = fy_parser_get_stream_error(reader->parser) ? mend(reader) : STATUS_NOT_FOUND;
        close_parser(reader);
    }
    reader->end = (struct yaml_place){.position = {1, 1}};
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status yaml_reader_open(struct yaml_reader *reader, struct text text, struct arena *arena,
                             const struct report *report)
{
    *reader = (struct yaml_reader){.arena = arena, .report = report};
    buffer_init(&reader->source, BUFFER_UNLIMITED);
    enum status status = yaml_source(&reader->source, text, report);
    if (status == STATUS_OK)
        status = settle(reader);
    if (status == STATUS_OK)
        status = open_parser(reader);
    if (status != STATUS_OK)
        buffer_deinit(&reader->source);
    return status;
}

void yaml_reader_close(struct yaml_reader *reader)
{
    close_parser(reader);
    buffer_deinit(&reader->source);
}

bool yaml_reader_sees(const struct yaml_reader *reader, char indicator, struct config_position *position)
{
    struct yaml_place place = yaml_source_skip(buffer_text(&reader->source), reader->end);

    *position = place.position;
    return yaml_source_indicates(buffer_text(&reader->source), place.offset, indicator);
}

void yaml_reader_pass(struct yaml_reader *reader, char indicator)
{
    struct yaml_place place = yaml_source_skip(buffer_text(&reader->source), reader->end);

    if (!yaml_source_indicates(buffer_text(&reader->source), place.offset, indicator))
        return;
    reader->end = (struct yaml_place){place.offset + 1, {place.position.line, place.position.column + 1}};
}

static enum status keep_token(struct yaml_reader *reader, struct fy_token *token, struct text *copy)
{
    size_t length = 0;
    const char *data = fy_token_get_text(token, &length);

    if (!data)
        return STATUS_NO_MEMORY;
    return arena_copy_terminated(reader->arena, (struct text){data, length}, copy);
}

static struct text raw_text(const struct yaml_reader *reader, struct fy_token *token)
{
    size_t from = fy_token_start_mark(token)->input_pos;

    return (struct text){reader->source.data + from, fy_token_end_mark(token)->input_pos - from};
}

/* A scalar in quotes. libfyaml's text is not used: it miscounts runs of single quotes, and lines that end in
 * CR LF. */
static enum status keep_quoted(struct yaml_reader *reader, struct fy_token *token, bool double_quotes,
                               struct text *copy)
{
    struct buffer text;

    buffer_init(&text, BUFFER_UNLIMITED);
    enum status status = yaml_quoted_append(&text, raw_text(reader, token), double_quotes);
    if (status == STATUS_OK)
        status = arena_copy_terminated(reader->arena, buffer_text(&text), copy);
    buffer_deinit(&text);
    return status;
}

static bool is_unprintable(uint32_t c, bool quoted)
{
    if (c == '\t' || c == '\n' || c == '\r')
        return false;
    if (quoted)
        return c < 0x20;
    return c < 0x20 || (c >= 0x7F && c <= 0x9F && c != 0x85) || c == 0xFFFE || c == 0xFFFF;
}

/* js-yaml's idea of what text may hold; between quotes it is a wider one. libfyaml minds less. */
static enum status check_printable(const struct yaml_reader *reader, struct fy_token *value,
                                   struct config_position position, bool quoted)
{
    struct text raw = raw_text(reader, value);
    const char *at = raw.data;
    const char *end = raw.data + raw.length;

    while (at < end) {
        uint32_t c = unicode_next(&at, end);
        if (is_unprintable(c, quoted))
            return report_at(
                reader->report, position,
                "the character U+%04X has no place in YAML; write it in double quotes, as an escape", c);
    }
    return STATUS_OK;
}

/* Where the indicator of a block scalar stands: libfyaml's mark is its first line of text. */
static struct yaml_place block_scalar_place(const struct yaml_reader *reader)
{
    struct text source = buffer_text(&reader->source);
    struct yaml_place place = reader->end;

    for (;;) {
        place = yaml_source_skip(source, place);
        if (place.offset == source.length || yaml_source_at(source, place.offset, "|>"))
            return place;
        /* Tags and anchors may hold any of the indicators, so they are passed as words. */
        bool word = yaml_source_at(source, place.offset, "!&");
        do {
            place.offset++;
            place.position.column++;
        } while (word && place.offset < source.length && !yaml_source_at(source, place.offset, " \t\r\n"));
    }
}

/* A block scalar, whose mark is its first line of text. What it stands for depends on how its parent is
 * indented. */
static void take_block(struct yaml_reader *reader, struct fy_token *token, struct yaml_event *out)
{
    struct yaml_place place = block_scalar_place(reader);

    out->position = place.position;
    out->block =
        (struct text){reader->source.data + place.offset, fy_token_end_mark(token)->input_pos - place.offset};
}

static enum status take_scalar(struct yaml_reader *reader, struct fy_event *event, struct yaml_event *out)
{
    struct fy_token *value = event->scalar.value;

    out->type = YAML_EVENT_SCALAR;
    out->missing = !value;
    if (!value) {
        out->position = yaml_source_skip(buffer_text(&reader->source), reader->end).position;
        move_end(reader, event);
        return STATUS_OK;
    }
    enum fy_scalar_style style = fy_token_scalar_style(value);
    bool quoted = is_quoted(value);
    out->plain = style == FYSS_PLAIN;
    out->position = position_of(fy_token_start_mark(value));
    if (quoted)
        out->position.column--; /* the mark is behind the quote */
    if (!quoted && !out->plain)
        take_block(reader, value, out);
    move_end(reader, event);
    enum status status = check_printable(reader, value, out->position, quoted);
    if (status != STATUS_OK)
        return status;
    if (quoted)
        return keep_quoted(reader, value, style == FYSS_DOUBLE_QUOTED, &out->text);
    if (!out->plain)
        return STATUS_OK;
    out->missing = fy_token_get_text_length(value) == 0;
    return keep_token(reader, value, &out->text);
}

static enum status take_node(struct yaml_reader *reader, struct fy_event *event, struct yaml_event *out)
{
    struct fy_token *tag = fy_event_get_tag_token(event);
    struct fy_token *anchor = fy_event_get_anchor_token(event);
    enum status status = STATUS_OK;

    if (event->type == FYET_SCALAR) {
        status = take_scalar(reader, event, out);
    } else {
        out->type = event->type == FYET_ALIAS            ? YAML_EVENT_ALIAS
                    : event->type == FYET_SEQUENCE_START ? YAML_EVENT_LIST
                                                         : YAML_EVENT_MAP;
        out->position = position_of(fy_event_start_mark(event));
        out->flow = fy_event_get_node_style(event) == FYNS_FLOW;
        move_end(reader, event);
    }
    if (event->type == FYET_ALIAS) {
        out->position.column--; /* the mark is behind the asterisk */
        anchor = event->alias.anchor;
    }
    if (status == STATUS_OK && tag)
        status = keep_token(reader, tag, &out->tag);
    if (status == STATUS_OK && anchor)
        status = keep_token(reader, anchor, &out->anchor);
    return status;
}

static enum status begin_document(struct yaml_reader *reader, struct fy_event *event)
{
    const struct fy_mark *mark = fy_event_start_mark(event);

    if (reader->begun)
        return report_at(reader->report, mark ? position_of(mark) : reader->end.position,
                         "expected one document, found another");
    reader->begun = true;
    return STATUS_OK;
}

/* js-yaml takes whatever follows "..." for another document, another "..." too. */
static enum status end_document(struct yaml_reader *reader, struct fy_event *event)
{
    struct yaml_place place = yaml_source_skip(buffer_text(&reader->source), reader->end);

    /* Without its end a document may still be followed by what libfyaml takes for a directive. */
    bool directive =
        place.position.column == 1 && yaml_source_at(buffer_text(&reader->source), place.offset, "%");
    if (event->document_end.implicit && !directive)
        return STATUS_OK;
    if (yaml_source_is_marker(buffer_text(&reader->source), place, "...")) {
        place.offset += 3;
        place.position.column += 3;
        place = yaml_source_skip(buffer_text(&reader->source), place);
    }
    if (place.offset == reader->source.length)
        return STATUS_OK;
    return report_at(reader->report, place.position, "expected nothing after the end of the document");
}

enum status yaml_reader_next(struct yaml_reader *reader, struct yaml_event *event)
{
    struct fy_event *raw;
    enum status status = STATUS_OK;
    bool taken = false;

    *event = (struct yaml_event){.type = YAML_EVENT_END};
    while (status == STATUS_OK && !taken && (raw = fy_parser_parse(reader->parser))) {
        taken = true;
        switch (raw->type) {
        case FYET_SCALAR:
        case FYET_ALIAS:
        case FYET_SEQUENCE_START:
        case FYET_MAPPING_START: status = take_node(reader, raw, event); break;
        case FYET_SEQUENCE_END:
        case FYET_MAPPING_END:
            event->type = raw->type == FYET_SEQUENCE_END ? YAML_EVENT_LIST_END : YAML_EVENT_MAP_END;
            move_end(reader, raw);
            break;
        case FYET_STREAM_END: break;
        case FYET_DOCUMENT_START:
            status = begin_document(reader, raw);
            taken = false;
            break;
        case FYET_DOCUMENT_END:
            status = end_document(reader, raw);
            taken = false;
            break;
        default: taken = false;
        }
        fy_parser_event_free(reader->parser, raw);
    }
    if (status == STATUS_OK && !taken) {
        struct config_position position;
        const char *message = diagnosis(reader, &position);
        status = report_at(reader->report, position, "%s", message);
    }
    return status;
}
