#include "json/envelope.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * What envelope_scan says to each message on stdin, for agreement.test.mjs.
 *
 *     stdin:   length, 4 bytes, little endian | message | length | message | …
 *     stdout:  a line a message: kind, then offset and length of name, params, query, headers, payload,
 * message_id, then the error, "-" for none
 */
static const char *const kinds[] = {
    [ENVELOPE_OBJECT] = "object",
    [ENVELOPE_VALUE] = "value",
    [ENVELOPE_NOT_JSON] = "not-json",
    [ENVELOPE_INVALID] = "invalid",
};

static void print_span(struct text message, struct text span)
{
    printf(" %zu %zu", span.length > 0 ? (size_t)(span.data - message.data) : 0, span.length);
}

static void print_envelope(struct text message)
{
    struct envelope envelope;

    envelope_scan(&envelope, message);
    fputs(kinds[envelope.kind], stdout);
    print_span(message, envelope.name);
    print_span(message, envelope.params);
    print_span(message, envelope.query);
    print_span(message, envelope.headers);
    print_span(message, envelope.payload);
    print_span(message, envelope.message_id);
    printf(" %s\n", envelope.error ? envelope.error : "-");
}

int main(void)
{
    uint8_t prefix[4];

    while (fread(prefix, sizeof prefix, 1, stdin) == 1) {
        size_t length =
            prefix[0] | (size_t)prefix[1] << 8 | (size_t)prefix[2] << 16 | (size_t)prefix[3] << 24;
        char *message = malloc(length); /* exactly its size: a read past it shows */
        if (length > 0 && (!message || fread(message, length, 1, stdin) != 1)) {
            fputs("oracle: a message is cut short\n", stderr);
            free(message);
            return 1;
        }
        print_envelope((struct text){message, length});
        free(message);
    }
    return 0;
}
