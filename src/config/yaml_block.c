#include "config/yaml_block.h"

#include <stdbool.h>

enum chomping {
    CHOMP_CLIP,  /* one line break at the end */
    CHOMP_STRIP, /* '-': none */
    CHOMP_KEEP,  /* '+': all */
};

struct block {
    bool folded;
    enum chomping chomping;
    size_t indent; /* of the text, or the least it can be while `detected` is not set */
    bool detected;
    bool begun;   /* there was a line with text */
    bool more;    /* the last line with text was indented further */
    size_t empty; /* lines without text since then */
};

static bool is_break(char c)
{
    return c == '\n' || c == '\r';
}

/* Takes a line off; *ended tells whether it has a break. False where nothing is left. */
static bool next_line(struct text *rest, struct text *line, bool *ended)
{
    size_t length = 0;

    if (rest->length == 0)
        return false;
    while (length < rest->length && !is_break(rest->data[length]))
        length++;
    *line = (struct text){rest->data, length};
    *ended = length < rest->length;
    size_t past = length;
    if (past < rest->length)
        past += rest->data[past] == '\r' && past + 1 < rest->length && rest->data[past + 1] == '\n' ? 2 : 1;
    *rest = (struct text){rest->data + past, rest->length - past};
    return true;
}

static void read_header(struct block *block, struct text header, size_t parent)
{
    *block = (struct block){.folded = header.data[0] == '>', .indent = parent + 1};
    for (size_t i = 1; i < header.length; i++) {
        char c = header.data[i];
        if (c == '-' || c == '+') {
            block->chomping = c == '-' ? CHOMP_STRIP : CHOMP_KEEP;
        } else if (c >= '1' && c <= '9') {
            block->indent = parent + (size_t)(c - '0');
            block->detected = true;
        } else {
            break;
        }
    }
}

static enum status append_breaks(struct buffer *out, size_t count)
{
    enum status status = STATUS_OK;

    for (; count > 0 && status == STATUS_OK; count--)
        status = buffer_append(out, "\n", 1);
    return status;
}

/* What stands between the last line with text and this one. */
static enum status append_gap(struct buffer *out, struct block *block, bool more)
{
    size_t all = block->empty + block->begun;

    if (!block->folded || more) {
        block->more = block->folded && more;
        return append_breaks(out, all);
    }
    if (block->more) {
        block->more = false;
        return append_breaks(out, block->empty + 1);
    }
    if (block->empty == 0)
        return block->begun ? buffer_append(out, " ", 1) : STATUS_OK;
    return append_breaks(out, block->empty);
}

static enum status append_line(struct buffer *out, struct block *block, struct text line)
{
    enum status status = append_gap(out, block, line.data[0] == ' ' || line.data[0] == '\t');

    block->begun = true;
    block->detected = true;
    block->empty = 0;
    return status == STATUS_OK ? buffer_append_text(out, line) : status;
}

static enum status append_end(struct buffer *out, const struct block *block)
{
    if (block->chomping == CHOMP_KEEP)
        return append_breaks(out, block->empty + block->begun);
    return append_breaks(out, block->chomping == CHOMP_CLIP && block->begun);
}

enum status yaml_block_append(struct buffer *out, struct text raw, size_t parent)
{
    enum status status = STATUS_OK;
    struct block block;
    struct text line;
    bool ended;
    bool behind = false; /* the text: only comments and blank lines may follow */

    if (!next_line(&raw, &line, &ended))
        return STATUS_INVALID;
    read_header(&block, line, parent);
    while (status == STATUS_OK && next_line(&raw, &line, &ended)) {
        size_t indent = 0;
        while (indent < line.length && line.data[indent] == ' ' && (!block.detected || indent < block.indent))
            indent++;
        if (!block.detected && indent > block.indent)
            block.indent = indent;
        if (indent == line.length) {
            /* Without a break it is the indentation of what comes next. */
            block.empty += ended && !behind;
            continue;
        }
        if (behind || indent < block.indent) {
            /* What libfyaml takes for a part of the text and is none must not be lost without a word. */
            if (text_trim(line).length > 0 && text_trim(line).data[0] != '#')
                return STATUS_INVALID;
            behind = true;
            continue;
        }
        status = append_line(out, &block, (struct text){line.data + indent, line.length - indent});
    }
    return status == STATUS_OK ? append_end(out, &block) : status;
}
