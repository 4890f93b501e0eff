#include "pipeline/service.h"
#include "pipeline/registry.h"

#include "support/cmocka_all.h"
#include <stdio.h>
#include <string.h>

/*
 * The Service over a language of its own making: a handler's name says what it does ("continue…",
 * "complete…", "fail…", "wait…", "error…" for assigning an ErrorResponse), and every call is written into
 * `trail`.
 */

static char trail[1024];
static struct event *waiting;
static int done_count;
static bool done_failed;
static char done_failure[128];
static int done_status;
static unsigned last_flags;
static int released;
static bool expires_at_once;
static struct event *followed;

static void note(const char *text, size_t length)
{
    if (trail[0])
        strcat(trail, " ");
    strncat(trail, text, length);
}

static enum status prepare(struct language *language, struct chain *chain, const struct registry *registry,
                           struct buffer *error)
{
    (void)language, (void)registry, (void)error;
    chain->id = 1;
    return STATUS_OK;
}

static enum verdict act(struct event *event, const char *name)
{
    if (strncmp(name, "complete", 8) == 0)
        return VERDICT_COMPLETE;
    if (strncmp(name, "fail", 4) == 0) {
        event->response_is_error = true;
        event_set_failure(event, text_from_cstr(name));
        return VERDICT_FAILED;
    }
    if (strncmp(name, "error", 5) == 0) {
        event->response_is_error = true;
        event_set_failure(event, text_from_cstr(name));
    }
    if (strncmp(name, "rename", 6) == 0)
        assert_int_equal(event_set_name(event, TEXT("other")), STATUS_OK);
    if (strncmp(name, "wait", 4) == 0) {
        waiting = event;
        return VERDICT_PENDING;
    }
    return VERDICT_CONTINUE;
}

static enum verdict run(struct language *language, struct event *event, const struct chain *chain,
                        unsigned flags)
{
    enum verdict verdict = VERDICT_CONTINUE;

    event->holder = language;
    last_flags = flags;
    for (size_t i = 0; i < chain->count && verdict == VERDICT_CONTINUE; i++) {
        note(chain->policies[i].name.data, chain->policies[i].name.length);
        verdict = act(event, chain->policies[i].name.data);
    }
    if (flags & CHAIN_ENDS_ROUTE && verdict != VERDICT_PENDING && event->response_is_error)
        verdict = VERDICT_FAILED;
    return verdict;
}

static enum verdict reply(struct language *language, struct event *event)
{
    (void)language;
    note("reply", 5);
    event_set_reply(event, TEXT("{}"));
    return VERDICT_CONTINUE;
}

static void append_correlation_id(struct language *language, struct event *event, struct buffer *out)
{
    (void)language, (void)event, (void)out;
}

static void release(struct language *language, struct event *event)
{
    (void)language, (void)event;
    released++;
}

static void expire(struct language *language, struct event *event)
{
    (void)language;
    note("expired", 7);
    if (!expires_at_once)
        return;
    event_expire(event, TEXT("h"), event->stage == STAGE_ERROR);
    event->holder = NULL;
    service_resume(event, VERDICT_FAILED);
}

static void follow(struct language *language, struct event *heir)
{
    (void)language;
    followed = heir;
}

static struct language first = {.name = "first",
                                .prepare = prepare,
                                .run = run,
                                .reply = reply,
                                .append_correlation_id = append_correlation_id,
                                .expire = expire,
                                .follow = follow,
                                .release = release};
static struct language second = {.name = "second",
                                 .prepare = prepare,
                                 .run = run,
                                 .reply = reply,
                                 .append_correlation_id = append_correlation_id,
                                 .release = release};

static void on_done(struct event *event)
{
    done_count++;
    done_failed = event->failed;
    done_status = event->holder ? 0 : event->error_status;
    snprintf(done_failure, sizeof done_failure, "%.*s", TEXT_ARGS(event->failure));
}

/* "name:handler handler" each; handlers with a 2 in their name are the second language's. */
struct fixture {
    struct config config;
    struct config_route routes[8];
    struct config_policy policies[32];
    struct registry registry;
    struct log log;
    struct service *service;
};

static enum status set_up(struct fixture *fixture, const char *const *lines, struct buffer *error)
{
    static char words[2048];
    char *at = words;
    size_t policy = 0;

    memset(fixture, 0, sizeof *fixture);
    registry_init(&fixture->registry);
    log_init(&fixture->log, LOG_NONE);
    fixture->config.path = TEXT("config.yaml");
    fixture->config.routes = fixture->routes;
    for (; *lines; lines++) {
        strcpy(at, *lines);
        struct config_route *route = &fixture->routes[fixture->config.route_count++];
        char *colon = strchr(at, ':');
        *colon = '\0';
        route->name = text_from_cstr(at);
        route->policies = &fixture->policies[policy];
        at = colon + 1 + strlen(colon + 1) + 1;
        for (char *word = strtok(colon + 1, " "); word; word = strtok(NULL, " ")) {
            struct text name = text_from_cstr(word);
            fixture->policies[policy++] = (struct config_policy){.name = name, .position = {3, 9}};
            route->policy_count++;
            if (strncmp(word, "unknown", 7) != 0)
                assert_int_equal(registry_add(&fixture->registry, name, strchr(word, '2') ? &second : &first,
                                              HANDLER_SCRIPT, NULL),
                                 STATUS_OK);
        }
    }
    trail[0] = '\0';
    waiting = NULL;
    done_count = released = 0;
    return service_create(&fixture->service, &fixture->config, &fixture->registry, &fixture->log, error);
}

static void tear_down(struct fixture *fixture)
{
    service_destroy(fixture->service);
    registry_deinit(&fixture->registry);
}

static void process(struct fixture *fixture, const char *name, enum event_kind kind)
{
    struct event *event = service_event(fixture->service);

    event->kind = kind;
    assert_int_equal(event_set_name(event, text_from_cstr(name)), STATUS_OK);
    event->on_done = on_done;
    event->envelope.kind = ENVELOPE_OBJECT;
    service_process(event);
}

/* Runs one event of that name and compares what was called. */
static void expect(const char *const *lines, const char *name, const char *called)
{
    struct fixture fixture;
    struct buffer error;

    buffer_init(&error, BUFFER_UNLIMITED);
    assert_int_equal(set_up(&fixture, lines, &error), STATUS_OK);
    process(&fixture, name, EVENT_MESSAGE);
    while (waiting) {
        struct event *event = waiting;
        waiting = NULL;
        assert_int_equal(done_count, 0);
        service_resume(event, VERDICT_CONTINUE);
    }
    assert_string_equal(trail, called);
    assert_int_equal(done_count, 1);
    assert_int_equal(fixture.service->event_count, 0);
    tear_down(&fixture);
    buffer_deinit(&error);
}

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void takes_an_event_through_all_stages(void **state)
{
    (void)state;
    expect(LINES("on_first_request:continue0", "on_before_request:continue1", "get:continue3 continue4",
                 "on_success:continue5", "on_after_request:continue6", "on_error:continue7",
                 "catchall:continue8"),
           "get", "continue0 continue1 continue3 continue4 continue5 continue6 reply");
}

static void chooses_name_then_method_then_catchall(void **state)
{
    (void)state;
    expect(LINES("get:continueA", ":continueB", "catchall:continueC"), "get", "continueA reply");
    expect(LINES("get:continueA", ":continueB", "catchall:continueC"), "put", "continueB reply");
    expect(LINES("get:continueA", "catchall:continueC"), "put", "continueC reply");
    expect(LINES("get:continueA", "catchall:continueC"), "constructor", "continueC reply");
}

static void answers_501_where_nothing_fits(void **state)
{
    (void)state;
    expect(LINES("get:continueA"), "put", "");
    assert_true(done_failed);
    assert_int_equal(done_status, 501);
    assert_string_equal(done_failure, "Not Implemented.");
    expect(LINES("get:continueA", "on_error:continueB"), "put", "continueB reply");
}

static void stops_a_route_where_it_is_completed(void **state)
{
    (void)state;
    expect(LINES("get:continueA completeB continueC", "on_success:continueD"), "get",
           "continueA completeB continueD reply");
    /* across languages too */
    expect(LINES("get:completeA continue2"), "get", "completeA reply");
    /* but only the one route */
    expect(LINES("on_before_request:completeA continueB", "get:continueC"), "get",
           "completeA continueC reply");
}

static void fails_into_on_error_and_on_after_request(void **state)
{
    (void)state;
    expect(LINES("get:failA continueB", "on_success:continueC", "on_error:continueD",
                 "on_after_request:continueE"),
           "get", "failA continueD continueE reply");
    assert_true(done_failed);
    expect(
        LINES("on_before_request:failA", "get:continueB", "on_error:continueC", "on_after_request:continueD"),
        "get", "failA continueC continueD reply");
    expect(LINES("get:continueA", "on_success:failB", "on_error:continueC", "on_after_request:continueD"),
           "get", "continueA failB continueC continueD reply");
    expect(LINES("get:continueA", "on_error:continueB", "on_after_request:failC"), "get",
           "continueA failC continueB reply");
}

static void ignores_a_failing_on_error(void **state)
{
    (void)state;
    expect(LINES("get:failA", "on_error:failB", "on_after_request:continueC"), "get",
           "failA failB continueC reply");
}

static void takes_an_assigned_error_for_a_failure(void **state)
{
    (void)state;
    expect(LINES("get:errorA", "on_success:continueB", "on_error:continueC"), "get",
           "errorA continueC reply");
    /* set before the route, and nothing in it: the same */
    expect(LINES("on_before_request:errorA", "get:", "on_success:continueB", "on_error:continueC"), "get",
           "errorA continueC reply");
}

static void runs_the_first_request_until_it_succeeds(void **state)
{
    struct fixture fixture;
    struct buffer error;

    (void)state;
    buffer_init(&error, BUFFER_UNLIMITED);
    assert_int_equal(set_up(&fixture,
                            LINES("on_first_request:wait", "get:continueA", "on_error:continueB",
                                  "on_after_request:continueC"),
                            &error),
                     STATUS_OK);
    process(&fixture, "get", EVENT_MESSAGE);
    service_resume(waiting, VERDICT_FAILED); /* nothing but on_error after that */
    assert_string_equal(trail, "wait continueB reply");
    process(&fixture, "get", EVENT_MESSAGE);
    service_resume(waiting, VERDICT_CONTINUE);
    trail[0] = '\0';
    process(&fixture, "get", EVENT_MESSAGE);
    assert_string_equal(trail, "continueA continueC reply");
    assert_int_equal(done_count, 3);
    assert_int_equal(released, 3);
    tear_down(&fixture);
    buffer_deinit(&error);
}

static void follows_a_changed_name(void **state)
{
    (void)state;
    expect(LINES("on_before_request:renameA", "get:continueB", "other:continueC"), "get",
           "renameA continueC reply");
}

static void cuts_routes_into_chains_by_language(void **state)
{
    struct fixture fixture;
    struct buffer error;

    (void)state;
    buffer_init(&error, BUFFER_UNLIMITED);
    assert_int_equal(set_up(&fixture, LINES("get:a b c2 d2 e"), &error), STATUS_OK);
    assert_int_equal(fixture.service->routes[0].chain_count, 3);
    assert_int_equal(fixture.service->routes[0].chains[0].count, 2);
    assert_ptr_equal(fixture.service->routes[0].chains[1].language, &second);
    process(&fixture, "get", EVENT_MESSAGE);
    assert_string_equal(trail, "a b c2 d2 e reply");
    assert_int_equal(last_flags, CHAIN_ENDS_ROUTE | CHAIN_REPLY_ON_SUCCESS | CHAIN_REPLY_ON_FAILURE);
    tear_down(&fixture);
    buffer_deinit(&error);
}

static void waits(void **state)
{
    (void)state;
    expect(LINES("on_first_request:waitA", "on_before_request:waitB", "get:waitC waitD", "on_success:waitE",
                 "on_after_request:waitF"),
           "get", "waitA waitB waitC waitE waitF reply");
}

/* ---- time ---- */

static void begin(struct fixture *fixture, const char *const *lines, uint32_t timeout_ms)
{
    struct buffer error;

    buffer_init(&error, BUFFER_UNLIMITED);
    assert_int_equal(set_up(fixture, lines, &error), STATUS_OK);
    fixture->service->timeout_ms = timeout_ms;
    expires_at_once = true;
    buffer_deinit(&error);
}

static struct event *wait_in(struct fixture *fixture, const char *name)
{
    process(fixture, name, EVENT_MESSAGE);
    assert_non_null(waiting);
    return waiting;
}

static void expires_what_waits_too_long(void **state)
{
    struct fixture fixture;

    (void)state;
    begin(&fixture, LINES("get:waitA", "on_error:continueB", "on_after_request:continueC"), 60000);
    assert_int_equal(service_expire(fixture.service), 0);
    struct event *early = wait_in(&fixture, "get");
    struct event *late = wait_in(&fixture, "get");
    trail[0] = '\0';
    uint64_t wait_ms = service_expire(fixture.service);
    assert_in_range(wait_ms, 59000, 60001);
    assert_string_equal(trail, "");
    early->expires_ns = 1;
    assert_in_range(service_expire(fixture.service), 59000, 60001);
    assert_string_equal(trail, "expired continueB continueC reply");
    assert_int_equal(done_count, 1);
    service_resume(late, VERDICT_CONTINUE);
    assert_int_equal(service_expire(fixture.service), 0);
    assert_int_equal(done_count, 2);
    tear_down(&fixture);
}

static void says_504_and_who_it_was(void **state)
{
    struct fixture fixture;

    (void)state;
    begin(&fixture, LINES("get:waitA"), 250);
    wait_in(&fixture, "get")->expires_ns = 1;
    assert_int_equal(service_expire(fixture.service), 0);
    assert_int_equal(done_status, 504);
    assert_string_equal(done_failure, "Gateway Timeout. The handler 'h' had not ended after 250ms.");
    tear_down(&fixture);
}

static void gives_what_follows_time_of_its_own(void **state)
{
    struct fixture fixture;

    (void)state;
    begin(&fixture, LINES("get:waitA", "on_error:waitB continueC", "on_after_request:waitD"), 60000);
    struct event *event = wait_in(&fixture, "get");
    static const char *const stages[] = {"waitA expired waitB", "waitA expired waitB expired waitD",
                                         "waitA expired waitB expired waitD expired waitB"};
    for (size_t i = 0; i < 3; i++) {
        event->expires_ns = 1;
        assert_in_range(service_expire(fixture.service), 59000, 60001);
        assert_string_equal(trail, stages[i]);
        assert_int_equal(done_count, 0);
    }
    event->expires_ns = 1;
    assert_int_equal(service_expire(fixture.service), 0);
    assert_int_equal(done_count, 1);
    assert_int_equal(done_status, 504);
    tear_down(&fixture);
}

static void asks_again_where_a_language_says_nothing(void **state)
{
    struct fixture fixture;

    (void)state;
    begin(&fixture, LINES("get:waitA"), 60000);
    expires_at_once = false;
    struct event *event = wait_in(&fixture, "get");
    for (int i = 0; i < 2; i++) {
        event->expires_ns = 1;
        assert_in_range(service_expire(fixture.service), 59000, 60001);
    }
    assert_string_equal(trail, "waitA expired expired");
    service_resume(event, VERDICT_CONTINUE);
    tear_down(&fixture);
}

static void hurries_nobody_without_a_limit_nor_a_start(void **state)
{
    struct fixture fixture;

    (void)state;
    begin(&fixture, LINES("get:waitA"), 0);
    struct event *event = wait_in(&fixture, "get");
    assert_int_equal(service_expire(fixture.service), 0);
    service_resume(event, VERDICT_CONTINUE);
    tear_down(&fixture);
    begin(&fixture, LINES("on_start:waitA"), 60000);
    process(&fixture, "on_start", EVENT_START);
    assert_int_equal(service_expire(fixture.service), 0);
    service_resume(waiting, VERDICT_CONTINUE);
    assert_int_equal(done_count, 1);
    tear_down(&fixture);
}

static void goes_on_with_another_event_in_its_place(void **state)
{
    struct fixture fixture;
    struct peer peer = {.id = "somebody"};

    (void)state;
    begin(&fixture, LINES("get:waitA", "on_error:continueB"), 60000);
    struct event *event = wait_in(&fixture, "get");
    event->peer = &peer;
    event->message = TEXT("{\"name\":\"get\",\"params\":{\"a\":1}}");
    event->envelope.params = (struct text){event->message.data + 23, 7};
    assert_int_equal(event_set_name(event, TEXT("renamed")), STATUS_OK);
    event->language_slot = 7;
    struct event *behind = wait_in(&fixture, "get");
    struct event *heir = service_replace(event);
    assert_non_null(heir);
    assert_ptr_equal(followed, heir);
    assert_ptr_equal(fixture.service->waiting.next, &heir->node);
    assert_ptr_equal(heir->node.next, &behind->node);
    assert_ptr_equal(heir->peer, &peer);
    assert_int_equal(heir->language_slot, 7);
    assert_true(text_equal(heir->envelope.params, TEXT("{\"a\":1}")));
    assert_true(text_equal(event_id(heir), event_id(event)));
    assert_null(event->peer);
    assert_null(event->holder);
    assert_int_equal(event->language_slot, 0);
    /* Neither needs the other's memory. */
    assert_true(text_equal(event->name, TEXT("renamed")));
    service_discard(event);
    assert_true(text_equal(heir->name, TEXT("renamed")));
    assert_true(text_equal(heir->message, TEXT("{\"name\":\"get\",\"params\":{\"a\":1}}")));
    service_resume(heir, VERDICT_FAILED);
    service_resume(behind, VERDICT_CONTINUE);
    assert_string_equal(trail, "waitA waitA continueB reply reply");
    assert_int_equal(done_count, 2);
    tear_down(&fixture);
}

enum { MANY_EVENTS = 300 };

/* As many at once. */
static void use_events(struct service *service, size_t count)
{
    struct event *events[MANY_EVENTS];

    for (size_t i = 0; i < count; i++) {
        events[i] = service_event(service);
        assert_non_null(events[i]);
    }
    for (size_t i = 0; i < count; i++)
        service_discard(events[i]);
}

static void frees_events_that_nobody_has_wanted_for_a_while(void **state)
{
    struct fixture fixture;

    (void)state;
    begin(&fixture, LINES("get:continueA"), 0);
    struct service *service = fixture.service;
    use_events(service, MANY_EVENTS);
    assert_int_equal(service->unused_count, MANY_EVENTS);
    assert_true(service_has_spares(service));
    service_trim(service); /* all have been wanted */
    assert_int_equal(service->unused_count, MANY_EVENTS);
    use_events(service, 200);
    service_trim(service);
    assert_int_equal(service->unused_count, 200);
    service_trim(service);
    assert_int_equal(service->unused_count, 64); /* these stay */
    assert_false(service_has_spares(service));
    service_trim(service);
    assert_int_equal(service->unused_count, 64);
    use_events(service, 65);
    assert_true(service_has_spares(service));
    tear_down(&fixture);
}

static void reports_a_failing_start_once(void **state)
{
    struct fixture fixture;
    struct buffer error;

    (void)state;
    buffer_init(&error, BUFFER_UNLIMITED);
    assert_int_equal(set_up(&fixture, LINES("on_start:failA continueB", "on_error:continueC"), &error),
                     STATUS_OK);
    process(&fixture, "on_start", EVENT_START);
    assert_string_equal(trail, "failA");
    assert_true(done_failed);
    assert_string_equal(done_failure, "failA");
    tear_down(&fixture);
    buffer_deinit(&error);
}

static void names_the_place_of_an_unknown_handler(void **state)
{
    struct fixture fixture;
    struct buffer error;

    (void)state;
    buffer_init(&error, BUFFER_UNLIMITED);
    assert_int_equal(set_up(&fixture, LINES("get:a unknownHandler"), &error), STATUS_NOT_FOUND);
    assert_true(text_equal(buffer_text(&error),
                           TEXT("config.yaml:3:9: no handler is named 'unknownHandler' (policy of "
                                "event 'get')")));
    registry_deinit(&fixture.registry);
    buffer_deinit(&error);
}

/* Its bytes may be others' by then; its message-id is its own. */
static void forgets_a_message_that_is_lost(void **state)
{
    struct fixture fixture;

    (void)state;
    begin(&fixture, LINES("get:waitA"), 60000);
    struct event *event = wait_in(&fixture, "get");
    event->message = TEXT("{\"query\":{\"correlationid\":\"c\"}}");
    event->weight = event->message.length;
    event->envelope.query = (struct text){event->message.data + 9, 21};
    event->message_id = TEXT("7");
    event_lose_message(event);
    assert_int_equal(event->message.length, 0);
    assert_int_equal(event->envelope.query.length, 0);
    assert_true(text_equal(event->message_id, TEXT("7")));
    assert_int_equal(event->weight, 31);
    assert_int_equal(event_own_message(event), STATUS_OK); /* nothing is read any more */
    service_resume(event, VERDICT_CONTINUE);
    tear_down(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_an_event_through_all_stages),
        cmocka_unit_test(chooses_name_then_method_then_catchall),
        cmocka_unit_test(answers_501_where_nothing_fits),
        cmocka_unit_test(stops_a_route_where_it_is_completed),
        cmocka_unit_test(fails_into_on_error_and_on_after_request),
        cmocka_unit_test(ignores_a_failing_on_error),
        cmocka_unit_test(takes_an_assigned_error_for_a_failure),
        cmocka_unit_test(runs_the_first_request_until_it_succeeds),
        cmocka_unit_test(follows_a_changed_name),
        cmocka_unit_test(forgets_a_message_that_is_lost),
        cmocka_unit_test(cuts_routes_into_chains_by_language),
        cmocka_unit_test(waits),
        cmocka_unit_test(expires_what_waits_too_long),
        cmocka_unit_test(says_504_and_who_it_was),
        cmocka_unit_test(gives_what_follows_time_of_its_own),
        cmocka_unit_test(asks_again_where_a_language_says_nothing),
        cmocka_unit_test(hurries_nobody_without_a_limit_nor_a_start),
        cmocka_unit_test(goes_on_with_another_event_in_its_place),
        cmocka_unit_test(frees_events_that_nobody_has_wanted_for_a_while),
        cmocka_unit_test(reports_a_failing_start_once),
        cmocka_unit_test(names_the_place_of_an_unknown_handler),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
