/*
 * How long a server takes from its start to its first connection: starts it on a core of its own, asks for an
 * upgrade until one is answered, ends it, and prints the milliseconds as JSON.
 *
 *     startup CORE PORT COMMAND...
 */
#include "base/clock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const uint64_t timeout_ns = 10000000000;
static const struct timespec between_tries = {.tv_nsec = 50000};

static const char request[] =
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

static bool shake_hands(int socket_number, uint16_t port)
{
    static const char wanted[] = "HTTP/1.1 101";
    char answer[1024];
    struct timeval patience = {.tv_sec = 2};
    struct sockaddr_in server = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    return setsockopt(socket_number, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
           connect(socket_number, (struct sockaddr *)&server, sizeof server) == 0 &&
           send(socket_number, request, sizeof request - 1, MSG_NOSIGNAL) == sizeof request - 1 &&
           recv(socket_number, answer, sizeof answer, 0) >= (ssize_t)sizeof wanted - 1 &&
           memcmp(answer, wanted, sizeof wanted - 1) == 0;
}

static bool try_once(uint16_t port)
{
    int socket_number = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (socket_number < 0)
        return false;
    bool done = shake_hands(socket_number, port);
    close(socket_number);
    return done;
}

static _Noreturn void become(int core, char **command)
{
    cpu_set_t cores;

    CPU_ZERO(&cores);
    CPU_SET((size_t)core, &cores);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && sched_setaffinity(0, sizeof cores, &cores) == 0)
        execvp(command[0], command);
    perror(command[0]);
    _exit(EXIT_FAILURE);
}

static bool has_ended(pid_t child)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fputs("usage: startup CORE PORT COMMAND...\n", stderr);
        return EXIT_FAILURE;
    }
    uint16_t port = (uint16_t)atoi(argv[2]);
    uint64_t began = clock_now_ns();
    uint64_t now = began;
    bool done = false;
    pid_t child = fork();
    if (child < 0) {
        perror("startup");
        return EXIT_FAILURE;
    }
    if (child == 0)
        become(atoi(argv[1]), argv + 3);
    while (!done && now - began < timeout_ns && !has_ended(child)) {
        nanosleep(&between_tries, NULL);
        done = try_once(port);
        now = clock_now_ns();
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    if (!done) {
        fputs("startup: the server did not come up\n", stderr);
        return EXIT_FAILURE;
    }
    printf("{\"ms\":%.2f}\n", (double)(now - began) / 1e6);
    return EXIT_SUCCESS;
}
