#include "fuzz.h"

#include "base/buffer.h"
#include "protocol/deflate.h"

/*
 * The payload of compressed messages. The input is a limit (2 bytes), a place to cut (2 bytes) and bytes,
 * which are first taken for a payload, then for a message.
 */

enum { LEAST_BITS = 9, MOST_BITS = 15 };

static struct deflate *codec; /* one for all messages; what came before must not matter */

/* A copy of what `payload` stands for; fails as deflate_expand() does. */
static enum status expand(struct text payload, size_t most, struct text *message)
{
    struct text found;
    enum status status = deflate_expand(codec, payload, most, &found);

    HOLDS(status == STATUS_OK || status == STATUS_LIMIT || status == STATUS_INVALID);
    *message = (struct text){NULL, 0};
    if (status == STATUS_OK) {
        HOLDS(found.length <= most);
        *message = fuzz_copy(found);
        if (found.length > 0) /* the caller may */
            memset((void *)(uintptr_t)found.data, 0xA5, found.length);
    }
    return status;
}

static void check_expands(struct text payload, size_t most, enum status expected, struct text message)
{
    struct text found;

    HOLDS(expand(payload, most, &found) == expected);
    if (expected == STATUS_OK)
        HOLDS(text_equal(found, message));
    fuzz_free(found);
}

/* Any bytes: the limit is the message's length to the byte. */
static void check_payload(struct text payload, size_t most)
{
    struct text message;
    enum status status = expand(payload, most, &message);

    check_expands(payload, most, status, message);
    if (status == STATUS_OK) {
        check_expands(payload, message.length, STATUS_OK, message);
        if (message.length > 0)
            check_expands(payload, message.length - 1, STATUS_LIMIT, message);
    }
    fuzz_free(message);
}

static bool append_compressed(struct buffer *payload, unsigned bits, struct text part)
{
    struct text compressed;

    if (deflate_compress(codec, bits, part, &compressed) != STATUS_OK)
        return false;
    HOLDS(buffer_append_text(payload, compressed) == STATUS_OK);
    return true;
}

/* Messages that are compressed, one behind another, are the message of both: none leans on what went before.
 * Between them is put what ends a block, and what no message carries at its end. */
static void check_joined(unsigned bits, struct text message, size_t cut)
{
    struct text head = {message.data, cut};
    struct text tail = {message.data + cut, message.length - cut};
    struct buffer payload;

    buffer_init(&payload, BUFFER_UNLIMITED);
    if (append_compressed(&payload, bits, head)) {
        HOLDS(buffer_append(&payload, "\0\0\xff\xff", 4) == STATUS_OK);
        if (append_compressed(&payload, bits, tail))
            check_expands(buffer_text(&payload), message.length, STATUS_OK, message);
    }
    buffer_deinit(&payload);
}

static void check_message(unsigned bits, struct text message)
{
    struct text compressed;
    enum status status = deflate_compress(codec, bits, message, &compressed);

    HOLDS(status == STATUS_OK || status == STATUS_LIMIT);
    if (status != STATUS_OK)
        return;
    HOLDS(compressed.length < message.length);
    struct text payload = fuzz_copy(compressed);
    check_expands(payload, message.length, STATUS_OK, message);
    check_expands(payload, message.length - 1, STATUS_LIMIT, message);
    fuzz_free(payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text input = fuzz_input(data, size);
    size_t most = fuzz_take_number(&input);
    size_t cut = fuzz_take_number(&input);

    if (!codec)
        codec = deflate_create();
    HOLDS(codec);
    check_payload(input, most);
    if (input.length == 0)
        return 0;
    for (unsigned bits = LEAST_BITS; bits <= MOST_BITS; bits++)
        check_message(bits, input);
    check_joined(LEAST_BITS + (unsigned)(most % (MOST_BITS - LEAST_BITS + 1)), input,
                 cut % (input.length + 1));
    return 0;
}
