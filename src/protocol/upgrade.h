#pragma once

#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The client's side of the opening handshake (RFC 6455, section 4.2.1; RFC 9112 for the request itself): the
 * bytes of one HTTP/1.1 request head in, a checked upgrade or the status to refuse it with out. No I/O, no
 * allocation: every text points into the caller's bytes and lives as long as they do.
 */

enum {
    UPGRADE_MAX_HEAD = 16 * 1024,  /* bytes with the blank line; beyond: 431, in the first line 414 */
    UPGRADE_MAX_TARGET = 8 * 1024, /* bytes of the request target; beyond: 414 */
    UPGRADE_MAX_HEADERS = 100,     /* header lines; beyond: 431 */
};

struct upgrade_header {
    struct text name;  /* as it came */
    struct text value; /* without surrounding blanks */
};

struct upgrade_request {
    struct text target; /* as it came: "/path?query", rarely "http://host/path?query" */
    struct text path;   /* from the first '/' to the '?', still percent-encoded; "/" where there is none */
    struct text query;  /* behind the '?', still encoded; empty where there is none */
    struct upgrade_header headers[UPGRADE_MAX_HEADERS];
    size_t header_count;
    struct text key;       /* Sec-WebSocket-Key: 24 characters of base64 for 16 bytes, checked */
    struct text protocols; /* Sec-WebSocket-Protocol, checked: the first line that offers any; or empty */
    int refusal;           /* the HTTP status to refuse with, 0 for a good upgrade */
    bool is_head;          /* a HEAD: the refusal has no body */
    const char *reason;    /* why, for the body of the refusal and the log; NULL for a good upgrade */
};

enum upgrade_result {
    UPGRADE_INCOMPLETE, /* no blank line yet; call again with more bytes behind these */
    UPGRADE_COMPLETE,   /* *request is a good upgrade; *consumed bytes were the head */
    UPGRADE_REFUSED,    /* request->refusal and ->reason say how to answer; the connection is to be closed */
};

/* Looks at the `length` bytes received so far (from the first byte of the request on). Decides as early as it
 * can: what can not become a good request any more is refused before its end has come. The answer does not
 * depend on where the bytes were cut. *consumed is set with UPGRADE_COMPLETE only; bytes behind the head are
 * the client's first frames. */
enum upgrade_result upgrade_parse(struct upgrade_request *request, const char *data, size_t length,
                                  size_t *consumed);

/* The value of the first header of that name, compared without regard to case; empty text where there is
 * none. */
struct text upgrade_header(const struct upgrade_request *request, struct text name);

/* Walks a Sec-WebSocket-Protocol value: the next offered token, empty text at the end. *rest starts as the
 * value. */
struct text upgrade_next_protocol(struct text *rest);
