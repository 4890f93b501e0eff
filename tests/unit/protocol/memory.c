#include "protocol/close.h"
#include "protocol/deflate.h"
#include "protocol/handshake.h"
#include "protocol/reader.h"

#include "support/cmocka_all.h"
#include "support/failing.h"

#include <stdlib.h>
#include <string.h>

/* Every allocation of the layer fails once: each call says so, leaves nothing behind (the leak checkers
 * look), and is good afterwards. */

static void fill(char *data, size_t length)
{
    for (size_t i = 0; i < length; i++)
        data[i] = "abcde fgh"[i * i % 9];
}

static enum status there_and_back(struct deflate *codec, struct text message)
{
    struct text compressed;
    struct text expanded;
    struct buffer kept;

    buffer_init(&kept, BUFFER_UNLIMITED);
    enum status status = deflate_compress(codec, 15, message, &compressed);
    if (status == STATUS_OK)
        status = buffer_append_text(&kept, compressed);
    if (status == STATUS_OK)
        status = deflate_expand(codec, buffer_text(&kept), 1 << 20, &expanded);
    if (status == STATUS_OK) {
        assert_int_equal(expanded.length, message.length);
        assert_memory_equal(expanded.data, message.data, message.length);
    }
    buffer_deinit(&kept);
    return status;
}

static void survives_in_compression(void **state)
{
    static char data[200000];
    struct text message = {data, sizeof data};
    bool failed = true;

    (void)state;
    fill(data, sizeof data);
    for (long index = 0; failed; index++) {
        failing_begin(index);
        struct deflate *codec = deflate_create();
        enum status status = codec ? there_and_back(codec, message) : STATUS_NO_MEMORY;
        failed = failing_end();
        assert_int_equal(status, failed ? STATUS_NO_MEMORY : STATUS_OK);
        if (codec)
            assert_int_equal(there_and_back(codec, message), STATUS_OK);
        deflate_destroy(codec);
        assert_true(index < 1000);
    }
}

static enum status respond(struct buffer *out)
{
    enum status status = handshake_append_response(out, TEXT("dGhlIHNhbXBsZSBub25jZQ=="), TEXT("protocol"),
                                                   TEXT("permessage-deflate"));

    return status == STATUS_OK ? handshake_append_refusal(out, 426, "no upgrade") : status;
}

static void survives_in_the_handshake(void **state)
{
    bool failed = true;

    (void)state;
    for (long index = 0; failed; index++) {
        struct buffer out;
        buffer_init(&out, BUFFER_UNLIMITED);
        failing_begin(index);
        enum status status = respond(&out);
        failed = failing_end();
        assert_int_equal(status, failed ? STATUS_NO_MEMORY : STATUS_OK);
        buffer_clear(&out);
        assert_int_equal(respond(&out), STATUS_OK);
        buffer_deinit(&out);
        assert_true(index < 1000);
    }
}

/* One text message in three fragments with a ping cut in two between them, masked with zeros. */
static size_t make_frames(char *out)
{
    static const char part[300] = "part";
    size_t length = 0;

    for (int i = 0; i < 3; i++) {
        const char head[] = {i == 2 ? (char)0x80 : 0, (char)0xFE, 1, 44, 0, 0, 0, 0};
        memcpy(out + length, head, sizeof head);
        if (i == 0)
            out[length] = 1;
        length += sizeof head;
        memset(out + length, 'x', sizeof part);
        length += sizeof part;
        if (i == 0) {
            const char ping[] = {(char)0x89, (char)0x84, 0, 0, 0, 0, 'p', 'i', 'n', 'g'};
            memcpy(out + length, ping, sizeof ping);
            length += sizeof ping;
        }
    }
    return length;
}

/* What becomes of them, in pieces of seven bytes: the code of an error, 0 for the message. */
static unsigned read_all(struct reader *reader, const char *frames, size_t length)
{
    char piece[7];

    for (size_t at = 0; at < length; at += sizeof piece) {
        size_t left = length - at < sizeof piece ? length - at : sizeof piece;
        memcpy(piece, frames + at, left);
        struct text input = {piece, left};
        while (input.length > 0) {
            struct reader_event event = reader_next(reader, &input);
            if (event.kind == READER_ERROR)
                return event.code;
            if (event.kind == READER_MESSAGE) {
                assert_int_equal(event.data.length, 900);
                return 0;
            }
        }
    }
    fail();
    return 0;
}

static void survives_in_messages(void **state)
{
    char frames[1200];
    size_t length = make_frames(frames);
    bool failed = true;

    (void)state;
    for (long index = 0; failed; index++) {
        struct reader reader;
        reader_init(&reader, 1 << 20);
        failing_begin(index);
        unsigned code = read_all(&reader, frames, length);
        failed = failing_end();
        assert_int_equal(code, failed ? CLOSE_INTERNAL_ERROR : 0);
        reader_deinit(&reader);
        assert_true(index < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_in_compression),
        cmocka_unit_test(survives_in_the_handshake),
        cmocka_unit_test(survives_in_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
