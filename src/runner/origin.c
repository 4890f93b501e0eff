#include "runner/origin.h"

#include <stddef.h>

bool origin_matches(struct text pattern, struct text origin)
{
    size_t star = (size_t)-1; /* the last '*', and what it has eaten up to: where to try again */
    size_t eaten = 0;
    size_t p = 0;
    size_t o = 0;

    if (text_equal(pattern, TEXT("*")))
        return true;
    while (o < origin.length) {
        if (p < pattern.length && pattern.data[p] == '*') {
            star = p++;
            eaten = o;
        } else if (p < pattern.length && text_lower(pattern.data[p]) == text_lower(origin.data[o])) {
            p++;
            o++;
        } else if (star != (size_t)-1 && origin.data[eaten] != '/') {
            p = star + 1;
            o = ++eaten;
        } else {
            return false;
        }
    }
    while (p < pattern.length && pattern.data[p] == '*')
        p++;
    return p == pattern.length;
}
