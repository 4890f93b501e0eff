#include "config/yaml_value.h"
#include "config/yaml_parse.h"

#include "support/cmocka_all.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A document and the line that says what is wrong with it. */
struct fixture {
    struct arena arena;
    struct buffer error;
    struct yaml_value *root;
};

static enum status parse(struct fixture *fixture, const char *yaml, size_t length)
{
    struct report report = {"y", &fixture->error};

    arena_init(&fixture->arena, NULL, 0);
    buffer_init(&fixture->error, BUFFER_UNLIMITED);
    return yaml_parse(&fixture->root, (struct text){yaml, length}, &fixture->arena, &report);
}

static void release(struct fixture *fixture)
{
    arena_deinit(&fixture->arena);
    buffer_deinit(&fixture->error);
}

static void assert_json(const char *yaml, const char *expected)
{
    struct fixture fixture;

    if (parse(&fixture, yaml, strlen(yaml)) != STATUS_OK)
        fail_msg("%s: %.*s", yaml, TEXT_ARGS(buffer_text(&fixture.error)));
    struct yaml_json values;
    yaml_json_init(&values, &fixture.arena);
    json_t *json = yaml_json(&values, fixture.root);
    yaml_json_deinit(&values);
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    assert_string_equal(text, expected);
    free(text);
    json_decref(json);
    release(&fixture);
}

static void assert_error_bytes(const char *yaml, size_t length, const char *expected)
{
    struct fixture fixture;

    assert_int_equal(parse(&fixture, yaml, length), STATUS_INVALID);
    if (!text_equal(buffer_text(&fixture.error), text_from_cstr(expected)))
        fail_msg("%s: %.*s", yaml, TEXT_ARGS(buffer_text(&fixture.error)));
    release(&fixture);
}

static void assert_error(const char *yaml, const char *expected)
{
    assert_error_bytes(yaml, strlen(yaml), expected);
}

static void reads_what_json_has(void **state)
{
    (void)state;
    assert_json("", "null");
    assert_json("# nothing\n", "null");
    assert_json("[1, -2, 1.5, a, true, ~]", "[1,-2,1.5,\"a\",true,null]");
    assert_json("a: {b: [c]}\nd:\n-\n- e\n", "{\"a\":{\"b\":[\"c\"]},\"d\":[null,\"e\"]}");
    assert_json("[9007199254740992, 9007199254740993, 1e3, 1e21]",
                "[9007199254740992,9007199254740992,1000,1e21]");
}

static void marks_what_json_does_not_have(void **state)
{
    (void)state;
    assert_json("[.nan, .inf, -.inf, -0.0]", "[{\"$number\":\"NaN\"},{\"$number\":\"Infinity\"},{\"$number\":"
                                             "\"-Infinity\"},{\"$number\":\"-0\"}]");
    assert_json("2001-12-14", "{\"$date\":\"2001-12-14T00:00:00.000Z\"}");
    assert_json("!!binary aGVsbG8=", "{\"$binary\":\"aGVsbG8=\"}");
    assert_json("{$date: x, $: 1, $$a: 2, b$: 3}", "{\"$$date\":\"x\",\"$$\":1,\"$$$a\":2,\"b$\":3}");
}

static void follows_aliases(void **state)
{
    (void)state;
    assert_json("[&a [1], *a, &a 2, *a]", "[[1],[1],2,2]");
    assert_json("a: &x {b: 1}\nc: {d: *x}", "{\"a\":{\"b\":1},\"c\":{\"d\":{\"b\":1}}}");
    assert_error("a: 1\nb: *x", "y:2:4: the alias *x has no anchor &x before it");
    assert_error("a: &x\n  b:\n    - *x", "y:3:7: the alias *x stands inside what it stands for");
}

static void keeps_what_aliases_share(void **state)
{
    const char *yaml = "[&m {a: [1]}, *m, {<<: *m}, &d 2001-12-14, *d, &b !!binary aGk=, *b, &e [], *e]";
    struct fixture fixture;
    struct yaml_json values;

    (void)state;
    assert_int_equal(parse(&fixture, yaml, strlen(yaml)), STATUS_OK);
    yaml_json_init(&values, &fixture.arena);
    json_t *json = yaml_json(&values, fixture.root);
    yaml_json_deinit(&values);
    const json_t *map = json_array_get(json, 0);
    const json_t *merged = json_array_get(json, 2);
    assert_ptr_equal(map, json_array_get(json, 1));
    assert_ptr_not_equal(map, merged);
    assert_ptr_equal(json_object_get(map, "a"), json_object_get(merged, "a"));
    for (size_t i = 3; i < 9; i += 2) {
        assert_ptr_equal(json_array_get(json, i), json_array_get(json, i + 1));
        assert_int_equal(json_array_get(json, i)->refcount, 2);
    }
    json_decref(json);
    release(&fixture);
}

static void loses_nothing_behind_a_block(void **state)
{
    struct fixture fixture;
    const char *yaml = "- text: |\n  #  one\n  other: 1\n";

    (void)state;
    assert_int_equal(parse(&fixture, yaml, strlen(yaml)), STATUS_INVALID);
    release(&fixture);
    assert_json("a: |\n  x\n# one\n\n # two\nb: 1", "{\"a\":\"x\\n\",\"b\":1}");
}

static void merges(void **state)
{
    (void)state;
    assert_json("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3",
                "{\"a\":{\"x\":1,\"y\":2},\"b\":{\"x\":1,\"y\":3}}");
    assert_json("y: 0\n<<: [{x: 1}, {x: 2, y: 3}]", "{\"y\":0,\"x\":1}");
    assert_json("\"<<\": 1", "{\"<<\":1}");
    assert_json("? <<\n: 1", "{\"<<\":1}");
    assert_error("a: 1\n<<: 5", "y:2:5: expected a map or a list of maps to merge in by \"<<\"");
    assert_error("<<:\n  - {a: 1}\n  - x", "y:3:5: expected a map or a list of maps to merge in by \"<<\"");
}

static void puts_indices_first(void **state)
{
    (void)state;
    assert_json("{b: 1, 10: 2, 9: 3, a: 4, \"01\": 5, -1: 6}",
                "{\"9\":3,\"10\":2,\"b\":1,\"a\":4,\"01\":5,\"-1\":6}");
}

static void spells_keys_as_javascript_does(void **state)
{
    (void)state;
    assert_json("{~: 1, true: 2, 1.50: 3, 0x10: 4, 1e21: 5, .nan: 6}",
                "{\"16\":4,\"null\":1,\"true\":2,\"1.5\":3,\"1e+21\":5,\"NaN\":6}");
    assert_json("{[a, ~, {b: c}, 1]: x}", "{\"a,,[object Object],1\":\"x\"}");
}

static void applies_tags(void **state)
{
    (void)state;
    assert_json("[!!str 5, !!int \"5\", ! 5, !!null ~, !!bool \"true\", !!str ]",
                "[\"5\",5,\"5\",null,true,\"\"]");
    assert_json("[!!set {a, b}, !!omap [a: 1], !!pairs [a: 1, a: 2]]",
                "[{\"a\":null,\"b\":null},[{\"a\":1}],[[\"a\",1],[\"a\",2]]]");
    assert_error("a: !foo b", "y:1:9: this scalar cannot have the tag !foo");
    assert_error("a: !!int x", "y:1:10: this scalar cannot have the tag !!int");
    assert_error("a: !!int\nb: 1", "y:1:1: nothing cannot have the tag !!int");
    assert_error("a: !!str [b]", "y:1:10: a list cannot have the tag !!str");
    assert_error("a: !!seq {b: 1}", "y:1:10: a map cannot have the tag !!seq");
    assert_error("a: !!set {b: 1}", "y:1:14: expected a set: keys without values");
    assert_error("a: !!omap [b: 1, b: 2]",
                 "y:1:11: expected a list of maps with one key each, none of them twice");
    assert_error("a: !!pairs [b]", "y:1:12: expected a list of maps with one key each");
}

static void reads_quoted_and_block_scalars(void **state)
{
    (void)state;
    assert_json("'a''''b'", "\"a''b\"");
    assert_json("\"\\u263a \\ud83d\\ude00 \\x41\\n\"", "\"\u263a \U0001F600 A\\n\"");
    assert_json("\"a \n\n  b\\\n  c\"", "\"a \\nbc\"");
    assert_json("a: |\n  x\n   y\n\nb: >-\n  x\n  y\n\n  z\n", "{\"a\":\"x\\n y\\n\",\"b\":\"x y\\nz\"}");
    assert_json("a: |2-\n   x\nb: |+\n  x\n\n", "{\"a\":\" x\",\"b\":\"x\\n\\n\"}");
    assert_json("a: >\n", "{\"a\":\"\"}");
    assert_json("a: \"x\r\n  y\r\n\"\r\n", "{\"a\":\"x y \"}");
    assert_error("- a: >\n  b: c", "y:1:6: expected indented lines of text; write \"\" where there are none");
}

static void says_where_keys_are_wrong(void **state)
{
    (void)state;
    assert_error("a: 1\nb: 2\na: 3", "y:3:1: the key \"a\" is here twice: it was set at line 1, column 1");
    assert_error("{a: 1, \"a\": 2}", "y:1:8: the key \"a\" is here twice: it was set at line 1, column 2");
    assert_error("a: 1\n: 2", "y:2:1: expected a key before the colon");
    assert_error("? [[a]]\n: 2", "y:1:4: a key cannot be a list that holds lists");
    assert_error("&x a: 2", "y:1:4: the first key of a map cannot have a tag or an anchor");
    assert_error("{a\n : 2}", "y:2:2: expected the colon on the line of its key");
}

static void says_where_the_syntax_is_wrong(void **state)
{
    (void)state;
    assert_error("a: [1, 2", "y:2:1: flow sequence without a closing bracket");
    assert_error("a: 'x", "y:1:5: single-quoted scalar without closing quote");
    assert_error("\u00e9: x: y", "y:1:5: invalid nested block mapping on the same line");
    assert_error("a: |0\n  x", "y:1:2: expected something else than what follows here");
    assert_error("a:\n\tb: 1", "y:2:1: tab character may not be used as indentation");
    assert_error("x:\ny", "y:2:1: expected this to be indented further");
    assert_error("x:\n  -\n  y", "y:3:3: expected this to be indented further");
    assert_error("x: 1\n%", "y:2:1: expected nothing after the end of the document");
    assert_error("? a\n:\tb", "y:2:2: expected a space behind the colon, found a tab");
}

static void takes_one_document(void **state)
{
    (void)state;
    assert_json("--- a: 1\n    b: 2\n...\n# c\n", "{\"a\":1,\"b\":2}");
    assert_json("%YAML 1.1\n%FOO\n---\na: yes", "{\"a\":\"yes\"}");
    assert_json("%TAG !e! tag:yaml.org,2002:\n---\na: !e!str 1", "{\"a\":\"1\"}");
    assert_error("a: 1\n---\nb: 2", "y:2:1: expected one document, found another");
    assert_error("a: 1\n...\n\n...\n", "y:4:1: expected nothing after the end of the document");
    assert_error("# c\n...\na: 1", "y:2:1: expected a document, found its end");
    assert_error("%YAML 2.0\n---\na: 1", "y:1:1: expected %YAML with a version 1.x");
    assert_error("%YAML 1.2\n%YAML 1.2\n---\na: 1", "y:2:1: expected one %YAML directive, found another");
    assert_error("%\n---\na: 1", "y:1:1: expected the name of a directive");
    assert_error("%FOO\na: 1", "y:2:1: expected \"---\" between the directives and the document");
}

static void minds_characters(void **state)
{
    (void)state;
    assert_json("\xEF\xBB\xBF"
                "a: 1",
                "{\"a\":1}");
    assert_json("a: \xFF\xE2\x82x", "{\"a\":\"\uFFFD\uFFFDx\"}");
    assert_json("a: \"\\0\" # \x01", "{\"a\":\"\\u0000\"}");
    assert_error("a: b\x01",
                 "y:1:4: the character U+0001 has no place in YAML; write it in double quotes, as an escape");
    assert_error("\u00e9: \"\x02\"",
                 "y:1:4: the character U+0002 has no place in YAML; write it in double quotes, as an escape");
    assert_error_bytes("a: 1\nb: \0", 9, "y:2:4: a NUL character has no place in YAML");
}

static void mends_blank_lines_with_tabs(void **state)
{
    (void)state;
    assert_json("a: 1\n\t\n  \t# c\nb:\n\t\n  - \"x\"#c\n\t", "{\"a\":1,\"b\":[\"x\"]}");
    assert_json("a: |\n  x\n  \t\n  y\n", "{\"a\":\"x\\n\\t\\ny\\n\"}");
}

static void mends_dashes_with_nothing_behind_them(void **state)
{
    (void)state;
    assert_json("a:\n-\n- # c\n- b\n-", "{\"a\":[null,null,\"b\",null]}");
    assert_json("a:\n- b:\n  -\n  - c\n", "{\"a\":[{\"b\":[null,\"c\"]}]}");
}

static void bounds_what_aliases_make(void **state)
{
    char yaml[8192];
    size_t length = (size_t)snprintf(yaml, sizeof yaml, "a0: &a0 [x, x]\n");

    (void)state;
    for (int i = 1; i < 30; i++)
        length += (size_t)snprintf(yaml + length, sizeof yaml - length, "a%d: &a%d [*a%d, *a%d]\n", i, i,
                                   i - 1, i - 1);
    assert_error(yaml, "y:19:11: the document is too large: more than 1000000 values, aliases written out");

    length = (size_t)snprintf(yaml, sizeof yaml, "a0: &a0 [x]\n");
    for (int i = 1; i < 300; i++)
        length += (size_t)snprintf(yaml + length, sizeof yaml - length, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    assert_error(yaml, "y:257:13: the document is nested too deeply: more than 256 levels");

    memset(yaml, '[', 1000);
    assert_error_bytes(yaml, 1000, "y:1:257: the document is nested too deeply: more than 256 levels");

    length = (size_t)snprintf(yaml, sizeof yaml, "a: &a {");
    for (int i = 0; i < 300; i++)
        length += (size_t)snprintf(yaml + length, sizeof yaml - length, "k%d: 1, ", i);
    length += (size_t)snprintf(yaml + length, sizeof yaml - length, "}\nb:\n");
    for (int i = 0; i < 34; i++)
        length += (size_t)snprintf(yaml + length, sizeof yaml - length, "- <<: *a\n");
    assert_error(yaml, "y:36:7: \"<<\" merges in too much: more than 10000 keys in one document");
}

/* Every value's place. */
static void knows_where_values_stand(void **state)
{
    static const char yaml[] =
        "\u00e9: \"x\"\nl:\n  - 'a'\n  -\n  - !!str b\n  - > # >\n    c\n  - k: v\n    w:\nm: &a {n: [1]}\n"
        "o: *a\n? p\n: q\n";
    static const struct {
        const char *path[3];
        struct config_position position;
    } cases[] = {
        {{"\u00e9"}, {1, 4}},      {{"l"}, {3, 3}},      {{"l", "0"}, {3, 5}},   {{"l", "1"}, {4, 3}},
        {{"l", "2"}, {5, 11}},     {{"l", "3"}, {6, 5}}, {{"l", "4"}, {8, 5}},   {{"l", "4", "k"}, {8, 8}},
        {{"l", "4", "w"}, {9, 5}}, {{"m"}, {10, 7}},     {{"m", "n"}, {10, 11}}, {{"o"}, {11, 4}},
        {{"p"}, {13, 3}},
    };
    struct fixture fixture;

    (void)state;
    assert_int_equal(parse(&fixture, yaml, strlen(yaml)), STATUS_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct yaml_value *value = fixture.root;
        for (size_t j = 0; j < 3 && cases[i].path[j]; j++) {
            if (value->type == YAML_MAP) {
                value = yaml_member(value, text_from_cstr(cases[i].path[j]));
            } else {
                const struct yaml_item *item = value->items.first;
                for (int skip = atoi(cases[i].path[j]); skip > 0; skip--)
                    item = item->next;
                value = item->value;
            }
        }
        assert_non_null(value);
        if (value->position.line != cases[i].position.line ||
            value->position.column != cases[i].position.column)
            fail_msg("case %zu: %u:%u", i, value->position.line, value->position.column);
    }
    release(&fixture);
}

static void knows_truth_and_strings(void **state)
{
    static const struct {
        const char *yaml;
        bool truthy;
        const char *string;
        const char *description;
    } cases[] = {
        {"~", false, "null", "nothing"},
        {"false", false, "false", "false"},
        {"true", true, "true", "true"},
        {"0", false, "0", "the number 0"},
        {".nan", false, "NaN", "the number NaN"},
        {"-0.0", false, "0", "the number 0"},
        {"1.50", true, "1.5", "the number 1.5"},
        {"''", false, "", "the string \"\""},
        {"a b", true, "a b", "the string \"a b\""},
        {"[]", true, "", "a list"},
        {"[a, [1, ~], {b: c}]", true, "a,1,,[object Object]", "a list"},
        {"{}", true, "[object Object]", "a map"},
        {"!!binary aGk=", true, "hi", "binary data"},
        {"2001-01-01", true, "Mon Jan 01 2001 00:00:00 GMT+0000 (Coordinated Universal Time)", "a date"},
    };
    struct fixture fixture;
    struct buffer text;

    (void)state;
    buffer_init(&text, BUFFER_UNLIMITED);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(parse(&fixture, cases[i].yaml, strlen(cases[i].yaml)), STATUS_OK);
        assert_int_equal(yaml_truthy(fixture.root), cases[i].truthy);
        buffer_clear(&text);
        assert_int_equal(yaml_string(&text, fixture.root), STATUS_OK);
        assert_true(text_equal(buffer_text(&text), text_from_cstr(cases[i].string)));
        buffer_clear(&text);
        yaml_describe(&text, fixture.root);
        assert_true(text_equal(buffer_text(&text), text_from_cstr(cases[i].description)));
        release(&fixture);
    }
    assert_int_equal(parse(&fixture, "[{toString: 1}]", 15), STATUS_OK);
    assert_int_equal(yaml_string(&text, fixture.root), STATUS_INVALID);
    release(&fixture);
    buffer_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_json_has),
        cmocka_unit_test(marks_what_json_does_not_have),
        cmocka_unit_test(follows_aliases),
        cmocka_unit_test(keeps_what_aliases_share),
        cmocka_unit_test(loses_nothing_behind_a_block),
        cmocka_unit_test(merges),
        cmocka_unit_test(puts_indices_first),
        cmocka_unit_test(spells_keys_as_javascript_does),
        cmocka_unit_test(applies_tags),
        cmocka_unit_test(reads_quoted_and_block_scalars),
        cmocka_unit_test(says_where_keys_are_wrong),
        cmocka_unit_test(says_where_the_syntax_is_wrong),
        cmocka_unit_test(takes_one_document),
        cmocka_unit_test(minds_characters),
        cmocka_unit_test(mends_blank_lines_with_tabs),
        cmocka_unit_test(mends_dashes_with_nothing_behind_them),
        cmocka_unit_test(bounds_what_aliases_make),
        cmocka_unit_test(knows_where_values_stand),
        cmocka_unit_test(knows_truth_and_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
