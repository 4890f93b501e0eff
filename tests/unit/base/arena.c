#include "base/arena.h"

#include "support/cmocka_all.h"
#include <string.h>

static _Alignas(16) char storage[256];

static void gives_aligned_memory_from_the_embedded_block(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, storage, sizeof storage);
    char *a = arena_alloc(&arena, 1);
    char *b = arena_alloc(&arena, 1);
    assert_ptr_equal(a, storage);
    assert_true((uintptr_t)b % 16 == 0);
    assert_true(b > a && b < storage + sizeof storage);
    arena_deinit(&arena);
}

static void falls_back_to_the_heap_and_starts_anew_after_its_end(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, storage, sizeof storage);
    char *small = arena_alloc(&arena, 200);
    char *large = arena_alloc(&arena, 200);
    assert_ptr_equal(small, storage);
    assert_true(large < storage || large >= storage + sizeof storage);
    memset(large, 'x', 200);
    arena_deinit(&arena);
    assert_ptr_equal(arena_alloc(&arena, 200), storage);
    arena_deinit(&arena);
}

static void refuses_what_no_machine_has(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, storage, sizeof storage);
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX - 8));
    arena_deinit(&arena);
}

static void copies_text(void **state)
{
    struct arena arena;
    char source[] = "hello";
    struct text copy = {NULL, 7};

    (void)state;
    arena_init(&arena, storage, sizeof storage);
    assert_int_equal(arena_copy(&arena, text_from_cstr(source), &copy), STATUS_OK);
    source[0] = 'J';
    assert_true(text_equal(copy, TEXT("hello")));
    assert_int_equal(arena_copy(&arena, TEXT(""), &copy), STATUS_OK);
    assert_int_equal(copy.length, 0);
    assert_int_equal(arena_copy_terminated(&arena, TEXT("a\0b"), &copy), STATUS_OK);
    assert_int_equal(copy.length, 3);
    assert_memory_equal(copy.data, "a\0b", 4);
    assert_int_equal(arena_copy_terminated(&arena, (struct text){NULL, 0}, &copy), STATUS_OK);
    assert_int_equal(copy.length, 0);
    assert_string_equal(copy.data, "");
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_aligned_memory_from_the_embedded_block),
        cmocka_unit_test(falls_back_to_the_heap_and_starts_anew_after_its_end),
        cmocka_unit_test(refuses_what_no_machine_has),
        cmocka_unit_test(copies_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
