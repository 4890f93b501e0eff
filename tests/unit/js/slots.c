#include "js/slots.h"

#include "support/cmocka_all.h"

static void gives_a_number_again_only_after_reclaim(void **state)
{
    struct slots slots;
    uint32_t first;
    uint32_t number;
    int object;

    (void)state;
    slots_init(&slots);
    assert_int_equal(slots_take(&slots, &object, &first), STATUS_OK);
    assert_true(first > 0);
    assert_ptr_equal(slots_get(&slots, first), &object);
    slots_give_back(&slots, first);
    assert_null(slots_get(&slots, first));
    for (int i = 0; i < 500; i++) {
        assert_int_equal(slots_take(&slots, &object, &number), STATUS_OK);
        assert_int_not_equal(number, first);
    }
    slots_reclaim(&slots);
    assert_int_equal(slots_take(&slots, &object, &number), STATUS_OK);
    assert_int_equal(number, first);
    slots_deinit(&slots);
}

static void knows_nothing_of_other_numbers(void **state)
{
    struct slots slots;

    (void)state;
    slots_init(&slots);
    assert_null(slots_get(&slots, 0));
    assert_null(slots_get(&slots, 1));
    assert_null(slots_get(&slots, UINT32_MAX));
    slots_deinit(&slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_a_number_again_only_after_reclaim),
        cmocka_unit_test(knows_nothing_of_other_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
