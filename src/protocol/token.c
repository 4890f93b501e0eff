#include "protocol/token.h"

#include <string.h>

bool token_accepts(char c)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";

    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           memchr(marks, c, sizeof marks - 1);
}

bool token_is_valid(struct text t)
{
    for (size_t i = 0; i < t.length; i++)
        if (!token_accepts(t.data[i]))
            return false;
    return t.length > 0;
}
