#pragma once

#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/*
 * Coarse timeouts: thousands of them on one timer of the loop. A deadline fires up to DEADLINE_TICK_MS late,
 * never early. Setting, moving and cancelling one is a list operation.
 */

enum { DEADLINE_TICK_MS = 100, DEADLINE_BUCKETS = 256 };

struct deadline {
    struct list node;
    uint64_t at_ms;
    void (*on_due)(struct deadline *deadline); /* may set it again, and free its owner */
};

struct deadlines {
    uv_timer_t timer;
    struct list buckets[DEADLINE_BUCKETS];
    uint64_t tick; /* the last one that was looked at */
    size_t count;
};

void deadlines_init(struct deadlines *deadlines, uv_loop_t *loop);
/* Those that are set never fire; they may still be cancelled, but none may be set any more. `on_closed` gets
 * the handle, whose data is `deadlines`. */
void deadlines_close(struct deadlines *deadlines, uv_close_cb on_closed);

void deadline_init(struct deadline *deadline, void (*on_due)(struct deadline *deadline));
/* From the loop's time on (uv_now()). One that is set already is moved. */
void deadline_set(struct deadlines *deadlines, struct deadline *deadline, uint64_t delay_ms);
/* Nothing happens where it is not set. */
void deadline_cancel(struct deadlines *deadlines, struct deadline *deadline);
