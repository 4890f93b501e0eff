#include "base/log.h"
#include "base/clock.h"

#include "support/cmocka_all.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_reference_s_lines),
        cmocka_unit_test(writes_lines_about_itself),
        cmocka_unit_test(lets_through_by_level),
        cmocka_unit_test(parses_levels),
        cmocka_unit_test(formats_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
