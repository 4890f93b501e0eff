#include "runner/roster.h"
#include "base/uuid.h"
#include "runner/connection.h"

#include "support/cmocka_all.h"
#include <stdlib.h>
#include <string.h>

enum { MANY = 10 * 1000 };

static struct connection *make(const char *id)
{
    struct connection *connection = calloc(1, sizeof *connection);

    assert_non_null(connection);
    assert_int_equal(strlen(id), UUID_LENGTH);
    strcpy(connection->peer.id, id);
    return connection;
}

static struct connection **make_many(void)
{
    struct connection **made = calloc(MANY, sizeof(struct connection *));
    struct uuid_source source;
    char id[UUID_LENGTH + 1];

    assert_non_null(made);
    uuid_source_init(&source);
    for (size_t i = 0; i < MANY; i++) {
        uuid_make(&source, id);
        made[i] = make(id);
    }
    return made;
}

static void free_many(struct connection **made)
{
    for (size_t i = 0; i < MANY; i++)
        free(made[i]);
    free((void *)made);
}

static struct connection *find(const struct roster *roster, const char *id)
{
    return roster_find(roster, text_from_cstr(id));
}

static void is_empty_at_first(void **state)
{
    struct roster roster = {0};
    struct connection *nobody = make("00000000-0000-4000-8000-000000000001");

    (void)state;
    assert_null(find(&roster, nobody->peer.id));
    assert_null(find(&roster, ""));
    roster_remove(&roster, nobody);
    assert_int_equal(roster.count, 0);
    roster_deinit(&roster);
    free(nobody);
}

static void finds_what_was_added(void **state)
{
    struct roster roster = {0};
    struct connection *one = make("00000000-0000-4000-8000-000000000001");
    struct connection *two = make("00000000-0000-4000-8000-000000000002"); /* in the same bucket */
    struct connection *other = make("10000000-0000-4000-8000-000000000001");

    (void)state;
    assert_int_equal(roster_add(&roster, one), STATUS_OK);
    assert_int_equal(roster_add(&roster, two), STATUS_OK);
    assert_int_equal(roster.count, 2);
    assert_ptr_equal(find(&roster, one->peer.id), one);
    assert_ptr_equal(find(&roster, two->peer.id), two);
    assert_null(find(&roster, other->peer.id));
    roster_remove(&roster, one);
    assert_null(find(&roster, one->peer.id));
    assert_ptr_equal(find(&roster, two->peer.id), two);
    roster_remove(&roster, two);
    assert_int_equal(roster.count, 0);
    roster_deinit(&roster);
    free(one);
    free(two);
    free(other);
}

static void removes_no_more_than_once(void **state)
{
    struct roster roster = {0};
    struct connection *one = make("00000000-0000-4000-8000-000000000001");
    struct connection *two = make("00000000-0000-4000-8000-000000000002");
    struct connection *unnamed = calloc(1, sizeof *unnamed);

    (void)state;
    assert_non_null(unnamed);
    assert_int_equal(roster_add(&roster, one), STATUS_OK);
    assert_int_equal(roster_add(&roster, two), STATUS_OK);
    roster_remove(&roster, one);
    roster_remove(&roster, one);
    roster_remove(&roster, unnamed); /* one that never had an id */
    assert_int_equal(roster.count, 1);
    assert_ptr_equal(find(&roster, two->peer.id), two);
    assert_int_equal(roster_add(&roster, one), STATUS_OK); /* and in again */
    assert_ptr_equal(find(&roster, one->peer.id), one);
    assert_int_equal(roster.count, 2);
    roster_deinit(&roster);
    free(one);
    free(two);
    free(unnamed);
}

static void compares_whole_ids(void **state)
{
    static const char id[] = "0f8fad5b-d9cb-469f-a165-70867728950e";
    struct roster roster = {0};
    struct connection *one = make(id);
    char other[UUID_LENGTH + 1];
    char longer[] = "0f8fad5b-d9cb-469f-a165-70867728950ex";

    (void)state;
    assert_int_equal(roster_add(&roster, one), STATUS_OK);
    for (size_t length = 0; length < UUID_LENGTH; length++)
        assert_null(roster_find(&roster, (struct text){id, length}));
    assert_null(find(&roster, longer));
    assert_null(roster_find(&roster, (struct text){NULL, 0}));
    assert_ptr_equal(roster_find(&roster, (struct text){longer, UUID_LENGTH}), one);
    for (size_t i = 0; i < UUID_LENGTH; i++) {
        strcpy(other, id);
        other[i] = 'X';
        assert_null(find(&roster, other));
    }
    assert_null(find(&roster, "0F8FAD5B-D9CB-469F-A165-70867728950E"));
    roster_deinit(&roster);
    free(one);
}

static void grows_to_thousands(void **state)
{
    struct roster roster = {0};
    struct connection **made = make_many();

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(roster_add(&roster, made[i]), STATUS_OK);
        assert_ptr_equal(find(&roster, made[i]->peer.id), made[i]);
        assert_ptr_equal(find(&roster, made[i / 2]->peer.id), made[i / 2]);
    }
    assert_int_equal(roster.count, MANY);
    assert_int_equal(roster.bucket_count & (roster.bucket_count - 1), 0);
    for (size_t i = 0; i < MANY; i++)
        assert_ptr_equal(find(&roster, made[i]->peer.id), made[i]);
    for (size_t i = 0; i < MANY; i += 2)
        roster_remove(&roster, made[i]);
    assert_int_equal(roster.count, MANY / 2);
    for (size_t i = 0; i < MANY; i++)
        assert_ptr_equal(find(&roster, made[i]->peer.id), i % 2 ? made[i] : NULL);
    for (size_t i = 0; i < MANY; i++)
        roster_remove(&roster, made[i]);
    assert_int_equal(roster.count, 0);
    roster_deinit(&roster);
    free_many(made);
}

/* A bucket that holds much of ten thousand would be a list. */
static void spreads_ids_over_its_buckets(void **state)
{
    struct roster roster = {0};
    struct connection **made = make_many();
    size_t longest = 0;

    (void)state;
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(roster_add(&roster, made[i]), STATUS_OK);
    assert_in_range(roster.bucket_count, MANY, 4 * MANY);
    for (size_t i = 0; i < roster.bucket_count; i++) {
        size_t length = 0;
        for (struct connection *node = roster.buckets[i]; node; node = node->next_in_roster)
            length++;
        if (length > longest)
            longest = length;
    }
    assert_in_range(longest, 1, 20);
    roster_deinit(&roster);
    free_many(made);
}

static void keeps_its_size_while_they_come_and_go(void **state)
{
    struct roster roster = {0};
    struct connection **made = make_many();

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(roster_add(&roster, made[i]), STATUS_OK);
        if (i >= 10)
            roster_remove(&roster, made[i - 10]);
    }
    assert_int_equal(roster.count, 10);
    assert_in_range(roster.bucket_count, 10, 1000);
    roster_deinit(&roster);
    free_many(made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_empty_at_first),
        cmocka_unit_test(finds_what_was_added),
        cmocka_unit_test(removes_no_more_than_once),
        cmocka_unit_test(compares_whole_ids),
        cmocka_unit_test(grows_to_thousands),
        cmocka_unit_test(spreads_ids_over_its_buckets),
        cmocka_unit_test(keeps_its_size_while_they_come_and_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
