#include "protocol/deflate.h"

#include "support/cmocka_all.h"
#include <stdlib.h>
#include <string.h>

enum { MOST = 16 * 1024 * 1024 };

static int set_up(void **state)
{
    *state = deflate_create();
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    deflate_destroy(*state);
    return 0;
}

static char *words(size_t length)
{
    char *text = malloc(length + 1);
    unsigned random = 7;

    for (size_t i = 0; i < length; i++) {
        random = random * 1103515245 + 12345;
        text[i] = "etaoin shrdlu"[(random >> 16) % 13];
    }
    text[length] = '\0';
    return text;
}

static void gives_back_what_it_took(void **state)
{
    static const size_t lengths[] = {100, 1000, 16383, 16384, 16385, 100000, 3000000};
    struct text compressed;
    struct text message;

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char *text = words(lengths[i]);
        for (unsigned bits = 9; bits <= 15; bits++) {
            assert_int_equal(deflate_compress(*state, bits, (struct text){text, lengths[i]}, &compressed),
                             STATUS_OK);
            assert_true(compressed.length < lengths[i]);
            assert_int_equal(deflate_expand(*state, compressed, lengths[i], &message), STATUS_OK);
            assert_int_equal(message.length, lengths[i]);
            assert_memory_equal(message.data, text, lengths[i]);
        }
        free(text);
    }
}

static void says_where_it_does_not_pay(void **state)
{
    unsigned char random[5000];
    unsigned value = 1;
    struct text compressed;

    for (size_t i = 0; i < sizeof random; i++) {
        value = value * 1664525 + 1013904223;
        random[i] = (unsigned char)(value >> 24);
    }
    assert_int_equal(deflate_compress(*state, 15, (struct text){(char *)random, sizeof random}, &compressed),
                     STATUS_LIMIT);
    assert_int_equal(deflate_compress(*state, 15, TEXT("a"), &compressed), STATUS_LIMIT);
    assert_int_equal(deflate_compress(*state, 15, TEXT(""), &compressed), STATUS_LIMIT);
}

static enum status expand(void *codec, const char *bytes, size_t length, size_t most, struct text *message)
{
    return deflate_expand(codec, (struct text){bytes, length}, most, message);
}

/* RFC 7692, section 7.2.3. */
static void knows_the_rfcs_examples(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *message;
    } cases[] = {
        {"\xf2\x48\xcd\xc9\xc9\x07\x00", 7, "Hello"},
        {"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11, "Hello"},
        {"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8, "Hello"},
        {"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13, "Hello"},
        {"\x00", 1, ""},
        {"\x02\x00", 2, ""},
        {"", 0, NULL}, /* no block at all */
    };
    struct text message;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum status status = expand(*state, cases[i].bytes, cases[i].length, 100, &message);
        if (!cases[i].message)
            continue; /* whatever it says, it must not read what is not there */
        assert_int_equal(status, STATUS_OK);
        assert_true(text_equal(message, text_from_cstr(cases[i].message)));
    }
}

static void holds_to_the_limit(void **state)
{
    size_t length = 8 * 1024 * 1024;
    char *zeros = calloc(1, length);
    struct text compressed;
    struct text message;

    assert_int_equal(deflate_compress(*state, 15, (struct text){zeros, length}, &compressed), STATUS_OK);
    char *bomb = malloc(compressed.length);
    memcpy(bomb, compressed.data, compressed.length);
    assert_true(compressed.length < length / 100);
    assert_int_equal(expand(*state, bomb, compressed.length, length, &message), STATUS_OK);
    assert_int_equal(expand(*state, bomb, compressed.length, length - 1, &message), STATUS_LIMIT);
    assert_int_equal(expand(*state, bomb, compressed.length, 1000, &message), STATUS_LIMIT);
    assert_true(message.length <= 1001);
    assert_int_equal(expand(*state, bomb, compressed.length, 0, &message), STATUS_LIMIT);
    free(bomb);
    free(zeros);
}

static void refuses_what_is_no_deflate(void **state)
{
    struct text message;

    assert_int_equal(expand(*state, "\xff\xff\xff\xff", 4, MOST, &message), STATUS_INVALID);
    assert_int_equal(expand(*state, "\x07", 1, MOST, &message),
                     STATUS_INVALID); /* a reserved type of block */
    assert_int_equal(expand(*state, "\x00\x05\x00\xfa\xfe", 5, MOST, &message), STATUS_INVALID);
}

static void refuses_what_is_cut(void **state)
{
    char *text = words(3000);
    struct text compressed;
    struct text message;
    size_t good = 0;

    assert_int_equal(deflate_compress(*state, 15, (struct text){text, 3000}, &compressed), STATUS_OK);
    char *copy = malloc(compressed.length);
    memcpy(copy, compressed.data, compressed.length);
    for (size_t length = 1; length < compressed.length; length++)
        good += expand(*state, copy, length, MOST, &message) == STATUS_OK && message.length == 3000;
    assert_true(good <= 1); /* all but the last bits may be there */
    assert_int_equal(expand(*state, copy, compressed.length, MOST, &message),
                     STATUS_OK); /* and goes on well */
    free(copy);
    free(text);
}

static void takes_any_bytes(void **state)
{
    unsigned char bytes[64];
    unsigned value = 3;
    struct text message;

    for (int round = 0; round < 20000; round++) {
        size_t length = (size_t)round % sizeof bytes;
        for (size_t i = 0; i < length; i++) {
            value = value * 1664525 + 1013904223;
            bytes[i] = (unsigned char)(value >> 24);
        }
        (void)!expand(*state, (char *)bytes, length, 5000, &message);
        assert_true(message.length <= 5001);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives_back_what_it_took, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_where_it_does_not_pay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(knows_the_rfcs_examples, set_up, tear_down),
        cmocka_unit_test_setup_teardown(holds_to_the_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_deflate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_any_bytes, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
