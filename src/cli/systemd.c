#include "cli/systemd.h"
#include "base/text.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST_DESCRIPTOR = 3, MAX_SOCKETS = 16 };

void systemd_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    /* A path, or with '@' in front a name in the abstract namespace, which begins with a NUL. */
    if (!path || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof address.sun_path)
        return;
    memcpy(address.sun_path, path, strlen(path));
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return;
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    /* Nobody to complain to where it does not arrive. */
    (void)!sendto(descriptor, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, length);
    close(descriptor);
}

/* Whether a variable holds our process id. */
static int is_ours(const char *name)
{
    const char *value = getenv(name);

    return value && strtol(value, NULL, 10) == (long)getpid();
}

uint64_t systemd_watchdog_ms(void)
{
    const char *interval = getenv("WATCHDOG_USEC");

    if (!interval || (getenv("WATCHDOG_PID") && !is_ours("WATCHDOG_PID")))
        return 0;
    return strtoull(interval, NULL, 10) / 1000;
}

struct systemd_sockets systemd_take_sockets(void)
{
    struct systemd_sockets sockets = {-1, -1, -1};
    const char *count = getenv("LISTEN_FDS");

    if (!count || !is_ours("LISTEN_PID"))
        return sockets;
    long descriptors = strtol(count, NULL, 10);
    struct text names = text_from_cstr(getenv("LISTEN_FDNAMES"));
    for (int i = 0; i < descriptors && i < MAX_SOCKETS; i++) {
        int descriptor = FIRST_DESCRIPTOR + i;
        struct text name = text_split(names, ':', &names);
        fcntl(descriptor, F_SETFD, FD_CLOEXEC);
        if (text_equal(name, TEXT("wss")))
            sockets.secure = descriptor;
        else if (text_equal(name, TEXT("management")))
            sockets.management = descriptor;
        else if (sockets.plain < 0)
            sockets.plain = descriptor;
    }
    return sockets;
}
