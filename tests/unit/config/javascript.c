#include "config/javascript.h"

#include "support/cmocka_all.h"
#include <float.h>
#include <math.h>

static void spells_numbers(void **state)
{
    static const struct {
        double number;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "0"},
        {5, "5"},
        {-17.5, "-17.5"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {100, "100"},
        {1234.5678, "1234.5678"},
        {0.000001, "0.000001"},
        {0.00000123, "0.00000123"},
        {1e-7, "1e-7"},
        {-1.5e-9, "-1.5e-9"},
        {123456789012345680000.0, "123456789012345680000"},
        {1e20, "100000000000000000000"},
        {1e21, "1e+21"},
        {1.25e21, "1.25e+21"},
        {9007199254740993.0, "9007199254740992"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {DBL_TRUE_MIN, "5e-324"},
        {INFINITY, "Infinity"},
        {-INFINITY, "-Infinity"},
        {NAN, "NaN"},
    };
    char text[JAVASCRIPT_NUMBER_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        javascript_number(text, cases[i].number);
        assert_string_equal(text, cases[i].text);
    }
}

static void spells_dates(void **state)
{
    char text[JAVASCRIPT_DATE_SIZE];

    (void)state;
    javascript_iso_date(text, 0);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    javascript_iso_date(text, -1);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    javascript_iso_date(text, 253402300799999.0);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    javascript_iso_date(text, 253402300800000.0);
    assert_string_equal(text, "+010000-01-01T00:00:00.000Z");
    javascript_date(text, 1008367183100.0);
    assert_string_equal(text, "Fri Dec 14 2001 21:59:43 GMT+0000 (Coordinated Universal Time)");
}

static void knows_indices(void **state)
{
    static const char *const others[] = {"",   "01", "-1",         "1.5",         "+1",
                                         " 1", "1 ", "4294967295", "99999999999", "a"};
    uint32_t index;

    (void)state;
    assert_true(javascript_index(TEXT("0"), &index));
    assert_int_equal(index, 0);
    assert_true(javascript_index(TEXT("42"), &index));
    assert_int_equal(index, 42);
    assert_true(javascript_index(TEXT("4294967294"), &index));
    assert_true(index == 4294967294u);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(javascript_index(text_from_cstr(others[i]), &index));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spells_numbers),
        cmocka_unit_test(spells_dates),
        cmocka_unit_test(knows_indices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
