#include "json/nesting.h"
#include "base/buffer.h"
#include "exact.h"
#include "json/scan.h"

#include "support/cmocka_all.h"

enum { SAMPLES = 8 };

/*
 * A document nested more deeply than the ring holds, made by a walk up and down with a stack of its own: the
 * reader must take it as it is, and must not take it with one closing bracket exchanged for the other.
 */
struct walk {
    struct buffer text;
    struct buffer stack; /* for each open bracket the one that closes it */
    size_t closings;
    size_t samples[SAMPLES]; /* where some closing brackets are */
    size_t filler;           /* of 16 steps, so many have another value before them */
    uint32_t random;
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

/* What has to stand before a value: a comma, a name. */
static void begin_value(struct walk *walk)
{
    if (walk->stack.length == 0)
        return;
    char last = walk->text.data[walk->text.length - 1];
    if (last != '[' && last != '{')
        put(&walk->text, ",");
    if (walk->stack.data[walk->stack.length - 1] == '}')
        put(&walk->text, "\"\":");
}

static void fill(struct walk *walk)
{
    static const char *const values[] = {"\"[\"",   "\"]]\"", "\"{\\\"}\"",     "\"\\\\\"", "\"\\u005b{[\"",
                                         "[{},[]]", "0",      "{\"[\":[[[]]]}", "null"};

    if (walk->stack.length == 0 || random_below(walk, 16) >= walk->filler)
        return;
    begin_value(walk);
    put(&walk->text, values[random_below(walk, sizeof values / sizeof *values)]);
}

static void open(struct walk *walk)
{
    bool object = random_below(walk, 2);

    begin_value(walk);
    put(&walk->text, object ? "{" : "[");
    put(&walk->stack, object ? "}" : "]");
}

static void close(struct walk *walk)
{
    size_t sample = random_below(walk, (uint32_t)++walk->closings);

    if (walk->closings <= SAMPLES)
        sample = walk->closings - 1;
    if (sample < SAMPLES)
        walk->samples[sample] = walk->text.length;
    walk->stack.length--;
    assert_int_equal(buffer_append(&walk->text, walk->stack.data + walk->stack.length, 1), STATUS_OK);
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

/* Goes through the depths in turn, then back to the ground. */
static void check_walk(uint32_t seed, size_t filler, const size_t *depths, size_t count)
{
    struct walk walk = {.random = seed, .filler = filler};

    buffer_init(&walk.text, BUFFER_UNLIMITED);
    buffer_init(&walk.stack, BUFFER_UNLIMITED);
    for (size_t i = 0; i < count; i++)
        go_to(&walk, depths[i]);
    go_to(&walk, 0);

    struct text copy = exact_copy(buffer_text(&walk.text));
    char *bytes = (char *)copy.data;
    assert_true(is_value(copy));
    for (size_t i = 0; i < SAMPLES && i < walk.closings; i++) {
        char *closing = bytes + walk.samples[i];
        char before = *closing;
        *closing = before == ']' ? '}' : ']';
        assert_false(is_value(copy));
        *closing = before;
    }
    assert_null(json_skip_value(copy.data, copy.data + copy.length - 1));
    exact_free(copy);
    buffer_deinit(&walk.text);
    buffer_deinit(&walk.stack);
}

#define CHECK_WALK(seed, filler, ...) \
    check_walk(seed, filler, (const size_t[]){__VA_ARGS__}, \
               sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t))

static void crosses_words(void **state)
{
    (void)state;
    for (size_t depth = 1; depth <= 200; depth++)
        CHECK_WALK((uint32_t)depth, depth % 5, depth, depth / 2 + 1, depth, 1, depth + 1);
    for (uint32_t seed = 1; seed <= 50; seed++)
        CHECK_WALK(seed, seed % 3, 62, 64, 1, 63, 62, 127, 125, 128, 63, 190, 2, 1000, 900, 1000, 61);
}

enum { RING_LEVELS = NESTING_RING * NESTING_LEVELS };

static void finds_words_again(void **state)
{
    (void)state;
    for (uint32_t filler = 0; filler <= 8; filler += 4) {
        CHECK_WALK(filler + 1, filler, RING_LEVELS - 1);
        CHECK_WALK(filler + 2, filler, RING_LEVELS + NESTING_LEVELS + 1);
        CHECK_WALK(filler + 3, filler, 4 * RING_LEVELS);
        /* Up and down across what the ring forgot. */
        CHECK_WALK(filler + 4, filler, 4 * RING_LEVELS, 2 * RING_LEVELS, 4 * RING_LEVELS, 1000,
                   2 * RING_LEVELS, 999, 998, 2 * RING_LEVELS);
        CHECK_WALK(filler + 5, filler, 100, 70 + RING_LEVELS, 65, 5 + RING_LEVELS, 1, RING_LEVELS + 300,
                   100000, 3 * RING_LEVELS);
    }
}

/* The reader cuts all it may read into blocks: where that is much, a block has more words than the ring takes
 * back. */
static void finds_words_again_in_long_blocks(void **state)
{
    enum { SPACE = 256 * 1024 * 1024 }; /* not touched behind the text but for its last byte */
    struct walk walk = {.random = 7, .filler = 1};

    (void)state;
    buffer_init(&walk.text, SPACE);
    buffer_init(&walk.stack, BUFFER_UNLIMITED);
    assert_int_equal(buffer_reserve(&walk.text, SPACE), STATUS_OK);
    go_to(&walk, 3 * RING_LEVELS / 2);
    go_to(&walk, 200);
    go_to(&walk, 2 * RING_LEVELS);
    go_to(&walk, 0);
    const char *stop = walk.text.data + walk.text.length;
    const char *end = walk.text.data + SPACE;
    walk.text.data[SPACE - 1] = ']'; /* the last bracket that closes, up to which is read */
    assert_ptr_equal(json_skip_value(walk.text.data, end), stop);
    for (size_t i = 0; i < SAMPLES; i++) {
        char *closing = walk.text.data + walk.samples[i];
        char before = *closing;
        *closing = before == ']' ? '}' : ']';
        assert_null(json_skip_value(walk.text.data, end));
        *closing = before;
    }
    buffer_deinit(&walk.text);
    buffer_deinit(&walk.stack);
}

static void goes_to_any_depth(void **state)
{
    enum { DEPTH = 1000000 };
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, BUFFER_UNLIMITED);
    assert_int_equal(buffer_reserve(&buffer, 2 * DEPTH), STATUS_OK);
    buffer.length = 2 * DEPTH;
    memset(buffer.data, '[', 2 * DEPTH);
    assert_false(is_value(buffer_text(&buffer)));
    memset(buffer.data + DEPTH, ']', DEPTH);
    assert_true(is_value(buffer_text(&buffer)));
    buffer.data[2 * DEPTH - 1] = '}';
    assert_false(is_value(buffer_text(&buffer)));
    buffer.data[2 * DEPTH - 1] = ']';
    buffer.data[DEPTH] = '}';
    assert_false(is_value(buffer_text(&buffer)));
    buffer_deinit(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crosses_words),
        cmocka_unit_test(finds_words_again),
        cmocka_unit_test(finds_words_again_in_long_blocks),
        cmocka_unit_test(goes_to_any_depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
