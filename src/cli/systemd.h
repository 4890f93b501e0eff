#pragma once

#include <stdint.h>

/* What a service manager and its services tell each other (systemd's sd_notify(3) and sd_listen_fds(3), which
 * say that programs may speak it by themselves). Without a service manager nothing happens. */

/* Sends one line, "READY=1" or the like. */
void systemd_notify(const char *state);

/* How often the watchdog wants to hear of us, in ms; 0 where there is none. */
uint64_t systemd_watchdog_ms(void);

/* The listening sockets that were handed over, by name (FileDescriptorName=): "wss" for TLS, "management" for
 * the management server, any other for the plain port. -1 where there is none. They are close-on-exec from
 * then on. */
struct systemd_sockets {
    int plain;
    int secure;
    int management;
};
struct systemd_sockets systemd_take_sockets(void);
