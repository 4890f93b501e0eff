#pragma once

#include "js/engine.h"

/*
 * C's objects in JavaScript's hands: an object that carries one, and frees it when it is collected. They stay
 * inside the internal modules: no script of a handler's ever sees one.
 */

struct handle_kind {
    const char *name;
    void (*destroy)(void *object); /* on any thread; may not call the engine */
};

/* The object is destroyed where there is no memory for the handle: then *exception is set. */
JSValueRef handle_make(JSContextRef context, const struct handle_kind *kind, void *object,
                       JSValueRef *exception);

/* NULL, with *exception set to a TypeError, where the value is no handle of that kind. */
void *handle_get(JSContextRef context, JSValueRef value, const struct handle_kind *kind,
                 JSValueRef *exception);
