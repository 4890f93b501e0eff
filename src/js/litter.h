#pragma once

#include "js/engine.h"

#include <stdbool.h>

/*
 * What a burst of messages leaves in a world's heap. The engine collects when so much has been allocated
 * again, or by timers that may take minutes: of a server at rest it would stay. So when a while has passed
 * since a burst, it is collected; at once where that is quick, otherwise the engine is asked to do it soon.
 * Zeroed at first.
 */
struct litter {
    double recent;  /* events, and the like, since the last sweep */
    double made;    /* and since it was collected last */
    unsigned quiet; /* sweeps in a row that made little */
    unsigned pause; /* sweeps until it may be collected again */
    bool asks;      /* this time */
    unsigned slow;  /* collections at once in a row that have taken long */
};

/* There have been so many events, or as much else that nobody keeps any more. */
static inline void litter_made(struct litter *litter, double count)
{
    litter->recent += count;
}

/* To be called now and then, by no script. */
void litter_sweep(struct litter *litter, JSContextRef context);
