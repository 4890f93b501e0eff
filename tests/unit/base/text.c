#include "base/text.h"

#include "support/cmocka_all.h"
#include <string.h>

static void compares(void **state)
{
    (void)state;
    assert_true(text_equal(TEXT("a"), TEXT("a")));
    assert_false(text_equal(TEXT("a"), TEXT("A")));
    assert_false(text_equal(TEXT("a"), TEXT("ab")));
    assert_true(text_equal((struct text){NULL, 0}, TEXT("")));
    assert_true(text_equal_ignore_case(TEXT("UpGrade"), TEXT("upgrade")));
    assert_false(text_equal_ignore_case(TEXT("[a"), TEXT("{a"))); /* only letters fold */
    assert_true(text_starts_with(TEXT("abc"), TEXT("ab")));
    assert_false(text_starts_with(TEXT("a"), TEXT("ab")));
}

static void trims_blanks_only(void **state)
{
    (void)state;
    assert_true(text_equal(text_trim(TEXT(" \ta b\t ")), TEXT("a b")));
    assert_true(text_equal(text_trim(TEXT("\na")), TEXT("\na")));
    assert_int_equal(text_trim(TEXT("  ")).length, 0);
}

static void splits(void **state)
{
    struct text rest;

    (void)state;
    assert_true(text_equal(text_split(TEXT("a=b=c"), '=', &rest), TEXT("a")));
    assert_true(text_equal(rest, TEXT("b=c")));
    assert_true(text_equal(text_split(TEXT("abc"), '=', &rest), TEXT("abc")));
    assert_int_equal(rest.length, 0);
    assert_int_equal(text_split(TEXT(""), '=', &rest).length, 0);
    assert_int_equal(text_from_cstr(NULL).length, 0);
}

static void reads_hexadecimal_digits(void **state)
{
    static const char digits[] = "0123456789abcdef";

    (void)state;
    for (int c = 0; c < 256; c++) {
        const char *found = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;
        assert_int_equal(text_hex_value((char)c), found ? found - digits : -1);
    }
}

static void lowers_letters_only(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++)
        assert_int_equal(text_lower((char)c), (char)(c >= 'A' && c <= 'Z' ? c + 32 : c));
}

static void hashes_every_byte(void **state)
{
    (void)state;
    assert_int_equal(text_hash(TEXT("getData")), text_hash(TEXT("getData")));
    assert_int_not_equal(text_hash(TEXT("")), text_hash(TEXT("\0")));
    assert_int_not_equal(text_hash(TEXT("ab")), text_hash(TEXT("ba")));
    for (size_t length = 1; length <= 24; length++) {
        char name[24] = "abcdefghijklmnopqrstuvwx";
        size_t hash = text_hash((struct text){name, length});
        for (size_t i = 0; i < length; i++) {
            name[i] ^= 1;
            assert_int_not_equal(text_hash((struct text){name, length}), hash);
            name[i] ^= 1;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares),
        cmocka_unit_test(trims_blanks_only),
        cmocka_unit_test(splits),
        cmocka_unit_test(reads_hexadecimal_digits),
        cmocka_unit_test(lowers_letters_only),
        cmocka_unit_test(hashes_every_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
