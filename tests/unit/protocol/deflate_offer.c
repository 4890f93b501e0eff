#include "protocol/deflate_offer.h"

#include "support/cmocka_all.h"
#include <stdlib.h>
#include <string.h>

static struct deflate_agreement agree(const char *offers)
{
    return deflate_agree(text_from_cstr(offers));
}

static void assert_answer(const char *offers, const char *expected)
{
    char out[DEFLATE_ANSWER_SIZE];
    struct deflate_agreement agreement = agree(offers);
    struct text answer = deflate_answer(&agreement, out);

    if (!text_equal(answer, text_from_cstr(expected)))
        fail_msg("%s: %.*s", offers, TEXT_ARGS(answer));
}

#define CONTEXTS "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

static void takes_what_clients_offer(void **state)
{
    (void)state;
    assert_answer("permessage-deflate", CONTEXTS);
    assert_answer("permessage-deflate; client_max_window_bits", CONTEXTS); /* browsers */
    assert_answer("permessage-deflate;client_max_window_bits=8", CONTEXTS);
    assert_answer("permessage-deflate; server_no_context_takeover; client_no_context_takeover", CONTEXTS);
    assert_answer("Permessage-Deflate; Client_Max_Window_Bits=\"15\"", CONTEXTS);
    assert_answer("permessage-deflate; server_max_window_bits=15", CONTEXTS "; server_max_window_bits=15");
    assert_answer("permessage-deflate ;\tserver_max_window_bits = \"9\" ; client_max_window_bits",
                  CONTEXTS "; server_max_window_bits=9");
    assert_int_equal(agree("permessage-deflate").window_bits, 15);
    assert_int_equal(agree("permessage-deflate; server_max_window_bits=10").window_bits, 10);
}

static void takes_the_first_that_it_can(void **state)
{
    (void)state;
    assert_answer("x-webkit-deflate-frame, permessage-deflate", CONTEXTS);
    assert_answer("permessage-deflate; unknown, permessage-deflate", CONTEXTS);
    assert_answer("permessage-deflate; server_max_window_bits=8, permessage-deflate", CONTEXTS);
    assert_answer("permessage-deflate; server_max_window_bits=9, permessage-deflate",
                  CONTEXTS "; server_max_window_bits=9");
    assert_answer("other; a=\"b\"; c, permessage-deflate; server_max_window_bits=12",
                  CONTEXTS "; server_max_window_bits=12");
}

static void passes_over_what_it_can_not(void **state)
{
    static const char *const offers[] = {
        "permessage-bzip2",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=8",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=010",
        "permessage-deflate; server_max_window_bits=1a",
        "permessage-deflate; server_max_window_bits=100",
        "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; client_max_window_bits; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover=true",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; unknown=1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof offers / sizeof *offers; i++)
        assert_answer(offers[i], "");
}

static void refuses_what_is_not_well_formed(void **state)
{
    static const char *const offers[] = {
        ";",
        "permessage-deflate;",
        "permessage-deflate;;client_max_window_bits",
        "permessage-deflate; =1",
        "permessage-deflate; server_max_window_bits=",
        "permessage-deflate; server_max_window_bits=\"10",
        "permessage-deflate; server_max_window_bits=10\"",
        "permessage-deflate; server_max_window_bits=\"\"",
        "permessage-deflate client_max_window_bits",
        "permessage-deflate\r\nX: y",
        "permessage-deflate; a=(b)",
        "\"permessage-deflate\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof offers / sizeof *offers; i++) {
        assert_answer(offers[i], "");
        assert_true(agree(offers[i]).malformed);
    }
}

static void passes_over_empty_elements(void **state)
{
    (void)state;
    assert_answer(", permessage-deflate", CONTEXTS);
    assert_answer("permessage-deflate ,", CONTEXTS);
    assert_answer("other,, ,permessage-deflate", CONTEXTS);
    assert_answer("", "");
    assert_answer(" , ,", "");
    assert_false(agree(" , ,").malformed);
    assert_false(agree("other").malformed);
}

static void never_reads_past_the_end(void **state)
{
    const char *offer = "permessage-deflate; server_max_window_bits=\"10\" , other; a=\"b\"";

    (void)state;
    for (size_t length = 0; length <= strlen(offer); length++) {
        char *copy = malloc(length ? length : 1);
        memcpy(copy, offer, length);
        (void)deflate_agree((struct text){copy, length}); /* sanitizers and valgrind look */
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_clients_offer),    cmocka_unit_test(takes_the_first_that_it_can),
        cmocka_unit_test(passes_over_what_it_can_not), cmocka_unit_test(refuses_what_is_not_well_formed),
        cmocka_unit_test(passes_over_empty_elements),  cmocka_unit_test(never_reads_past_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
