#include "protocol/reader.h"

#include "support/cmocka_all.h"
#include "support/pieces.h"

#include <string.h>

enum { MAX_MESSAGE = 1 << 20 };

/* The buffers' allocator: counted, and out of memory on demand. */
static size_t allocations;
static bool out_of_memory;

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *__wrap_realloc(void *memory, size_t size)
{
    allocations++;
    return out_of_memory ? NULL : __real_realloc(memory, size);
}

/* What a reader is to say, and what it said: one line an event, so that two sequences compare as bytes. */

static void add(struct buffer *script, const char *what, unsigned code, struct text text)
{
    assert_int_equal(buffer_printf(script, "%s %u %zu:", what, code, text.length), STATUS_OK);
    assert_int_equal(buffer_append_text(script, text), STATUS_OK);
    assert_int_equal(buffer_append(script, "\n", 1), STATUS_OK);
}

static void add_event(struct buffer *script, const struct reader_event *event)
{
    switch (event->kind) {
    case READER_NEED_MORE: break;
    case READER_MESSAGE:
        if (event->compressed)
            add(script, event->binary ? "compressed binary" : "compressed text", 0, event->data);
        else
            add(script, event->binary ? "binary" : "text", 0, event->data);
        break;
    case READER_PING: add(script, "ping", 0, event->data); break;
    case READER_PONG: add(script, "pong", 0, event->data); break;
    case READER_CLOSE: add(script, "close", event->code, event->reason); break;
    case READER_ERROR: add(script, "error", event->code, event->reason); break;
    }
}

/* A case: the frames a client sends, and what is to come of them. */
struct talk {
    size_t max_message;
    uint32_t max_frame;
    bool may_compress;
    struct buffer sent;
    struct buffer expected;
    size_t fails_after; /* bytes, when fed one by one; 0: wherever */
    /* and of the current run: */
    struct reader reader;
    struct buffer said;
    size_t fed;
    size_t over_after; /* bytes; 0 while neither closed nor failed */
};

static struct talk talk(size_t max_message)
{
    struct talk talk = {.max_message = max_message};

    buffer_init(&talk.sent, BUFFER_UNLIMITED);
    buffer_init(&talk.expected, BUFFER_UNLIMITED);
    buffer_init(&talk.said, BUFFER_UNLIMITED);
    return talk;
}

static void send_bytes(struct talk *talk, const void *bytes, size_t length)
{
    assert_int_equal(buffer_append(&talk->sent, bytes, length), STATUS_OK);
}

/* A masked frame, written as plainly as can be; `first` is its first byte. */
static void send_frame(struct talk *talk, int first, const void *payload, size_t length)
{
    static uint32_t seed = 1;
    uint8_t header[14] = {(uint8_t)first};
    size_t size = 2;

    if (length < 126) {
        header[1] = (uint8_t)(0x80 | length);
    } else if (length < 65536) {
        header[1] = 0x80 | 126;
        header[2] = (uint8_t)(length >> 8);
        header[3] = (uint8_t)length;
        size = 4;
    } else {
        header[1] = 0x80 | 127;
        for (int i = 0; i < 8; i++)
            header[2 + i] = (uint8_t)((uint64_t)length >> (56 - 8 * i));
        size = 10;
    }
    for (int i = 0; i < 4; i++) {
        seed = seed * 1103515245 + 12345;
        header[size++] = (uint8_t)(seed >> 16);
    }
    send_bytes(talk, header, size);
    for (size_t i = 0; i < length; i++) {
        uint8_t masked = ((const uint8_t *)payload)[i] ^ header[size - 4 + i % 4];
        send_bytes(talk, &masked, 1);
    }
}

static void send_string(struct talk *talk, int first, const char *payload)
{
    send_frame(talk, first, payload, strlen(payload));
}

static void expect(struct talk *talk, const char *what, unsigned code, const char *text)
{
    add(&talk->expected, what, code, text_from_cstr(text));
}

static void expect_data(struct talk *talk, const char *what, const void *data, size_t length)
{
    add(&talk->expected, what, 0, (struct text){data, length});
}

static void begin(void *context)
{
    struct talk *talk = context;

    reader_init(&talk->reader, talk->max_message);
    talk->reader.max_frame = talk->max_frame;
    talk->reader.may_compress = talk->may_compress;
    buffer_clear(&talk->said);
    talk->fed = talk->over_after = 0;
}

static void take(void *context, char *piece, size_t length)
{
    struct talk *talk = context;
    struct text input = {piece, length};
    struct reader_event event;

    if (talk->over_after > 0)
        return;
    talk->fed += length;
    do {
        event = reader_next(&talk->reader, &input);
        add_event(&talk->said, &event);
        if (event.data.length > 0)
            memset((char *)event.data.data, 0xEE, event.data.length); /* the caller's to overwrite */
    } while (event.kind != READER_NEED_MORE && event.kind != READER_CLOSE && event.kind != READER_ERROR);
    if (event.kind != READER_NEED_MORE) {
        talk->over_after = talk->fed;
        return;
    }
    assert_int_equal(input.length, 0);
    if (talk->reader.message_opcode == FRAME_CONTINUATION && talk->reader.frame_left == 0)
        assert_null(talk->reader.message.data); /* idle: it owns nothing */
}

static void end(void *context)
{
    struct talk *talk = context;

    reader_deinit(&talk->reader);
    if (talk->said.length != talk->expected.length ||
        (talk->said.length > 0 && memcmp(talk->said.data, talk->expected.data, talk->said.length) != 0))
        fail_msg("expected:\n%.*s\nsaid:\n%.*s", TEXT_ARGS(buffer_text(&talk->expected)),
                 TEXT_ARGS(buffer_text(&talk->said)));
}

static void end_talk(struct talk *talk)
{
    buffer_deinit(&talk->sent);
    buffer_deinit(&talk->expected);
    buffer_deinit(&talk->said);
}

static void run(struct talk *talk)
{
    struct pieces_taker taker = {begin, take, end, talk};

    pieces_run(&taker, talk->sent.data, talk->sent.length);
    if (talk->fails_after > 0) {
        pieces_chop(&taker, talk->sent.data, talk->sent.length, 1);
        assert_int_equal(talk->over_after, talk->fails_after);
    }
    end_talk(talk);
}

static void run_until(struct talk *talk, size_t fails_after)
{
    talk->fails_after = fails_after;
    run(talk);
}

static void stays_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct reader) <= 88);
}

static void hands_out_messages(void **state)
{
    struct talk t = talk(MAX_MESSAGE);

    (void)state;
    send_string(&t, 0x81, "Hello");
    send_string(&t, 0x82, "\xff\xfe");
    send_string(&t, 0x81, "");
    send_string(&t, 0x82, "");
    send_string(&t, 0x81, "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5");
    expect(&t, "text", 0, "Hello");
    expect(&t, "binary", 0, "\xff\xfe");
    expect(&t, "text", 0, "");
    expect(&t, "binary", 0, "");
    expect(&t, "text", 0, "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5");
    run(&t);
}

static void hands_out_compressed_messages_unchecked(void **state)
{
    struct talk t = talk(MAX_MESSAGE);

    (void)state;
    t.may_compress = true;
    send_string(&t, 0xC1, "\xff\xfe");
    send_string(&t, 0xC2, "\xfd");
    send_string(&t, 0x41, "\xfc");
    send_string(&t, 0x89, "amid");
    send_string(&t, 0x80, "\xfb");
    send_string(&t, 0x81, "plain");
    expect(&t, "compressed text", 0, "\xff\xfe");
    expect(&t, "compressed binary", 0, "\xfd");
    expect(&t, "ping", 0, "amid");
    expect(&t, "compressed text", 0, "\xfc\xfb");
    expect(&t, "text", 0, "plain");
    run(&t);
}

static void checks_what_is_not_compressed_beside_it(void **state)
{
    struct talk t = talk(MAX_MESSAGE);

    (void)state;
    t.may_compress = true;
    send_string(&t, 0xC1, "\xff");
    send_string(&t, 0x81, "\xff");
    expect(&t, "compressed text", 0, "\xff");
    expect(&t, "error", CLOSE_INVALID_PAYLOAD, "a text message that is not UTF-8");
    run(&t);
}

static void refuses_the_bit_elsewhere(void **state)
{
    static const int firsts[] = {0xC8, 0xC9, 0xCA, 0xE1, 0xD1, 0xA1, 0x91};

    (void)state;
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
        struct talk t = talk(MAX_MESSAGE);
        t.may_compress = true;
        send_string(&t, firsts[i], "x");
        expect(&t, "error", CLOSE_PROTOCOL_ERROR, "a reserved bit is set");
        run_until(&t, 1);
    }
    struct talk t = talk(MAX_MESSAGE);
    t.may_compress = true;
    send_string(&t, 0x41, "x");
    send_string(&t, 0xC0, "y");
    expect(&t, "error", CLOSE_PROTOCOL_ERROR, "a reserved bit is set");
    run(&t);
}

static void holds_frames_to_their_limit(void **state)
{
    struct talk t = talk(MAX_MESSAGE);

    (void)state;
    t.max_frame = 4;
    send_string(&t, 0x01, "1234");
    send_string(&t, 0x89, "12345");
    send_string(&t, 0x80, "5678");
    send_string(&t, 0x81, "12345");
    expect(&t, "ping", 0, "12345");
    expect(&t, "text", 0, "12345678");
    expect(&t, "error", CLOSE_TOO_BIG, "the frame is too long");
    run(&t);
}

static void needs_more_than_nothing(void **state)
{
    struct reader reader;
    struct text input = {NULL, 0};

    (void)state;
    reader_init(&reader, MAX_MESSAGE);
    assert_int_equal(reader_next(&reader, &input).kind, READER_NEED_MORE);
    reader_deinit(&reader);
}

static void takes_every_form_of_length(void **state)
{
    static const size_t lengths[] = {0, 1, 7, 8, 9, 31, 32, 33, 124, 125, 126, 127, 128, 65535, 65536, 65537};
    static char payload[65537];

    (void)state;
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (char)('!' + i % 89);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct talk t = talk(MAX_MESSAGE);
        send_frame(&t, 0x81, payload, lengths[i]);
        send_frame(&t, 0x82, payload, lengths[i]);
        expect_data(&t, "text", payload, lengths[i]);
        expect_data(&t, "binary", payload, lengths[i]);
        run(&t);
    }
}

static void joins_fragments(void **state)
{
    struct talk t = talk(MAX_MESSAGE);

    (void)state;
    send_string(&t, 0x01, "Hel");
    send_string(&t, 0x80, "lo");
    send_string(&t, 0x02, "");
    send_string(&t, 0x00, "\xff");
    send_string(&t, 0x00, "");
    send_string(&t, 0x80, "");
    send_string(&t, 0x01, "");
    send_string(&t, 0x00, "");
    send_string(&t, 0x80, "");
    send_string(&t, 0x01, "");
    send_string(&t, 0x80, "whole");
    send_string(&t, 0x81, "next");
    expect(&t, "text", 0, "Hello");
    expect(&t, "binary", 0, "\xff");
    expect(&t, "text", 0, "");
    expect(&t, "text", 0, "whole");
    expect(&t, "text", 0, "next");
    run(&t);
}

static void hands_out_control_frames(void **state)
{
    struct talk t = talk(MAX_MESSAGE);
    char longest[126];

    (void)state;
    memset(longest, '\xfe', 125);
    longest[125] = '\0';
    send_string(&t, 0x89, "");
    send_string(&t, 0x89, "\xff\xff");
    send_string(&t, 0x8a, "");
    send_string(&t, 0x8a, longest);
    send_string(&t, 0x89, longest);
    send_string(&t, 0x81, "text");
    expect(&t, "ping", 0, "");
    expect(&t, "ping", 0, "\xff\xff");
    expect(&t, "pong", 0, "");
    expect(&t, "pong", 0, longest);
    expect(&t, "ping", 0, longest);
    expect(&t, "text", 0, "text");
    run(&t);
}

static void takes_control_frames_amid_a_message(void **state)
{
    struct talk t = talk(16);

    (void)state;
    send_string(&t, 0x01, "");
    send_string(&t, 0x89, "ping before anything");
    send_string(&t, 0x00, "abc\xc3"); /* amid a character, too */
    send_string(&t, 0x89,
                "a ping that is longer than the message may be, as control frames are no part of it");
    send_string(&t, 0x8a, "\xff");
    send_string(&t, 0x89, "");
    send_string(&t, 0x80, "\xa4 and the end");
    send_string(&t, 0x02, "four");
    send_string(&t, 0x88,
                "\x03\xe8"
                "bye");
    expect(&t, "ping", 0, "ping before anything");
    expect(&t, "ping", 0,
           "a ping that is longer than the message may be, as control frames are no part of it");
    expect(&t, "pong", 0, "\xff");
    expect(&t, "ping", 0, "");
    expect(&t, "text", 0, "abc\xc3\xa4 and the end"); /* 16 + 1 bytes would be too long */
    expect(&t, "close", 1000, "bye");
    t.max_message = strlen("abc\xc3\xa4 and the end");
    run(&t);
}

static void check_fails(const void *bytes, size_t length, size_t after, unsigned code, const char *reason)
{
    struct talk t = talk(MAX_MESSAGE);

    send_string(&t, 0x81, "good");
    send_string(&t, 0x89, "ping");
    size_t before = t.sent.length;
    send_bytes(&t, bytes, length);
    expect(&t, "text", 0, "good");
    expect(&t, "ping", 0, "ping");
    expect(&t, "error", code, reason);
    run_until(&t, before + after);
}

static void refuses_bad_headers(void **state)
{
    (void)state;
    check_fails("\xc1\x85mask.....", 11, 1, 1002, "a reserved bit is set");
    check_fails("\xa1\x85mask.....", 11, 1, 1002, "a reserved bit is set");
    check_fails("\x91\x85mask.....", 11, 1, 1002, "a reserved bit is set");
    check_fails("\xf9\x80mask", 6, 1, 1002, "a reserved bit is set");
    check_fails("\x83\x80mask", 6, 1, 1002, "an unknown opcode");
    check_fails("\x8b\x80mask", 6, 1, 1002, "an unknown opcode");
    check_fails("\x81\x05hello", 7, 2, 1002, "a frame without a mask");
    check_fails("\x09\x80mask", 6, 1, 1002, "a fragmented control frame");
    check_fails("\x89\xfe\0\x7emask", 8, 2, 1002, "a control frame of more than 125 bytes");
    check_fails("\x88\xfe\0\x7emask", 8, 2, 1002, "a control frame of more than 125 bytes");
    check_fails("\x81\xfe\0\x7dmask", 8, 4, 1002, "a length not in its shortest form");
    check_fails("\x81\xff\0\0\0\0\0\0\xff\xffmask", 14, 10, 1002, "a length not in its shortest form");
    check_fails("\x81\xff\xff\0\0\0\0\0\0\0mask", 14, 10, 1002, "a length with its highest bit set");
}

static void refuses_fragments_out_of_order(void **state)
{
    static const char no_message[] = "a continuation of no message";
    static const char amid[] = "a new message inside a fragmented one";
    static const int starts[] = {0x01, 0x81, 0x02, 0x82};

    (void)state;
    check_fails("\x80\x80mask", 6, 6, 1002, no_message);
    check_fails("\x00\x80mask", 6, 6, 1002, no_message);
    check_fails("\x80\x85mask.....", 11, 6, 1002, no_message);
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        struct talk t = talk(MAX_MESSAGE);
        send_string(&t, 0x01, "one");
        send_string(&t, 0x89, "");
        size_t before = t.sent.length;
        send_string(&t, starts[i], "two");
        expect(&t, "ping", 0, "");
        expect(&t, "error", 1002, amid);
        run_until(&t, before + 6);
    }

    struct talk t = talk(MAX_MESSAGE);
    send_string(&t, 0x01, "one");
    send_string(&t, 0x80, "two");
    send_string(&t, 0x80, "three");
    expect(&t, "text", 0, "onetwo");
    expect(&t, "error", 1002, no_message);
    run(&t);
}

static void fails_text_at_the_first_wrong_byte(void **state)
{
    static const char error[] = "a text message that is not UTF-8";

    (void)state;
    struct talk t = talk(MAX_MESSAGE);
    send_string(&t, 0x81, "0123456789abcdef\xff and much behind it");
    expect(&t, "error", 1007, error);
    run_until(&t, 6 + 17);

    t = talk(MAX_MESSAGE); /* beyond U+10FFFF, known from its second byte */
    send_string(&t, 0x81,
                "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80"
                "edited");
    expect(&t, "error", 1007, error);
    run_until(&t, 6 + 13);

    t = talk(MAX_MESSAGE); /* the same, cut into fragments there */
    send_string(&t, 0x01, "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4");
    send_string(&t, 0x00, "\x90");
    send_string(&t, 0x80,
                "\x80\x80"
                "edited");
    expect(&t, "error", 1007, error);
    run_until(&t, 6 + 12 + 6 + 1);

    t = talk(MAX_MESSAGE); /* ends in the middle of a character */
    send_string(&t, 0x81, "caf\xc3");
    expect(&t, "error", 1007, error);
    run_until(&t, 6 + 4);

    t = talk(MAX_MESSAGE);
    send_string(&t, 0x01, "caf\xc3");
    send_string(&t, 0x80, "");
    expect(&t, "error", 1007, error);
    run_until(&t, 6 + 4 + 6);

    t = talk(MAX_MESSAGE); /* the next message starts anew */
    send_string(&t, 0x82, "caf\xc3");
    send_string(&t, 0x81, "\xa9");
    expect(&t, "binary", 0, "caf\xc3");
    expect(&t, "error", 1007, error);
    run_until(&t, 6 + 4 + 6 + 1);
}

static void takes_characters_cut_between_fragments(void **state)
{
    static const char text[] = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5 \xf0\x9f\x98\x80";

    (void)state;
    struct talk t = talk(MAX_MESSAGE);
    for (size_t i = 0; i < sizeof text - 1; i++)
        send_frame(&t, i == 0 ? 0x01 : i == sizeof text - 2 ? 0x80 : 0x00, text + i, 1);
    expect(&t, "text", 0, text);
    run(&t);
}

static void takes_binary_for_what_it_is(void **state)
{
    uint8_t all[256];

    (void)state;
    for (int i = 0; i < 256; i++)
        all[i] = (uint8_t)i;
    struct talk t = talk(MAX_MESSAGE);
    send_frame(&t, 0x82, all, sizeof all);
    send_frame(&t, 0x02, all, 128);
    send_frame(&t, 0x80, all + 128, 128);
    expect_data(&t, "binary", all, sizeof all);
    expect_data(&t, "binary", all, sizeof all);
    run(&t);
}

static void hands_out_the_close(void **state)
{
    static const struct {
        const char *payload;
        unsigned code;
        const char *reason;
    } closes[] = {
        {"", 1005, ""},
        {"\x03\xe8", 1000, ""},
        {"\x03\xe9going away", 1001, "going away"},
        {"\x0f\xa0\xc3\xa4", 4000, "\xc3\xa4"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof closes / sizeof *closes; i++) {
        struct talk t = talk(MAX_MESSAGE);
        send_string(&t, 0x01, "an unfinished message");
        send_string(&t, 0x88, closes[i].payload);
        size_t before = t.sent.length;
        send_string(&t, 0x89, "nothing after it counts");
        expect(&t, "close", closes[i].code, closes[i].reason);
        run_until(&t, before);
    }
}

static void refuses_a_bad_close(void **state)
{
    static const struct {
        const char *payload;
        size_t length;
        unsigned code;
        const char *reason;
    } closes[] = {
        {"\x03", 1, 1002, "a bad close code"},
        {"\0\0", 2, 1002, "a bad close code"},
        {"\x03\xed", 2, 1002, "a bad close code"},      /* 1005 */
        {"\x03\xee gone", 7, 1002, "a bad close code"}, /* 1006 */
        {"\x03\xf8", 2, 1002, "a bad close code"},      /* 1016 */
        {"\xff\xff", 2, 1002, "a bad close code"},
        {"\x03\xe8\xff", 3, 1007, "a close reason that is not UTF-8"},
        {"\x03\xe8\xc3", 3, 1007, "a close reason that is not UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof closes / sizeof *closes; i++) {
        struct talk t = talk(MAX_MESSAGE);
        send_frame(&t, 0x88, closes[i].payload, closes[i].length);
        size_t before = t.sent.length;
        send_string(&t, 0x81, "more");
        expect(&t, "error", closes[i].code, closes[i].reason);
        run_until(&t, before);
    }
}

static void limits_messages_from_their_headers(void **state)
{
    static const char error[] = "the message is too long";
    struct talk t = talk(10);

    (void)state;
    send_string(&t, 0x81, "0123456789");
    send_string(&t, 0x01, "01234");
    send_string(&t, 0x00, "");
    send_string(&t, 0x00, "56789");
    send_string(&t, 0x80, "");
    size_t before = t.sent.length;
    send_string(&t, 0x81, "0123456789a");
    expect(&t, "text", 0, "0123456789");
    expect(&t, "text", 0, "0123456789");
    expect(&t, "error", 1009, error);
    run_until(&t, before + 6);

    t = talk(10);
    send_string(&t, 0x02, "01234");
    send_string(&t, 0x89, "ping");
    before = t.sent.length;
    send_string(&t, 0x00, "56789a");
    expect(&t, "ping", 0, "ping");
    expect(&t, "error", 1009, error);
    run_until(&t, before + 6);

    t = talk(10);
    send_bytes(&t, "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xffmask", 14);
    expect(&t, "error", 1009, error);
    run_until(&t, 14);

    t = talk(0);
    send_string(&t, 0x81, "");
    send_string(&t, 0x89, "ping");
    send_string(&t, 0x82, "x");
    expect(&t, "text", 0, "");
    expect(&t, "ping", 0, "ping");
    expect(&t, "error", 1009, error);
    run(&t);
}

static void may_be_unlimited(void **state)
{
    struct talk t = talk(BUFFER_UNLIMITED);

    (void)state;
    send_string(&t, 0x01, "a");
    send_string(&t, 0x89, "ping");
    send_string(&t, 0x80, "b");
    send_bytes(&t, "\x02\xff\x7f\xff\xff\xff\xff\xff\xff\xffmaskmask", 18);
    expect(&t, "ping", 0, "ping");
    expect(&t, "text", 0, "ab");
    run(&t);
}

/* The frames of `t` in one piece: a message that lies `at` bytes into them, and a ping. */
static void check_in_place(struct talk *t, size_t at, const char *text)
{
    struct text input = buffer_text(&t->sent);

    reader_init(&t->reader, MAX_MESSAGE);
    size_t before = allocations;
    struct reader_event event = reader_next(&t->reader, &input);
    assert_int_equal(event.kind, READER_MESSAGE);
    assert_ptr_equal(event.data.data, t->sent.data + at);
    assert_true(text_equal(event.data, text_from_cstr(text)));
    assert_ptr_equal(input.data, t->sent.data + at + strlen(text));
    event = reader_next(&t->reader, &input);
    assert_int_equal(event.kind, READER_PING);
    assert_ptr_equal(event.data.data, t->sent.data + t->sent.length - event.data.length);
    assert_int_equal(allocations, before);
    assert_null(t->reader.message.data);
    reader_deinit(&t->reader);
    end_talk(t);
}

static void copies_nothing_that_is_whole(void **state)
{
    struct talk t = talk(MAX_MESSAGE);

    (void)state;
    send_string(&t, 0x81, "a whole message");
    send_string(&t, 0x89, "a ping");
    check_in_place(&t, 6, "a whole message");

    t = talk(MAX_MESSAGE);
    send_string(&t, 0x01, "");
    send_string(&t, 0x80, "the whole of it");
    send_string(&t, 0x89, "a ping");
    check_in_place(&t, 12, "the whole of it");
}

static void gives_the_memory_back(void **state)
{
    struct talk t = talk(MAX_MESSAGE);
    struct reader_event event;

    (void)state;
    send_string(&t, 0x81, "a message in two pieces");
    reader_init(&t.reader, MAX_MESSAGE);
    struct text input = {t.sent.data, 10};
    assert_int_equal(reader_next(&t.reader, &input).kind, READER_NEED_MORE);
    reader_rest(&t.reader); /* it is still collected */
    assert_non_null(t.reader.message.data);
    input = (struct text){t.sent.data + 10, t.sent.length - 10};
    event = reader_next(&t.reader, &input);
    assert_int_equal(event.kind, READER_MESSAGE);
    assert_ptr_equal(event.data.data, t.reader.message.data);
    reader_rest(&t.reader);
    assert_null(t.reader.message.data);
    reader_deinit(&t.reader);
    end_talk(&t);
}

static void grows_by_what_comes_not_by_what_is_promised(void **state)
{
    static char chunk[1000];
    struct reader reader;
    size_t came = 0;

    (void)state;
    reader_init(&reader, (size_t)1 << 30);
    struct text input = {(char[]){"\x82\xff\0\0\0\0\x3f\xff\xff\xffmask"}, 14}; /* a promise of a gigabyte */
    assert_int_equal(reader_next(&reader, &input).kind, READER_NEED_MORE);
    assert_int_equal(reader.message.capacity, 0);
    for (int i = 0; i < 2000; i++) {
        size_t before = allocations;
        input = (struct text){chunk, sizeof chunk};
        assert_int_equal(reader_next(&reader, &input).kind, READER_NEED_MORE);
        came += sizeof chunk;
        assert_true(reader.message.capacity <= 2 * came);
        assert_true(allocations <= before + 1);
    }
    reader_deinit(&reader);

    reader_init(&reader, 600); /* and never beyond what a message may be */
    input = (struct text){(char[]){"\x82\xfe\x02\x58mask"}, 8};
    assert_int_equal(reader_next(&reader, &input).kind, READER_NEED_MORE);
    input = (struct text){chunk, 599};
    assert_int_equal(reader_next(&reader, &input).kind, READER_NEED_MORE);
    assert_true(reader.message.capacity <= 600 + FRAME_MAX_CONTROL);
    reader_deinit(&reader);

    reader_init(&reader, 1000);
    input = (struct text){(char[]){"\x89\xfdmask"}, 6};
    assert_int_equal(reader_next(&reader, &input).kind, READER_NEED_MORE);
    assert_int_equal(reader.message.capacity, 0);
    input = (struct text){chunk, 1};
    assert_int_equal(reader_next(&reader, &input).kind, READER_NEED_MORE);
    assert_true(reader.message.capacity <= 128);
    reader_deinit(&reader);
}

/* Reads the talk as from a socket, `most` bytes at once, into the room there is. How many bytes came there.
 */
static size_t take_into_room(struct talk *t, size_t most)
{
    size_t placed = 0;

    begin(t);
    for (size_t at = 0; at < t->sent.length;) {
        size_t left = t->sent.length - at;
        size_t size = most;
        char *room = reader_room(&t->reader, &size);
        size_t count = left < size ? left : size;
        if (room) {
            assert_true(t->reader.message.capacity <= 4 * t->reader.message.length);
            count = count < most ? count : most;
            memcpy(room, t->sent.data + at, count);
            placed += count;
            take(t, room, count);
        } else {
            char *piece = malloc(count);
            memcpy(piece, t->sent.data + at, count);
            take(t, piece, count);
            free(piece);
        }
        at += count;
    }
    end(t);
    return placed;
}

static void reads_long_payloads_to_where_they_stay(void **state)
{
    enum { LONG = 900 * 1000, SHORT = READER_ROOM };
    static const size_t pieces[] = {1000, 65536, 70001, 1 << 20};
    struct talk t = talk(BUFFER_UNLIMITED);
    char *payload = malloc(LONG);

    (void)state;
    for (size_t i = 0; i < LONG; i++)
        payload[i] = (char)('a' + i % 23);
    memcpy(payload + 100000, "\xe2\x82\xac", 3); /* not ASCII throughout */
    send_frame(&t, 0x81, payload, LONG);
    expect_data(&t, "text", payload, LONG);
    send_frame(&t, 0x81, payload, SHORT);
    expect_data(&t, "text", payload, SHORT);
    send_frame(&t, 0x02, payload, LONG / 2);
    send_string(&t, 0x89, "amid it");
    expect(&t, "ping", 0, "amid it");
    send_frame(&t, 0x80, payload + LONG / 2, LONG - LONG / 2);
    expect_data(&t, "binary", payload, LONG);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        size_t placed = take_into_room(&t, pieces[i]);
        if (pieces[i] < LONG) /* all but beginnings and ends */
            assert_in_range(placed, LONG, 2 * LONG);
    }
    free(payload);
    end_talk(&t);
}

static void makes_no_room_for_what_is_no_payload(void **state)
{
    static char chunk[READER_ROOM];
    struct reader reader;
    size_t size = sizeof chunk;

    (void)state;
    reader_init(&reader, (size_t)1 << 30);
    assert_null(reader_room(&reader, &size));
    struct text input = {(char[]){"\x82\xff\0\0\0\0\x3f\xff\xff\xffmask"}, 14}; /* a promise of a gigabyte */
    assert_int_equal(reader_next(&reader, &input).kind, READER_NEED_MORE);
    assert_null(reader_room(&reader, &size)); /* nothing of it has come */
    input = (struct text){chunk, sizeof chunk};
    assert_int_equal(reader_next(&reader, &input).kind, READER_NEED_MORE);
    assert_non_null(reader_room(&reader, &size));
    assert_in_range(size, READER_ROOM, 3 * READER_ROOM);
    reader_deinit(&reader);

    reader_init(&reader, 2 * READER_ROOM); /* nor beyond its frame, or what a message may be */
    input = (struct text){(char[]){"\x82\xff\0\0\0\0\0\x02\0\0mask"}, 14};
    assert_int_equal(reader_next(&reader, &input).kind, READER_NEED_MORE);
    input = (struct text){chunk, sizeof chunk};
    assert_int_equal(reader_next(&reader, &input).kind, READER_NEED_MORE);
    assert_non_null(reader_room(&reader, &size));
    assert_int_equal(size, READER_ROOM);
    input = (struct text){chunk, 1};
    assert_int_equal(reader_next(&reader, &input).kind, READER_NEED_MORE);
    assert_null(reader_room(&reader, &size)); /* what is left is copied more cheaply */
    reader_deinit(&reader);
}

static void pays_nothing_for_empty_fragments(void **state)
{
    struct reader reader;
    size_t before = allocations;

    (void)state;
    reader_init(&reader, MAX_MESSAGE);
    for (int i = 0; i < 100000; i++) {
        struct text input = {(char[]){"\x01\x80mask"}, 6};
        ((char *)input.data)[0] = i == 0;
        assert_int_equal(reader_next(&reader, &input).kind, READER_NEED_MORE);
    }
    assert_int_equal(allocations, before);
    assert_null(reader.message.data);
    reader_deinit(&reader);
}

/* Feeds the frames of `t` cut at `at`, the second piece without memory. */
static void check_fails_without_memory(struct talk *t, size_t at)
{
    struct text input = {t->sent.data, at};

    reader_init(&t->reader, MAX_MESSAGE);
    assert_int_equal(reader_next(&t->reader, &input).kind, READER_NEED_MORE);
    input = (struct text){t->sent.data + at, t->sent.length - at - 1};
    out_of_memory = true;
    struct reader_event event = reader_next(&t->reader, &input);
    out_of_memory = false;
    assert_int_equal(event.kind, READER_ERROR);
    assert_int_equal(event.code, 1011);
    assert_true(text_equal(event.reason, TEXT("out of memory")));
    reader_deinit(&t->reader);
    end_talk(t);
}

static void fails_softly_without_memory(void **state)
{
    char big[1000];

    (void)state;
    memset(big, 'x', sizeof big);
    struct talk t = talk(MAX_MESSAGE);
    send_frame(&t, 0x82, big, sizeof big);
    check_fails_without_memory(&t, 8);
    t = talk(MAX_MESSAGE);
    send_frame(&t, 0x81, big, sizeof big);
    check_fails_without_memory(&t, 30);
    t = talk(MAX_MESSAGE);
    send_frame(&t, 0x89, big, 100);
    check_fails_without_memory(&t, 3);
}

static void may_be_left_and_taken_up_again(void **state)
{
    struct talk t = talk(MAX_MESSAGE);

    (void)state;
    send_string(&t, 0x81, "one");
    send_string(&t, 0x81, "two");
    reader_init(&t.reader, MAX_MESSAGE);
    struct text input = buffer_text(&t.sent);
    assert_true(text_equal(reader_next(&t.reader, &input).data, TEXT("one")));
    assert_int_equal(input.length, 9);

    char kept[9]; /* what a caller that paused brings back, from elsewhere */
    memcpy(kept, input.data, sizeof kept);
    input = (struct text){kept, sizeof kept};
    assert_true(text_equal(reader_next(&t.reader, &input).data, TEXT("two")));
    assert_int_equal(reader_next(&t.reader, &input).kind, READER_NEED_MORE);
    reader_deinit(&t.reader);
    end_talk(&t);
}

/* Below: chance, from a fixed seed. */

static uint64_t chance = 88172645463325252u;

static size_t random_below(size_t end)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return (size_t)(chance % end);
}

static void send_random_control(struct talk *t)
{
    char payload[125];
    size_t length = random_below(sizeof payload + 1);
    bool ping = random_below(2);

    for (size_t i = 0; i < length; i++)
        payload[i] = (char)random_below(256);
    send_frame(t, ping ? 0x89 : 0x8a, payload, length);
    expect_data(t, ping ? "ping" : "pong", payload, length);
}

static void send_random_message(struct talk *t)
{
    static const char *const characters[] = {"a", "\"", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    static char payload[70000];
    bool binary = random_below(2);
    size_t wanted = random_below(20) ? random_below(300) : random_below(sizeof payload - 4);
    size_t length = 0;

    while (length < wanted) {
        const char *character = characters[random_below(8) < 6 ? 0 : random_below(5)];
        memcpy(payload + length, character, strlen(character));
        length += strlen(character);
    }
    if (binary && length > 0)
        payload[random_below(length)] = (char)random_below(256);

    int opcode = binary ? 2 : 1;
    size_t at = 0;
    while (random_below(3) == 0) {
        size_t size = random_below(length - at + 1);
        send_frame(t, opcode, payload + at, size);
        at += size;
        opcode = 0;
        if (random_below(3) == 0)
            send_random_control(t);
    }
    send_frame(t, 0x80 | opcode, payload + at, length - at);
    expect_data(t, binary ? "binary" : "text", payload, length);
}

static void chop_randomly(struct talk *t)
{
    struct pieces_taker taker = {begin, take, end, t};

    begin(t);
    for (size_t at = 0; at < t->sent.length;) {
        size_t size = random_below(random_below(4) ? 40 : 100000) + 1;
        if (size > t->sent.length - at)
            size = t->sent.length - at;
        pieces_give(&taker, t->sent.data + at, size);
        at += size;
    }
    end(t);
}

static void takes_random_talks_randomly_cut(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        struct talk t = talk(MAX_MESSAGE);
        for (size_t messages = random_below(12) + 1; messages > 0; messages--) {
            if (random_below(4) == 0)
                send_random_control(&t);
            send_random_message(&t);
        }
        for (int i = 0; i < 4; i++)
            chop_randomly(&t);
        end_talk(&t);
    }
}

/* Frames with a few bytes gone wrong: whatever comes of them whole has to come of them in pieces. */
static void says_the_same_however_it_is_cut(void **state)
{
    (void)state;
    for (int round = 0; round < 3000; round++) {
        struct talk t = talk(200);
        while (t.sent.length < 400) {
            static const int firsts[] = {0x81, 0x82, 0x01, 0x00, 0x80, 0x00, 0x80, 0x89, 0x8a, 0x88};
            char payload[100];
            size_t length = random_below(sizeof payload);
            for (size_t i = 0; i < length; i++)
                payload[i] = (char)(random_below(200) ? 'a' : random_below(256));
            send_frame(&t, firsts[random_below(random_below(20) ? 9 : 10)], payload, length);
        }
        for (size_t wrong = random_below(4); wrong > 0; wrong--)
            t.sent.data[random_below(t.sent.length)] = (char)random_below(256);

        begin(&t);
        pieces_give(&(struct pieces_taker){begin, take, end, &t}, t.sent.data, t.sent.length);
        reader_deinit(&t.reader);
        assert_int_equal(buffer_append_text(&t.expected, buffer_text(&t.said)), STATUS_OK);
        pieces_chop(&(struct pieces_taker){begin, take, end, &t}, t.sent.data, t.sent.length, 1);
        for (int i = 0; i < 4; i++)
            chop_randomly(&t);
        end_talk(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stays_small),
        cmocka_unit_test(hands_out_messages),
        cmocka_unit_test(hands_out_compressed_messages_unchecked),
        cmocka_unit_test(checks_what_is_not_compressed_beside_it),
        cmocka_unit_test(refuses_the_bit_elsewhere),
        cmocka_unit_test(holds_frames_to_their_limit),
        cmocka_unit_test(needs_more_than_nothing),
        cmocka_unit_test(takes_every_form_of_length),
        cmocka_unit_test(joins_fragments),
        cmocka_unit_test(hands_out_control_frames),
        cmocka_unit_test(takes_control_frames_amid_a_message),
        cmocka_unit_test(refuses_bad_headers),
        cmocka_unit_test(refuses_fragments_out_of_order),
        cmocka_unit_test(fails_text_at_the_first_wrong_byte),
        cmocka_unit_test(takes_characters_cut_between_fragments),
        cmocka_unit_test(takes_binary_for_what_it_is),
        cmocka_unit_test(hands_out_the_close),
        cmocka_unit_test(refuses_a_bad_close),
        cmocka_unit_test(limits_messages_from_their_headers),
        cmocka_unit_test(may_be_unlimited),
        cmocka_unit_test(copies_nothing_that_is_whole),
        cmocka_unit_test(gives_the_memory_back),
        cmocka_unit_test(grows_by_what_comes_not_by_what_is_promised),
        cmocka_unit_test(reads_long_payloads_to_where_they_stay),
        cmocka_unit_test(makes_no_room_for_what_is_no_payload),
        cmocka_unit_test(pays_nothing_for_empty_fragments),
        cmocka_unit_test(fails_softly_without_memory),
        cmocka_unit_test(may_be_left_and_taken_up_again),
        cmocka_unit_test(takes_random_talks_randomly_cut),
        cmocka_unit_test(says_the_same_however_it_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
