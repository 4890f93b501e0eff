#include "json/nesting.h"
#include "base/buffer.h"
#include "exact.h"
#include "json/scan.h"

#include "support/cmocka_all.h"

/*
 * Documents nested more deeply than the ring holds, made by a walk up and down with a stack of its own: the reader must
 * take each as it is, and none in which one closing bracket was exchanged for the other.
 */
struct walk {
    struct buffer text;
    struct buffer stack; /* a closing bracket a level */
    uint32_t random;
    unsigned filler; /* of 16 steps, so many put a string, with brackets in it, before them */
};

static uint32_t random_below(struct walk *walk, uint32_t bound)
{
    walk->random = walk->random * 1664525u + 1013904223u;
    return (walk->random >> 8) % bound;
}

static void put(struct buffer *buffer, const char *text)
{
    assert_int_equal(buffer_append_text(buffer, text_from_cstr(text)), STATUS_OK);
}

static bool ends_with_value(const struct walk *walk)
{
    char last = walk->text.data[walk->text.length - 1];

    return last == ']' || last == '}' || last == '"';
}

static void begin_element(struct walk *walk)
{
    if (walk->stack.length == 0)
        return;
    if (ends_with_value(walk))
        put(&walk->text, ",");
    if (walk->stack.data[walk->stack.length - 1] == '}')
        put(&walk->text, "\"\":");
}

static void fill(struct walk *walk)
{
    static const char *const strings[] = {"\"[\"", "\"]]\"", "\"{\\\"}\"", "\"\\\\\"", "\"\\u005b{[\""};

    if (walk->stack.length == 0 || random_below(walk, 16) >= walk->filler)
        return;
    begin_element(walk);
    put(&walk->text, strings[random_below(walk, 5)]);
}

static void open(struct walk *walk)
{
    bool object = random_below(walk, 2);

    begin_element(walk);
    put(&walk->text, object ? "{" : "[");
    put(&walk->stack, object ? "}" : "]");
}

static void close(struct walk *walk)
{
    assert_int_equal(buffer_append(&walk->text, &walk->stack.data[--walk->stack.length], 1), STATUS_OK);
}

static void go_to(struct walk *walk, size_t depth)
{
    while (walk->stack.length != depth) {
        fill(walk);
        if (walk->stack.length < depth)
            open(walk);
        else
            close(walk);
    }
}

static bool is_value(struct text text)
{
    return json_skip_value(text.data, text.data + text.length) == text.data + text.length;
}

/* Goes through the depths in turn, then back to none. */
static void check_walk(uint32_t seed, unsigned filler, const size_t *depths, size_t count)
{
    struct walk walk = {.random = seed, .filler = filler};

    buffer_init(&walk.text, BUFFER_UNLIMITED);
    buffer_init(&walk.stack, BUFFER_UNLIMITED);
    for (size_t i = 0; i < count; i++)
        go_to(&walk, depths[i]);
    go_to(&walk, 0);

    struct text whole = exact_copy(buffer_text(&walk.text));
    assert_true(is_value(whole));
    for (int i = 0; i < 12; i++) {
        char *at = (char *)whole.data + random_below(&walk, (uint32_t)whole.length);
        while (*at != ']' && *at != '}')
            at--;
        /* A bracket in a string may be anything. */
        if (at[-1] == '"' || at[1] == '"' || at[-1] == ']' || at[1] == ']' || *at == '}') {
            char before = *at;
            struct text copy = exact_copy(whole);
            ((char *)copy.data)[at - whole.data] = before == ']' ? '}' : ']';
            if (filler == 0)
                assert_false(is_value(copy));
            exact_free(copy);
        }
    }
    struct text cut = exact_copy((struct text){whole.data, whole.length - 1});
    assert_false(is_value(cut));
    exact_free(cut);
    exact_free(whole);
    buffer_deinit(&walk.text);
    buffer_deinit(&walk.stack);
}
