#include "base/utf8.h"
#include "base/text.h"

#include "support/cmocka_all.h"
#include "support/pieces.h"

#include <string.h>

/* A plain reference: how many of the bytes can still become valid text, decoding one character after the
 * other. */
struct verdict {
    size_t good;   /* bytes before the first that can not belong */
    bool complete; /* all are good, and they end with a character */
};

static struct verdict judge(const uint8_t *data, size_t length)
{
    static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    size_t i = 0;

    while (i < length) {
        unsigned left = data[i] < 0x80 ? 0 : data[i] >= 0xF0 ? 3 : data[i] >= 0xE0 ? 2 : 1;
        if ((data[i] >= 0x80 && data[i] < 0xC0) || data[i] >= 0xF8)
            return (struct verdict){i, false};
        /* The least and the most the character can still become. */
        uint32_t low = (left == 0 ? data[i] : data[i] & (0x3Fu >> left)) << 6 * left;
        uint32_t high = low | ((1u << 6 * left) - 1);
        for (unsigned seen = 0, size = left;; seen++) {
            uint32_t most = high > 0x10FFFF ? 0x10FFFF : high;
            uint32_t least = low < smallest[size] ? smallest[size] : low;
            if (least > most || (least >= 0xD800 && most <= 0xDFFF))
                return (struct verdict){i, false};
            i++;
            if (seen == size)
                break;
            if (i == length || (data[i] & 0xC0) != 0x80)
                return (struct verdict){i, false};
            left--;
            low |= (data[i] & 0x3Fu) << 6 * left;
            high = low | ((1u << 6 * left) - 1);
        }
    }
    return (struct verdict){length, true};
}

/* A case that is fed in pieces. */
struct feeding {
    struct verdict expected;
    size_t length;
    struct utf8 utf8;
    size_t fed;
    bool failed;
};

static void begin(void *context)
{
    struct feeding *feeding = context;

    utf8_init(&feeding->utf8);
    feeding->fed = 0;
    feeding->failed = false;
}

static void take(void *context, char *piece, size_t length)
{
    struct feeding *feeding = context;

    if (feeding->failed)
        return;
    feeding->fed += length;
    feeding->failed = !utf8_feed(&feeding->utf8, piece, length);
    assert_int_equal(feeding->failed, feeding->fed > feeding->expected.good);
}

static void end(void *context)
{
    struct feeding *feeding = context;

    assert_int_equal(feeding->failed, feeding->expected.good < feeding->length);
    if (!feeding->failed)
        assert_int_equal(utf8_is_complete(&feeding->utf8), feeding->expected.complete);
}

static void check(const void *data, size_t length, size_t good, bool complete)
{
    struct feeding feeding = {.expected = {good, complete}, .length = length};
    struct verdict reference = judge(data, length);

    assert_int_equal(reference.good, good);
    assert_int_equal(reference.complete, complete);
    pieces_run(&(struct pieces_taker){begin, take, end, &feeding}, data, length);
    assert_int_equal(utf8_is_valid(data, length), complete);
}

/* The same amid ASCII, at every place within the words of the fast path. */
static void check_amid_ascii(const void *data, size_t length, size_t good, bool complete)
{
    char text[128];

    for (size_t lead = 0; lead < 90; lead++) {
        memset(text, 'x', sizeof text);
        memcpy(text + lead, data, length);
        check(text, lead + length, lead + good, complete);
        size_t longer = lead + length + 35;
        check(text, longer, complete ? longer : lead + good, complete);
    }
}

#define VALID(literal) check(literal, sizeof(literal) - 1, sizeof(literal) - 1, true)
#define CUT(literal) check(literal, sizeof(literal) - 1, sizeof(literal) - 1, false)
#define WRONG(literal, good) check(literal, sizeof(literal) - 1, good, false)

static void accepts_text(void **state)
{
    (void)state;
    VALID("");
    assert_true(utf8_is_valid(NULL, 0));
    VALID("\0");
    VALID("Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!");
    VALID("\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5");
    VALID("\xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x98\x80");
}

static void accepts_the_ends_of_every_range(void **state)
{
    (void)state;
    VALID("\x00");
    VALID("\x7f");
    VALID("\xc2\x80");
    VALID("\xdf\xbf");
    VALID("\xe0\xa0\x80");
    VALID("\xed\x9f\xbf");
    VALID("\xee\x80\x80");
    VALID("\xef\xbf\xbd");
    VALID("\xef\xbf\xbe"); /* a noncharacter is a character to UTF-8 */
    VALID("\xef\xbf\xbf");
    VALID("\xf0\x90\x80\x80");
    VALID("\xf4\x8f\xbf\xbf");
}

static void refuses_overlong_forms(void **state)
{
    (void)state;
    WRONG("\xc0\x80", 0);
    WRONG("\xc0\xaf", 0);
    WRONG("\xc1\xbf", 0);
    WRONG("\xe0\x80\x80", 1);
    WRONG("\xe0\x80\xaf", 1);
    WRONG("\xe0\x9f\xbf", 1);
    WRONG("\xf0\x80\x80\x80", 1);
    WRONG("\xf0\x8f\xbf\xbf", 1);
    WRONG("\xf8\x88\x80\x80\x80", 0);
    WRONG("\xfc\x84\x80\x80\x80\x80", 0);
}

static void refuses_surrogates(void **state)
{
    (void)state;
    WRONG("\xed\xa0\x80", 1);
    WRONG("\xed\xad\xbf", 1);
    WRONG("\xed\xbf\xbf", 1);
    WRONG("\xed\xa0\x80\xed\xb0\x80", 1);
}

static void refuses_what_is_beyond_unicode(void **state)
{
    (void)state;
    WRONG("\xf4\x90\x80\x80", 1);
    WRONG("\xf5\x80\x80\x80", 0);
    WRONG("\xf7\xbf\xbf\xbf", 0);
    WRONG("\xfe", 0);
    WRONG("\xff", 0);
    WRONG("\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80"
          "edited",
          12);
}

static void refuses_stray_continuations(void **state)
{
    (void)state;
    WRONG("\x80", 0);
    WRONG("\xbf", 0);
    WRONG("a\x80", 1);
    WRONG("\xc3\xa4\xa4", 2);
    WRONG("\xf0\x9f\x98\x80\x80", 4);
}

static void refuses_a_character_that_is_broken_off(void **state)
{
    (void)state;
    WRONG("\xc3 ", 1);
    WRONG("\xe2\x82 ", 2);
    WRONG("\xf0\x9f\x98 ", 3);
    WRONG("\xe2\xc3\xa4", 1);
    WRONG("\xf0\x9f\xe2\x82\xac", 2);
}

static void waits_for_the_rest_of_a_character(void **state)
{
    (void)state;
    CUT("\xc3");
    CUT("\xe0");
    CUT("\xe2\x82");
    CUT("\xf0");
    CUT("\xf0\x9f");
    CUT("abc\xf0\x9f\x98");
    CUT("\xf4\x8f\xbf");
}

static void sees_every_place_of_the_fast_path(void **state)
{
    (void)state;
    check_amid_ascii("\xc3\xa4", 2, 2, true);
    check_amid_ascii("\xf0\x9f\x98\x80", 4, 4, true);
    check_amid_ascii("\x80", 1, 0, false);
    check_amid_ascii("\xed\xa0\x80", 3, 1, false);
    check_amid_ascii("\xe2\x82", 2, 2, false);
}

/* Without pieces: for the many. */
static void check_quickly(const uint8_t *data, size_t length)
{
    struct verdict expected = judge(data, length);
    struct utf8 utf8;

    utf8_init(&utf8);
    bool fed = utf8_feed(&utf8, data, length);
    if (fed != (expected.good == length) || (fed && utf8_is_complete(&utf8) != expected.complete))
        fail_msg("%02x %02x %02x %02x, %zu bytes", data[0], data[1], data[2], data[3], length);
}

static void accepts_every_code_point(void **state)
{
    (void)state;
    for (uint32_t point = 0; point <= 0x10FFFF; point++) {
        uint8_t bytes[4] = {(uint8_t)point};
        size_t length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        if (length > 1)
            bytes[0] = (uint8_t)((0xF00u >> length & 0xFF) | point >> 6 * (length - 1));
        for (size_t i = 1; i < length; i++)
            bytes[i] = (uint8_t)(0x80 | (point >> 6 * (length - 1 - i) & 0x3F));
        bool surrogate = point >= 0xD800 && point <= 0xDFFF;
        if (utf8_is_valid(bytes, length) == surrogate)
            fail_msg("U+%04X", point);
    }
}

static void agrees_with_the_reference_on_short_texts(void **state)
{
    static const uint8_t edges[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF};

    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second++) {
            uint8_t bytes[4] = {(uint8_t)first, (uint8_t)second};
            check_quickly(bytes, 1);
            check_quickly(bytes, 2);
            for (size_t i = 0; i < sizeof edges; i++) {
                bytes[2] = edges[i];
                check_quickly(bytes, 3);
                bytes[3] = edges[(i * 7 + second) % sizeof edges];
                check_quickly(bytes, 4);
            }
        }
    }
}

static void check_prefix(struct text text, size_t whole, size_t broken, bool cut)
{
    size_t found_broken = 99;
    bool found_cut = !cut;

    assert_int_equal(utf8_prefix(text.data, text.length, &found_broken, &found_cut), whole);
    assert_int_equal(found_broken, broken);
    assert_int_equal(found_cut, cut);
}

static void finds_the_whole_characters_at_the_start(void **state)
{
    (void)state;
    check_prefix(TEXT(""), 0, 0, false);
    check_prefix(TEXT("abc"), 3, 0, false);
    check_prefix(TEXT("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"), 10, 0, false);
    check_prefix(TEXT("a\xC3"), 1, 1, true);
    check_prefix(TEXT("\xE2\x82"), 0, 2, true);
    check_prefix(TEXT("\xF0\x9F\x98"), 0, 3, true);
    check_prefix(TEXT("\xC3("), 0, 1, false);
    check_prefix(TEXT("\xF0\x9F("), 0, 2, false);
    check_prefix(TEXT("\xE0\x80\x80"), 0, 1, false); /* overlong */
    check_prefix(TEXT("\xED\xA0\x80"), 0, 1, false); /* a surrogate */
    check_prefix(TEXT("\xC0\x80"), 0, 1, false);
    check_prefix(TEXT("\x80"), 0, 1, false);
    check_prefix(TEXT("\xFF"), 0, 1, false);
}

static void check_repaired(struct text bytes, struct text expected)
{
    struct buffer out;

    buffer_init(&out, BUFFER_UNLIMITED);
    assert_int_equal(utf8_append_repaired(&out, bytes), STATUS_OK);
    assert_int_equal(out.length, expected.length);
    if (out.length > 0)
        assert_memory_equal(out.data, expected.data, out.length);
    buffer_deinit(&out);
}

/* One U+FFFD for each "maximal subpart", as WHATWG's decoder has it: the examples are Unicode's own (table
 * 3-8). */
static void repairs_what_is_broken(void **state)
{
    (void)state;
    check_repaired(TEXT(""), TEXT(""));
    check_repaired(TEXT("a\u00E9\u20AC\U0001F600"), TEXT("a\u00E9\u20AC\U0001F600"));
    check_repaired(TEXT("a\xFF"
                        "b"),
                   TEXT("a\uFFFD"
                        "b"));
    check_repaired(TEXT("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF"
                        "A"),
                   TEXT("\uFFFD\uFFFD\uFFFD\uFFFD"
                        "A"));
    check_repaired(TEXT("\xED\xA0\x80\xC0\xAF"), TEXT("\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD"));
    check_repaired(TEXT("a\xF0\x9F\x98"), TEXT("a\uFFFD"));
}

static void encodes_characters(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c += c < 0x3000 || c >= 0x10F000 ? 1 : 0xFD) {
        char bytes[4];
        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        size_t length = utf8_encode(c, bytes);
        assert_int_equal(length, c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4);
        assert_true(utf8_is_valid(bytes, length));
        uint32_t back = (unsigned char)bytes[0] & (length == 1 ? 0x7Fu : 0xFFu >> (length + 1));
        for (size_t i = 1; i < length; i++)
            back = back << 6 | ((unsigned char)bytes[i] & 0x3Fu);
        assert_int_equal(back, c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_text),
        cmocka_unit_test(accepts_the_ends_of_every_range),
        cmocka_unit_test(refuses_overlong_forms),
        cmocka_unit_test(refuses_surrogates),
        cmocka_unit_test(refuses_what_is_beyond_unicode),
        cmocka_unit_test(refuses_stray_continuations),
        cmocka_unit_test(refuses_a_character_that_is_broken_off),
        cmocka_unit_test(waits_for_the_rest_of_a_character),
        cmocka_unit_test(sees_every_place_of_the_fast_path),
        cmocka_unit_test(accepts_every_code_point),
        cmocka_unit_test(agrees_with_the_reference_on_short_texts),
        cmocka_unit_test(finds_the_whole_characters_at_the_start),
        cmocka_unit_test(repairs_what_is_broken),
        cmocka_unit_test(encodes_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
