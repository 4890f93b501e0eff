#include "json/scan.h"
#include "base/utf8.h"
#include "json/nesting.h"

#include <stdint.h>
#include <string.h>

const char *json_skip_spaces(const char *at, const char *end)
{
    while (at < end && json_is_space(*at))
        at++;
    return at;
}

const char *json_skip_spaces_inside(const char *at)
{
    while (json_is_space(*at))
        at++;
    return at;
}

/* Past an escape, `at` being on its backslash. */
static const char *skip_escape(const char *at, const char *end)
{
    if (end - at < 2)
        return NULL;
    switch (at[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': return at + 2;
    case 'u': break;
    default: return NULL;
    }
    if (end - at < 6)
        return NULL;
    for (int i = 2; i < 6; i++)
        if (text_hex_value(at[i]) < 0)
            return NULL;
    return at + 6;
}

const char *json_skip_string_rest(const char *at, const char *end)
{
    while (at < end && *at == '\\') {
        at = skip_escape(at, end);
        if (!at)
            return NULL;
        at = json_skip_plain(at, end);
    }
    return at < end && *at == '"' ? at + 1 : NULL;
}

/* With `end` NULL, here and where a number is read: there is a byte behind it that is none of a number's. */
static inline bool is_digit_at(const char *at, const char *end)
{
    return at != end && *at >= '0' && *at <= '9';
}

/* Past one digit or more. */
static inline const char *skip_digits(const char *at, const char *end)
{
    if (!is_digit_at(at, end))
        return NULL;
    do
        at++;
    while (is_digit_at(at, end));
    return at;
}

/* Past what may follow a number's whole part. */
static const char *skip_fraction(const char *at, const char *end)
{
    if (*at == '.')
        at = skip_digits(at + 1, end);
    if (at && at != end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at != end && (*at == '+' || *at == '-'))
            at++;
        at = skip_digits(at, end);
    }
    return at;
}

static inline const char *skip_number(const char *at, const char *end)
{
    if (*at == '-')
        at++;
    at = at != end && *at == '0' ? at + 1 : skip_digits(at, end);
    return at && at != end && (*at == '.' || *at == 'e' || *at == 'E') ? skip_fraction(at, end) : at;
}

static const char *skip_word(const char *at, const char *end, struct text word)
{
    if ((size_t)(end - at) < word.length || memcmp(at, word.data, word.length) != 0)
        return NULL;
    return at + word.length;
}

/* Past null, true or false. */
static const char *skip_literal(const char *at, const char *end)
{
    switch (*at) {
    case 't': return skip_word(at, end, TEXT("true"));
    case 'f': return skip_word(at, end, TEXT("false"));
    case 'n': return skip_word(at, end, TEXT("null"));
    default: return NULL;
    }
}

/* Past a value that holds no others, of an array or object that ends at `end`. */
static inline const char *skip_scalar_inside(struct json_block *block, const char *at, const char *end)
{
    bool escaped;

    if (*at == '"')
        return json_skip_string_in(block, at, end, &escaped);
    return *at == '-' || is_digit_at(at, NULL) ? skip_number(at, NULL) : skip_literal(at, end);
}

/* Past an array or object. The loop begins where a value does; `levels` is the innermost word of nesting.h.
 */
static const char *skip_nested(struct json_block *shared, const char *at, const char *end)
{
    struct json_block block = *shared; /* in registers */
    const char *start = at;
    struct nesting outer;
    uint64_t levels = 1;

    outer.words = 0;
    for (;;) {
        char next = json_next_inside(&at);
        if (next == '{' || next == '[') {
            if (levels >> NESTING_LEVELS) {
                if (outer.words == 0)
                    nesting_init(&outer, start, end);
                nesting_put(&outer, levels, at);
                levels = 1;
            }
            levels = levels << 1 | (next == '{');
            at++;
            next = json_next_inside(&at);
            if (next != (levels & 1 ? '}' : ']'))
                goto inside;
        } else {
            at = skip_scalar_inside(&block, at, end);
            if (!at)
                return NULL;
            next = json_next_inside(&at);
        }

        while (next != ',') {
            if (next != (levels & 1 ? '}' : ']'))
                return NULL;
            levels >>= 1;
            if (levels == 1) {
                if (outer.words == 0) {
                    *shared = block;
                    return at + 1;
                }
                levels = nesting_take(&outer, at);
            }
            at++;
            if (at == end)
                return NULL;
            next = json_next_inside(&at);
        }
        at++;

    inside:
        if (levels & 1) {
            bool escaped;
            if (json_next_inside(&at) != '"')
                return NULL;
            at = json_skip_string_in(&block, at, end, &escaped);
            if (!at || !json_take_inside(&at, ':'))
                return NULL;
        }
    }
}

const char *json_skip_value_inside(struct json_block *block, const char *at, const char *end)
{
    return *at == '{' || *at == '[' ? skip_nested(block, at, end) : skip_scalar_inside(block, at, end);
}

static bool is_closing(char c)
{
    return c == '}' || c == ']';
}

const char *json_skip_value(const char *at, const char *end)
{
    if (at == end)
        return NULL;
    if (*at == '{' || *at == '[') {
        while (!is_closing(end[-1]))
            if (--end == at)
                return NULL;
        struct json_block block = json_block_at(at, end);
        return skip_nested(&block, at, end);
    }
    if (*at == '"')
        return json_skip_string(at, end, NULL);
    return *at == '-' || is_digit_at(at, end) ? skip_number(at, end) : skip_literal(at, end);
}

bool json_next_member(struct text *rest, struct text *name, struct text *value)
{
    const char *end = rest->data + rest->length;
    const char *at = rest->data;

    /* `at` is on the opening brace, on the comma behind a member, or on the closing brace. */
    if (*at != '}')
        at = json_skip_space(at + 1, end);
    if (*at == '}') {
        *rest = (struct text){at, (size_t)(end - at)};
        return false;
    }
    const char *name_end = json_skip_string(at, end, NULL);
    *name = (struct text){at, (size_t)(name_end - at)};
    at = json_skip_space(name_end, end); /* on the colon */
    at = json_skip_space(at + 1, end);
    const char *value_end = json_skip_value(at, end);
    *value = (struct text){at, (size_t)(value_end - at)};
    at = json_skip_space(value_end, end);
    *rest = (struct text){at, (size_t)(end - at)};
    return true;
}

static struct text without_quotes(struct text quoted)
{
    return (struct text){quoted.data + 1, quoted.length - 2};
}

/* Whether a name lies as it is on the quote at `at`. Comparing is faster than looking for its end, the
 * processor goes on behind it meanwhile. */
static inline bool lies_at(const char *at, const char *end, struct text name)
{
    return (size_t)(end - at) > name.length + 1 && at[name.length + 1] == '"' &&
           (name.length == 0 || memcmp(at + 1, name.data, name.length) == 0);
}

/* Whether a name that lies behind the quote at `at` is plain: what is not ends a string, or is written as an
 * escape. */
static inline bool is_plain(const struct json_block *block, const char *at, struct text name)
{
    size_t from = (size_t)(at + 1 - block->start);

    if (from + name.length >= JSON_BLOCK)
        return json_skip_plain(name.data, name.data + name.length) == name.data + name.length;
    return block->others >> from << (JSON_BLOCK - 1 - name.length) == UINT64_C(1) << (JSON_BLOCK - 1);
}

struct text json_member(struct text object, struct text name)
{
    const struct text none = {NULL, 0};
    const char *end = object.data + object.length;
    const char *at = object.data + 1;
    struct text found = none;

    if (object.length < 2 || *object.data != '{' || end[-1] != '}' || json_next_inside(&at) == '}')
        return none;
    struct json_block block = json_block_at(at, end);
    do {
        if (json_next_inside(&at) != '"')
            return none;
        bool is_wanted = lies_at(at, end, name) && is_plain(&block, at, name);
        if (is_wanted) {
            at += name.length + 2;
        } else {
            struct text quoted = {at, 0};
            bool escaped;
            at = json_skip_string_in(&block, at, end, &escaped);
            if (!at)
                return none;
            quoted.length = (size_t)(at - quoted.data);
            is_wanted = escaped && json_string_equal(quoted, name, false);
        }
        if (!json_take_inside(&at, ':'))
            return none;
        json_next_inside(&at);
        const char *value = at;
        at = json_skip_value_inside(&block, at, end);
        if (!at || at == end)
            return none;
        if (is_wanted)
            found = (struct text){value, (size_t)(at - value)};
    } while (json_take_inside(&at, ','));
    return at == end - 1 ? found : none; /* that one ends it */
}

static uint32_t hex4(const char *digits)
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++)
        value = value << 4 | (uint32_t)text_hex_value(digits[i]);
    return value;
}

/* The character an escape in valid JSON stands for; *at moves from its backslash past it. Halves of a pair
 * that stand alone come out as they are. */
static uint32_t unescape(const char **at, const char *end)
{
    const char *escape = *at;

    *at += 2;
    switch (escape[1]) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'u': break;
    default: return (unsigned char)escape[1];
    }
    *at += 4;
    uint32_t high = hex4(escape + 2);
    if (high < 0xd800 || high > 0xdbff || end - *at < 6 || escape[6] != '\\' || escape[7] != 'u')
        return high;
    uint32_t low = hex4(escape + 8);
    if (low < 0xdc00 || low > 0xdfff)
        return high;
    *at += 6;
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static bool is_surrogate(uint32_t character)
{
    return character >= 0xd800 && character <= 0xdfff;
}

/* Takes off the text before the first backslash. */
static struct text take_run(struct text *rest)
{
    const char *backslash = rest->length ? memchr(rest->data, '\\', rest->length) : NULL;
    size_t length = backslash ? (size_t)(backslash - rest->data) : rest->length;
    struct text run = {rest->data, length};

    *rest = (struct text){rest->data + length, rest->length - length};
    return run;
}

/* Takes off the escape that `rest` starts with. */
static uint32_t take_escape(struct text *rest)
{
    const char *end = rest->data + rest->length;
    const char *at = rest->data;
    uint32_t character = unescape(&at, end);

    *rest = (struct text){at, (size_t)(end - at)};
    return character;
}

/* Takes `start` off `plain` where it starts so. */
static bool take_equal(struct text *plain, struct text start, bool ignore_case)
{
    if (start.length == 0)
        return true;
    if (start.length > plain->length)
        return false;
    struct text head = {plain->data, start.length};
    if (!(ignore_case ? text_equal_ignore_case(head, start) : text_equal(head, start)))
        return false;
    *plain = (struct text){plain->data + start.length, plain->length - start.length};
    return true;
}

static bool escaped_equal(struct text rest, struct text plain, bool ignore_case)
{
    if (!take_equal(&plain, take_run(&rest), ignore_case))
        return false;
    while (rest.length > 0) {
        char utf8[4];
        uint32_t character = take_escape(&rest);
        if (is_surrogate(character) ||
            !take_equal(&plain, (struct text){utf8, utf8_encode(character, utf8)}, ignore_case) ||
            !take_equal(&plain, take_run(&rest), ignore_case))
            return false;
    }
    return plain.length == 0;
}

bool json_string_equal(struct text quoted, struct text plain, bool ignore_case)
{
    struct text inner = without_quotes(quoted);

    /* An escape is longer than what it stands for. */
    if (inner.length > plain.length)
        return escaped_equal(inner, plain, ignore_case);
    if (!(ignore_case ? text_equal_ignore_case(inner, plain) : text_equal(inner, plain)))
        return false;
    return inner.length == 0 || !memchr(inner.data, '\\', inner.length);
}

enum status json_append_unquoted(struct buffer *out, struct text quoted)
{
    struct text rest = without_quotes(quoted);
    size_t length_before = out->length;
    enum status status = buffer_append_text(out, take_run(&rest));

    while (status == STATUS_OK && rest.length > 0) {
        char utf8[4];
        uint32_t character = take_escape(&rest);
        status = buffer_append(out, utf8, utf8_encode(is_surrogate(character) ? 0xfffd : character, utf8));
        if (status == STATUS_OK)
            status = buffer_append_text(out, take_run(&rest));
    }
    if (status != STATUS_OK)
        out->length = length_before;
    return status;
}
