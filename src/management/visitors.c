#include "management/visitors.h"
#include "base/clock.h"
#include "management/microhttpd.h"

#include <stdlib.h>
#include <sys/socket.h>

struct visitor {
    struct list node;
    int descriptor;
    uint64_t since_ms; /* when its request began, at the latest */
    bool has_asked;    /* all of its request is there */
};

static uint64_t now_ms(void)
{
    return clock_now_ns() / 1000000;
}

void visitors_init(struct visitors *visitors)
{
    list_init(&visitors->all);
}

bool visitors_are_there(const struct visitors *visitors)
{
    return !list_is_empty(&visitors->all);
}

void visitors_part(struct visitors *visitors)
{
    char byte;

    for (struct list *node = visitors->all.next; node != &visitors->all; node = node->next) {
        struct visitor *visitor = LIST_ENTRY(node, struct visitor, node);
        if (now_ms() - visitor->since_ms >= VISITORS_PATIENCE_MS ||
            (!visitor->has_asked && recv(visitor->descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0))
            shutdown(visitor->descriptor, SHUT_RDWR); /* an edge that is heard */
    }
}

/* NULL where memory was out for it. */
static struct visitor *visitor_of(struct MHD_Connection *http)
{
    const union MHD_ConnectionInfo *info = mhd.get_connection_info(http, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

void visitors_asked(struct MHD_Connection *http)
{
    struct visitor *visitor = visitor_of(http);

    if (visitor)
        visitor->has_asked = true;
}

void visitors_answered(struct MHD_Connection *http)
{
    struct visitor *visitor = visitor_of(http);

    if (!visitor)
        return;
    visitor->since_ms = now_ms();
    visitor->has_asked = false;
}

void visitors_notify(void *owner, struct MHD_Connection *http, void **state,
                     enum MHD_ConnectionNotificationCode code)
{
    struct visitors *visitors = owner;

    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        struct visitor *visitor = *state;
        if (visitor)
            list_remove(&visitor->node);
        free(visitor);
        return;
    }
    const union MHD_ConnectionInfo *info = mhd.get_connection_info(http, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct visitor *visitor = info ? malloc(sizeof *visitor) : NULL;
    *state = visitor; /* without memory for it, the time-out has to do */
    if (!visitor)
        return;
    visitor->descriptor = info->connect_fd;
    visitor->since_ms = now_ms();
    visitor->has_asked = false;
    list_append(&visitors->all, &visitor->node);
}
