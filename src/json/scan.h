#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"
#include "json/block.h"
#include "json/plain.h"

#include <stdbool.h>

/* The pieces of a strict JSON reader (RFC 8259 as JSON.parse reads it): each looks at the bytes between two
 * pointers and returns where it stopped, or NULL where the bytes are not what it wants. Nothing outside of
 * them is read. No recursion, no allocation, no limit to the depth of nesting (json/nesting.h says how). The
 * bytes must be valid UTF-8. */

/* White space: space, tab, line feed, carriage return; nothing else. */
static inline bool json_is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
/* Past it; never NULL. */
const char *json_skip_spaces(const char *at, const char *end);
static inline const char *json_skip_space(const char *at, const char *end)
{
    return at < end && (unsigned char)*at > ' ' ? at : json_skip_spaces(at, end); /* mostly there is none */
}
/* Past one value of any kind, `at` being on its first byte; NULL at the end too. For an array or object the
 * text is looked at from its end, too, back to the last bracket that closes. */
const char *json_skip_value(const char *at, const char *end);
/* Past the rest of a string, `at` being on its first byte that is not plain (json/plain.h), or at the end. */
const char *json_skip_string_rest(const char *at, const char *end);
/* Past a string, `at` being on its opening quote. *escaped (may be NULL): whether it holds a backslash. */
static inline const char *json_skip_string(const char *at, const char *end, bool *escaped)
{
    at = json_skip_plain(at + 1, end);
    if (escaped)
        *escaped = at < end && *at == '\\';
    return at < end && *at == '"' ? at + 1 : json_skip_string_rest(at, end);
}

/*
 * The same within an array or object that has to end where the text does: the bracket there, end[-1], ends
 * numbers, words and white space too, so that only who is past one that closes has to look whether the
 * text goes on.
 */
/* The byte that *at is on when it has moved past white space. */
const char *json_skip_spaces_inside(const char *at);
static inline char json_next_inside(const char **at)
{
    if ((unsigned char)**at <= ' ')
        *at = json_skip_spaces_inside(*at);
    return **at;
}
/* Past `wanted`, a byte that ends no array or object, and white space before it; false where it is not there.
 */
static inline bool json_take_inside(const char **at, char wanted)
{
    if (**at != wanted && json_next_inside(at) != wanted)
        return false;
    ++*at;
    return true;
}
/* The two that look at the text in blocks; *block is the one that `at` is in, or one before it. */
const char *json_skip_value_inside(struct json_block *block, const char *at, const char *end);
static inline const char *json_skip_string_in(struct json_block *block, const char *at, const char *end,
                                              bool *escaped)
{
    size_t from = (size_t)(++at - block->start);

    *escaped = false;
    if (from >= JSON_BLOCK) {
        if (at == end)
            return NULL;
        *block = json_block_at(at, end);
        from = 0;
    }
    uint64_t others = block->others >> from;
    if (others) {
        at += __builtin_ctzll(others);
    } else {
        do {
            if (end - block->start <= JSON_BLOCK)
                return NULL;
            *block = json_block_at(block->start + JSON_BLOCK, end);
        } while (!block->others);
        at = block->start + __builtin_ctzll(block->others);
    }
    *escaped = *at == '\\';
    return *at == '"' ? at + 1 : json_skip_string_rest(at, end);
}

/* Walks the members of an object that is known to be valid JSON: *rest starts as the object with its braces.
 * False at the end, and from then on. `name` comes with its quotes, `value` as it lies there. */
bool json_next_member(struct text *rest, struct text *name, struct text *value);

/* The value of the member `name` of an object from its first brace to its last; of several the last, as with
 * JSON.parse. Empty where there is none, and where the bytes are not such an object. */
struct text json_member(struct text object, struct text name);

/* Whether a string with its quotes (valid JSON) spells `plain`, escapes undone; with `ignore_case`, ASCII
 * letters compare without regard to case. A lone surrogate equals nothing. */
bool json_string_equal(struct text quoted, struct text plain, bool ignore_case);
/* Appends the characters a string with its quotes (valid JSON) stands for. A lone surrogate becomes U+FFFD.
 * On failure nothing was appended. */
NODISCARD enum status json_append_unquoted(struct buffer *out, struct text quoted);
