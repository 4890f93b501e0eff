#pragma once

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/* What a service manager and its services tell each other (systemd's sd_notify(3), sd_watchdog_enabled(3) and
 * sd_listen_fds(3), which say that programs may speak it by themselves). Without a service manager nothing
 * happens. */

/* The listening sockets that were handed over, by name (FileDescriptorName=): "wss" for TLS, "management" for
 * the management server, any other for the plain port. -1 where there is none. */
struct systemd_sockets {
    int plain;
    int secure;
    int management;
};

struct systemd {
    struct sockaddr_un address; /* where it wants to be told */
    socklen_t address_length;   /* 0: nowhere */
    uint64_t watchdog_ms;       /* how often its watchdog wants to hear of us; 0 where there is none */
    struct systemd_sockets sockets;
};

/* Takes all of it out of the environment, so that no program that handlers start takes it for its own; the
 * sockets are close-on-exec from then on. */
void systemd_take(struct systemd *systemd);

/* Sends one line, "READY=1" or the like. */
void systemd_notify(const struct systemd *systemd, const char *state);
