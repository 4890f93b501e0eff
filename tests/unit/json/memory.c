#include "json/shared.h"
#include "json/value.h"
#include "json/write.h"

#include "support/cmocka_all.h"
#include "support/failing.h"

#include <stdlib.h>

/* Every allocation fails once: each call says STATUS_NO_MEMORY, leaves what was there, and is good
 * afterwards. */

static const char kept[] = "kept";

/* Runs an appending call with failing allocations, until none is left to fail. */
static void sweep(enum status (*append)(struct buffer *out, const void *context), const void *context)
{
    bool failed = true;

    for (long index = 0; failed; index++) {
        struct buffer out;
        buffer_init(&out, BUFFER_UNLIMITED);
        assert_int_equal(buffer_append(&out, kept, 4), STATUS_OK);
        failing_begin(index);
        enum status status = append(&out, context);
        failed = failing_end();
        assert_int_equal(status, failed ? STATUS_NO_MEMORY : STATUS_OK);
        if (failed) {
            assert_int_equal(out.length, 4);
            assert_memory_equal(out.data, kept, 4);
            assert_int_equal(append(&out, context), STATUS_OK);
        }
        assert_true(index < 1000);
        buffer_deinit(&out);
    }
}

static char long_text[5000];

static enum status append_string(struct buffer *out, const void *context)
{
    return json_append_string(out, *(const struct text *)context);
}

static enum status append_decoded(struct buffer *out, const void *context)
{
    size_t cut;

    return json_append_decoded(out, *(const struct text *)context, &cut);
}

static enum status append_base64(struct buffer *out, const void *context)
{
    return json_append_base64(out, *(const struct text *)context);
}

static enum status append_error(struct buffer *out, const void *context)
{
    return json_append_error_reply(out, 500, *(const struct text *)context, TEXT("details"), TEXT("\"id\""));
}

static enum status append_value(struct buffer *out, const void *context)
{
    return json_append_value(out, context);
}

static void survives_where_text_is_written(void **state)
{
    struct text text = {long_text, sizeof long_text};

    (void)state;
    for (size_t i = 0; i < sizeof long_text; i++)
        long_text[i] = i % 7 ? 'a' : '\n';
    sweep(append_string, &text);
    sweep(append_decoded, &text);
    sweep(append_base64, &text);
    sweep(append_error, &text);
}

static void survives_where_values_are_written(void **state)
{
    json_t *value =
        json_pack("{s:[i,f,s,b,n],s:{s:s}}", "numbers", 1, 2.5, "text", 1, "deep", "key", "value");

    (void)state;
    sweep(append_value, value);
    json_decref(value);
}

static void survives_where_values_are_made(void **state)
{
    const struct text text = TEXT("{\"a\":[1,2.5,\"x\",null,true,{\"b\":\"c\"}],\"d\":12345678901234567890}");
    bool failed = true;

    (void)state;
    for (long index = 0; failed; index++) {
        json_t *value = NULL;
        failing_begin(index);
        enum status status = json_read_value(text, &value);
        failed = failing_end();
        /* jansson tells that memory is out, or that it could not keep a piece of the text; what it tries
         * first with numbers of 64 bits may fail for both reasons. */
        assert_true(status == STATUS_OK ||
                    (failed && (status == STATUS_NO_MEMORY || status == STATUS_INVALID)));
        assert_int_equal(status == STATUS_OK, value != NULL);
        json_decref(value);
        assert_true(index < 1000);
    }
}

static void survives_where_shared_values_are_marked(void **state)
{
    json_t *shared = json_pack("{s:[i,i]}", "list", 1, 2);
    json_t *value = json_pack("{s:O,s:O}", "a", shared, "b", shared);
    bool failed = true;

    (void)state;
    for (long index = 0; failed; index++) {
        failing_begin(index);
        json_t *marked = json_mark_shared(value);
        failed = failing_end();
        assert_true(failed ? !marked : !!marked);
        json_decref(marked);
        assert_true(index < 1000);
    }
    json_decref(value);
    json_decref(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_where_text_is_written),
        cmocka_unit_test(survives_where_values_are_written),
        cmocka_unit_test(survives_where_values_are_made),
        cmocka_unit_test(survives_where_shared_values_are_marked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
