#include "protocol/close.h"

#include "support/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

static void tells_which_codes_may_be_sent(void **state)
{
    (void)state;
    for (unsigned code = 0; code <= 70000; code++) {
        bool expected = code == 1000 || code == 1001 || code == 1002 || code == 1003 || code == 1007 ||
                        code == 1008 || code == 1009 || code == 1010 || code == 1011 || code == 1012 ||
                        code == 1013 || code == 1014 || (code >= 3000 && code < 5000);
        assert_int_equal(close_code_is_sendable(code), expected);
    }
}

/* Decodes a copy that ends where its block ends. */
static enum status decode(const void *payload, size_t length, uint16_t *code, char *reason,
                          size_t *reason_length, enum close_code *answer)
{
    uint8_t *copy = malloc(length);
    struct text text;

    if (length > 0)
        memcpy(copy, payload, length);
    enum status status = close_decode(copy, length, code, &text, answer);
    if (text.length > 0)
        memcpy(reason, text.data, text.length);
    *reason_length = text.length;
    free(copy);
    return status;
}

static void check_decodes(const void *payload, size_t length, uint16_t code, const char *reason)
{
    enum close_code answer;
    uint16_t got = 1;
    char text[128];
    size_t text_length = 1;

    assert_int_equal(decode(payload, length, &got, text, &text_length, &answer), STATUS_OK);
    assert_int_equal(got, code);
    assert_int_equal(text_length, strlen(reason));
    assert_memory_equal(text, reason, text_length);
}

static void check_refuses(const void *payload, size_t length, enum close_code expected)
{
    enum close_code answer = CLOSE_NORMAL;
    uint16_t code;
    char text[128];
    size_t text_length;

    assert_int_equal(decode(payload, length, &code, text, &text_length, &answer), STATUS_INVALID);
    assert_int_equal(answer, expected);
}

static void decodes_code_and_reason(void **state)
{
    char longest[2 + CLOSE_MAX_REASON + 1] = "\x03\xe8";

    (void)state;
    check_decodes("", 0, CLOSE_NO_STATUS, "");
    check_decodes("\x03\xe8", 2, 1000, "");
    check_decodes("\x03\xe9going", 7, 1001, "going");
    check_decodes("\x0b\xb8\xce\xba\xe1\xbd\xb9", 7, 3000, "\xce\xba\xe1\xbd\xb9");
    check_decodes("\x13\x87x", 3, 4999, "x");
    memset(longest + 2, 'r', CLOSE_MAX_REASON);
    check_decodes(longest, 125, 1000, longest + 2);
}

static void refuses_half_a_code(void **state)
{
    (void)state;
    check_refuses("\x03", 1, CLOSE_PROTOCOL_ERROR);
    check_refuses("\x0f", 1, CLOSE_PROTOCOL_ERROR); /* whatever followed would make it good */
}

static void refuses_codes_that_may_not_be_sent(void **state)
{
    static const uint16_t codes[] = {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535};

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        uint8_t payload[] = {(uint8_t)(codes[i] >> 8), (uint8_t)codes[i], 'x'};
        check_refuses(payload, 2, CLOSE_PROTOCOL_ERROR);
        check_refuses(payload, 3, CLOSE_PROTOCOL_ERROR);
    }
}

static void refuses_a_reason_that_is_not_utf8(void **state)
{
    (void)state;
    check_refuses("\x03\xe8\xff", 3, CLOSE_INVALID_PAYLOAD);
    check_refuses("\x03\xe8ok\xed\xa0\x80", 7, CLOSE_INVALID_PAYLOAD);
    check_refuses("\x03\xe8ok\xe2\x82", 6, CLOSE_INVALID_PAYLOAD); /* ends in the middle of a character */
}

static void check_encodes(uint16_t code, struct text reason, const void *payload, size_t length)
{
    uint8_t *out = malloc(2 + CLOSE_MAX_REASON);
    char *copy = malloc(reason.length); /* ends where its block ends */

    if (reason.length > 0)
        memcpy(copy, reason.data, reason.length);
    assert_int_equal(close_encode(out, code, (struct text){copy, reason.length}), length);
    assert_memory_equal(out, payload, length);
    free(copy);
    free(out);
}

static void encodes_code_and_reason(void **state)
{
    (void)state;
    check_encodes(CLOSE_NO_STATUS, TEXT("unsent"), "", 0);
    check_encodes(1000, TEXT(""), "\x03\xe8", 2);
    check_encodes(1000, TEXT("w"), "\x03\xe8w", 3);
    check_encodes(4999, TEXT("why"), "\x13\x87why", 5);
}

static void cuts_a_long_reason_between_characters(void **state)
{
    static const char *const characters[] = {"a", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};

    (void)state;
    for (size_t i = 0; i < sizeof characters / sizeof *characters; i++) {
        size_t size = strlen(characters[i]);
        for (size_t lead = 0; lead < 4; lead++) {
            char payload[2 + 200] = "\x03\xf0"; /* 1008 */
            size_t length = 2;
            while (length < 2 + lead)
                payload[length++] = '.';
            while (length + size <= sizeof payload) {
                memcpy(payload + length, characters[i], size);
                length += size;
            }
            size_t kept = 2 + lead + (CLOSE_MAX_REASON - lead) / size * size;
            check_encodes(1008, (struct text){payload + 2, length - 2}, payload, kept);
            check_encodes(1008, (struct text){payload + 2, kept - 2}, payload, kept);
        }
    }
}

static void encodes_no_reason_at_all(void **state)
{
    uint8_t out[2 + CLOSE_MAX_REASON];

    (void)state;
    assert_int_equal(close_encode(out, 1001, (struct text){NULL, 0}), 2);
    assert_memory_equal(out, "\x03\xe9", 2);
}

static void decodes_what_it_encodes(void **state)
{
    uint8_t payload[2 + CLOSE_MAX_REASON];

    (void)state;
    for (unsigned code = 1000; code < 5000; code++) {
        if (!close_code_is_sendable(code))
            continue;
        size_t length = close_encode(payload, (uint16_t)code, TEXT("a reason"));
        check_decodes(payload, length, (uint16_t)code, "a reason");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_which_codes_may_be_sent),
        cmocka_unit_test(decodes_code_and_reason),
        cmocka_unit_test(refuses_half_a_code),
        cmocka_unit_test(refuses_codes_that_may_not_be_sent),
        cmocka_unit_test(refuses_a_reason_that_is_not_utf8),
        cmocka_unit_test(encodes_code_and_reason),
        cmocka_unit_test(cuts_a_long_reason_between_characters),
        cmocka_unit_test(encodes_no_reason_at_all),
        cmocka_unit_test(decodes_what_it_encodes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
