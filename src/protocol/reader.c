#include "protocol/reader.h"

#include <string.h>

/*
 *           header complete                    payload complete: a control frame, or
 *      +--------------------------> frame ---------- the last of a message ---------> event
 *      |                            |   ^
 *   between <--- a fragment --------+   +-- part of a payload: checked and collected
 */

void reader_init(struct reader *reader, size_t max_message)
{
    bool sums = max_message <= BUFFER_UNLIMITED - FRAME_MAX_CONTROL;

    *reader = (struct reader){.max_message = max_message};
    buffer_init(&reader->message, sums ? max_message + FRAME_MAX_CONTROL : BUFFER_UNLIMITED);
    utf8_init(&reader->utf8);
}

void reader_deinit(struct reader *reader)
{
    buffer_deinit(&reader->message);
}

void reader_rest(struct reader *reader)
{
    if (reader->message.data && reader->message_opcode == FRAME_CONTINUATION && reader->control_length == 0)
        buffer_deinit(&reader->message);
}

static void fail(struct reader_event *event, enum close_code code, const char *reason)
{
    event->kind = READER_ERROR;
    event->code = (uint16_t)code;
    event->reason = text_from_cstr(reason);
}

static void advance(struct text *input, size_t count)
{
    input->data += count;
    input->length -= count;
}

static enum frame_result decode_header(struct reader *reader, struct text *input, struct frame *frame,
                                       const char **error)
{
    const uint8_t *data = (const uint8_t *)input->data;
    size_t length = input->length;
    size_t kept = reader->header_length;

    if (kept > 0) {
        size_t room = sizeof reader->header - kept;
        size_t more = length < room ? length : room;
        memcpy(reader->header + kept, data, more);
        data = reader->header;
        length = kept + more;
    }
    enum frame_result result = frame_decode(frame, data, length, reader->may_compress, error);
    if (result == FRAME_OK) {
        advance(input, frame->header_length - kept);
        reader->header_length = 0;
    } else if (result == FRAME_INCOMPLETE) { /* then the input was shorter than the longest header */
        if (kept == 0)
            memcpy(reader->header, data, length);
        reader->header_length = (uint8_t)length;
        advance(input, input->length);
    }
    return result;
}

/* Whether a data frame may come here, and is not too long. */
static bool admit(struct reader *reader, const struct frame *frame, struct reader_event *event)
{
    bool inside = reader->message_opcode != FRAME_CONTINUATION;

    if (frame->opcode == FRAME_CONTINUATION && !inside)
        fail(event, CLOSE_PROTOCOL_ERROR, "a continuation of no message");
    else if (frame->opcode != FRAME_CONTINUATION && inside)
        fail(event, CLOSE_PROTOCOL_ERROR, "a new message inside a fragmented one");
    else if (frame->length > reader->max_message - reader->message.length)
        fail(event, CLOSE_TOO_BIG, "the message is too long");
    else if (reader->max_frame && frame->length > reader->max_frame)
        fail(event, CLOSE_TOO_BIG, "the frame is too long");
    else
        return true;
    return false;
}

/* Takes a header and begins its frame. False where the input ends first, or *event is a READER_ERROR. */
static bool begin_frame(struct reader *reader, struct text *input, struct reader_event *event)
{
    struct frame frame;
    const char *error;

    switch (decode_header(reader, input, &frame, &error)) {
    case FRAME_OK: break;
    case FRAME_INCOMPLETE: return false;
    case FRAME_BAD: fail(event, CLOSE_PROTOCOL_ERROR, error); return false;
    }
    if (frame.opcode < FRAME_CLOSE) {
        if (!admit(reader, &frame, event))
            return false;
        if (frame.opcode != FRAME_CONTINUATION) {
            reader->message_opcode = (uint8_t)frame.opcode;
            reader->compressed = frame.compressed;
        }
    }
    memcpy(reader->mask, frame.mask, sizeof reader->mask);
    reader->mask_offset = 0;
    reader->frame_left = frame.length;
    reader->frame_opcode = (uint8_t)frame.opcode;
    reader->frame_final = frame.final;
    return true;
}

static void fail_collecting(struct reader_event *event)
{
    fail(event, CLOSE_INTERNAL_ERROR, "out of memory");
}

/* Whether a message that is text is UTF-8 so far, and whole where it is complete. */
static bool check_text(struct reader *reader, struct text data, bool ascii, bool complete)
{
    if (ascii && utf8_is_complete(&reader->utf8))
        return true;
    return utf8_feed(&reader->utf8, data.data, data.length) && (!complete || utf8_is_complete(&reader->utf8));
}

static enum status collect(struct reader *reader, struct text data)
{
    struct buffer *message = &reader->message;

    if (!message->data || data.data != message->data + message->length)
        return buffer_append_text(message, data);
    message->length += data.length; /* it came to reader_room() */
    return STATUS_OK;
}

/* `data` is a piece of a data frame. What is whole is handed out where it lies; only what is cut is
 * collected. */
static void take_data(struct reader *reader, struct text data, bool ascii, struct reader_event *event)
{
    bool complete = reader->frame_left == 0 && reader->frame_final;

    if (reader->message_opcode == FRAME_TEXT && !reader->compressed &&
        !check_text(reader, data, ascii, complete)) {
        fail(event, CLOSE_INVALID_PAYLOAD, "a text message that is not UTF-8");
        return;
    }
    if (!complete || reader->message.length > 0) {
        if (collect(reader, data) != STATUS_OK) {
            fail_collecting(event);
            return;
        }
        if (!complete)
            return;
        data = buffer_text(&reader->message);
    }
    event->kind = READER_MESSAGE;
    event->binary = reader->message_opcode == FRAME_BINARY;
    event->compressed = reader->compressed;
    event->data = data;
    reader->message_opcode = FRAME_CONTINUATION;
}

static void end_close(struct text payload, struct reader_event *event)
{
    enum close_code answer;

    event->kind = READER_CLOSE;
    if (close_decode((const uint8_t *)payload.data, payload.length, &event->code, &event->reason, &answer) !=
        STATUS_OK)
        fail(event, answer,
             answer == CLOSE_INVALID_PAYLOAD ? "a close reason that is not UTF-8" : "a bad close code");
}

/* `data` is a piece of a control frame; a cut one is collected behind the message it may have come amid. */
static void take_control(struct reader *reader, struct text data, struct reader_event *event)
{
    size_t whole = reader->control_length + data.length + (size_t)reader->frame_left;

    if (data.length < whole && data.length > 0) {
        if (buffer_reserve(&reader->message, whole) != STATUS_OK) {
            fail_collecting(event);
            return;
        }
        char *kept = reader->message.data + reader->message.length;
        memcpy(kept + reader->control_length, data.data, data.length);
        reader->control_length = (uint8_t)(reader->control_length + data.length);
        data = (struct text){kept, reader->control_length};
    }
    if (reader->frame_left > 0)
        return;
    reader->control_length = 0;
    event->data = data;
    if (reader->frame_opcode == FRAME_CLOSE)
        end_close(data, event);
    else
        event->kind = reader->frame_opcode == FRAME_PING ? READER_PING : READER_PONG;
}

static void take_payload(struct reader *reader, struct text *input, struct reader_event *event)
{
    struct text data = *input;

    if (data.length > reader->frame_left)
        data.length = (size_t)reader->frame_left;
    advance(input, data.length);
    bool ascii = frame_unmask((uint8_t *)data.data, data.length, reader->mask, reader->mask_offset);
    reader->mask_offset = (uint8_t)((reader->mask_offset + data.length) % sizeof reader->mask);
    reader->frame_left -= data.length;
    if (reader->frame_opcode >= FRAME_CLOSE)
        take_control(reader, data, event);
    else
        take_data(reader, data, ascii, event);
}

char *reader_room(struct reader *reader, size_t *size)
{
    struct buffer *message = &reader->message;

    if (reader->frame_left < READER_ROOM || message->length < READER_ROOM ||
        reader->frame_opcode >= FRAME_CLOSE)
        return NULL;
    size_t room = message->capacity - message->length;
    if (room < READER_ROOM) { /* again as much as has come, so that it is not moved often */
        size_t more = message->length < reader->frame_left ? message->length : (size_t)reader->frame_left;
        if (buffer_reserve(message, more) != STATUS_OK)
            return NULL;
        room = message->capacity - message->length;
    }
    *size = room < reader->frame_left ? room : (size_t)reader->frame_left;
    return message->data + message->length;
}

struct reader_event reader_next(struct reader *reader, struct text *input)
{
    struct reader_event event = {.kind = READER_NEED_MORE};

    reader_rest(reader);
    while (event.kind == READER_NEED_MORE && input->length > 0)
        if (reader->frame_left > 0 || begin_frame(reader, input, &event))
            take_payload(reader, input, &event);
    return event;
}
