#include "base/log.h"
#include "base/clock.h"

#include "support/cmocka_all.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int ends[2];
static char line[4096];

static struct log make_log(enum log_level level)
{
    struct log log;

    log_init(&log, level);
    assert_int_equal(pipe(ends), 0);
    log.output = log.errors = ends[1];
    return log;
}

static const char *read_lines(void)
{
    close(ends[1]);
    ssize_t length = read(ends[0], line, sizeof line - 1);
    close(ends[0]);
    line[length > 0 ? length : 0] = '\0';
    return line;
}

static void writes_the_reference_s_lines(void **state)
{
    struct log log = make_log(LOG_TRACE);

    (void)state;
    log_event(&log, LOG_TRACE, TEXT("id"), TEXT("corr"), TEXT("a\r\n \tb"));
    const char *written = read_lines();
    assert_string_equal(written + CLOCK_ISO8601_LENGTH, " Trace: id - corr - a b\n");
    assert_int_equal(written[4], '-');
    assert_int_equal(written[10], 'T');
    assert_int_equal(written[23], 'Z');
}

static void folds_what_is_not_ours(void **state)
{
    struct log log = make_log(LOG_TRACE);

    (void)state;
    log_event(&log, LOG_TRACE, TEXT("i\nd\x7F"), TEXT("c\r\n2026 Error: x\x1B[2J\x01\x02"),
              TEXT("m\0n\x1B[1m\x7F"));
    assert_string_equal(read_lines() + CLOCK_ISO8601_LENGTH,
                        " Trace: i d  - c 2026 Error: x [2J  - m n [1m \n");
}

static void folds_what_others_obey(void **state)
{
    struct log log = make_log(LOG_TRACE);

    (void)state;
    /* the controls behind ASCII, separators, directions; their neighbours stay */
    log_event(&log, LOG_TRACE,
              TEXT("a\xC2\x80"
                   "b\xC2\x9F"
                   "c\u00A0"),
              TEXT("x\u2028y\u2029 \u202Ez\u202A\u202F\u2027"),
              TEXT("\u2066m\u2069n\u2065\u206A \xC2\x85\u00E4\U0001F600"));
    assert_string_equal(read_lines() + CLOCK_ISO8601_LENGTH,
                        " Trace: a b c\u00A0 - x y z \u202F\u2027 -  m n\u2065\u206A \u00E4\U0001F600\n");
}

static void is_utf8_whatever_came(void **state)
{
    struct log log = make_log(LOG_TRACE);

    (void)state;
    log_event(&log, LOG_TRACE, TEXT("\xFF"), TEXT("a\xE4\xB8"),
              TEXT("\xED\xA0\x80x\xC2 \xF0\x9F\x98y\xE2\x80"));
    assert_string_equal(read_lines() + CLOCK_ISO8601_LENGTH,
                        " Trace: \uFFFD - a\uFFFD - \uFFFD\uFFFD\uFFFDx\uFFFD "
                        "\uFFFDy\uFFFD\n");
}

static void expect_cut(size_t length, size_t expected, bool ellipsis)
{
    static char longer[80 * 1024];
    struct log log = make_log(LOG_TRACE);
    char written[80];

    memset(longer, 'x', sizeof longer);
    memcpy(longer + 254, "\xF0\x9F\x98\x80", 4); /* a character on the border of the ids */
    log_event(&log, LOG_TRACE, (struct text){longer, length}, TEXT(""), TEXT("m"));
    const char *line_end = strchr(read_lines(), '\n');
    snprintf(written, sizeof written, "%s -  - m\n", ellipsis ? "\u2026" : "");
    assert_string_equal(line_end + 1 - strlen(written), written);
    assert_int_equal(line_end + 1 - strlen(written) - line,
                     CLOCK_ISO8601_LENGTH + strlen(" Trace: ") + expected);
}

static void cuts_what_is_long(void **state)
{
    (void)state;
    expect_cut(254, 254, false);
    expect_cut(259, 254, true);
    expect_cut(sizeof line * 20, 254, true);
}

static void cuts_long_messages(void **state)
{
    enum { MOST = 64 * 1024, BEFORE = CLOCK_ISO8601_LENGTH + sizeof " Info: id - c - " - 1 };
    static char message[MOST + 2];
    static char written[MOST + 256];

    (void)state;
    memset(message, 'm', sizeof message);
    for (size_t length = MOST - 1; length <= MOST + 1; length++) {
        FILE *file = tmpfile();
        struct log log = {.level = LOG_INFO, .output = fileno(file)};
        log_event(&log, LOG_INFO, TEXT("id"), TEXT("c"), (struct text){message, length});
        rewind(file);
        size_t found = fread(written, 1, sizeof written, file);
        fclose(file);
        assert_int_equal(found, BEFORE + (length > MOST ? MOST + strlen("\u2026") : length) + 1);
        assert_memory_equal(written + BEFORE, message, length < MOST ? length : MOST);
    }
}

static void writes_lines_about_itself(void **state)
{
    struct log log = make_log(LOG_INFO);

    (void)state;
    log_write(&log, LOG_INFO, "number %d", 7);
    assert_string_equal(read_lines() + CLOCK_ISO8601_LENGTH, " Info: configurapi -  - number 7\n");
}

static void lets_through_by_level(void **state)
{
    struct log log = make_log(LOG_INFO);

    (void)state;
    log_write(&log, LOG_TRACE, "no");
    log_write(&log, LOG_DEBUG, "no");
    log_write(&log, LOG_ERROR, "yes");
    assert_string_equal(read_lines() + CLOCK_ISO8601_LENGTH, " Error: configurapi -  - yes\n");
}

static char seen[256];

static void see(void *owner, enum log_level level, const char *event_id, const char *correlation_id,
                const char *message)
{
    snprintf(seen, sizeof seen, "%s %d %s %s %s", (const char *)owner, (int)level, event_id, correlation_id,
             message);
}

static void hands_lines_to_a_sink(void **state)
{
    struct log log = make_log(LOG_INFO);

    (void)state;
    log.sink = see;
    log.sink_owner = "mine";
    log_event(&log, LOG_INFO, TEXT("id"), TEXT("co\nrr"), TEXT("a\n b"));
    assert_string_equal(seen, "mine 2 id co rr a b");
    log_event(&log, LOG_TRACE, TEXT("id"), TEXT("corr"), TEXT("not let through"));
    assert_string_equal(seen, "mine 2 id co rr a b");
    log_write(&log, LOG_ERROR, "number %d", 7);
    assert_string_equal(seen, "mine 1 configurapi  number 7");
    log_output(&log, false, TEXT("{\n  a: 1\n}\n"));
    assert_string_equal(seen, "mine 2 console  { a: 1 }");
    log_output(&log, true, TEXT("bad"));
    assert_string_equal(seen, "mine 1 console  bad");
    assert_string_equal(read_lines(), "");
}

static void writes_a_script_s_output_as_it_is(void **state)
{
    struct log log = make_log(LOG_NONE);

    (void)state;
    log_output(&log, false, TEXT("a\n  b\n"));
    log_output(&log, true, TEXT("c"));
    assert_string_equal(read_lines(), "a\n  b\nc");
}

static void parses_levels(void **state)
{
    enum log_level level;

    (void)state;
    assert_int_equal(log_level_parse(&level, TEXT("DEBUG")), STATUS_OK);
    assert_int_equal(level, LOG_DEBUG);
    assert_int_equal(log_level_parse(&level, TEXT("none")), STATUS_OK);
    assert_int_equal(level, LOG_NONE);
    assert_int_equal(log_level_parse(&level, TEXT("warn")), STATUS_INVALID);
}

static void formats_time(void **state)
{
    char text[CLOCK_ISO8601_LENGTH + 1];

    (void)state;
    clock_iso8601(text, 1767225600123);
    assert_string_equal(text, "2026-01-01T00:00:00.123Z");
}

static const char *json_line(struct text event_id, struct text correlation_id, struct text message)
{
    struct log log = make_log(LOG_TRACE);

    log.format = LOG_JSON;
    log_event(&log, LOG_TRACE, event_id, correlation_id, message);
    read_lines();
    assert_memory_equal(line, "{\"time\":\"20", 11);
    assert_memory_equal(line + 9 + CLOCK_ISO8601_LENGTH, "\",", 2);
    return line + 9 + CLOCK_ISO8601_LENGTH + 2;
}

static void writes_json(void **state)
{
    (void)state;
    assert_string_equal(
        json_line(TEXT("id"), TEXT(""), TEXT("a \"b\" \\ \r\n\tc\x1B\x7F\0 \u00E4\U0001F600")),
        "\"level\":\"trace\",\"eventId\":\"id\",\"correlationId\":\"\",\"message\":"
        "\"a \\\"b\\\" \\\\ \\u000d\\n\\u0009c\\u001b\\u007f\\u0000 \u00E4\U0001F600\"}\n");
}

static void json_escapes_what_others_obey(void **state)
{
    (void)state;
    const char *written = json_line(TEXT("a\xC2\x80\xC2\x9F\u00A0"), TEXT("\u2028\u2029\u202E\u202F\u2027"),
                                    TEXT("\u2066\u2069\u2065\u206A"));
    assert_non_null(strstr(written, "\"a\\u0080\\u009f\u00A0\""));
    assert_non_null(strstr(written, "\"\\u2028\\u2029\\u202e\u202F\u2027\""));
    assert_non_null(strstr(written, "\"\\u2066\\u2069\u2065\u206A\""));
}

static void json_is_utf8_whatever_came(void **state)
{
    (void)state;
    const char *written = json_line(TEXT("\xFF"), TEXT("a\xE4\xB8"), TEXT("\xED\xA0\x80x"));
    assert_non_null(strstr(written, "\"eventId\":\"\uFFFD\",\"correlationId\":\"a\uFFFD\""));
    assert_non_null(strstr(written, "x\"}\n"));
}

static void json_is_cut_between_characters(void **state)
{
    char id[300];

    (void)state;
    memset(id, 'x', sizeof id);
    memcpy(id + 254, "\xF0\x9F\x98\x80", 4);
    const char *written = json_line((struct text){id, sizeof id}, (struct text){id, 256}, TEXT("m"));
    assert_non_null(strstr(written, "xx\u2026\",\"correlationId\":\"xx"));
    assert_non_null(strstr(written, "xx\uFFFD\",\"message\":\"m\"}\n")); /* not long, but broken */
}

static void parses_formats(void **state)
{
    enum log_format format;

    (void)state;
    assert_int_equal(log_format_parse(&format, TEXT("json")), STATUS_OK);
    assert_int_equal(format, LOG_JSON);
    assert_int_equal(log_format_parse(&format, TEXT("TEXT")), STATUS_OK);
    assert_int_equal(format, LOG_TEXT);
    assert_int_equal(log_format_parse(&format, TEXT("xml")), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_reference_s_lines),
        cmocka_unit_test(folds_what_is_not_ours),
        cmocka_unit_test(folds_what_others_obey),
        cmocka_unit_test(is_utf8_whatever_came),
        cmocka_unit_test(cuts_what_is_long),
        cmocka_unit_test(cuts_long_messages),
        cmocka_unit_test(writes_lines_about_itself),
        cmocka_unit_test(lets_through_by_level),
        cmocka_unit_test(hands_lines_to_a_sink),
        cmocka_unit_test(writes_a_script_s_output_as_it_is),
        cmocka_unit_test(parses_levels),
        cmocka_unit_test(formats_time),
        cmocka_unit_test(writes_json),
        cmocka_unit_test(json_escapes_what_others_obey),
        cmocka_unit_test(json_is_utf8_whatever_came),
        cmocka_unit_test(json_is_cut_between_characters),
        cmocka_unit_test(parses_formats),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
