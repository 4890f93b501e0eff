#include "protocol/handshake.h"
#include "protocol/token.h"

#include <assert.h>
#include <openssl/evp.h>
#include <string.h>

enum { KEY_LENGTH = 24, SHA1_LENGTH = 20 };

static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455, section 1.3 */

enum status handshake_accept(char out[HANDSHAKE_ACCEPT_LENGTH + 1], struct text key)
{
    char joined[KEY_LENGTH + sizeof guid - 1];
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_length = 0;

    assert(key.length == KEY_LENGTH);
    memcpy(joined, key.data, KEY_LENGTH);
    memcpy(joined + KEY_LENGTH, guid, sizeof guid - 1);
    if (EVP_Digest(joined, sizeof joined, digest, &digest_length, EVP_sha1(), NULL) != 1 ||
        digest_length != SHA1_LENGTH)
        return STATUS_SYSTEM; /* a libcrypto configured to do without SHA-1 */
    EVP_EncodeBlock((unsigned char *)out, digest, SHA1_LENGTH);
    return STATUS_OK;
}

enum status handshake_append_response(struct buffer *out, struct text key, struct text protocol,
                                      struct text extension)
{
    char accept[HANDSHAKE_ACCEPT_LENGTH + 1];

    if (protocol.length > 0 && !token_is_valid(protocol))
        return STATUS_INVALID;
    enum status status = handshake_accept(accept, key);
    if (status != STATUS_OK)
        return status;

    size_t length_before = out->length;
    status = buffer_printf(out,
                           "HTTP/1.1 101 Switching Protocols\r\n"
                           "Upgrade: websocket\r\n"
                           "Connection: Upgrade\r\n"
                           "Sec-WebSocket-Accept: %s\r\n",
                           accept);
    if (status == STATUS_OK && protocol.length > 0)
        status = buffer_printf(out, "Sec-WebSocket-Protocol: %.*s\r\n", TEXT_ARGS(protocol));
    if (status == STATUS_OK && extension.length > 0)
        status = buffer_printf(out, "Sec-WebSocket-Extensions: %.*s\r\n", TEXT_ARGS(extension));
    if (status == STATUS_OK)
        status = buffer_append(out, "\r\n", 2);
    if (status != STATUS_OK)
        out->length = length_before;
    return status;
}

/* RFC 9110, section 15; a status that is not here goes without a phrase, as RFC 9112, section 4, allows. */
static const char *phrase(int status)
{
    switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 426: return "Upgrade Required";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 451: return "Unavailable For Legal Reasons";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    }
    return "";
}

/* What a status has to say beside its phrase; the Connection line names Upgrade wherever that header is sent.
 */
static const char *extra_headers(int status)
{
    switch (status) {
    case 405: return "Connection: close\r\nAllow: GET\r\n";
    case 426: return "Connection: close, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    case 503: return "Connection: close\r\nRetry-After: 5\r\n";
    }
    return "Connection: close\r\n";
}

enum status handshake_append_refusal(struct buffer *out, int status, const char *reason)
{
    const char *headers = extra_headers(status);

    if (!reason)
        return buffer_printf(out, "HTTP/1.1 %d %s\r\n%s\r\n", status, phrase(status), headers);
    return buffer_printf(out,
                         "HTTP/1.1 %d %s\r\n"
                         "%s"
                         "Content-Type: text/plain; charset=utf-8\r\n"
                         "Content-Length: %zu\r\n"
                         "\r\n"
                         "%s",
                         status, phrase(status), headers, strlen(reason), reason);
}
