#include "config/yaml_scalar.h"

#include "support/cmocka_all.h"
#include <math.h>
#include <string.h>

/* What the whole table is against js-yaml itself stands in tests/differential/config; these are the rules one
 * by one. */
static struct yaml_scalar resolve(const char *text)
{
    struct yaml_scalar scalar = {.type = YAML_SCALAR_STRING};
    struct arena arena;

    arena_init(&arena, NULL, 0);
    assert_int_equal(yaml_scalar_resolve(&scalar, &arena, text_from_cstr(text)), STATUS_OK);
    arena_deinit(&arena);
    return scalar;
}

static void assert_number(const char *text, enum yaml_scalar_type type, double number)
{
    struct yaml_scalar scalar = resolve(text);

    assert_int_equal(scalar.type, type);
    assert_true(scalar.number == number && signbit(scalar.number) == signbit(number));
}

static void assert_string(const char *text)
{
    assert_int_equal(resolve(text).type, YAML_SCALAR_STRING);
}

static void knows_null_and_the_booleans(void **state)
{
    (void)state;
    assert_int_equal(resolve("~").type, YAML_SCALAR_NULL);
    assert_int_equal(resolve("null").type, YAML_SCALAR_NULL);
    assert_int_equal(resolve("NULL").type, YAML_SCALAR_NULL);
    assert_true(resolve("True").type == YAML_SCALAR_BOOL && resolve("True").boolean);
    assert_true(resolve("FALSE").type == YAML_SCALAR_BOOL && !resolve("FALSE").boolean);
    assert_int_equal(resolve("<<").type, YAML_SCALAR_MERGE);
    assert_string("nULL");
    assert_string("yes");
    assert_string("off");
    assert_string("");
}

static void reads_integers(void **state)
{
    (void)state;
    assert_number("0", YAML_SCALAR_INT, 0);
    assert_number("-0", YAML_SCALAR_INT, 0);
    assert_number("-00", YAML_SCALAR_INT, -0.0);
    assert_number("+1_000", YAML_SCALAR_INT, 1000);
    assert_number("0b1_01", YAML_SCALAR_INT, 5);
    assert_number("-0x1F", YAML_SCALAR_INT, -31);
    assert_number("017", YAML_SCALAR_INT, 15);
    assert_number("1:30", YAML_SCALAR_INT, 90);
    assert_number("-1:00:01", YAML_SCALAR_INT, -3601);
    assert_string("0o17");
    assert_string("019");
    assert_string("0x");
    assert_string("0b2");
    assert_string("1_");
    assert_string("_1");
    assert_string("1:60");
    assert_string("-");
}

static void rounds_large_integers_as_doubles_do(void **state)
{
    (void)state;
    assert_number("9007199254740993", YAML_SCALAR_INT, 9007199254740992.0);
    assert_number("12345678901234567890", YAML_SCALAR_INT, 12345678901234567890.0);
    assert_number("0x20000000000001", YAML_SCALAR_INT, 9007199254740992.0);
    assert_number("0x20000000000003", YAML_SCALAR_INT, 9007199254740996.0);
    assert_number("0xFFFFFFFFFFFFFFFFFFFF", YAML_SCALAR_INT, 0x1p80);
    /* A tie but for the last bit, far behind what 64 bits hold. */
    assert_number("0x1000000000000080000000000000001", YAML_SCALAR_INT, 0x1.0000000000001p120);
    assert_number("0x1000000000000080000000000000000", YAML_SCALAR_INT, 0x1p120);
}

static void reads_floats(void **state)
{
    (void)state;
    assert_number("1.5", YAML_SCALAR_FLOAT, 1.5);
    assert_number("-0.0", YAML_SCALAR_FLOAT, -0.0);
    assert_number("1.", YAML_SCALAR_FLOAT, 1);
    assert_number(".5", YAML_SCALAR_FLOAT, 0.5);
    assert_number("-2E+05", YAML_SCALAR_FLOAT, -200000);
    assert_number("1_0.5_0", YAML_SCALAR_FLOAT, 10.5);
    assert_number("190:20:30.15", YAML_SCALAR_FLOAT, 30.15 + 20 * 60 + 190 * 3600);
    assert_number("1e400", YAML_SCALAR_FLOAT, INFINITY);
    assert_number("-.INF", YAML_SCALAR_FLOAT, -INFINITY);
    assert_true(isnan(resolve(".NaN").number));
    assert_true(isnan(resolve("._e5").number)); /* as parseFloat has it */
    assert_string("-.5");
    assert_string("1e");
    assert_string("1.5_");
    assert_string("._");
    assert_string("-.nan");
    assert_string(".");
}

static void reads_timestamps(void **state)
{
    (void)state;
    assert_number("1970-01-01", YAML_SCALAR_TIMESTAMP, 0);
    assert_number("2001-12-14t21:59:43.10-05:00", YAML_SCALAR_TIMESTAMP, 1008385183100.0);
    assert_number("2001-12-14 21:59:43.1239 -5", YAML_SCALAR_TIMESTAMP, 1008385183123.0);
    assert_number("2001-12-14T21:59:43", YAML_SCALAR_TIMESTAMP, 1008367183000.0);
    assert_number("2001-1-2 3:04:05Z", YAML_SCALAR_TIMESTAMP, 978404645000.0);
    assert_number("2004-02-29", YAML_SCALAR_TIMESTAMP, 1078012800000.0);
    /* What exceeds its range carries over, and the first century is the twentieth: Date.UTC. */
    assert_number("2001-13-45", YAML_SCALAR_TIMESTAMP, 1013644800000.0);
    assert_number("0070-01-01", YAML_SCALAR_TIMESTAMP, 0);
    assert_string("2001-1-14");
    assert_string("2001-12-14 21:59");
    assert_string("2001-12-14T21:59:43 ");
}

static void reads_what_a_tag_asks_for(void **state)
{
    struct yaml_scalar scalar = {.type = YAML_SCALAR_NULL};
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0);
    assert_int_equal(yaml_scalar_read(&scalar, &arena, YAML_SCALAR_FLOAT, TEXT("5")), STATUS_OK);
    assert_true(scalar.type == YAML_SCALAR_FLOAT && scalar.number == 5);
    assert_int_equal(yaml_scalar_read(&scalar, &arena, YAML_SCALAR_INT, TEXT("1.5")), STATUS_INVALID);
    assert_int_equal(yaml_scalar_read(&scalar, &arena, YAML_SCALAR_BOOL, TEXT("yes")), STATUS_INVALID);
    assert_true(scalar.number == 5);
    arena_deinit(&arena);
}

static void assert_binary(const char *text, const char *bytes, size_t length)
{
    struct text out = {NULL, 0};
    struct arena arena;

    arena_init(&arena, NULL, 0);
    assert_int_equal(yaml_scalar_binary(&out, &arena, text_from_cstr(text)), STATUS_OK);
    assert_true(text_equal(out, (struct text){bytes, length}));
    arena_deinit(&arena);
}

static void reads_base64(void **state)
{
    struct text out;
    struct arena arena;

    (void)state;
    assert_binary("aGVsbG8=", "hello", 5);
    assert_binary("aGVs\nbG8h\r\n", "hello!", 6);
    assert_binary("/w==", "\xFF", 1);
    assert_binary("", "\0\0", 3); /* js-yaml has it so */
    assert_binary("A===", "", 0);
    arena_init(&arena, NULL, 0);
    assert_int_equal(yaml_scalar_binary(&out, &arena, TEXT("QQ")), STATUS_INVALID);
    assert_int_equal(yaml_scalar_binary(&out, &arena, TEXT("a b=")), STATUS_INVALID);
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_null_and_the_booleans),
        cmocka_unit_test(reads_integers),
        cmocka_unit_test(rounds_large_integers_as_doubles_do),
        cmocka_unit_test(reads_floats),
        cmocka_unit_test(reads_timestamps),
        cmocka_unit_test(reads_what_a_tag_asks_for),
        cmocka_unit_test(reads_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
