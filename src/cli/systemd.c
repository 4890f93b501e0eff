#include "cli/systemd.h"
#include "base/text.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_DESCRIPTOR = 3, MAX_SOCKETS = 16 };

void systemd_notify(const struct systemd *systemd, const char *state)
{
    if (systemd->address_length == 0)
        return;
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return;
    /* Nobody to complain to where it does not arrive. */
    (void)!sendto(descriptor, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&systemd->address,
                  systemd->address_length);
    close(descriptor);
}

static void take_address(struct systemd *systemd)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un *address = &systemd->address;

    /* A path, or with '@' in front a name in the abstract namespace, which begins with a NUL. */
    if (!path || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof address->sun_path)
        return;
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, strlen(path));
    if (path[0] == '@')
        address->sun_path[0] = '\0';
    systemd->address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
}

/* Whether a variable holds our process id. */
static bool is_ours(const char *name)
{
    const char *value = getenv(name);

    return value && strtol(value, NULL, 10) == (long)getpid();
}

static void take_watchdog(struct systemd *systemd)
{
    const char *interval = getenv("WATCHDOG_USEC");

    if (interval && (!getenv("WATCHDOG_PID") || is_ours("WATCHDOG_PID")))
        systemd->watchdog_ms = strtoull(interval, NULL, 10) / 1000;
}

static void take_sockets(struct systemd_sockets *sockets)
{
    const char *count = getenv("LISTEN_FDS");

    if (!count || !is_ours("LISTEN_PID"))
        return;
    long descriptors = strtol(count, NULL, 10);
    struct text names = text_from_cstr(getenv("LISTEN_FDNAMES"));
    for (int i = 0; i < descriptors && i < MAX_SOCKETS; i++) {
        int descriptor = FIRST_DESCRIPTOR + i;
        struct text name = text_split(names, ':', &names);
        fcntl(descriptor, F_SETFD, FD_CLOEXEC);
        if (text_equal(name, TEXT("wss")))
            sockets->secure = descriptor;
        else if (text_equal(name, TEXT("management")))
            sockets->management = descriptor;
        else if (sockets->plain < 0)
            sockets->plain = descriptor;
    }
}

void systemd_take(struct systemd *systemd)
{
    static const char *const names[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
                                        "LISTEN_FDS",    "LISTEN_PID",    "LISTEN_FDNAMES"};

    *systemd = (struct systemd){.sockets = {-1, -1, -1}};
    take_address(systemd);
    take_watchdog(systemd);
    take_sockets(&systemd->sockets);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
}
