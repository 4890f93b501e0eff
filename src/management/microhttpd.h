#pragma once

#include "base/buffer.h"
#include "base/status.h"

#include <microhttpd.h>

/*
 * libmicrohttpd's C API, opened by the first management server: a process without one never maps the library
 * and the ten behind it, GnuTLS among them. Every call goes through the table `mhd`, which is filled once and
 * then only read.
 */

#define MHD_FUNCTIONS(X) \
    X(add_response_header) \
    X(create_response_from_buffer) \
    X(destroy_response) \
    X(get_connection_info) \
    X(get_connection_values) \
    X(get_daemon_info) \
    X(get_timeout) \
    X(http_unescape) \
    X(lookup_connection_value) \
    X(queue_response) \
    X(resume_connection) \
    X(run) \
    X(start_daemon) \
    X(stop_daemon) \
    X(suspend_connection)

struct mhd_functions {
#define MHD_MEMBER(name) __typeof__(&MHD_##name) name;
    MHD_FUNCTIONS(MHD_MEMBER)
#undef MHD_MEMBER
};

extern const struct mhd_functions *const mhd_table;
#define mhd (*mhd_table)

/* Opens the library; later calls return at once. Safe to call from several threads. STATUS_SYSTEM where it is
 * missing or lacks a function: `error` then says what and which package has it. */
NODISCARD enum status mhd_open(struct buffer *error);
