#include "base/uuid.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void uuid_source_init(struct uuid_source *source)
{
    source->left = 0;
}

void random_bytes(void *out, size_t length)
{
    char *at = out;

    while (length > 0) {
        ssize_t got = getrandom(at, length, 0);
        if (got < 0) {
            if (errno == EINTR)
                continue;
            abort(); /* a kernel without its generator: no id made here could be trusted */
        }
        at += got;
        length -= (size_t)got;
    }
}

void uuid_make(struct uuid_source *source, char out[UUID_LENGTH + 1])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[16];

    if (source->left < sizeof bytes) {
        random_bytes(source->pool, sizeof source->pool);
        source->left = sizeof source->pool;
    }
    source->left -= sizeof bytes;
    memcpy(bytes, source->pool + source->left, sizeof bytes);
    bytes[6] = (uint8_t)(0x40 | (bytes[6] & 0x0f)); /* version 4 */
    bytes[8] = (uint8_t)(0x80 | (bytes[8] & 0x3f)); /* variant 10 */

    char *at = out;
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 0x0f];
    }
    *at = '\0';
}
