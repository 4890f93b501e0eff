#pragma once

#include "js/engine.h"
#include "js/world.h"

/* The native functions that need to know their world, see struct world_functions. */
void native_world_install(struct world *world, JSObjectRef object);

/* Has rejections that nobody awaits reported as uncaught, where the engine can. */
void native_world_watch_rejections(struct world *world);

/* Evaluates an embedded file: an expression, usually a function. NULL, with *exception set, where it throws
 * or there is none of that name. */
JSValueRef native_evaluate_internal(JSContextRef context, const char *name, JSValueRef *exception);
