#include "js/work.h"
#include "js/world.h"

#include "support/cmocka_all.h"

/* Work whose world is gone when it ends: it is destroyed, and nothing of it is told. */

static int destroyed;

static JSValueRef never(struct work *work, JSContextRef context, JSValueRef *exception)
{
    (void)work, (void)context, (void)exception;
    fail_msg("the result of work that nobody waits for was asked for");
    return NULL;
}

static void destroy(struct work *work)
{
    (void)work;
    destroyed++;
}

/* As work_start() leaves it. */
static void begin(struct work *work, struct world *world)
{
    *work = (struct work){.world = world, .result = never, .destroy = destroy};
    list_init(&work->node);
    list_append(&world->works, &work->node);
}

static void outlives_its_world(void **state)
{
    struct world world = {0};
    struct work works[3];

    (void)state;
    destroyed = 0;
    list_init(&world.works);
    for (size_t i = 0; i < 3; i++)
        begin(&works[i], &world);
    work_forget_all(&world.works);
    assert_true(list_is_empty(&world.works));
    assert_int_equal(destroyed, 0);
    for (size_t i = 0; i < 3; i++) {
        assert_null(works[i].world);
        work_end(&works[i], i != 1);
    }
    assert_int_equal(destroyed, 3);
}

static void is_not_told_where_it_never_ran(void **state)
{
    struct world world = {0};
    struct work work;

    (void)state;
    destroyed = 0;
    list_init(&world.works);
    begin(&work, &world);
    work_end(&work, false);
    assert_int_equal(destroyed, 1);
    assert_true(list_is_empty(&world.works));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outlives_its_world),
        cmocka_unit_test(is_not_told_where_it_never_ran),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
