#include "protocol/close.h"
#include "base/utf8.h"

#include <assert.h>
#include <string.h>

bool close_code_is_sendable(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

enum status close_decode(const uint8_t *payload, size_t length, uint16_t *code, struct text *reason,
                         enum close_code *answer)
{
    *code = CLOSE_NO_STATUS;
    *reason = (struct text){NULL, 0};
    if (length == 0)
        return STATUS_OK;

    *answer = CLOSE_PROTOCOL_ERROR;
    if (length < 2)
        return STATUS_INVALID;
    *code = (uint16_t)(payload[0] << 8 | payload[1]);
    if (!close_code_is_sendable(*code))
        return STATUS_INVALID;
    *answer = CLOSE_INVALID_PAYLOAD;
    *reason = (struct text){(const char *)payload + 2, length - 2};
    return utf8_is_valid(reason->data, reason->length) ? STATUS_OK : STATUS_INVALID;
}

static bool continues(char c)
{
    return ((uint8_t)c & 0xC0) == 0x80;
}

size_t close_encode(uint8_t out[2 + CLOSE_MAX_REASON], uint16_t code, struct text reason)
{
    if (code == CLOSE_NO_STATUS)
        return 0;
    assert(close_code_is_sendable(code));
    if (reason.length > CLOSE_MAX_REASON) {
        reason.length = CLOSE_MAX_REASON;
        while (reason.length > 0 && continues(reason.data[reason.length]))
            reason.length--;
    }
    out[0] = (uint8_t)(code >> 8);
    out[1] = (uint8_t)code;
    if (reason.length > 0)
        memcpy(out + 2, reason.data, reason.length);
    return 2 + reason.length;
}
