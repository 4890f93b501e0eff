#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"
#include "pipeline/handler.h"

#include <stdbool.h>

/*
 * Two languages over one event. The one that came to it last with a world of its own (JavaScript) *holds* it:
 * the event's payload, parameters, identity and response are objects there. Handlers in C have no such world.
 * They see an event through a *view*: what they ask for is read out of the holder, what they change is kept
 * in the view until the holder is called next, which takes it over first.
 *
 *     JavaScript chain        C chain                            JavaScript chain, or the reply
 *     event.params = …  <--read-- configurapi_event_params()
 *                             configurapi_set_param()  --changes-->  event.params = …
 *
 * As long as no language holds the event, the view is all there is of what was changed.
 */

struct event;

struct event_view_functions {
    /* Appends what was changed since the holder was told last, members of an object:
     *     "response": null | {"new": true, "statusCode": …, "headers": {…}, "body": …, "bytes": "<base64>",
     * "stream": true}, "params": {…}, "payload": …, "identity": …, "absent": ["payload", "identity"] each
     * only where it holds. From then on nothing is changed; on failure all still is. */
    enum status (*append_changes)(struct event *event, struct buffer *out);
    /* Handlers of the holder have run: what was read before may be other now. */
    void (*forget)(struct event *event);
    /* The holder's response is the stream that the view gave it. `reply` is its text with an empty body,
     * which is gone when this returns. */
    enum verdict (*stream)(struct event *event, struct text reply);
    /* The event has ended. */
    void (*release)(struct event *event);
};

/* Embedded in what its language keeps of the event, from the event's arena. */
struct event_view {
    const struct event_view_functions *functions;
    bool changed;
};
