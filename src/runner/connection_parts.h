#pragma once

#include "protocol/frame.h"
#include "protocol/reader.h"
#include "runner/connection.h"

/*
 * What the three parts of a connection know of each other; nobody else includes this.
 *
 *   connection.c           the channel's events, sending, ending
 *   connection_opening.c   HEAD and CONNECTING: the handshake, on_connect
 *   connection_messages.c  OPEN: messages in, replies out
 */

/* ---- connection.c ---- */

/* Behind what waits already. */
NODISCARD enum status connection_keep_input(struct connection *connection, struct text data);
/* It has been dealt with, or counts no more. */
void connection_forget_input(struct connection *connection);
/* The first `count` bytes have been dealt with. */
void connection_consume_input(struct connection *connection, size_t count);
/* Memory is out: logs it and drops the connection. */
void connection_give_up(struct connection *connection);
NODISCARD enum status connection_append_frame(struct buffer *out, enum frame_opcode opcode, struct text data);
/* Anything but STATUS_OK where memory is out, and the connection given up. */
enum status connection_send_frame(struct connection *connection, enum frame_opcode opcode, struct text data);
/* What was pushed before the 101 has been dealt with, or counts no more. */
void connection_forget_early(struct connection *connection);
/* Whether a message of so many bytes is worth compressing, for this client. */
bool connection_compresses(const struct connection *connection, size_t length);
/* The thread's codec; NULL when memory is out. */
NODISCARD struct deflate *connection_deflate(struct connection *connection);
/* As connection_send_frame(), of a whole message: compressed, where that pays. */
enum status connection_send_message(struct connection *connection, enum frame_opcode opcode,
                                    struct text data);
/* After anything was queued: a peer that does not read must not cost more than --max-buffered. */
void connection_wrote(struct connection *connection);
/* That much is unsent: closes the connection with 1013. */
void connection_overflow(struct connection *connection);
/* A message of so many bytes was queued. */
void connection_sent_message(struct connection *connection, size_t length);
/* Lets go on what waited for less to be unsent. */
void connection_tell_drained(struct connection *connection);
void connection_set_deadline(struct connection *connection, uint32_t delay_ms); /* 0: none */
/* Sets the deadline of an open connection to what is due next: a ping, or its end for being idle or old. */
void connection_schedule(struct connection *connection);
/* Lets what is queued leave, then ends the connection. */
void connection_finish(struct connection *connection);
/* The peer has sent its Close, which is answered in kind; or, `badly`, broke the protocol or a limit: it gets
 * told, and nothing more is read. */
void connection_end(struct connection *connection, bool badly, uint16_t code, struct text reason);
/* What on_disconnect is to hear. */
void connection_set_close(struct connection *connection, uint16_t code, struct text reason);
/* Reads from the channel or not, as the state wants it. */
void connection_update_reading(struct connection *connection);
/* Runs on_disconnect, once, for a connection that was open; not before its on_connect has ended. */
void connection_disconnect(struct connection *connection);
/* Frees it where the channel is closed and the last event has ended: the last thing a caller does with it. */
void connection_free_if_over(struct connection *connection);

/* ---- connection_opening.c ---- */

/* `input` holds all that came so far. */
void connection_read_head(struct connection *connection);
/* In HEAD or CONNECTING: answers the request with an HTTP status, and ends the connection. */
void connection_refuse(struct connection *connection, int status, const char *reason);

/* ---- connection_messages.c ---- */

/* Whether the next message may be taken. While closing they may all: they are dropped. */
bool connection_may_take(const struct connection *connection);
void connection_read_input(struct connection *connection, struct text *input);
/* Goes on with what had to wait. */
void connection_resume(struct connection *connection);
