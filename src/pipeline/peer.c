#include "pipeline/peer.h"
#include "pipeline/handler.h"

#include <stdlib.h>

enum status peer_meet(struct peer *peer, struct language *language, uint32_t slot)
{
    struct acquaintance *before = NULL;

    if (peer->known.language) {
        before = malloc(sizeof *before);
        if (!before)
            return STATUS_NO_MEMORY;
        *before = peer->known;
    }
    peer->known = (struct acquaintance){.language = language, .next = before, .slot = slot};
    return STATUS_OK;
}

void peer_part(struct peer *peer, const struct language *language)
{
    struct acquaintance *known = &peer->known;

    while (known->language != language) {
        known = known->next;
        if (!known)
            return;
    }
    /* The next takes its place: the first is part of the peer. */
    struct acquaintance *next = known->next;
    if (next) {
        *known = *next;
        free(next);
    } else if (known == &peer->known) {
        *known = (struct acquaintance){0};
    } else {
        struct acquaintance *last = &peer->known;
        while (last->next != known)
            last = last->next;
        last->next = NULL;
        free(known);
    }
}

void peer_tell(struct peer *peer, enum peer_news news)
{
    if (news == PEER_GONE) {
        while (peer->known.language)
            peer->known.language->peer_news(peer->known.language, peer, news);
        return;
    }
    for (struct acquaintance *known = &peer->known; known && known->language; known = known->next)
        known->language->peer_news(known->language, peer, news);
}
