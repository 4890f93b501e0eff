#pragma once

#include "net/curl.h"
#include "net/http_client.h"

/*
 * What a request has to be, and how curl is told: the client's own. What each status means is said at
 * http_client_send().
 */

/* All of it but the URL, which is curl's to read. Does without libcurl. */
NODISCARD enum status http_request_check(const struct http_request *request, struct buffer *error);

/* Sets up `easy` for a request that was checked; curl then has copies. *headers, an empty list at first, must
 * stay as long as `easy` does; the caller frees it, after a failure too. */
NODISCARD enum status http_request_apply(const struct http_request *request, CURL *easy,
                                         struct curl_slist **headers, struct buffer *error);
