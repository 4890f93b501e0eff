#include "runner/metrics.h"
#include "config/config.h"
#include "pipeline/event.h"
#include "pipeline/service.h"

#include "support/cmocka_all.h"

/* The clock stands still but for what the tests make of it. */
uint64_t __wrap_clock_now_ns(void);

static uint64_t now_ns = UINT64_C(1000) * 1000 * 1000 * 1000;

uint64_t __wrap_clock_now_ns(void)
{
    return now_ns;
}

enum { ROUTES = 3 };

static struct config_route configured[ROUTES] = {{.name = {"a", 1}}, {.name = {"b", 1}}, {.name = {"c", 1}}};
static struct config config = {.routes = configured, .route_count = ROUTES};
static struct service_route routes[ROUTES];
static struct service service = {.config = &config, .routes = routes};
static struct metrics metrics;

static int start(void **state)
{
    (void)state;
    metrics = (struct metrics){0};
    return metrics_add(&metrics, &service) == STATUS_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    metrics_deinit(&metrics);
    return 0;
}

/* An event of routes[`route`], or of none, that took so long. */
static void end_event(size_t route, int status, uint64_t duration_ns)
{
    struct event event = {.service = &service,
                          .taken = route < ROUTES ? &routes[route] : NULL,
                          .has_reply = true,
                          .reply_status = status,
                          .started_ns = now_ns - duration_ns};

    metrics_event(&metrics, &event);
}

static uint64_t bound_ns(size_t bucket)
{
    return (uint64_t)(metrics_bounds[bucket] * 1e9 + 0.5);
}

static void starts_at_nothing(void **state)
{
    (void)state;
    assert_int_equal(metrics.route_count, ROUTES + 1);
    assert_int_equal(metrics.connections + metrics.messages_in + metrics.messages_out, 0);
    for (size_t i = 0; i < metrics.route_count; i++) {
        assert_int_equal(metrics.routes[i]->count, 0);
        assert_int_equal(metrics.routes[i]->status_count, 0);
        assert_int_equal(metrics.routes[i]->duration_ns, 0);
    }
}

static void counts_by_route(void **state)
{
    (void)state;
    end_event(0, 200, 5);
    end_event(2, 200, 7);
    end_event(2, 200, 11);
    end_event(ROUTES, 501, 13); /* none */
    assert_int_equal(metrics.routes[0]->count, 1);
    assert_int_equal(metrics.routes[1]->count, 0);
    assert_int_equal(metrics.routes[2]->count, 2);
    assert_int_equal(metrics.routes[2]->duration_ns, 18);
    assert_int_equal(metrics.routes[ROUTES]->count, 1);
    assert_int_equal(metrics.routes[ROUTES]->statuses[0].status, 501);
}

static void has_bounds_that_rise(void **state)
{
    (void)state;
    assert_true(metrics_bounds[0] > 0);
    for (size_t i = 1; i < METRICS_BUCKETS; i++)
        assert_true(metrics_bounds[i] > metrics_bounds[i - 1]);
}

/* A bound belongs to its bucket: it is called "le". */
static void puts_durations_into_buckets(void **state)
{
    const struct route_metrics *route = metrics.routes[1];

    (void)state;
    end_event(1, 200, 0);
    assert_int_equal(route->buckets[0], 1);
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        uint64_t before = route->buckets[i];
        uint64_t beyond = route->buckets[i + 1];
        end_event(1, 200, bound_ns(i) - 1);
        end_event(1, 200, bound_ns(i));
        assert_int_equal(route->buckets[i], before + 2);
        assert_int_equal(route->buckets[i + 1], beyond);
        end_event(1, 200, bound_ns(i) + 1);
        assert_int_equal(route->buckets[i], before + 2);
        assert_int_equal(route->buckets[i + 1], beyond + 1);
    }
    end_event(1, 200, UINT64_C(900) * 1000 * 1000 * 1000);
    assert_int_equal(route->buckets[METRICS_BUCKETS], 2);
    uint64_t sum = 0;
    for (size_t i = 0; i <= METRICS_BUCKETS; i++)
        sum += route->buckets[i];
    assert_int_equal(sum, route->count);
    assert_int_equal(route->count, 3 * METRICS_BUCKETS + 2);
}

static void counts_by_status(void **state)
{
    const struct route_metrics *route = metrics.routes[0];

    (void)state;
    for (int round = 0; round < 3; round++)
        for (int status = 200; status <= 200 + round; status++)
            end_event(0, status, 1);
    assert_int_equal(route->status_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(route->statuses[i].status, 200 + (int)i);
        assert_int_equal(route->statuses[i].count, 3 - i);
    }
}

static void counts_too_many_statuses_as_others(void **state)
{
    const struct route_metrics *route = metrics.routes[0];

    (void)state;
    for (int status = 200; status < 200 + METRICS_STATUSES; status++)
        end_event(0, status, 1);
    assert_int_equal(route->status_count, METRICS_STATUSES);
    for (int status = 400; status < 500; status++)
        end_event(0, status, 1);
    end_event(0, 200, 1); /* one of those that are known still counts as itself */
    end_event(0, 200 + METRICS_STATUSES - 1, 1);
    assert_int_equal(route->status_count, METRICS_STATUSES + 1);
    assert_int_equal(route->statuses[METRICS_STATUSES].status, 0);
    assert_int_equal(route->statuses[METRICS_STATUSES].count, 100);
    assert_int_equal(route->statuses[0].count, 2);
    assert_int_equal(route->statuses[METRICS_STATUSES - 1].count, 2);
    uint64_t sum = 0;
    for (size_t i = 0; i < route->status_count; i++)
        sum += route->statuses[i].count;
    assert_int_equal(sum, route->count);
    assert_int_equal(metrics.routes[1]->status_count, 0);
}

/* No status is there twice, not even that of the others. */
static void names_each_status_once(void **state)
{
    const struct route_metrics *route = metrics.routes[0];

    (void)state;
    end_event(0, 0, 1); /* a reply whose statusCode is no number */
    for (int status = 200; status < 300; status++)
        end_event(0, status, 1);
    for (size_t i = 0; i < route->status_count; i++)
        for (size_t j = i + 1; j < route->status_count; j++)
            assert_int_not_equal(route->statuses[i].status, route->statuses[j].status);
}

static void takes_the_status_from_where_it_is(void **state)
{
    struct event event = {.service = &service, .taken = &routes[0], .started_ns = now_ns};

    (void)state;
    metrics_event(&metrics, &event); /* no reply at all */
    event.response_is_error = true;
    event.error_status = 501;
    metrics_event(&metrics, &event);
    event.has_reply = true;
    event.reply_status = 404;
    metrics_event(&metrics, &event);
    assert_int_equal(metrics.routes[0]->status_count, 3);
    assert_int_equal(metrics.routes[0]->statuses[0].status, 200);
    assert_int_equal(metrics.routes[0]->statuses[1].status, 501);
    assert_int_equal(metrics.routes[0]->statuses[2].status, 404);
}

static void tells_rejections_apart(void **state)
{
    (void)state;
    assert_int_equal(metrics_rejection(400), REJECTED_BAD_REQUEST);
    assert_int_equal(metrics_rejection(405), REJECTED_METHOD);
    assert_int_equal(metrics_rejection(414), REJECTED_TOO_LONG);
    assert_int_equal(metrics_rejection(431), REJECTED_TOO_LONG);
    assert_int_equal(metrics_rejection(426), REJECTED_NO_UPGRADE);
    assert_int_equal(metrics_rejection(0), REJECTED_BAD_REQUEST);
    for (int status = 0; status < 600; status++)
        assert_in_range(metrics_rejection(status), 0, REJECTION_COUNT - 1);
}

/* In Prometheus an empty label and none are one. */
static void counts_the_unrouted_with_the_nameless_route(void **state)
{
    struct metrics with_nameless = {0};

    (void)state;
    configured[1].name = TEXT("");
    assert_int_equal(metrics_add(&with_nameless, &service), STATUS_OK);
    configured[1].name = TEXT("b");
    struct event unrouted = {.service = &service, .started_ns = now_ns};
    struct event nameless = {.service = &service, .taken = &routes[1], .started_ns = now_ns};
    metrics_event(&with_nameless, &unrouted);
    metrics_event(&with_nameless, &nameless);
    assert_int_equal(with_nameless.routes[1]->count, 2);
    assert_int_equal(with_nameless.route_count, ROUTES);
    assert_ptr_equal(with_nameless.unrouted, with_nameless.routes[1]);
    metrics_deinit(&with_nameless);
}

/* What a reload puts in its place: counts go on by name, of routes that are gone, too. */
static void goes_on_with_another_service(void **state)
{
    static struct config_route others[] = {{.name = {"d", 1}}, {.name = {"a", 1}}};
    static const struct config other_config = {.routes = others, .route_count = 2};
    static struct service_route other_routes[2];
    static struct service other = {.config = &other_config, .routes = other_routes};
    struct event of_a = {.service = &other, .taken = &other_routes[1], .started_ns = now_ns};
    struct event of_d = {.service = &other, .taken = &other_routes[0], .started_ns = now_ns};

    (void)state;
    struct route_metrics *unrouted = metrics.unrouted;
    end_event(0, 200, 1);
    assert_int_equal(metrics_add(&metrics, &other), STATUS_OK);
    assert_int_equal(metrics.route_count, ROUTES + 2);
    metrics_event(&metrics, &of_a);
    metrics_event(&metrics, &of_d);
    end_event(0, 200, 1); /* one that the service before still had under way */
    assert_int_equal(metrics.routes[0]->count, 3);
    assert_int_equal(metrics.routes[ROUTES + 1]->count, 1);
    assert_true(text_equal(metrics.routes[ROUTES + 1]->name, TEXT("d")));
    assert_ptr_equal(metrics.unrouted, unrouted);
}

static void takes_a_service_without_routes(void **state)
{
    const struct config no_config = {.route_count = 0};
    struct service without = {.config = &no_config};
    struct metrics few = {0};
    struct event event = {.service = &without, .started_ns = now_ns};

    (void)state;
    assert_int_equal(metrics_add(&few, &without), STATUS_OK);
    metrics_event(&few, &event);
    assert_int_equal(few.route_count, 1);
    assert_int_equal(few.routes[0]->count, 1);
    metrics_deinit(&few);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(starts_at_nothing, start, stop),
        cmocka_unit_test_setup_teardown(counts_by_route, start, stop),
        cmocka_unit_test(has_bounds_that_rise),
        cmocka_unit_test_setup_teardown(puts_durations_into_buckets, start, stop),
        cmocka_unit_test_setup_teardown(counts_by_status, start, stop),
        cmocka_unit_test_setup_teardown(counts_too_many_statuses_as_others, start, stop),
        cmocka_unit_test_setup_teardown(names_each_status_once, start, stop),
        cmocka_unit_test_setup_teardown(takes_the_status_from_where_it_is, start, stop),
        cmocka_unit_test(tells_rejections_apart),
        cmocka_unit_test(counts_the_unrouted_with_the_nameless_route),
        cmocka_unit_test_setup_teardown(goes_on_with_another_service, start, stop),
        cmocka_unit_test(takes_a_service_without_routes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
