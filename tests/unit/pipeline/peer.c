#include "pipeline/peer.h"
#include "pipeline/handler.h"

#include "support/cmocka_all.h"
#include <string.h>

/* Languages that write down what they are told, and part where they should. */
static char told[128];

static void note(struct language *language, struct peer *peer, enum peer_news news)
{
    static const char *const words[] = {
        [PEER_DRAINED] = "drained", [PEER_CLOSED] = "closed", [PEER_GONE] = "gone"};
    size_t length = strlen(told);

    snprintf(told + length, sizeof told - length, "%s %s ", language->name, words[news]);
    if (news == PEER_GONE)
        peer_part(peer, language);
}

static struct language languages[] = {
    {.name = "a", .peer_news = note}, {.name = "b", .peer_news = note}, {.name = "c", .peer_news = note}};

static uint32_t slot_of(struct peer *peer, size_t language)
{
    const struct acquaintance *known = peer_acquaintance(peer, &languages[language]);

    return known ? known->slot : 0;
}

static void meet_all(struct peer *peer)
{
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(peer_meet(peer, &languages[i], i + 1), STATUS_OK);
    told[0] = '\0';
}

static void knows_nobody_at_first(void **state)
{
    struct peer peer = {0};

    (void)state;
    told[0] = '\0';
    assert_null(peer_acquaintance(&peer, &languages[0]));
    peer_part(&peer, &languages[0]);
    peer_tell(&peer, PEER_CLOSED);
    peer_tell(&peer, PEER_GONE);
    assert_string_equal(told, "");
}

static void tells_all_of_them(void **state)
{
    struct peer peer = {0};

    (void)state;
    meet_all(&peer);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(slot_of(&peer, i), i + 1);
    peer_tell(&peer, PEER_DRAINED);
    assert_string_equal(told, "c drained b drained a drained ");
    told[0] = '\0';
    peer_tell(&peer, PEER_GONE);
    assert_string_equal(told, "c gone b gone a gone ");
    assert_null(peer.known.language);
}

/* Whichever goes first, the others stay. */
static void parts_from_each(void **state)
{
    (void)state;
    for (size_t first = 0; first < 3; first++) {
        for (size_t second = 0; second < 3; second++) {
            struct peer peer = {0};
            meet_all(&peer);
            peer_part(&peer, &languages[first]);
            for (size_t i = 0; i < 3; i++)
                assert_int_equal(slot_of(&peer, i), i == first ? 0 : i + 1);
            peer_part(&peer, &languages[second]); /* twice the same is fine */
            for (size_t i = 0; i < 3; i++)
                assert_int_equal(slot_of(&peer, i), i == first || i == second ? 0 : i + 1);
            peer_tell(&peer, PEER_GONE);
        }
    }
}

static void is_met_again(void **state)
{
    struct peer peer = {0};

    (void)state;
    meet_all(&peer);
    peer_part(&peer, &languages[1]);
    assert_int_equal(peer_meet(&peer, &languages[1], 7), STATUS_OK);
    assert_int_equal(slot_of(&peer, 1), 7);
    assert_ptr_equal(peer.known.language, &languages[1]); /* the latest is the one that is found first */
    peer_tell(&peer, PEER_GONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_nobody_at_first),
        cmocka_unit_test(tells_all_of_them),
        cmocka_unit_test(parts_from_each),
        cmocka_unit_test(is_met_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
