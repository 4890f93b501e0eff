#include "handlers/validation/schema.h"
#include "json/value.h"

#include "support/cmocka_all.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The official test suite's cases of a draft, as Debian's package json-schema-test-suite has them. */
#define SUITE "/usr/share/json-schema-test-suite/tests/"

/* What valijson decides otherwise, by the case's description. */
static const struct {
    const char *draft;
    const char *file;
    const char *description; /* of a group of cases; NULL: all of the file */
} excepted[] = {
    {"draft7", "refRemote.json", NULL}, /* nothing is fetched */
    {"draft4", "refRemote.json", NULL},
    {"draft7", "ref.json", "remote ref, containing refs itself"},
    {"draft4", "ref.json", "remote ref, containing refs itself"},
    {"draft7", "ref.json", "Recursive references between schemas"}, /* by their $id */
    {"draft4", "ref.json", "Recursive references between schemas"},
    {"draft7", "definitions.json", NULL}, /* refers to the draft's own schema by its address */
    {"draft4", "definitions.json", NULL},
};

static bool is_excepted(const char *draft, const char *file, const char *description)
{
    for (size_t i = 0; i < sizeof excepted / sizeof *excepted; i++)
        if (strcmp(excepted[i].draft, draft) == 0 && strcmp(excepted[i].file, file) == 0 &&
            (!excepted[i].description || strcmp(excepted[i].description, description) == 0))
            return true;
    return false;
}

static struct schema *make(const json_t *source, const char *draft, struct buffer *error)
{
    struct schema *schema = NULL;
    struct buffer text;
    json_t *copy = json_copy((json_t *)(uintptr_t)source);

    if (json_is_object(copy) && strcmp(draft, "draft4") == 0)
        json_object_set_new(copy, "$schema", json_string("http://json-schema.org/draft-04/schema#"));
    buffer_init(&text, BUFFER_UNLIMITED);
    assert_int_equal(json_append_value(&text, copy), STATUS_OK);
    if (schema_create(&schema, buffer_text(&text), error) != STATUS_OK)
        schema = NULL;
    buffer_deinit(&text);
    json_decref(copy);
    return schema;
}

static unsigned run_group(const json_t *group, const char *draft, const char *file, unsigned *wrong)
{
    const char *description = json_string_value(json_object_get(group, "description"));
    const json_t *tests = json_object_get(group, "tests");
    struct buffer error;

    if (is_excepted(draft, file, description))
        return 0;
    buffer_init(&error, BUFFER_UNLIMITED);
    struct schema *schema = make(json_object_get(group, "schema"), draft, &error);
    for (size_t i = 0; i < json_array_size(tests); i++) {
        const json_t *test = json_array_get(tests, i);
        struct buffer failures;
        buffer_init(&failures, BUFFER_UNLIMITED);
        bool fits = schema && schema_validate(schema, json_object_get(test, "data"), &failures) == STATUS_OK;
        if (fits != json_is_true(json_object_get(test, "valid"))) {
            print_error("%s/%s: %s: %s: %s %.*s\n", draft, file, description,
                        json_string_value(json_object_get(test, "description")),
                        fits ? "fits" : "does not fit", (int)error.length, error.data ? error.data : "");
            (*wrong)++;
        }
        if (schema)
            assert_int_equal(fits, failures.length == 0);
        buffer_deinit(&failures);
    }
    schema_destroy(schema);
    buffer_deinit(&error);
    return (unsigned)json_array_size(tests);
}

static void check_suite(const char *draft, unsigned least)
{
    char folder[128];
    unsigned count = 0;
    unsigned wrong = 0;
    const struct dirent *entry;

    snprintf(folder, sizeof folder, SUITE "%s", draft);
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    while ((entry = readdir(directory))) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        json_t *groups = json_load_file(path, 0, NULL); /* folders and the like are none */
        for (size_t i = 0; i < json_array_size(groups); i++)
            count += run_group(json_array_get(groups, i), draft, entry->d_name, &wrong);
        json_decref(groups);
    }
    closedir(directory);
    assert_true(count >= least);
    assert_int_equal(wrong, 0);
}

static void agrees_with_the_suite_of_draft_7(void **state)
{
    (void)state;
    check_suite("draft7", 400);
}

static void agrees_with_the_suite_of_draft_4(void **state)
{
    (void)state;
    check_suite("draft4", 290);
}

static void check_failure(const char *source, const char *value, const char *wanted)
{
    struct schema *schema;
    struct buffer words;
    json_t *read;

    buffer_init(&words, BUFFER_UNLIMITED);
    assert_int_equal(schema_create(&schema, text_from_cstr(source), &words), STATUS_OK);
    assert_int_equal(json_read_value(text_from_cstr(value), &read), STATUS_OK);
    assert_int_equal(schema_validate(schema, read, &words), STATUS_INVALID);
    assert_int_equal(buffer_append(&words, "", 1), STATUS_OK);
    assert_string_equal(words.data, wanted);
    json_decref(read);
    schema_destroy(schema);
    buffer_deinit(&words);
}

static void says_what_does_not_fit_and_where(void **state)
{
    (void)state;
    check_failure("{\"type\":\"string\"}", "1", "payload: Value type not permitted by 'type' constraint");
    check_failure("{\"properties\":{\"a\":{\"items\":{\"properties\":{\"b\":{\"minimum\":5}}}}}}",
                  "{\"a\":[{},{\"b\":4}]}", "a[1].b: Expected number greater than or equal to 5.000000");
    check_failure("{\"required\":[\"x\",\"y\"]}", "{}",
                  "payload: Missing required property 'x'; payload: Missing required property 'y'");
    check_failure("false", "1", "payload: Nothing fits this schema");
}

static void refuses_what_is_no_schema(void **state)
{
    static const char *const wrong[] = {
        "",
        "{",
        "{\"type\":5}",
        "{\"properties\":[]}",
        "{\"$ref\":\"other.json\"}",
        "{\"$ref\":\"#\"}",
        "{\"$ref\":\"#/a\",\"a\":{\"$ref\":\"#/b\"},\"b\":{\"$ref\":\"#/a\"}}",
        "{\"items\":{\"$ref\":\"#/none\"}}",
        "[]"};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct schema *schema = NULL;
        struct buffer error;
        buffer_init(&error, BUFFER_UNLIMITED);
        assert_int_equal(schema_create(&schema, text_from_cstr(wrong[i]), &error), STATUS_INVALID);
        assert_null(schema);
        assert_true(error.length > 0);
        buffer_deinit(&error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_suite_of_draft_7),
        cmocka_unit_test(agrees_with_the_suite_of_draft_4),
        cmocka_unit_test(says_what_does_not_fit_and_where),
        cmocka_unit_test(refuses_what_is_no_schema),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
