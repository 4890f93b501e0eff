#include "protocol/token.h"

#include "support/cmocka_all.h"

#include <string.h>

static void accepts_exactly_the_characters_of_a_token(void **state)
{
    static const char all[] = "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~";

    (void)state;
    for (int c = 0; c < 256; c++)
        assert_int_equal(token_accepts((char)c), memchr(all, c, sizeof all - 1) != NULL);
}

static void is_valid_only_as_a_whole(void **state)
{
    (void)state;
    assert_true(token_is_valid(TEXT("a")));
    assert_true(token_is_valid(TEXT("graphql-transport-ws")));
    assert_false(token_is_valid(TEXT("")));
    assert_false(token_is_valid((struct text){NULL, 0}));
    assert_false(token_is_valid(TEXT("a b")));
    assert_false(token_is_valid(TEXT(" a")));
    assert_false(token_is_valid(TEXT("a\r\n")));
    assert_false(token_is_valid(TEXT("a\0b")));
    assert_false(token_is_valid(TEXT("a/b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_exactly_the_characters_of_a_token),
        cmocka_unit_test(is_valid_only_as_a_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
