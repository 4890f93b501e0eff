#pragma once

#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>

/*
 * The message envelope (CONTRACT, section 4): one strict pass over a message that says whether it is JSON,
 * exactly as JSON.parse would, and where its known members lie. Nothing is copied, nothing is built, nothing
 * is allocated: whoever wants a member's contents parses that span.
 *
 * Only the members of the top-level object count, and of several of the same name the last, as with
 * JSON.parse. Member names are compared after unescaping ("n\u0061me" is "name"). The input must be valid
 * UTF-8.
 */
enum envelope_kind {
    ENVELOPE_OBJECT,   /* an object; the members below hold */
    ENVELOPE_VALUE,    /* any other JSON value: payload is all of it, the other members are empty */
    ENVELOPE_NOT_JSON, /* the raw text is the payload; all members are empty */
    ENVELOPE_INVALID,  /* an object in which name, params, query or headers has the wrong type, see error */
};

/* A member's value as it came, without surrounding white space; empty (length 0) where the member is absent
 * or, but for payload and message_id, null. */
struct envelope {
    enum envelope_kind kind;
    bool name_has_escapes;  /* a backslash lies in it */
    struct text name;       /* the string with its quotes */
    struct text params;     /* an object, braces included */
    struct text query;      /* an object */
    struct text headers;    /* an object */
    struct text payload;    /* any value, null too */
    struct text message_id; /* any value in headers whose name is "message-id" without regard to case, as it
                               came; of several, the last in the text */
    const char *error; /* ENVELOPE_INVALID: "name must be a string" and the like, for the 400; of several the
                          first in the order above. Members of the wrong type are empty, the others hold */
};

/* Depth of nesting is not limited (JSON.parse's is not), and costs no stack. */
void envelope_scan(struct envelope *envelope, struct text message);
