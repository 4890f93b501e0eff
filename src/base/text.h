#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * A view of bytes that somebody else owns; usually UTF-8, never NUL-terminated by promise. `data` may be NULL
 * only where `length` is 0.
 */
struct text {
    const char *data;
    size_t length;
};

#define TEXT(literal) ((struct text){"" literal, sizeof(literal) - 1})

/* For printf("%.*s"): TEXT_ARGS(t). */
#define TEXT_ARGS(t) (int)(t).length, (t).data

struct text text_from_cstr(const char *cstr); /* NULL gives the empty text */
bool text_equal(struct text a, struct text b);
bool text_equal_ignore_case(struct text a, struct text b); /* ASCII letters only, as HTTP's tokens compare */
bool text_starts_with(struct text t, struct text prefix);
struct text text_trim(struct text t); /* without leading and trailing space and tab (HTTP's OWS) */
/* The part before the first `separator`; *rest gets what follows it, or the empty text. */
struct text text_split(struct text t, char separator, struct text *rest);
/* A capital ASCII letter's small one, any other character itself. */
char text_lower(char c);
/* For tables of this process, of names that nobody outside chooses: its low bits are well mixed, eight bytes
 * cost one multiplication. */
size_t text_hash(struct text t);
/* The value of a hexadecimal digit, -1 for any other character. */
int text_hex_value(char c);
