#include "config/yaml_scalar.h"
#include "base/number.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What is left to look at. Most of this file asks whether some of it can be taken off the front. */
struct scan {
    const char *at;
    const char *end;
};

static struct scan start(struct text text)
{
    return (struct scan){text.data, text.data + text.length};
}

static bool done(struct scan scan)
{
    return scan.at == scan.end;
}

static bool contains(const char *set, char c)
{
    return c != '\0' && strchr(set, c);
}

static bool next_is(struct scan scan, const char *set)
{
    return !done(scan) && contains(set, *scan.at);
}

static bool take(struct scan *scan, const char *set)
{
    if (!next_is(*scan, set))
        return false;
    scan->at++;
    return true;
}

/* Takes as many as there are; returns how many. */
static size_t take_all(struct scan *scan, const char *set)
{
    const char *from = scan->at;

    while (take(scan, set))
        ;
    return (size_t)(scan->at - from);
}

static bool take_word(struct scan *scan, const char *word)
{
    size_t length = strlen(word);

    if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0)
        return false;
    scan->at += length;
    return true;
}

/* Whether the text is a word in one of the three ways YAML capitalises it. */
static bool is_word(struct text text, const char *lower, const char *capital, const char *upper)
{
    return text_equal(text, text_from_cstr(lower)) || text_equal(text, text_from_cstr(capital)) ||
           text_equal(text, text_from_cstr(upper));
}

static bool is_null(struct text text)
{
    return text_equal(text, TEXT("~")) || is_word(text, "null", "Null", "NULL");
}

static bool is_true(struct text text)
{
    return is_word(text, "true", "True", "TRUE");
}

static bool is_false(struct text text)
{
    return is_word(text, "false", "False", "FALSE");
}

static const char digits[] = "0123456789";
static const char digits_[] = "0123456789_";

/* ":5", ":59" and so on: what follows the first number in base 60. */
static bool take_sixties(struct scan *scan)
{
    bool found = false;

    while (take(scan, ":")) {
        bool tens = next_is(*scan, "012345");
        size_t count = take_all(scan, digits);
        if (count == 0 || count > 2 || (count == 2 && !tens))
            return false;
        found = true;
    }
    return found;
}

/* The rest in one of the bases that a leading zero tells: at least one digit, no underscore at the end. */
static bool only_digits(struct scan scan, const char *set)
{
    const char *from = scan.at;

    take_all(&scan, set);
    if (!done(scan) || scan.at == from || scan.at[-1] == '_')
        return false;
    return true;
}

static bool is_int(struct text text)
{
    struct scan scan = start(text);

    take(&scan, "+-");
    if (take(&scan, "0")) {
        if (done(scan))
            return true;
        if (take(&scan, "b"))
            return only_digits(scan, "01_");
        if (take(&scan, "x"))
            return only_digits(scan, "0123456789abcdefABCDEF_");
        return only_digits(scan, "01234567_");
    }
    if (!next_is(scan, digits))
        return false;
    take_all(&scan, digits_);
    if (done(scan))
        return scan.at[-1] != '_';
    return take_sixties(&scan) && done(scan);
}

static bool take_exponent(struct scan *scan)
{
    if (!take(scan, "eE"))
        return true;
    take(scan, "+-");
    return take_all(scan, digits) > 0;
}

/* 2.5e4, 2.5 and integers */
static bool is_decimal(struct scan scan)
{
    take(&scan, "+-");
    if (!take(&scan, "0")) {
        if (!next_is(scan, digits))
            return false;
        take_all(&scan, digits_);
    }
    if (take(&scan, "."))
        take_all(&scan, digits_);
    return take_exponent(&scan) && done(scan);
}

/* .2e4, .2: without a sign, an oddity of js-yaml */
static bool is_fraction(struct scan scan)
{
    return take(&scan, ".") && take_all(&scan, digits_) > 0 && take_exponent(&scan) && done(scan);
}

/* 20:30.15 */
static bool is_sixties_float(struct scan scan)
{
    take(&scan, "+-");
    if (!next_is(scan, digits))
        return false;
    take_all(&scan, digits_);
    if (!take_sixties(&scan) || !take(&scan, "."))
        return false;
    take_all(&scan, digits_);
    return done(scan);
}

static bool is_infinite(struct scan scan)
{
    take(&scan, "+-");
    return (take_word(&scan, ".inf") || take_word(&scan, ".Inf") || take_word(&scan, ".INF")) && done(scan);
}

static bool is_nan(struct text text)
{
    return is_word(text, ".nan", ".NaN", ".NAN");
}

static bool is_float(struct text text)
{
    struct scan scan = start(text);

    if (is_infinite(scan) || is_nan(text))
        return true;
    if (text.length == 0 || text.data[text.length - 1] == '_')
        return false;
    return is_decimal(scan) || is_fraction(scan) || is_sixties_float(scan);
}

/* The text without underscores and sign, NUL-terminated; NULL where memory is out. */
static char *bare_number(struct arena *arena, struct text text, double *sign)
{
    char *bare = arena_alloc(arena, text.length + 1);
    size_t length = 0;

    if (!bare)
        return NULL;
    *sign = text.data[0] == '-' ? -1 : 1;
    for (size_t i = text.data[0] == '-' || text.data[0] == '+'; i < text.length; i++)
        if (text.data[i] != '_')
            bare[length++] = text.data[i];
    bare[length] = '\0';
    return bare;
}

static int digit_value(char c)
{
    if (c <= '9')
        return c - '0';
    return (c | 0x20) - 'a' + 10;
}

/* A whole number in base 2, 8 or 16, rounded to the nearest double: what does not fit into 64 bits any more
 * only counts as "and some more" in the lowest one. */
static double power_of_two_number(const char *at, int bits)
{
    uint64_t mantissa = 0;
    int exponent = 0;

    for (; *at; at++) {
        uint64_t digit = (uint64_t)digit_value(*at);
        if (mantissa >> 59 == 0) {
            mantissa = mantissa << bits | digit;
        } else {
            mantissa |= digit != 0;
            exponent = exponent < 4096 ? exponent + bits : exponent;
        }
    }
    return ldexp((double)mantissa, exponent);
}

/* The parts from the last one on, each sixty times the one behind it: in this order the sums round as
 * js-yaml's. */
static double sixties_number(char *bare)
{
    double value = 0;
    double base = 1;
    char *colon;

    do {
        colon = strrchr(bare, ':');
        value += number_read(colon ? colon + 1 : bare, NULL) * base;
        base *= 60;
        if (colon)
            *colon = '\0';
    } while (colon);
    return value;
}

static enum status int_value(double *value, struct arena *arena, struct text text)
{
    double sign;
    char *bare = bare_number(arena, text, &sign);

    if (!bare)
        return STATUS_NO_MEMORY;
    if (strcmp(bare, "0") == 0)
        *value = 0; /* "-0" too */
    else if (bare[0] == '0' && bare[1] == 'b')
        *value = sign * power_of_two_number(bare + 2, 1);
    else if (bare[0] == '0' && bare[1] == 'x')
        *value = sign * power_of_two_number(bare + 2, 4);
    else if (bare[0] == '0')
        *value = sign * power_of_two_number(bare, 3);
    else
        *value = sign * sixties_number(bare);
    return STATUS_OK;
}

static enum status float_value(double *value, struct arena *arena, struct text text)
{
    double sign;
    char *end;

    if (is_infinite(start(text)) || is_nan(text)) {
        *value = is_nan(text) ? NAN : text.data[0] == '-' ? -INFINITY : INFINITY;
        return STATUS_OK;
    }
    char *bare = bare_number(arena, text, &sign);
    if (!bare)
        return STATUS_NO_MEMORY;
    if (strchr(bare, ':')) {
        *value = sign * sixties_number(bare);
        return STATUS_OK;
    }
    *value = sign * number_read(bare, &end);
    if (end == bare)
        *value = NAN; /* "._e5" */
    return STATUS_OK;
}

/* Takes between `least` and `most` digits. */
static bool take_number(struct scan *scan, int least, int most, int *value)
{
    int count = 0;

    for (*value = 0; count < most && next_is(*scan, digits); count++)
        *value = *value * 10 + (*scan->at++ - '0');
    return count >= least;
}

/* Days from 1970-01-01 to the first of the month; months count from 0 and may lie outside the year. */
static double days_before(int year, int month)
{
    year += month / 12;
    month %= 12;
    if (month < 0) {
        month += 12;
        year--;
    }
    /* Years from March on, so that the leap day is the last; 719468 days lie before 1970-01-01. */
    int y = month < 2 ? year - 1 : year;
    int m = month < 2 ? month + 10 : month - 2;
    return 365.0 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 - 719468.0;
}

/* JavaScript's Date.UTC: the first hundred years mean those of the twentieth century, and what exceeds its
 * range carries over. */
static double utc(int year, int month, int day)
{
    return (days_before(year < 100 ? year + 1900 : year, month - 1) + day - 1) * 86400000.0;
}

/* Milliseconds: the first three digits behind the point. */
static int take_fraction(struct scan *scan)
{
    int value = 0;

    for (int i = 0; i < 3; i++) {
        value *= 10;
        if (next_is(*scan, digits))
            value += *scan->at++ - '0';
    }
    take_all(scan, digits);
    return value;
}

/* " Z", " +01:00"; nothing is fine too. */
static bool take_zone(struct scan *scan, double *offset_ms)
{
    int hours;
    int minutes = 0;

    *offset_ms = 0;
    if (done(*scan))
        return true;
    take_all(scan, " \t");
    if (take(scan, "Z"))
        return true;
    double sign = next_is(*scan, "-") ? -1 : 1;
    if (!take(scan, "+-") || !take_number(scan, 1, 2, &hours))
        return false;
    if (take(scan, ":") && !take_number(scan, 2, 2, &minutes))
        return false;
    *offset_ms = sign * (hours * 60 + minutes) * 60000;
    return true;
}

/* 2001-12-14, 2001-12-14t21:59:43.10-05:00, 2001-12-14 21:59:43.10 -5 and so on. */
static bool is_timestamp(struct text text, double *ms)
{
    struct scan scan = start(text);
    int year, month, day, hour, minute, second;
    int fraction = 0;
    double offset;

    if (!take_number(&scan, 4, 4, &year) || !take(&scan, "-") || !take_number(&scan, 1, 2, &month) ||
        !take(&scan, "-") || !take_number(&scan, 1, 2, &day))
        return false;
    *ms = utc(year, month, day);
    if (done(scan))
        return text.length == strlen("2001-12-14");
    if (!take(&scan, "Tt") && take_all(&scan, " \t") == 0)
        return false;
    if (!take_number(&scan, 1, 2, &hour) || !take(&scan, ":") || !take_number(&scan, 2, 2, &minute) ||
        !take(&scan, ":") || !take_number(&scan, 2, 2, &second))
        return false;
    if (take(&scan, "."))
        fraction = take_fraction(&scan);
    if (!take_zone(&scan, &offset) || !done(scan))
        return false;
    *ms += ((hour * 60 + minute) * 60 + second) * 1000.0 + fraction - offset;
    return true;
}

enum status yaml_scalar_read(struct yaml_scalar *scalar, struct arena *arena, enum yaml_scalar_type type,
                             struct text text)
{
    struct yaml_scalar result = {.type = type};
    enum status status = STATUS_OK;
    bool fits = true;

    switch (type) {
    case YAML_SCALAR_STRING: break;
    case YAML_SCALAR_NULL: fits = is_null(text); break;
    case YAML_SCALAR_BOOL:
        result.boolean = is_true(text);
        fits = result.boolean || is_false(text);
        break;
    case YAML_SCALAR_INT:
        fits = is_int(text);
        if (fits)
            status = int_value(&result.number, arena, text);
        break;
    case YAML_SCALAR_FLOAT:
        fits = is_float(text);
        if (fits)
            status = float_value(&result.number, arena, text);
        break;
    case YAML_SCALAR_TIMESTAMP: fits = is_timestamp(text, &result.number); break;
    case YAML_SCALAR_MERGE: fits = text_equal(text, TEXT("<<")); break;
    }
    if (!fits)
        return STATUS_INVALID;
    if (status == STATUS_OK)
        *scalar = result;
    return status;
}

enum status yaml_scalar_resolve(struct yaml_scalar *scalar, struct arena *arena, struct text text)
{
    static const enum yaml_scalar_type order[] = {
        YAML_SCALAR_NULL,  YAML_SCALAR_BOOL,      YAML_SCALAR_INT,
        YAML_SCALAR_FLOAT, YAML_SCALAR_TIMESTAMP, YAML_SCALAR_MERGE,
    };

    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        enum status status = yaml_scalar_read(scalar, arena, order[i], text);
        if (status != STATUS_INVALID)
            return status;
    }
    *scalar = (struct yaml_scalar){.type = YAML_SCALAR_STRING};
    return STATUS_OK;
}

/* 0 to 63, 64 for the padding, 65 for a line break, -1 for what has no place in base64. */
static int base64_value(char c)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\n\r";
    const char *found = c ? strchr(alphabet, c) : NULL;

    if (!found)
        return -1;
    return found - alphabet > 64 ? 65 : (int)(found - alphabet);
}

enum status yaml_scalar_binary(struct text *bytes, struct arena *arena, struct text text)
{
    size_t bits = 0;
    size_t digits_seen = 0;
    uint32_t group = 0;
    size_t length = 0;

    /* js-yaml counts the padding as digits, wherever it stands. */
    for (size_t i = 0; i < text.length; i++) {
        int value = base64_value(text.data[i]);
        if (value < 0)
            return STATUS_INVALID;
        if (value <= 64)
            bits += 6;
    }
    if (bits % 8 != 0)
        return STATUS_INVALID;

    char *out = arena_alloc(arena, bits / 8 + 3);
    if (!out)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < text.length; i++) {
        int value = base64_value(text.data[i]);
        if (value >= 64)
            continue;
        group = group << 6 | (uint32_t)value;
        if (++digits_seen % 4 == 0) {
            out[length++] = (char)(group >> 16);
            out[length++] = (char)(group >> 8);
            out[length++] = (char)group;
        }
    }
    if (digits_seen == 0) {
        memset(out, 0, 3);
        length = 3;
    } else if (digits_seen % 4 == 3) {
        out[length++] = (char)(group >> 10);
        out[length++] = (char)(group >> 2);
    } else if (digits_seen % 4 == 2) {
        out[length++] = (char)(group >> 4);
    }
    *bytes = (struct text){out, length};
    return STATUS_OK;
}
