#include "net/http_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool keep(struct http_exchange *exchange, struct buffer *buffer, const char *data, size_t length)
{
    enum status status = buffer_append(buffer, data, length);

    if (status != STATUS_OK)
        exchange->failure = status == STATUS_LIMIT ? "the response's head is too large" : "out of memory";
    return status == STATUS_OK;
}

/* Anything but size * count ends the transfer. */
size_t http_response_on_body(char *data, size_t size, size_t count, void *user)
{
    struct http_exchange *exchange = user;
    size_t length = size * count;

    if (http_exchange_streams(exchange) && http_stream_is_full(exchange))
        return CURL_WRITEFUNC_PAUSE;
    if (length > exchange->max_response - exchange->received) {
        exchange->failure = "the response is larger than allowed";
        return length == 0 ? 1 : 0;
    }
    if (!keep(exchange, &exchange->body, data, length))
        return length == 0 ? 1 : 0;
    exchange->received += length;
    if (http_exchange_streams(exchange))
        http_stream_chunk_came(exchange);
    return length;
}

/* "HTTP/1.1 103 Early Hints": the real one follows. */
static bool is_interim(struct text status_line)
{
    struct text rest;

    text_split(status_line, ' ', &rest);
    return text_starts_with(text_trim(rest), TEXT("1"));
}

/* One line of a head: of interim responses first, of the response itself, of the trailer at last. */
size_t http_response_on_head(char *data, size_t size, size_t count, void *user)
{
    struct http_exchange *exchange = user;
    struct buffer *head = &exchange->head;
    struct text line = {data, size * count};

    while (line.length > 0 && (line.data[line.length - 1] == '\n' || line.data[line.length - 1] == '\r'))
        line.length--;
    if (text_starts_with(line, TEXT("HTTP/")) && (exchange->head_ended || head->length == 0)) {
        buffer_clear(head);
        exchange->head_ended = false;
    }
    if (exchange->head_ended)
        return size * count;
    if (line.length == 0) {
        exchange->head_ended = true;
        if (http_exchange_streams(exchange) && !is_interim(buffer_text(head)))
            http_stream_head_came(exchange);
        return size * count;
    }
    /* RFC 9112, 5.2: a line that starts with a space goes on with the one before. */
    if (head->length > 0 && (line.data[0] == ' ' || line.data[0] == '\t')) {
        line = text_trim(line);
        head->data[head->length - 1] = ' ';
    }
    return keep(exchange, head, line.data, line.length) && keep(exchange, head, "\n", 1) ? size * count : 0;
}

static size_t count_lines(struct text text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.length; i++)
        count += text.data[i] == '\n';
    return count;
}

static size_t parse_lines(struct text lines, struct http_header *headers)
{
    size_t count = 0;

    while (lines.length > 0) {
        struct http_header header = {.name = text_split(lines, '\n', &lines)};
        bool has_colon = header.name.length > 0 && memchr(header.name.data, ':', header.name.length);
        header.name = text_trim(text_split(header.name, ':', &header.value));
        header.value = text_trim(header.value);
        if (has_colon)
            headers[count++] = header;
    }
    return count;
}

bool http_response_parse(struct http_exchange *exchange, struct http_response *response,
                         struct http_header **headers)
{
    struct text lines = buffer_text(&exchange->head);
    size_t line_count = count_lines(lines);
    struct text reason;
    long status = 0;

    *headers = calloc(line_count ? line_count : 1, sizeof **headers);
    if (!*headers)
        return false;
    libcurl.easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    text_split(text_split(lines, '\n', &lines), ' ', &reason); /* RFC 9112, 4: "HTTP/1.1 404 Not Found" */
    text_split(reason, ' ', &reason);
    *response = (struct http_response){
        .status = (int)status,
        .reason = reason,
        .headers = *headers,
        .header_count = parse_lines(lines, *headers),
    };
    return true;
}

static void add_words(struct http_exchange *exchange, const char *before, const char *more)
{
    size_t length = strlen(exchange->words);

    snprintf(exchange->words + length, sizeof exchange->words - length, "%s%s", before, more);
}

/* Node obeys it. */
static bool asks_for_no_verification(void)
{
    const char *value = getenv("NODE_TLS_REJECT_UNAUTHORIZED");

    return value && strcmp(value, "0") == 0;
}

const char *http_response_failure(struct http_exchange *exchange, CURLcode code)
{
    char *words = exchange->words;
    long os_error = 0;

    if (exchange->failure)
        return exchange->failure;
    if (!words[0])
        snprintf(words, sizeof exchange->words, "%s", libcurl.easy_strerror(code));
    /* "Couldn't connect to server" is all that curl says of a refused connection. */
    libcurl.easy_getinfo(exchange->easy, CURLINFO_OS_ERRNO, &os_error);
    if (code == CURLE_COULDNT_CONNECT && os_error != 0)
        add_words(exchange, ": ", uv_strerror(uv_translate_sys_error((int)os_error)));
    if (code == CURLE_PEER_FAILED_VERIFICATION && asks_for_no_verification())
        add_words(exchange, "; ", HTTP_UNVERIFIED_ADVICE);
    return words;
}
