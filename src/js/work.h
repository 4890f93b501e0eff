#pragma once

#include "base/list.h"
#include "js/engine.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What takes long and needs no JavaScript: done on another thread while its world goes on, then told to it.
 * It owns all that it touches, and may outlive its world: then what came of it is dropped.
 *
 *   work_start() -> functions->work() -> run(), on another thread -> work_end() -> result(), destroy()
 *
 * It is the head of a struct of its maker's.
 */
struct world;

struct work {
    struct list node;    /* in its world's works */
    struct world *world; /* NULL once that is gone */
    uint32_t id;         /* JavaScript's number for what waits */
    /* On another thread. */
    void (*run)(struct work *work);
    /* On the world's thread: what JavaScript gets. Sets *exception where that is an error. */
    JSValueRef (*result)(struct work *work, JSContextRef context, JSValueRef *exception);
    void (*destroy)(struct work *work); /* on the world's thread */
};

/* Hands the work, whose functions are set, to whoever runs the world. It is destroyed where that does not
 * take it, with *exception set. Returns undefined. */
JSValueRef work_start(struct work *work, struct world *world, uint32_t id, JSContextRef context,
                      JSValueRef *exception);

/* For whoever ran it, or could not: tells the world, where it is there and `done`, and destroys the work. */
void work_end(struct work *work, bool done);

/* The world is going. */
void work_forget_all(struct list *works);
