#include "js/litter.h"
#include "base/clock.h"
#include "js/memory.h"

enum {
    MANY = 256, /* below that it is not worth a collection */
    FEW = 16,   /* in a sweep */
    QUIET = 4,  /* sweeps */
    PAUSE = 8,
    ASKING = 4, /* sweeps of the pause */
    TIMES = 4,  /* in each of them: every time the engine thinks that a little more may go */
};

/* A collection takes as long as there is to be kept, and all that time everybody waits: where it may take
 * longer than that, or has (more than once, for somebody else may have had the processor), it is not for us.
 */
static const size_t most_resident = 96u * 1024 * 1024;
static const uint64_t long_ns = 25u * 1000 * 1000;
enum { MOST_SLOW = 2 };

/* False where the engine is to be asked instead. */
static bool collect(struct litter *litter, JSContextRef context)
{
    if (!jsc.extras.JSSynchronousGarbageCollectForDebugging || litter->slow >= MOST_SLOW ||
        memory_resident() > most_resident)
        return false;
    uint64_t start_ns = clock_now_ns();
    jsc.extras.JSSynchronousGarbageCollectForDebugging(context);
    litter->slow = clock_now_ns() - start_ns > long_ns ? litter->slow + 1 : 0;
    return true;
}

void litter_sweep(struct litter *litter, JSContextRef context)
{
    litter->made += litter->recent;
    litter->quiet = litter->recent > FEW ? 0 : litter->quiet + 1;
    litter->recent = 0;
    if (litter->pause == 0 && litter->quiet >= QUIET && litter->made >= MANY) {
        litter->made = 0;
        litter->pause = PAUSE;
        litter->asks = !collect(litter, context);
    }
    if (litter->pause == 0)
        return;
    litter->pause--;
    for (int i = 0; i < TIMES && litter->asks && litter->pause >= PAUSE - ASKING; i++)
        jsc.JSGarbageCollect(context);
}
