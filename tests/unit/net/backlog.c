#include "net/backlog.h"

#include "support/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 64 };

static struct block_pool pool;
static struct backlog backlog;

static int set_up(void **state)
{
    (void)state;
    pool = (struct block_pool){0};
    backlog_init(&backlog, &pool);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    backlog_deinit(&backlog);
    block_pool_deinit(&pool);
    return 0;
}

/* The stream that every test sends: its byte at `position`. */
static char byte_at(size_t position)
{
    return (char)(position * 31 + position / 251);
}

static void append(size_t *written, size_t count)
{
    char *data = malloc(count + 1);

    assert_non_null(data);
    for (size_t i = 0; i < count; i++)
        data[i] = byte_at(*written + i);
    assert_int_equal(backlog_append(&backlog, (struct text){data, count}), STATUS_OK);
    free(data); /* it has its own copy */
    *written += count;
}

/* What waits is the stream from `read` to `written`. */
static void check(size_t read, size_t written)
{
    struct iovec parts[MOST];
    size_t count = backlog_parts(&backlog, parts, MOST);

    assert_int_equal(backlog.length, written - read);
    for (size_t i = 0; i < count; i++) {
        assert_true(parts[i].iov_len > 0);
        for (size_t at = 0; at < parts[i].iov_len; at++)
            if (((char *)parts[i].iov_base)[at] != byte_at(read + at))
                fail_msg("byte %zu is another one", read + at);
        read += parts[i].iov_len;
    }
    if (count < MOST)
        assert_int_equal(read, written);
}

static size_t blocks_held(void)
{
    size_t count = 0;

    for (const struct block *block = backlog.first; block; block = block->next)
        count++;
    return count;
}

static void is_empty_at_first_and_at_last(void **state)
{
    size_t written = 0;
    struct iovec part;

    (void)state;
    check(0, 0);
    append(&written, 0);
    assert_null(backlog.first);
    append(&written, 100);
    backlog_consume(&backlog, 100);
    assert_null(backlog.first);
    assert_int_equal(backlog_parts(&backlog, &part, 1), 0);
    append(&written, 7);
    check(100, written);
}

static void keeps_every_byte_in_order_whatever_the_steps(void **state)
{
    static const size_t steps[] = {1, 3, 100, BACKLOG_BLOCK - 1, BACKLOG_BLOCK, BACKLOG_BLOCK + 1, 50000};
    enum { STEPS = sizeof steps / sizeof *steps };

    (void)state;
    for (size_t in = 0; in < STEPS; in++) {
        for (size_t out = 0; out < STEPS; out++) {
            size_t written = 0;
            size_t read = 0;
            while (written < 200000 && backlog.length < 150000) {
                append(&written, steps[in]);
                size_t count = steps[out] < backlog.length ? steps[out] : backlog.length;
                backlog_consume(&backlog, count);
                read += count;
                if (written % 64 == 0 || steps[in] > 100)
                    check(read, written);
            }
            check(read, written);
            backlog_deinit(&backlog);
        }
    }
}

static void frees_what_has_left(void **state)
{
    size_t written = 0;

    (void)state;
    append(&written, 10 * BACKLOG_BLOCK);
    assert_int_equal(blocks_held(), 10);
    for (size_t read = 0; read < written; read += 1000) {
        /* The one it is cut in, and no other that is not full. */
        assert_true(blocks_held() <= (written - read) / BACKLOG_BLOCK + 1);
        backlog_consume(&backlog, 1000 < backlog.length ? 1000 : backlog.length);
    }
    assert_int_equal(blocks_held(), 0);
    assert_int_equal(pool.spare_count, 10);
}

static void never_holds_more_than_two_blocks_too_many(void **state)
{
    size_t written = 0;
    size_t read = 0;

    (void)state;
    srand(1);
    for (int i = 0; i < 5000; i++) {
        append(&written, (size_t)rand() % 3000);
        size_t count = (size_t)rand() % 3000;
        count = count < backlog.length ? count : backlog.length;
        backlog_consume(&backlog, count);
        read += count;
        assert_true(blocks_held() <= backlog.length / BACKLOG_BLOCK + 2);
    }
    check(read, written);
}

static void parts_stay_while_more_is_appended(void **state)
{
    size_t written = 0;
    struct iovec before[2];
    struct iovec after[2];

    (void)state;
    append(&written, BACKLOG_BLOCK + 10);
    assert_int_equal(backlog_parts(&backlog, before, 2), 2);
    append(&written, 100000);
    assert_int_equal(backlog_parts(&backlog, after, 2), 2);
    assert_ptr_equal(before[0].iov_base, after[0].iov_base);
    assert_int_equal(before[0].iov_len, after[0].iov_len);
    assert_ptr_equal(before[1].iov_base, after[1].iov_base);
    backlog_consume(&backlog, before[0].iov_len + before[1].iov_len); /* what was sent meanwhile */
    check(BACKLOG_BLOCK + 10, written);
}

static void gives_no_more_parts_than_asked(void **state)
{
    size_t written = 0;
    struct iovec parts[3];

    (void)state;
    append(&written, 10 * BACKLOG_BLOCK);
    assert_int_equal(backlog_parts(&backlog, parts, 3), 3);
    backlog_consume(&backlog, 5);
    assert_int_equal(backlog_parts(&backlog, parts, 1), 1);
    assert_int_equal(parts[0].iov_len, BACKLOG_BLOCK - 5);
}

static void shares_a_few_spare_blocks(void **state)
{
    struct backlog other;
    size_t written = 0;

    (void)state;
    append(&written, (BACKLOG_SPARE_BLOCKS + 20) * (size_t)BACKLOG_BLOCK);
    backlog_deinit(&backlog);
    assert_int_equal(pool.spare_count, BACKLOG_SPARE_BLOCKS);
    assert_int_equal(pool.count, BACKLOG_SPARE_BLOCKS); /* the others are freed */
    const struct block *spare = pool.spare;
    backlog_init(&other, &pool);
    assert_int_equal(backlog_append(&other, TEXT("x")), STATUS_OK);
    assert_ptr_equal(other.first, spare);
    assert_int_equal(pool.spare_count, BACKLOG_SPARE_BLOCKS - 1);
    assert_int_equal(pool.count, BACKLOG_SPARE_BLOCKS);
    backlog_deinit(&other);
}

static void gives_memory_back_when_much_has_left(void **state)
{
    enum { BLOCKS = 2 * BACKLOG_TRIM_BLOCKS };
    size_t written = 0;

    (void)state;
    for (int i = 0; i < BLOCKS; i++)
        append(&written, BACKLOG_BLOCK);
    assert_int_equal(pool.count, BLOCKS);
    assert_int_equal(pool.most, BLOCKS);
    backlog_consume(&backlog, (BACKLOG_SPARE_BLOCKS + BACKLOG_TRIM_BLOCKS - 1) * (size_t)BACKLOG_BLOCK);
    assert_int_equal(pool.most, BLOCKS); /* not yet */
    backlog_consume(&backlog, BACKLOG_BLOCK);
    assert_int_equal(pool.count, BLOCKS - BACKLOG_TRIM_BLOCKS);
    assert_int_equal(pool.most, pool.count);
    check(written - backlog.length, written);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_empty_at_first_and_at_last, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_every_byte_in_order_whatever_the_steps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(frees_what_has_left, set_up, tear_down),
        cmocka_unit_test_setup_teardown(never_holds_more_than_two_blocks_too_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parts_stay_while_more_is_appended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gives_no_more_parts_than_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gives_memory_back_when_much_has_left, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shares_a_few_spare_blocks, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
