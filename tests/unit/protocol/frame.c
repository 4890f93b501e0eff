#include "protocol/frame.h"

#include "support/cmocka_all.h"
#include "support/pieces.h"

#include <stdlib.h>
#include <string.h>

/* A case, fed as a growing prefix: what is decided once has to stay so. */
struct decoding {
    enum frame_result expected;
    struct frame frame;   /* of FRAME_OK */
    const char *error;    /* of FRAME_BAD */
    size_t decided_after; /* bytes; not one earlier, not one later */
    uint8_t bytes[32];
    size_t length;
};

static void begin(void *context)
{
    ((struct decoding *)context)->length = 0;
}

static void take(void *context, char *piece, size_t length)
{
    struct decoding *decoding = context;
    struct frame frame;
    const char *error = NULL;

    memcpy(decoding->bytes + decoding->length, piece, length);
    decoding->length += length;
    uint8_t *copy = malloc(decoding->length);
    memcpy(copy, decoding->bytes, decoding->length);
    enum frame_result result = frame_decode(&frame, copy, decoding->length, false, &error);
    free(copy);

    if (decoding->length < decoding->decided_after) {
        assert_int_equal(result, FRAME_INCOMPLETE);
        return;
    }
    assert_int_equal(result, decoding->expected);
    if (result == FRAME_BAD)
        assert_string_equal(error, decoding->error);
    if (result != FRAME_OK)
        return;
    assert_int_equal(frame.final, decoding->frame.final);
    assert_int_equal(frame.opcode, decoding->frame.opcode);
    assert_true(frame.length == decoding->frame.length);
    assert_memory_equal(frame.mask, decoding->frame.mask, 4);
    assert_int_equal(frame.header_length, decoding->decided_after);
}

static void end(void *context)
{
    (void)context;
}

static void run(struct decoding *decoding, const void *bytes, size_t length)
{
    pieces_run(&(struct pieces_taker){begin, take, end, decoding}, bytes, length);
}

static void check_ok(const char *bytes, size_t length, size_t header_length, struct frame frame)
{
    struct decoding decoding = {.expected = FRAME_OK, .frame = frame, .decided_after = header_length};

    memcpy(decoding.frame.mask, bytes + header_length - 4, 4);
    run(&decoding, bytes, length);
}

/* Wrong with its byte number `after`, and not before. */
static void check_bad(const char *bytes, size_t length, size_t after, const char *error)
{
    run(&(struct decoding){.expected = FRAME_BAD, .error = error, .decided_after = after}, bytes, length);
}

static void check_incomplete(const char *bytes, size_t length)
{
    run(&(struct decoding){.decided_after = SIZE_MAX}, bytes, length);
}

static void decodes_every_length_form(void **state)
{
    (void)state;
    check_ok("\x81\x80mask", 6, 6, (struct frame){.final = true, .opcode = FRAME_TEXT});
    check_ok("\x81\x85mask...", 9, 6, (struct frame){.final = true, .opcode = FRAME_TEXT, .length = 5});
    check_ok("\x82\xfdMASK", 6, 6, (struct frame){.final = true, .opcode = FRAME_BINARY, .length = 125});
    check_ok("\x82\xfe\0\x7emask", 8, 8,
             (struct frame){.final = true, .opcode = FRAME_BINARY, .length = 126});
    check_ok("\x82\xfe\xff\xffmask.", 9, 8,
             (struct frame){.final = true, .opcode = FRAME_BINARY, .length = 65535});
    check_ok("\x82\xff\0\0\0\0\0\1\0\0mask", 14, 14,
             (struct frame){.final = true, .opcode = FRAME_BINARY, .length = 65536});
    check_ok("\x82\xff\x01\x02\x03\x04\x05\x06\x07\x08mask", 14, 14,
             (struct frame){.final = true, .opcode = FRAME_BINARY, .length = 0x0102030405060708});
    check_ok("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xffmask", 14, 14,
             (struct frame){.final = true, .opcode = FRAME_BINARY, .length = INT64_MAX});
}

static void decodes_every_opcode(void **state)
{
    (void)state;
    check_ok("\x00\x81mask", 6, 6, (struct frame){.opcode = FRAME_CONTINUATION, .length = 1});
    check_ok("\x80\x81mask", 6, 6, (struct frame){.final = true, .opcode = FRAME_CONTINUATION, .length = 1});
    check_ok("\x01\x81mask", 6, 6, (struct frame){.opcode = FRAME_TEXT, .length = 1});
    check_ok("\x02\x81mask", 6, 6, (struct frame){.opcode = FRAME_BINARY, .length = 1});
    check_ok("\x88\x82mask", 6, 6, (struct frame){.final = true, .opcode = FRAME_CLOSE, .length = 2});
    check_ok("\x89\xfdmask", 6, 6, (struct frame){.final = true, .opcode = FRAME_PING, .length = 125});
    check_ok("\x8a\x80mask", 6, 6, (struct frame){.final = true, .opcode = FRAME_PONG});
}

static void waits_for_the_whole_header(void **state)
{
    (void)state;
    check_incomplete("", 0);
    check_incomplete("\x81\x85mas", 5);
    check_incomplete("\x81\xfe\x01\x00mas", 7);
    check_incomplete("\x81\xff\0\0\0\0\0\1\0\0mas", 13);
}

static void refuses_reserved_bits(void **state)
{
    (void)state;
    for (int bits = 0x10; bits <= 0x70; bits += 0x10) {
        char first[] = {(char)(0x81 | bits), (char)0x80, 'm', 'a', 's', 'k'};
        check_bad(first, sizeof first, 1, "a reserved bit is set");
    }
}

static void refuses_unknown_opcodes(void **state)
{
    static const char opcodes[] = {3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF};

    (void)state;
    for (size_t i = 0; i < sizeof opcodes; i++) {
        char frame[] = {(char)(0x80 | opcodes[i]), (char)0x80, 'm', 'a', 's', 'k'};
        check_bad(frame, sizeof frame, 1, "an unknown opcode");
        frame[0] = opcodes[i];
        check_bad(frame, sizeof frame, 1, "an unknown opcode");
    }
}

static void refuses_a_frame_without_a_mask(void **state)
{
    (void)state;
    check_bad("\x81\x00", 2, 2, "a frame without a mask");
    check_bad("\x81\x05hello", 7, 2, "a frame without a mask");
    check_bad("\x89\x7e\1\1....", 8, 2, "a frame without a mask");
}

static void refuses_long_and_fragmented_control_frames(void **state)
{
    (void)state;
    for (char opcode = 0x8; opcode <= 0xA; opcode++) {
        char frame[] = {opcode, (char)0x80, 'm', 'a', 's', 'k'};
        check_bad(frame, sizeof frame, 1, "a fragmented control frame");
        frame[0] = (char)(0x80 | opcode);
        frame[1] = (char)(0x80 | 126);
        check_bad(frame, sizeof frame, 2, "a control frame of more than 125 bytes");
        frame[1] = (char)(0x80 | 127);
        check_bad(frame, sizeof frame, 2, "a control frame of more than 125 bytes");
    }
}

static void refuses_lengths_not_in_their_shortest_form(void **state)
{
    static const char error[] = "a length not in its shortest form";

    (void)state;
    check_bad("\x81\xfe\0\0mask", 8, 4, error);
    check_bad("\x81\xfe\0\x7dmask", 8, 4, error);
    check_bad("\x81\xff\0\0\0\0\0\0\0\0mask", 14, 10, error);
    check_bad("\x81\xff\0\0\0\0\0\0\0\x7dmask", 14, 10, error);
    check_bad("\x81\xff\0\0\0\0\0\0\xff\xffmask", 14, 10, error);
}

static void refuses_lengths_with_the_highest_bit_set(void **state)
{
    (void)state;
    check_bad("\x81\xff\x80\0\0\0\0\0\0\0mask", 14, 10, "a length with its highest bit set");
    check_bad("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xffmask", 14, 10, "a length with its highest bit set");
}

static void check_encoded(enum frame_opcode opcode, uint64_t length, const void *expected, size_t size)
{
    uint8_t out[FRAME_MAX_SERVER_HEADER];

    assert_int_equal(frame_encode_header(out, opcode, length), size);
    assert_memory_equal(out, expected, size);
}

static void encodes_every_length_form(void **state)
{
    (void)state;
    check_encoded(FRAME_TEXT, 0, "\x81\x00", 2);
    check_encoded(FRAME_BINARY, 125, "\x82\x7d", 2);
    check_encoded(FRAME_TEXT, 126, "\x81\x7e\x00\x7e", 4);
    check_encoded(FRAME_TEXT, 65535, "\x81\x7e\xff\xff", 4);
    check_encoded(FRAME_TEXT, 65536, "\x81\x7f\0\0\0\0\0\1\0\0", 10);
    check_encoded(FRAME_TEXT, 0x0102030405060708, "\x81\x7f\1\2\3\4\5\6\7\x08", 10);
    check_encoded(FRAME_CLOSE, 2, "\x88\x02", 2);
    check_encoded(FRAME_PING, 0, "\x89\x00", 2);
    check_encoded(FRAME_PONG, 125, "\x8a\x7d", 2);
}

static void unmasks_any_length_at_any_offset(void **state)
{
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};

    (void)state;
    for (size_t length = 0; length <= 100; length++) {
        for (uint64_t offset = 0; offset < 9; offset++) {
            for (size_t misaligned = 0; misaligned < 8; misaligned++) {
                uint8_t *block = malloc(misaligned + length);
                uint8_t *data = block + misaligned;
                for (size_t i = 0; i < misaligned; i++)
                    block[i] = 0xEE;
                for (size_t i = 0; i < length; i++)
                    data[i] = (uint8_t)(i * 7 + 1);
                frame_unmask(data, length, mask, offset);
                for (size_t i = 0; i < misaligned; i++)
                    assert_int_equal(block[i], 0xEE);
                for (size_t i = 0; i < length; i++)
                    assert_int_equal(data[i], (uint8_t)(i * 7 + 1) ^ mask[(i + offset) % 4]);
                free(block);
            }
        }
    }
}

static void unmasks_in_pieces_as_in_one(void **state)
{
    static const uint8_t mask[4] = {1, 20, 127, 255};
    uint8_t data[67] = {0};

    (void)state;
    for (size_t at = 0; at <= sizeof data; at++) {
        memset(data, 0, sizeof data);
        frame_unmask(data, at, mask, 0);
        frame_unmask(data + at, sizeof data - at, mask, at);
        for (size_t i = 0; i < sizeof data; i++)
            assert_int_equal(data[i], mask[i % 4]);
    }
}

/* With one other byte at each place of each length, and with none. */
static void says_whether_what_it_unmasked_is_ascii(void **state)
{
    static const uint8_t mask[4] = {0x80, 0xff, 0x11, 0xc3};
    enum { LONGEST = 50 };

    (void)state;
    for (size_t length = 0; length <= LONGEST; length++) {
        for (size_t place = 0; place <= length; place++) {
            uint8_t data[LONGEST + 1];
            memset(data, 0x7f, sizeof data);
            data[place] = 0x80; /* behind the data, in the end */
            for (size_t i = 0; i <= length; i++)
                data[i] ^= mask[i % 4];
            assert_int_equal(frame_unmask(data, length, mask, 0), place == length);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_every_length_form),
        cmocka_unit_test(decodes_every_opcode),
        cmocka_unit_test(waits_for_the_whole_header),
        cmocka_unit_test(refuses_reserved_bits),
        cmocka_unit_test(refuses_unknown_opcodes),
        cmocka_unit_test(refuses_a_frame_without_a_mask),
        cmocka_unit_test(refuses_long_and_fragmented_control_frames),
        cmocka_unit_test(refuses_lengths_not_in_their_shortest_form),
        cmocka_unit_test(refuses_lengths_with_the_highest_bit_set),
        cmocka_unit_test(encodes_every_length_form),
        cmocka_unit_test(unmasks_any_length_at_any_offset),
        cmocka_unit_test(unmasks_in_pieces_as_in_one),
        cmocka_unit_test(says_whether_what_it_unmasked_is_ascii),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
