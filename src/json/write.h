#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"

/* Writing JSON text and the reply's shape (CONTRACT, sections 4 and 5). A call that fails appends nothing. */

/* Appends `plain` (valid UTF-8) as a JSON string in its quotes: JSON.stringify's escapes, no others. */
NODISCARD enum status json_append_string(struct buffer *out, struct text plain);

/* Appends bytes as a JSON string of base64, in its quotes. */
NODISCARD enum status json_append_base64(struct buffer *out, struct text bytes);

/* Appends bytes as a JSON string of the characters they are: what is no UTF-8 becomes U+FFFD. *cut: how many
 * at their end begin a character that is not whole yet; they are left out. */
NODISCARD enum status json_append_decoded(struct buffer *out, struct text bytes, size_t *cut);

/* Appends the reply to a failed event:
 *   {"statusCode":S,"headers":{"Content-Type":"application/json","message-id":ID},"body":{"statusCode":S,"message":M,"details":D}}
 * `message_id` is JSON text as the client gave it, empty for none; `message` and `details` are plain text. */
NODISCARD enum status json_append_error_reply(struct buffer *out, int status, struct text message,
                                              struct text details, struct text message_id);

/* Appends what stands before the body of a reply that has no headers of its own:
 *   {"statusCode":S,"headers":{"message-id":ID},"body":
 * `message_id` as above. The body's JSON and a brace are to follow. */
NODISCARD enum status json_append_reply_head(struct buffer *out, int status, struct text message_id);

/*
 * Appends a reply that a handler's language wrote, `{"statusCode":…,"headers":{…},"body":…}` in this order,
 * with the client's message-id put first into its headers; as it is, and not looked at, where `message_id` is
 * empty. The headers must not have a message-id of their own. STATUS_INVALID where the reply does not have
 * that shape, without white space between these members; the body is not looked at.
 */
NODISCARD enum status json_append_reply(struct buffer *out, struct text reply, struct text message_id);
