#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"
#include "management/counts.h"
#include "management/route.h"

#include <stdbool.h>

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

/* Whether a request needs no more than its head to be refused: 404, 405, 400, 410. On the first worker's
 * thread, for all of them. */
bool answer_refuses(struct answer *answer, const struct runner *runner, const struct request *request);

/* Whether every worker has something to say to it: the list and the counts. */
bool request_is_of_all(const struct request *request);

/* What a worker's runner has to say to a request. */
struct part {
    enum status status;
    struct answer answer; /* to one for a connection; `status` is 0 where it is for all */
    struct buffer list;   /* ids as JSON strings, with commas between */
    struct counts counts;
};

void part_init(struct part *part);
void part_deinit(struct part *part);
/* Does what is asked; on the runner's thread. */
void answer_part(struct part *part, struct runner *runner, const struct request *request);
/* Adds what another has to say, whose answer it takes over. */
void part_add(struct part *part, struct part *other);
/* Makes the answer of it, whose own it takes over. Memory that is out is a 500. */
void answer_whole(struct answer *answer, const struct runner *runner, const struct request *request,
                  struct part *part);
