#include "config/javascript.h"
#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_DIGITS = 17, MAX_INTEGER_DIGITS = 21, MIN_EXPONENT = -6 };

struct decimal {
    char digits[MAX_DIGITS + 1];
    int count;
    int point; /* the number is 0.digits * 10^point */
};

/* The fewest digits that read back as the same number. */
static struct decimal shortest(double number)
{
    struct decimal decimal;
    char text[MAX_DIGITS + 16];

    for (int count = 1;; count++) {
        number_print(text, sizeof text, "%.*e", count - 1, number);
        if (count == MAX_DIGITS || number_read(text, NULL) == number) {
            decimal.count = count;
            break;
        }
    }
    decimal.digits[0] = text[0];
    memcpy(decimal.digits + 1, text + 2, (size_t)decimal.count - 1);
    decimal.digits[decimal.count] = '\0';
    decimal.point = (int)strtol(strchr(text, 'e') + 1, NULL, 10) + 1;
    return decimal;
}

/* ECMA-262, Number::toString. */
void javascript_number(char out[JAVASCRIPT_NUMBER_SIZE], double number)
{
    const char *sign = number < 0 ? "-" : "";
    size_t size = JAVASCRIPT_NUMBER_SIZE;

    if (isnan(number)) {
        snprintf(out, size, "NaN");
    } else if (isinf(number)) {
        snprintf(out, size, "%sInfinity", sign);
    } else if (number == 0) {
        snprintf(out, size, "0");
    } else {
        struct decimal d = shortest(fabs(number));
        if (d.point > MIN_EXPONENT && d.point <= 0)
            snprintf(out, size, "%s0.%.*s%s", sign, -d.point, "000000", d.digits);
        else if (d.point > 0 && d.point < d.count)
            snprintf(out, size, "%s%.*s.%s", sign, d.point, d.digits, d.digits + d.point);
        else if (d.point > 0 && d.point <= MAX_INTEGER_DIGITS)
            snprintf(out, size, "%s%s%.*s", sign, d.digits, d.point - d.count, "00000000000000000000");
        else
            snprintf(out, size, "%s%c%s%se%+d", sign, d.digits[0], d.count > 1 ? "." : "", d.digits + 1,
                     d.point - 1);
    }
}

static struct tm parts_of(double ms)
{
    time_t seconds = (time_t)floor(ms / 1000);
    struct tm parts;

    gmtime_r(&seconds, &parts);
    return parts;
}

void javascript_iso_date(char out[JAVASCRIPT_DATE_SIZE], double ms)
{
    struct tm parts = parts_of(ms);
    int year = parts.tm_year + 1900;

    snprintf(out, JAVASCRIPT_DATE_SIZE,
             year > 9999 ? "+%06d-%02d-%02dT%02d:%02d:%02d.%03dZ" : "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
             year, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
             (int)(ms - floor(ms / 1000) * 1000));
}

void javascript_date(char out[JAVASCRIPT_DATE_SIZE], double ms)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm parts = parts_of(ms);

    snprintf(out, JAVASCRIPT_DATE_SIZE,
             "%.3s %.3s %02d %04d %02d:%02d:%02d GMT+0000 (Coordinated Universal Time)",
             days + 3 * parts.tm_wday, months + 3 * parts.tm_mon, parts.tm_mday, parts.tm_year + 1900,
             parts.tm_hour, parts.tm_min, parts.tm_sec);
}

bool javascript_index(struct text name, uint32_t *index)
{
    uint64_t value = 0;

    if (name.length == 0 || name.length > 10 || (name.data[0] == '0' && name.length > 1))
        return false;
    for (size_t i = 0; i < name.length; i++) {
        if (name.data[i] < '0' || name.data[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(name.data[i] - '0');
    }
    *index = (uint32_t)value;
    return value < UINT32_MAX;
}
