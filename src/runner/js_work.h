#pragma once

#include "base/status.h"
#include "js/work.h"

struct js_loop;

/* Has JavaScript's work done by the loop's pool of threads; `owner` is the js_loop (see struct
 * js_host_functions). */
NODISCARD enum status js_work_queue(void *owner, struct work *work);

/* For js_loop_close(): drops what has not begun, which is told later. */
void js_work_cancel(struct js_loop *js);
