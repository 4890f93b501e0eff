#pragma once

#include "base/buffer.h"
#include "base/status.h"

#include <curl/curl.h>

/*
 * libcurl's C API, opened when the first HTTP request is sent: a process that sends none never maps the
 * library and the two dozen behind it. Every call goes through the table `libcurl`, which is filled once and
 * then only read.
 */

#define LIBCURL_FUNCTIONS(X) \
    X(easy_cleanup) \
    X(easy_getinfo) \
    X(easy_init) \
    X(easy_pause) \
    X(easy_setopt) \
    X(easy_strerror) \
    X(free) \
    X(global_init) \
    X(multi_add_handle) \
    X(multi_assign) \
    X(multi_cleanup) \
    X(multi_info_read) \
    X(multi_init) \
    X(multi_remove_handle) \
    X(multi_setopt) \
    X(multi_socket_action) \
    X(multi_strerror) \
    X(slist_append) \
    X(slist_free_all) \
    X(url) \
    X(url_cleanup) \
    X(url_get) \
    X(url_set)

struct curl_functions {
#define LIBCURL_MEMBER(name) __typeof__(&curl_##name) name;
    LIBCURL_FUNCTIONS(LIBCURL_MEMBER)
#undef LIBCURL_MEMBER
};

extern const struct curl_functions *const libcurl_table;
#define libcurl (*libcurl_table)

/* Opens and initialises the library; later calls return at once. Safe to call from several threads.
 * STATUS_SYSTEM where it is missing or lacks a function: `error` then says what and which package has it. */
NODISCARD enum status libcurl_open(struct buffer *error);

/* curl's own setters take anything; these do not. */

static inline CURLcode libcurl_set_long(CURL *easy, CURLoption option, long value)
{
    return libcurl.easy_setopt(easy, option, value);
}

static inline CURLcode libcurl_set_string(CURL *easy, CURLoption option, const char *value)
{
    return libcurl.easy_setopt(easy, option, value);
}

static inline CURLcode libcurl_set_pointer(CURL *easy, CURLoption option, void *value)
{
    return libcurl.easy_setopt(easy, option, value);
}

static inline CURLcode libcurl_set_on_bytes(CURL *easy, CURLoption option, curl_write_callback function)
{
    return libcurl.easy_setopt(easy, option, function);
}

static inline CURLcode libcurl_set_on_room(CURL *easy, CURLoption option, curl_read_callback function)
{
    return libcurl.easy_setopt(easy, option, function);
}
