#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * TLS without I/O: ciphertext in, plain bytes out, and the other way round. TLS 1.2 and later, ALPN
 * "http/1.1", tickets for resumption. A session keeps no buffer of its own between two calls but for a record
 * that is cut.
 */

struct tls_context; /* a certificate and its key */
struct tls_session; /* one connection's */

/* PEM, in a file or in memory. */
struct tls_pem {
    const char *name; /* the file's path; of a text, what errors call it */
    const char *text; /* NULL: it is in the file */
};

/* Reads the key, which must not be encrypted (nobody is there to be asked for its passphrase), and the
 * certificate with its chain behind it. On failure `error` gets one line that begins with a name. */
NODISCARD enum status tls_context_create(struct tls_context **context, struct tls_pem key,
                                         struct tls_pem certificate, struct buffer *error);
/* One more owner, who will destroy it; from any thread, as that and tls_session_create(). */
struct tls_context *tls_context_ref(struct tls_context *context);
/* Sessions made of it go on. NULL is fine. */
void tls_context_destroy(struct tls_context *context);

/* A server's session. NULL when memory is out. */
NODISCARD struct tls_session *tls_session_create(struct tls_context *context);
void tls_session_destroy(struct tls_session *session); /* NULL is fine */

enum tls_result {
    TLS_OK,     /* all that could be done is done */
    TLS_ENDED,  /* the peer has said that nothing more comes */
    TLS_FAILED, /* the peer broke the protocol, asks without end, or the handshake failed: an alert may be in
                   `out` */
};

/* What an open session answers in a row, without a byte of the peer's own between: new keys that it asks for
 * (RFC 8446, section 4.6.3), renegotiations that it is refused. Nobody needs more; beyond, it has failed. */
enum { TLS_MOST_ANSWERS = 32 };

/*
 * Takes from *ciphertext what fills at most `capacity` bytes of `plain`; *length is how many came. Call it
 * again while it gives any, or while *ciphertext has bytes left. What the handshake wants sent is appended to
 * `out`.
 */
NODISCARD enum tls_result tls_decrypt(struct tls_session *session, struct text *ciphertext, char *plain,
                                      size_t capacity, size_t *length, struct buffer *out);

/* Whether the handshake has ended, so that tls_encrypt() may be called. */
bool tls_is_open(const struct tls_session *session);

/* Appends `plain` as records to `out`. */
NODISCARD enum tls_result tls_encrypt(struct tls_session *session, struct text plain, struct buffer *out);

/* Appends the alert that nothing more will come (RFC 8446, section 6.1). */
void tls_end(struct tls_session *session, struct buffer *out);
