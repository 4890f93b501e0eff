#include "runner/descriptors.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MOST_KEPT_BACK = 400 };

static size_t limit(void)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY ? (size_t)limit.rlim_cur
                                                                                    : SIZE_MAX;
}

/* The lowest descriptor that is free: about as many are taken. SIZE_MAX where none is free. */
static size_t taken(void)
{
    int descriptor = eventfd(0, EFD_CLOEXEC);

    if (descriptor < 0)
        return errno == EMFILE ? SIZE_MAX : 0;
    close(descriptor);
    return (size_t)descriptor;
}

size_t descriptors_kept_back(void)
{
    size_t quarter = limit() / 4;

    return quarter < MOST_KEPT_BACK ? quarter : MOST_KEPT_BACK;
}

size_t descriptors_for_connections(void)
{
    size_t all = limit();
    size_t others = taken();
    size_t kept_back = descriptors_kept_back();

    if (all == SIZE_MAX)
        return SIZE_MAX;
    return others < all && kept_back < all - others ? all - others - kept_back : 1;
}

size_t descriptors_short_from(void)
{
    size_t all = limit();

    return all == SIZE_MAX ? SIZE_MAX : all - descriptors_kept_back() / 4;
}

bool descriptors_are_short(void)
{
    size_t from = descriptors_short_from();

    return from != SIZE_MAX && taken() >= from;
}
