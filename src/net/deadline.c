#include "net/deadline.h"

static uint64_t tick_of(uint64_t time_ms)
{
    return time_ms / DEADLINE_TICK_MS;
}

void deadlines_init(struct deadlines *deadlines, uv_loop_t *loop)
{
    uv_timer_init(loop, &deadlines->timer);
    deadlines->timer.data = deadlines;
    deadlines->count = 0;
    for (size_t i = 0; i < DEADLINE_BUCKETS; i++)
        list_init(&deadlines->buckets[i]);
}

void deadlines_close(struct deadlines *deadlines, uv_close_cb on_closed)
{
    uv_close((uv_handle_t *)&deadlines->timer, on_closed);
}

void deadline_init(struct deadline *deadline, void (*on_due)(struct deadline *deadline))
{
    list_init(&deadline->node);
    deadline->on_due = on_due;
}

static void fire(struct deadlines *deadlines, struct list *bucket, uint64_t now)
{
    struct list due;

    /* One that is a whole turn of the wheel ahead stays; so does one set again while these are fired. */
    list_init(&due);
    list_move_all(&due, bucket);
    while (!list_is_empty(&due)) {
        struct deadline *deadline = LIST_ENTRY(due.next, struct deadline, node);
        list_remove(&deadline->node);
        if (deadline->at_ms > now) {
            list_append(bucket, &deadline->node);
            continue;
        }
        deadlines->count--;
        deadline->on_due(deadline);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct deadlines *deadlines = timer->data;
    uint64_t now = uv_now(timer->loop);
    uint64_t last = tick_of(now);

    if (last - deadlines->tick > DEADLINE_BUCKETS)
        deadlines->tick = last - DEADLINE_BUCKETS;
    while (deadlines->tick < last)
        fire(deadlines, &deadlines->buckets[++deadlines->tick % DEADLINE_BUCKETS], now);
    if (deadlines->count == 0)
        uv_timer_stop(timer);
}

void deadline_set(struct deadlines *deadlines, struct deadline *deadline, uint64_t delay_ms)
{
    uint64_t now = uv_now(deadlines->timer.loop);

    deadline_cancel(deadlines, deadline);
    deadline->at_ms = now + delay_ms;
    if (deadlines->count++ == 0) {
        deadlines->tick = tick_of(now);
        uv_timer_start(&deadlines->timer, on_timer, DEADLINE_TICK_MS, DEADLINE_TICK_MS);
    }
    /* In the tick behind it, so that it never fires early. */
    list_append(&deadlines->buckets[(tick_of(deadline->at_ms) + 1) % DEADLINE_BUCKETS], &deadline->node);
}

void deadline_cancel(struct deadlines *deadlines, struct deadline *deadline)
{
    if (list_is_empty(&deadline->node))
        return;
    list_remove(&deadline->node);
    deadlines->count--;
}
