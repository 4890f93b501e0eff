#include "base/number.h"

#include <locale.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t plain; /* as long as the process; 0 where memory was out: the process's own does then */

static void make_plain(void)
{
    plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
}

/* What the calling thread is to be given back. */
static locale_t enter(void)
{
    pthread_once(&once, make_plain);
    return plain ? uselocale(plain) : uselocale((locale_t)0);
}

int number_vprint(char *out, size_t size, const char *format, va_list arguments)
{
    locale_t before = enter();
    int length = vsnprintf(out, size, format, arguments);

    uselocale(before);
    return length;
}

int number_print(char *out, size_t size, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = number_vprint(out, size, format, arguments);
    va_end(arguments);
    return length;
}

double number_read(const char *text, char **end)
{
    locale_t before = enter();
    double number = strtod(text, end);

    uselocale(before);
    return number;
}
