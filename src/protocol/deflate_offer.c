#include "protocol/deflate_offer.h"
#include "protocol/token.h"

#include <stddef.h>
#include <stdio.h>

enum { LEAST_BITS = 8, LEAST_OWN_BITS = 9, MOST_BITS = 15 }; /* zlib cannot deflate with a window of 8 bits */

/* A Sec-WebSocket-Extensions value on the way through (RFC 6455, section 9.1). */
struct scanner {
    struct text rest;
    bool broken;
};

static void skip_blanks(struct scanner *scanner)
{
    while (scanner->rest.length > 0 && (scanner->rest.data[0] == ' ' || scanner->rest.data[0] == '\t'))
        scanner->rest = (struct text){scanner->rest.data + 1, scanner->rest.length - 1};
}

/* Whether the next character is this one, which is then passed. */
static bool takes(struct scanner *scanner, char c)
{
    skip_blanks(scanner);
    if (scanner->rest.length == 0 || scanner->rest.data[0] != c)
        return false;
    scanner->rest = (struct text){scanner->rest.data + 1, scanner->rest.length - 1};
    return true;
}

static struct text take_token(struct scanner *scanner)
{
    size_t length = 0;

    skip_blanks(scanner);
    while (length < scanner->rest.length && token_accepts(scanner->rest.data[length]))
        length++;
    struct text token = {scanner->rest.data, length};
    scanner->rest = (struct text){scanner->rest.data + length, scanner->rest.length - length};
    scanner->broken |= length == 0;
    return token;
}

/* A token, or one in quotes: what is quoted has to be a token all the same. */
static struct text take_value(struct scanner *scanner)
{
    bool quoted = takes(scanner, '"');
    struct text value = take_token(scanner);

    if (quoted && (scanner->rest.length == 0 || !takes(scanner, '"')))
        scanner->broken = true;
    return value;
}

struct offer {
    bool acceptable;
    bool server_no_context;
    bool client_no_context;
    bool client_bits_seen;
    unsigned server_bits; /* 0: not said */
};

/* 8 to 15, without a leading zero; 0 for anything else. */
static unsigned window_bits(struct text value)
{
    unsigned bits = 0;

    if (value.length < 1 || value.length > 2 || value.data[0] == '0')
        return 0;
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return 0;
        bits = 10 * bits + (unsigned)(value.data[i] - '0');
    }
    return bits >= LEAST_BITS && bits <= MOST_BITS ? bits : 0;
}

/* Each parameter once, with a value only where it takes one. */
static bool take_parameter(struct offer *offer, struct text name, bool has_value, struct text value)
{
    if (text_equal_ignore_case(name, TEXT("server_no_context_takeover"))) {
        bool good = !offer->server_no_context && !has_value;
        offer->server_no_context = true;
        return good;
    }
    if (text_equal_ignore_case(name, TEXT("client_no_context_takeover"))) {
        bool good = !offer->client_no_context && !has_value;
        offer->client_no_context = true;
        return good;
    }
    if (text_equal_ignore_case(name, TEXT("client_max_window_bits"))) {
        bool good = !offer->client_bits_seen && (!has_value || window_bits(value) > 0);
        offer->client_bits_seen = true;
        return good;
    }
    if (text_equal_ignore_case(name, TEXT("server_max_window_bits"))) {
        bool good = offer->server_bits == 0 && has_value && window_bits(value) >= LEAST_OWN_BITS;
        offer->server_bits = window_bits(value);
        return good;
    }
    return false;
}

static struct offer take_offer(struct scanner *scanner)
{
    struct text name = take_token(scanner);
    struct offer offer = {.acceptable = text_equal_ignore_case(name, TEXT("permessage-deflate"))};

    while (!scanner->broken && takes(scanner, ';')) {
        struct text parameter = take_token(scanner);
        bool has_value = takes(scanner, '=');
        struct text value = has_value ? take_value(scanner) : TEXT("");
        if (offer.acceptable && !take_parameter(&offer, parameter, has_value, value))
            offer.acceptable = false;
    }
    return offer;
}

/* Lists may have them (RFC 9110, section 5.6.1). */
static bool is_empty_element(struct scanner *scanner)
{
    skip_blanks(scanner);
    return scanner->rest.length == 0 || scanner->rest.data[0] == ',';
}

struct deflate_agreement deflate_agree(struct text offers)
{
    struct deflate_agreement agreement = {0};
    struct scanner scanner = {.rest = offers};

    do {
        if (is_empty_element(&scanner))
            continue;
        struct offer offer = take_offer(&scanner);
        if (offer.acceptable && agreement.window_bits == 0)
            agreement = (struct deflate_agreement){
                .window_bits = (uint8_t)(offer.server_bits ? offer.server_bits : MOST_BITS),
                .says_window_bits = offer.server_bits > 0};
    } while (!scanner.broken && takes(&scanner, ','));
    skip_blanks(&scanner);
    if (scanner.broken || scanner.rest.length > 0)
        return (struct deflate_agreement){.malformed = true};
    return agreement;
}

struct text deflate_answer(const struct deflate_agreement *agreement, char out[DEFLATE_ANSWER_SIZE])
{
    int length = 0;

    if (agreement->window_bits == 0)
        return TEXT("");
    length = snprintf(out, DEFLATE_ANSWER_SIZE,
                      "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
    if (agreement->says_window_bits)
        length += snprintf(out + length, DEFLATE_ANSWER_SIZE - (size_t)length, "; server_max_window_bits=%u",
                           (unsigned)agreement->window_bits);
    return (struct text){out, (size_t)length};
}
