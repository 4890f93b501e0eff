#include "fuzz.h"

#include "json/scan.h"

/*
 * Brackets within brackets, deeper than any message of a few bytes goes: json/nesting.h keeps only the newest
 * levels and finds the others again in the text. The input says how to make the text:
 *
 *     where to break it, 2 bytes: 0 nowhere | bytes behind it, 1 | what to open and close, 2 bytes each:
 *         0-1 which: arrays, objects, those that the pattern says, or close; 2 times 200; 3-7 pattern
 *         how many, less one
 *
 * A text that is whole ends where it ends, whatever stands behind it; one with a wrong bracket is none.
 */

enum {
    MOST_TEXT = 512 * 1024, /* bytes; what would go beyond is not opened */
    MOST_DEPTH = MOST_TEXT / 2,
    LONGEST_STEP = 8, /* bytes that a level takes at most, and some: ,"":{} */
    MANY = 200,
    PATTERN_BITS = 5,
};

struct maker {
    char *text;
    size_t length;
    char *open; /* the kinds, '[' or '{', from the outermost in */
    size_t depth;
    bool value_ended;
};

static void put(struct maker *maker, const char *characters)
{
    size_t length = strlen(characters);

    memcpy(maker->text + maker->length, characters, length);
    maker->length += length;
}

static bool has_room(const struct maker *maker)
{
    return maker->length + LONGEST_STEP + maker->depth < MOST_TEXT;
}

static void open_level(struct maker *maker, bool is_object)
{
    if (maker->value_ended)
        put(maker, ",");
    if (maker->depth > 0 && maker->open[maker->depth - 1] == '{')
        put(maker, "\"\":");
    put(maker, is_object ? "{" : "[");
    maker->open[maker->depth++] = is_object ? '{' : '[';
    maker->value_ended = false;
}

static void close_level(struct maker *maker)
{
    put(maker, maker->open[--maker->depth] == '{' ? "}" : "]");
    maker->value_ended = true;
}

static void follow(struct maker *maker, unsigned what, size_t count)
{
    unsigned pattern = what >> 3;

    if (what & 4)
        count *= MANY;
    for (size_t i = 0; i < count; i++) {
        if ((what & 3) == 3) {
            if (maker->depth > 1)
                close_level(maker);
        } else if (has_room(maker)) {
            bool is_object = (what & 3) == 2 ? pattern >> i % PATTERN_BITS & 1 : what & 1;
            open_level(maker, is_object);
        }
    }
}

/* Turns the next bracket from `at` on into one of the other kind; there is one, the last character. */
static void break_at(struct maker *maker, size_t at)
{
    static const char brackets[] = "[{]}";
    const char *found = NULL;

    while (!found)
        found = strchr(brackets, maker->text[at++]);
    maker->text[at - 1] = brackets[(size_t)(found - brackets) ^ 1];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text input = fuzz_input(data, size);
    struct maker maker = {.text = malloc(MOST_TEXT), .open = malloc(MOST_DEPTH)};
    size_t wrong = fuzz_take_number(&input);
    size_t behind = fuzz_take_byte(&input);

    HOLDS(maker.text && maker.open);
    open_level(&maker, wrong & 1);
    while (input.length >= 2) {
        unsigned what = fuzz_take_byte(&input);
        follow(&maker, what, fuzz_take_byte(&input) + 1);
    }
    while (maker.depth > 0)
        close_level(&maker);
    size_t length = maker.length;
    if (wrong > 0)
        break_at(&maker, wrong * (length - 1) / UINT16_MAX);
    for (; behind > 0 && maker.length < MOST_TEXT; behind--)
        put(&maker, "]");

    struct text text = fuzz_copy((struct text){maker.text, maker.length});
    const char *end = json_skip_value(text.data, text.data + text.length);
    HOLDS(wrong > 0 ? !end : end == text.data + length);
    fuzz_free(text);
    free(maker.text);
    free(maker.open);
    return 0;
}
