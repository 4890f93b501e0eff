#pragma once

#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Close codes and the close frame's payload (RFC 6455, sections 5.5.1 and 7.4). */

enum close_code {
    CLOSE_NORMAL = 1000,
    CLOSE_GOING_AWAY = 1001,
    CLOSE_PROTOCOL_ERROR = 1002,
    CLOSE_UNSUPPORTED_DATA = 1003,
    CLOSE_NO_STATUS = 1005, /* never sent: the peer's Close had no code */
    CLOSE_ABNORMAL = 1006,  /* never sent: no Close came */
    CLOSE_INVALID_PAYLOAD = 1007,
    CLOSE_POLICY_VIOLATION = 1008,
    CLOSE_TOO_BIG = 1009,
    CLOSE_INTERNAL_ERROR = 1011,
    CLOSE_TRY_AGAIN_LATER = 1013,
};

enum { CLOSE_MAX_REASON = 123 }; /* bytes of UTF-8 */

/* Whether an endpoint may send this code: 1000-1003, 1007-1014, 3000-4999. */
bool close_code_is_sendable(unsigned code);

/* Reads a close frame's payload: none is CLOSE_NO_STATUS with an empty reason. STATUS_INVALID where it is one
 * byte long, the code may not be sent, or the reason is not UTF-8; *answer is then the code to close with
 * (1002 or 1007). */
NODISCARD enum status close_decode(const uint8_t *payload, size_t length, uint16_t *code, struct text *reason,
                                   enum close_code *answer);

/* Writes the payload of a close frame into `out` and returns its length. `code` must be one that may be sent,
 * or CLOSE_NO_STATUS, which gives an empty payload. `reason` must be UTF-8; one that is too long is cut
 * between characters. */
size_t close_encode(uint8_t out[2 + CLOSE_MAX_REASON], uint16_t code, struct text reason);
