#include "pipeline/registry.h"

#include "support/cmocka_all.h"
#include <stdio.h>

static struct language one;
static struct language two;

static void finds_by_exact_name(void **state)
{
    struct registry registry;
    char name[16];

    (void)state;
    registry_init(&registry);
    for (int i = 999; i >= 0; i--) {
        snprintf(name, sizeof name, "h%d", i);
        assert_int_equal(registry_add(&registry, text_from_cstr(name), &one, HANDLER_SCRIPT, NULL),
                         STATUS_OK);
    }
    assert_int_equal(registry.count, 1000);
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "h%d", i);
        const struct handler *found = registry_find(&registry, text_from_cstr(name));
        assert_non_null(found);
        assert_true(text_equal(found->name, text_from_cstr(name)));
    }
    assert_null(registry_find(&registry, TEXT("h")));
    assert_null(registry_find(&registry, TEXT("h1000")));
    assert_null(registry_find(&registry, TEXT("__proto__")));
    registry_deinit(&registry);
}

static void lets_the_later_one_win(void **state)
{
    struct registry registry;

    (void)state;
    registry_init(&registry);
    assert_int_equal(registry_add(&registry, TEXT("a"), &one, HANDLER_SCRIPT, NULL), STATUS_OK);
    assert_int_equal(registry_add(&registry, TEXT("a"), &two, HANDLER_SCRIPT, NULL), STATUS_OK);
    assert_int_equal(registry.count, 1);
    assert_ptr_equal(registry_find(&registry, TEXT("a"))->language, &two);
    registry_deinit(&registry);
}

static void keeps_ranks_apart(void **state)
{
    struct registry registry;

    (void)state;
    registry_init(&registry);
    assert_int_equal(registry_add(&registry, TEXT("a"), &one, HANDLER_STANDARD, NULL), STATUS_OK);
    assert_int_equal(registry_add(&registry, TEXT("a"), &two, HANDLER_STANDARD, NULL), STATUS_OK);
    assert_ptr_equal(registry_find(&registry, TEXT("a"))->language, &one);
    assert_int_equal(registry_add(&registry, TEXT("a"), &two, HANDLER_SCRIPT, NULL), STATUS_OK);
    assert_int_equal(registry_add(&registry, TEXT("a"), &one, HANDLER_STANDARD, NULL), STATUS_OK);
    assert_ptr_equal(registry_find(&registry, TEXT("a"))->language, &two);
    assert_int_equal(registry_add(&registry, TEXT("a"), &one, HANDLER_NATIVE, NULL), STATUS_INVALID);
    assert_ptr_equal(registry_find(&registry, TEXT("a"))->language, &two);

    assert_int_equal(registry_add(&registry, TEXT("b"), &one, HANDLER_STANDARD, NULL), STATUS_OK);
    assert_int_equal(registry_add(&registry, TEXT("b"), &two, HANDLER_NATIVE, NULL), STATUS_OK);
    assert_ptr_equal(registry_find(&registry, TEXT("b"))->language, &two);
    assert_int_equal(registry_add(&registry, TEXT("b"), &one, HANDLER_SCRIPT, NULL), STATUS_INVALID);
    assert_int_equal(registry_add(&registry, TEXT("b"), &one, HANDLER_NATIVE, NULL), STATUS_INVALID);
    assert_int_equal(registry_add(&registry, TEXT("b"), &one, HANDLER_STANDARD, NULL), STATUS_OK);
    assert_ptr_equal(registry_find(&registry, TEXT("b"))->language, &two);
    registry_deinit(&registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_by_exact_name),
        cmocka_unit_test(lets_the_later_one_win),
        cmocka_unit_test(keeps_ranks_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
