#include "config/config.h"

#include "support/cmocka_all.h"
#include "support/failing.h"

/* Every allocation fails once: the result is STATUS_NO_MEMORY, nothing is left behind (the leak checkers
 * look), and the same text is read afterwards. */

static const char usual[] =
    "import:\n"
    "  - ./a.js\n"
    "  - 'b'\n"
    "api:\n"
    "  events:\n"
    "    - name: x\n"
    "      when: production\n"
    "      logLevel: error\n"
    "      policies:\n"
    "        - aHandler\n"
    "        - bHandler: [1, 2.5, 'x', {a: b, c: [1, 2, 3]}, ~, true, 2001-01-01, \"q\\n\"]\n"
    "        - cHandler: {logLevel: trace, parameters: [.nan, 0x1F]}\n"
    "    - name: y\n"
    "      policies:\n"
    "        - dHandler: &l [a, b, {k: &m {z: 1}}]\n"
    "        - eHandler: [*l, *l, *m]\n";

static const char blocks[] = "api:\n"
                             "  events:\n"
                             "    - name: x\n"
                             "      policies:\n"
                             "        - cHandler:\n"
                             "            - |\n"
                             "              text\n"
                             "              more\n"
                             "            - >-\n"
                             "              folded\n"
                             "              text\n"
                             "            - !!binary aGk=\n"
                             "            - !!set {a, b}\n"
                             "            - {<<: {a: 1}, b: 2}\n";

static const char wrong[] = "api:\n  events:\n    - name: [a]\n";

static enum status parse(const char *yaml, struct buffer *error)
{
    struct config *config = NULL;
    enum status status =
        config_parse(&config, text_from_cstr(yaml), "config.yaml", "/app", "production", error);

    if (status == STATUS_OK)
        config_destroy(config);
    else
        assert_null(config);
    return status;
}

static void sweep(const char *yaml, enum status usually)
{
    bool failed = true;
    long index = 0;

    for (; failed; index++) {
        struct buffer error;
        buffer_init(&error, BUFFER_UNLIMITED);
        failing_begin(index);
        enum status status = parse(yaml, &error);
        failed = failing_end();
        assert_int_equal(status, failed ? STATUS_NO_MEMORY : usually);
        buffer_deinit(&error);
        buffer_init(&error, BUFFER_UNLIMITED);
        assert_int_equal(parse(yaml, &error), usually);
        buffer_deinit(&error);
        assert_true(index < 10000);
    }
    assert_true(index > 5); /* something was failed */
}

static void survives_while_it_reads(void **state)
{
    (void)state;
    sweep(usual, STATUS_OK);
    sweep(blocks, STATUS_OK);
}

static void survives_while_it_complains(void **state)
{
    (void)state;
    sweep(wrong, STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_while_it_reads),
        cmocka_unit_test(survives_while_it_complains),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
