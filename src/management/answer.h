#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"
#include "management/route.h"

/* What a request that was let in is answered. */

struct runner;

struct request {
    struct route route;
    unsigned method;  /* enum route_method */
    struct text id;   /* the connection's; empty where there was none. This and the next decoded */
    struct text code; /* of the query; data is NULL where it has none, as with the next */
    struct text reason;
    struct text body;
};

struct answer {
    unsigned status; /* HTTP's */
    const char *content_type;
    const char *error_type;   /* for x-amzn-ErrorType; NULL for none */
    const char *allowed;      /* for Allow; NULL for none */
    const char *authenticate; /* for WWW-Authenticate; NULL for none */
    struct buffer body;       /* owned: buffer_deinit() */
};

/* {"message": …} with what goes with the status. */
void answer_error(struct answer *answer, unsigned status, const char *message);

/* Whether a request needs no more than its head to be refused: 404, 405, 400, 410. */
bool answer_refuses(struct answer *answer, const struct runner *runner, const struct request *request);

/* Does what is asked. Memory that is out is a 500. */
void answer_request(struct answer *answer, struct runner *runner, const struct request *request);
