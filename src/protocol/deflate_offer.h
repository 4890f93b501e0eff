#pragma once

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/* What a client offers of permessage-deflate (RFC 7692, section 7.1), and what is answered. */

struct deflate_agreement {
    uint8_t window_bits;   /* of what we send: 9 to 15; 0: no compression */
    bool says_window_bits; /* the client asked for it: the answer has to say it */
    bool malformed; /* the value breaks the grammar: the connection is to be failed (RFC 6455, section 9.1) */
};

/*
 * Takes the first offer of a Sec-WebSocket-Extensions value that can be held to; others, and a value that is
 * not well-formed, are passed over. Neither side keeps a context from one message to the next: the answer
 * says so to the client, which any client must take (7.1.1), so that nothing is kept for an idle connection.
 */
struct deflate_agreement deflate_agree(struct text offers);

enum { DEFLATE_ANSWER_SIZE = 128 };
/* The answer's header value; empty where there is no agreement. */
struct text deflate_answer(const struct deflate_agreement *agreement, char out[DEFLATE_ANSWER_SIZE]);
