#include "fuzz.h"

#include "base/buffer.h"
#include "base/utf8.h"
#include "protocol/close.h"
#include "protocol/deflate.h"
#include "protocol/reader.h"

/*
 * The reader. The input is how to read and then what a client sends after the handshake:
 *
 *     flags: 1 may_compress, 2 max_frame holds | max_message, 2 bytes | max_frame, 2 bytes | three sizes of
 *     pieces, each less one | the frames
 *
 * What the reader tells is written down as a transcript; the bytes given whole, one by one and in pieces of
 * the three sizes in turn must all give the same one.
 */

enum { SIZES = 3 };

struct way {
    bool may_compress;
    size_t max_message;
    uint32_t max_frame;
    size_t sizes[SIZES];
};

static struct deflate *codec; /* one for all messages, as in a loop; what came before must not matter */

static void note(struct buffer *transcript, struct text bytes)
{
    HOLDS(buffer_printf(transcript, "%zu:", bytes.length) == STATUS_OK);
    HOLDS(buffer_append_text(transcript, bytes) == STATUS_OK);
}

static void note_expanded(struct buffer *transcript, const struct way *way, struct text payload)
{
    struct text message;

    if (!codec)
        codec = deflate_create();
    HOLDS(codec);
    enum status status = deflate_expand(codec, payload, way->max_message, &message);
    HOLDS(status == STATUS_OK || status == STATUS_LIMIT || status == STATUS_INVALID);
    HOLDS(buffer_printf(transcript, " expanded %d ", (int)status) == STATUS_OK);
    if (status == STATUS_OK) {
        HOLDS(message.length <= way->max_message);
        note(transcript, message);
    }
}

/* Our own header for such a message: as a client's, with its mask, it says the same. */
static void check_header(const struct reader_event *event)
{
    uint8_t header[FRAME_MAX_SERVER_HEADER + 4] = {0};
    enum frame_opcode opcode = event->binary ? FRAME_BINARY : FRAME_TEXT;
    struct frame frame;
    const char *error;

    size_t length = frame_encode_header(header, opcode, event->data.length);
    if (event->compressed)
        frame_mark_compressed(header);
    HOLDS(length <= FRAME_MAX_SERVER_HEADER && !(header[1] & 0x80));
    header[1] |= 0x80;
    HOLDS(frame_decode(&frame, header, length + 4, true, &error) == FRAME_OK);
    HOLDS(frame.final && frame.opcode == opcode && frame.compressed == event->compressed);
    HOLDS(frame.length == event->data.length && frame.header_length == length + 4);
}

/* A text as the reason of a close: as much of it as there is room for. */
static void check_reason(struct text text)
{
    uint8_t payload[2 + CLOSE_MAX_REASON];
    enum close_code answer;
    struct text reason;
    uint16_t code;

    size_t length = close_encode(payload, CLOSE_INTERNAL_ERROR, text);
    HOLDS(close_decode(payload, length, &code, &reason, &answer) == STATUS_OK);
    HOLDS(code == CLOSE_INTERNAL_ERROR && text_starts_with(text, reason));
    HOLDS(reason.length == text.length || reason.length > CLOSE_MAX_REASON - 4);
}

static void check_message(const struct way *way, const struct reader_event *event)
{
    check_header(event);
    HOLDS(event->data.length <= way->max_message);
    HOLDS(!event->compressed || way->may_compress);
    if (!event->binary && !event->compressed) {
        HOLDS(utf8_is_valid(event->data.data, event->data.length));
        check_reason(event->data);
    }
}

/* What it says can be said back. */
static void check_close(const struct reader_event *event)
{
    uint8_t payload[2 + CLOSE_MAX_REASON];
    enum close_code answer;
    struct text reason;
    uint16_t code;

    HOLDS(event->code == CLOSE_NO_STATUS || close_code_is_sendable(event->code));
    HOLDS(event->reason.length <= CLOSE_MAX_REASON);
    HOLDS(utf8_is_valid(event->reason.data, event->reason.length));
    size_t length = close_encode(payload, event->code, event->reason);
    HOLDS(close_decode(payload, length, &code, &reason, &answer) == STATUS_OK);
    HOLDS(code == event->code && text_equal(reason, event->reason));
}

static void check_error(const struct reader_event *event)
{
    HOLDS(event->code == CLOSE_PROTOCOL_ERROR || event->code == CLOSE_INVALID_PAYLOAD ||
          event->code == CLOSE_TOO_BIG);
    HOLDS(event->reason.length > 0 && event->reason.length <= CLOSE_MAX_REASON);
}

static void check_event(const struct way *way, const struct reader_event *event)
{
    switch (event->kind) {
    case READER_NEED_MORE: break;
    case READER_MESSAGE: check_message(way, event); break;
    case READER_PING:
    case READER_PONG: HOLDS(event->data.length <= FRAME_MAX_CONTROL); break;
    case READER_CLOSE: check_close(event); break;
    case READER_ERROR: check_error(event); break;
    }
}

static void note_event(struct buffer *transcript, const struct way *way, const struct reader_event *event)
{
    HOLDS(buffer_printf(transcript, "kind %d%s%s ", (int)event->kind, event->binary ? " binary" : "",
                        event->compressed ? " compressed" : "") == STATUS_OK);
    if (event->kind == READER_CLOSE || event->kind == READER_ERROR) {
        HOLDS(buffer_printf(transcript, "code %u ", (unsigned)event->code) == STATUS_OK);
        note(transcript, event->reason);
    } else {
        note(transcript, event->data);
    }
    if (event->kind == READER_MESSAGE && event->compressed)
        note_expanded(transcript, way, event->data);
    HOLDS(buffer_append_text(transcript, TEXT("\n")) == STATUS_OK);
}

/* Between messages a reader owns nothing; amid one no more than it may. */
static void check_memory(const struct reader *reader, const struct way *way)
{
    if (reader->message_opcode == FRAME_CONTINUATION && reader->control_length == 0)
        HOLDS(!reader->message.data);
    HOLDS(reader->message.length <= way->max_message);
    HOLDS(reader->header_length < FRAME_MAX_HEADER);
}

/* The caller may do with an event's bytes what it likes. */
static void spoil(struct text data)
{
    if (data.length > 0)
        memset((void *)(uintptr_t)data.data, 0xA5, data.length);
}

/* False where nothing counts any more. */
static bool read_piece(struct reader *reader, const struct way *way, struct text input,
                       struct buffer *transcript)
{
    for (;;) {
        struct reader_event event = reader_next(reader, &input);
        check_event(way, &event);
        if (event.kind == READER_NEED_MORE)
            break;
        note_event(transcript, way, &event);
        if (event.kind == READER_CLOSE || event.kind == READER_ERROR)
            return false;
        spoil(event.data);
    }
    HOLDS(input.length == 0);
    check_memory(reader, way);
    return true;
}

/* The transcript of the stream in pieces of these sizes, in turn. */
static void read_stream(const struct way *way, struct text stream, const size_t sizes[SIZES],
                        struct buffer *transcript)
{
    struct reader reader;
    bool goes_on = true;

    reader_init(&reader, way->max_message);
    reader.may_compress = way->may_compress;
    reader.max_frame = way->max_frame;
    buffer_init(transcript, BUFFER_UNLIMITED);
    for (size_t at = 0, turn = 0; goes_on && at < stream.length; turn++) {
        size_t length = sizes[turn % SIZES];
        if (length > stream.length - at)
            length = stream.length - at;
        struct text piece = fuzz_copy((struct text){stream.data + at, length});
        goes_on = read_piece(&reader, way, piece, transcript);
        fuzz_free(piece);
        at += length;
    }
    reader_deinit(&reader);
}

static void check_same(const struct way *way, struct text stream, const size_t sizes[SIZES],
                       const struct buffer *expected)
{
    struct buffer transcript;

    read_stream(way, stream, sizes, &transcript);
    HOLDS(text_equal(buffer_text(&transcript), buffer_text(expected)));
    buffer_deinit(&transcript);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t whole[SIZES] = {SIZE_MAX, SIZE_MAX, SIZE_MAX};
    static const size_t bytes[SIZES] = {1, 1, 1};
    struct text input = fuzz_input(data, size);
    struct buffer transcript;
    struct way way;

    unsigned flags = fuzz_take_byte(&input);
    way.may_compress = flags & 1;
    way.max_message = fuzz_take_number(&input);
    way.max_frame = fuzz_take_number(&input);
    if (!(flags & 2))
        way.max_frame = 0;
    for (size_t i = 0; i < SIZES; i++)
        way.sizes[i] = fuzz_take_byte(&input) + 1;

    read_stream(&way, input, whole, &transcript);
    check_same(&way, input, bytes, &transcript);
    check_same(&way, input, way.sizes, &transcript);
    buffer_deinit(&transcript);
    return 0;
}
