#pragma once

#include "base/list.h"

#include <microhttpd.h>
#include <stdbool.h>

/*
 * The sockets of those who ask, to find who has left. libmicrohttpd waits for edges of its epoll: where the
 * last bytes of half a request and the end of the stream come together, it reads the bytes and never hears of
 * the end, so that the connection would take its place until it times out.
 */
struct visitors {
    struct list all;
};

enum { VISITORS_PATIENCE_MS = 30 * 1000 }; /* for a request and its answer, and the wait for it */

void visitors_init(struct visitors *visitors);
bool visitors_are_there(const struct visitors *visitors);

/* Ends the connections that the other side has ended and nobody has noticed, and those whose request takes
 * too long, however busily its bytes trickle. To be called a second or so after whatever may have happened.
 */
void visitors_part(struct visitors *visitors);

/* All of this connection's request is there: it may end its side, and waits for the answer. */
void visitors_asked(struct MHD_Connection *http);

/* A request of this connection is over: the next one has its own time. */
void visitors_answered(struct MHD_Connection *http);

/* For MHD_OPTION_NOTIFY_CONNECTION, with the visitors as its owner. */
void visitors_notify(void *owner, struct MHD_Connection *http, void **state,
                     enum MHD_ConnectionNotificationCode code);
