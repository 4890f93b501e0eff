#pragma once

#include "management/answer.h"

#include <stdbool.h>

/*
 * A request on its way to those workers that have a part in it, and back: one for a connection goes to the
 * worker that has the connection, one for the list or the counts to all. What is the first worker's own part
 * is done at once, and where there is no other, all is.
 */

struct errand;

/* `body` is the request's and the errand's from here on. NULL where the answer is there at once; otherwise
 * on_done() gets it later, from the loop. */
struct errand *errand_begin(struct answer *answer, struct runner *runner, const struct request *request,
                            struct buffer *body, void (*on_done)(void *owner, struct answer *answer),
                            void *owner);
/* Nobody waits for the answer any more: what is under way ends by itself, before the other workers close. */
void errand_abandon(struct errand *errand);
