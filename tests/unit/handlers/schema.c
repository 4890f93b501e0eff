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

/* What it complains of; the caller frees it. */
static char *failure_of(const char *source, const char *value)
{
    struct schema *schema;
    struct buffer words;
    json_t *read;

    buffer_init(&words, BUFFER_UNLIMITED);
    assert_int_equal(schema_create(&schema, text_from_cstr(source), &words), STATUS_OK);
    assert_int_equal(json_read_value(text_from_cstr(value), &read), STATUS_OK);
    enum status status = schema_validate(schema, read, &words);
    assert_int_equal(status, words.length > 0 ? STATUS_INVALID : STATUS_OK);
    assert_int_equal(buffer_append(&words, "", 1), STATUS_OK);
    char *copy = strdup(words.data);
    json_decref(read);
    schema_destroy(schema);
    buffer_deinit(&words);
    return copy;
}

static void check_failure(const char *source, const char *value, const char *wanted)
{
    char *found = failure_of(source, value);

    assert_string_equal(found, wanted);
    free(found);
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

/* [item,item,…]; %zu in the item stands for its index. The caller frees it. */
static char *array_of(size_t count, const char *item)
{
    struct buffer text;
    const char *number = strstr(item, "%zu");
    int before = (int)(number ? number - item : (ptrdiff_t)strlen(item));

    buffer_init(&text, BUFFER_UNLIMITED);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(buffer_printf(&text, "%s%.*s", i ? "," : "[", before, item), STATUS_OK);
        if (number)
            assert_int_equal(buffer_printf(&text, "%zu%s", i, number + 3), STATUS_OK);
    }
    assert_int_equal(buffer_append(&text, "]", 2), STATUS_OK);
    return text.data;
}

static void finds_fractions_that_are_no_multiples(void **state)
{
    (void)state;
    check_failure("{\"multipleOf\":2}", "4", "");
    check_failure("{\"multipleOf\":2}", "-4.0", "");
    check_failure("{\"multipleOf\":2}", "1e300", "");
    check_failure("{\"multipleOf\":2}", "\"7\"", "");
    check_failure("{\"multipleOf\":1}", "0.5", "payload: Value should be a multiple of 1");
    check_failure("{\"multipleOf\":2}", "4.5", "payload: Value should be a multiple of 2");
    check_failure("{\"multipleOf\":2}", "5", "payload: Value should be a multiple of 2");
}

static void check_array(const char *source, size_t count, const char *item, const char *wanted)
{
    char *value = array_of(count, item);

    check_failure(source, value, wanted);
    free(value);
}

static const char too_costly[] = "payload: Checking it takes too many steps";
static const char pattern_too_costly[] = "payload: A pattern takes too many steps";

static void finds_equal_items_without_comparing_each_with_each(void **state)
{
    static const char source[] = "{\"uniqueItems\":true}";
    char *numbers = array_of(500, "7");
    char item[2048];

    (void)state;
    numbers[strlen(numbers) - 1] = '\0';
    snprintf(item, sizeof item, "{\"k\":%s,%%zu]}", numbers);
    check_array(source, 1024, item, ""); /* half a million comparisons of five hundred numbers */
    check_array(source, 20000, "{\"id\":%zu,\"name\":\"somebody\"}", "");
    check_failure(source, "[{\"a\":1,\"b\":[0]},2,{\"b\":[-0.0],\"a\":1.0}]",
                  "payload: Elements at indexes #0 and #2 violate uniqueness constraint");
    check_failure(source,
                  "[\"1\",1,[1],[[1]],{\"a\":1},null,false,true,0,\"\",[],{},\"null\",[\"a\",\"b\"],[\"ab\"],"
                  "[1,2],[[1],2]]",
                  "");
    free(numbers);
}

static void gives_up_where_alternatives_multiply(void **state)
{
    char value[1024] = "";

    (void)state;
    for (int i = 0; i < 100; i++)
        strcat(value, "{\"a\":");
    strcat(value, "{\"b\":1}");
    for (int i = 0; i < 100; i++)
        strcat(value, "}");
    check_failure("{\"properties\":{\"a\":{\"anyOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#\"}]},"
                  "\"b\":{\"type\":\"string\"}}}",
                  value, too_costly);
}

static void gives_up_matching(void **state)
{
    static const char items[] = "{\"items\":{\"pattern\":\"%s\"}}";
    char source[128];
    char *blanks = malloc(100003);

    (void)state;
    snprintf(source, sizeof source, items, "^(a+)+$");
    check_array(source, 2000, "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"", pattern_too_costly);
    check_array(source, 2000, "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaa\"", "");
    check_failure("{\"not\":{\"pattern\":\"^(a+)+$\"}}",
                  "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"",
                  pattern_too_costly); /* nor is it let through */
    check_failure("{\"patternProperties\":{\"^(a+)+$\":true}}",
                  "{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\":1}", pattern_too_costly);
    memset(blanks, ' ', 100000);
    blanks[0] = '"';
    strcpy(blanks + 100000, "x\"");
    check_failure("{\"pattern\":\"[ ]++$\"}", blanks, pattern_too_costly); /* each item passes all of it */
    check_failure("{\"pattern\":\"x$\"}", blanks, "");
    check_failure("{\"pattern\":\"^ +x$\"}", blanks, "");
    check_failure("{\"pattern\":\"( +)\\\\1[yz]\"}", blanks, pattern_too_costly);
    free(blanks);
}

static void tells_no_more_errors_than_one_reads(void **state)
{
    char *value = array_of(100000, "1");
    char *found = failure_of("{\"items\":{\"type\":\"string\"}}", value);
    char *name = malloc(1000003);

    (void)state;
    assert_true(strlen(found) < 2000);
    assert_non_null(strstr(found, "[0]: Value type not permitted by 'type' constraint; [1]: "));
    assert_string_equal(found + strlen(found) - strlen("; and more"), "; and more");
    free(found);
    free(value);
    /* names are the client's: one of a megabyte stands in each place within it */
    value = malloc(2100000);
    memset(name, 'n', 1000000);
    strcpy(name + 1000000, "é");
    char *items = array_of(200000, "[]");
    snprintf(value, 2100000, "{\"%s\":%s}", name, items);
    found = failure_of("{\"additionalProperties\":{\"items\":{\"type\":\"array\"}}}", value);
    assert_string_equal(found, too_costly);
    free(found);
    snprintf(value, 2100000, "{\"%s\":1}", name);
    found = failure_of("{\"additionalProperties\":false}", value);
    assert_true(strlen(found) > 100 && strlen(found) < 1000);
    free(found);
    free(items);
    free(value);
    free(name);
}

static void passes_what_is_large_and_fits(void **state)
{
    static const char item[] = "{\"id\":%zu,\"name\":\"somebody or other\",\"when\":\"2026-02-28\","
                               "\"tags\":[\"a\",\"b\"],\"size\":1.5}";

    (void)state;
    check_array(
        "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"id\",\"name\",\"when\",\"tags\"],"
        "\"properties\":{\"id\":{\"type\":\"integer\",\"minimum\":0},"
        "\"name\":{\"type\":\"string\",\"maxLength\":40,\"pattern\":\"^[a-z ]+$\"},"
        "\"when\":{\"type\":\"string\",\"format\":\"date\"},"
        "\"tags\":{\"type\":\"array\",\"items\":{\"enum\":[\"a\",\"b\",\"c\"]},\"uniqueItems\":true},"
        "\"size\":{\"type\":\"number\"}},\"additionalProperties\":false}}",
        12000, item, "");
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
        cmocka_unit_test(finds_fractions_that_are_no_multiples),
        cmocka_unit_test(finds_equal_items_without_comparing_each_with_each),
        cmocka_unit_test(gives_up_where_alternatives_multiply),
        cmocka_unit_test(gives_up_matching),
        cmocka_unit_test(tells_no_more_errors_than_one_reads),
        cmocka_unit_test(passes_what_is_large_and_fits),
        cmocka_unit_test(refuses_what_is_no_schema),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
