#include "js/native.h"
#include "js/system_names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

/* What the machine, the user and the process are, for Node's os and process. A number below 0 in place of a
 * result is an errno's. */

static JSValueRef failed(JSContextRef context)
{
    return jsc.JSValueMakeNumber(context, -errno);
}

static JSValueRef number(JSContextRef context, double value)
{
    return jsc.JSValueMakeNumber(context, value);
}

static int int_argument(JSContextRef context, JSValueRef argument, JSValueRef *exception)
{
    double value = jsc.JSValueToNumber(context, argument, exception);

    return value >= -2147483648.0 && value <= 2147483647.0 ? (int)value : 0;
}

static JSValueRef list_of_names(JSContextRef context, const struct system_name *names, JSValueRef *exception)
{
    JSObjectRef list = jsc.JSObjectMakeArray(context, 0, NULL, exception);
    unsigned at = 0;

    for (; list && names->name; names++) {
        JSValueRef row[] = {native_string(context, text_from_cstr(names->name), exception),
                            number(context, names->number),
                            native_string(context, text_from_cstr(names->message), exception)};
        jsc.JSObjectSetPropertyAtIndex(context, list, at++, jsc.JSObjectMakeArray(context, 3, row, exception),
                                       NULL);
    }
    return list ? list : jsc.JSValueMakeUndefined(context);
}

/* errors() and signals() -> [[name, number, message or '']...] */
NATIVE_FUNCTION(errors)
{
    NATIVE_NEEDS_NONE;
    return list_of_names(context, system_errors, exception);
}

NATIVE_FUNCTION(signals)
{
    NATIVE_NEEDS_NONE;
    return list_of_names(context, system_signals, exception);
}

/* uname() -> {sysname, release, version, machine, nodename} */
NATIVE_FUNCTION(uname_call)
{
    NATIVE_NEEDS_NONE;
    struct utsname names;
    JSObjectRef object = jsc.JSObjectMake(context, NULL, NULL);
    if (uname(&names) != 0)
        return failed(context);
    native_set_text(context, object, "sysname", text_from_cstr(names.sysname), exception);
    native_set_text(context, object, "release", text_from_cstr(names.release), exception);
    native_set_text(context, object, "version", text_from_cstr(names.version), exception);
    native_set_text(context, object, "machine", text_from_cstr(names.machine), exception);
    native_set_text(context, object, "nodename", text_from_cstr(names.nodename), exception);
    return object;
}

/* machine() -> {total, free, uptime, loads}: memory in bytes, seconds, the three load averages */
NATIVE_FUNCTION(machine)
{
    NATIVE_NEEDS_NONE;
    struct sysinfo info;
    double loads[3] = {0, 0, 0};
    if (sysinfo(&info) != 0)
        return failed(context);
    if (getloadavg(loads, 3) != 3)
        loads[0] = loads[1] = loads[2] = 0;
    JSObjectRef object = jsc.JSObjectMake(context, NULL, NULL);
    JSValueRef list[] = {number(context, loads[0]), number(context, loads[1]), number(context, loads[2])};
    native_set_number(context, object, "total", (double)info.totalram * info.mem_unit);
    native_set_number(context, object, "free", (double)info.freeram * info.mem_unit);
    native_set_number(context, object, "uptime", (double)info.uptime);
    native_set(context, object, "loads", jsc.JSObjectMakeArray(context, 3, list, exception));
    return object;
}

/* processors() -> how many this process may run on */
NATIVE_FUNCTION(processors)
{
    NATIVE_NEEDS_NONE;
    cpu_set_t set;
    int count_of_them = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return number(context, count_of_them);
}

/* user(id) -> {name, home, shell, uid, gid} of the user of that number */
NATIVE_FUNCTION(user)
{
    NATIVE_NEEDS(1);
    enum { MOST = 64 * 1024 };
    struct passwd entry;
    struct passwd *found = NULL;
    uid_t id = (uid_t)int_argument(context, arguments[0], exception);
    char *texts = malloc(MOST);
    if (!texts)
        return native_throw(context, exception, "RangeError", "Out of memory");
    int error = getpwuid_r(id, &entry, texts, MOST, &found);
    JSValueRef value = number(context, error ? -error : -ENOENT);
    if (found) {
        JSObjectRef object = jsc.JSObjectMake(context, NULL, NULL);
        native_set_text(context, object, "name", text_from_cstr(entry.pw_name), exception);
        native_set_text(context, object, "home", text_from_cstr(entry.pw_dir), exception);
        native_set_text(context, object, "shell", text_from_cstr(entry.pw_shell), exception);
        native_set_number(context, object, "uid", entry.pw_uid);
        native_set_number(context, object, "gid", entry.pw_gid);
        value = object;
    }
    free(texts);
    return value;
}

/* The address, or its mask; "" for one of another family. */
static const char *address_text(const struct sockaddr *address, char out[INET6_ADDRSTRLEN])
{
    const char *text = NULL;

    if (address && address->sa_family == AF_INET)
        text = inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, out,
                         INET6_ADDRSTRLEN);
    else if (address && address->sa_family == AF_INET6)
        text = inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, out,
                         INET6_ADDRSTRLEN);
    return text ? text : "";
}

static void hardware_address(const struct ifaddrs *all, const char *name, char out[18])
{
    strcpy(out, "00:00:00:00:00:00");
    for (; all; all = all->ifa_next) {
        if (!all->ifa_addr || all->ifa_addr->sa_family != AF_PACKET || strcmp(all->ifa_name, name) != 0)
            continue;
        const unsigned char *bytes = ((const struct sockaddr_ll *)(const void *)all->ifa_addr)->sll_addr;
        snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4],
                 bytes[5]);
    }
}

/* interfaces() -> [{name, address, netmask, mac, internal, scope}...], of those that are up */
NATIVE_FUNCTION(interfaces)
{
    NATIVE_NEEDS_NONE;
    struct ifaddrs *all;
    unsigned index = 0;
    if (getifaddrs(&all) != 0)
        return failed(context);
    JSObjectRef list = jsc.JSObjectMakeArray(context, 0, NULL, exception);
    for (const struct ifaddrs *each = all; each && list; each = each->ifa_next) {
        char address[INET6_ADDRSTRLEN];
        char mask[INET6_ADDRSTRLEN];
        char mac[18];
        const char *text = address_text(each->ifa_addr, address);
        if (!*text || !(each->ifa_flags & IFF_UP) || !(each->ifa_flags & IFF_RUNNING))
            continue;
        hardware_address(all, each->ifa_name, mac);
        JSObjectRef object = jsc.JSObjectMake(context, NULL, NULL);
        native_set_text(context, object, "name", text_from_cstr(each->ifa_name), exception);
        native_set_text(context, object, "address", text_from_cstr(text), exception);
        native_set_text(context, object, "netmask", text_from_cstr(address_text(each->ifa_netmask, mask)),
                        exception);
        native_set_text(context, object, "mac", text_from_cstr(mac), exception);
        native_set(context, object, "internal",
                   jsc.JSValueMakeBoolean(context, (each->ifa_flags & IFF_LOOPBACK) != 0));
        if (each->ifa_addr->sa_family == AF_INET6)
            native_set_number(context, object, "scope",
                              ((const struct sockaddr_in6 *)(const void *)each->ifa_addr)->sin6_scope_id);
        jsc.JSObjectSetPropertyAtIndex(context, list, index++, object, NULL);
    }
    freeifaddrs(all);
    return list ? list : jsc.JSValueMakeUndefined(context);
}

/* getPriority(pid) and setPriority(pid, priority) */
NATIVE_FUNCTION(get_priority)
{
    NATIVE_NEEDS(1);
    errno = 0;
    int priority = getpriority(PRIO_PROCESS, (id_t)int_argument(context, arguments[0], exception));
    /* Between -20 and 19, so beyond those below 0 that are an errno's it cannot be told by itself. */
    JSValueRef both[] = {number(context, priority == -1 ? errno : 0), number(context, priority)};
    return jsc.JSObjectMakeArray(context, 2, both, exception);
}

NATIVE_FUNCTION(set_priority)
{
    NATIVE_NEEDS(2);
    int result = setpriority(PRIO_PROCESS, (id_t)int_argument(context, arguments[0], exception),
                             int_argument(context, arguments[1], exception));
    return result == 0 ? number(context, 0) : failed(context);
}

/* ids() -> [uid, effective uid, gid, effective gid] */
NATIVE_FUNCTION(ids)
{
    NATIVE_NEEDS_NONE;
    JSValueRef all[] = {number(context, getuid()), number(context, geteuid()), number(context, getgid()),
                        number(context, getegid())};
    return jsc.JSObjectMakeArray(context, 4, all, exception);
}

/* groups() -> the supplementary groups */
NATIVE_FUNCTION(groups)
{
    NATIVE_NEEDS_NONE;
    int most = getgroups(0, NULL);
    gid_t *list = most > 0 ? calloc((size_t)most, sizeof *list) : NULL;
    int found = list ? getgroups(most, list) : 0;
    JSObjectRef array = jsc.JSObjectMakeArray(context, 0, NULL, exception);
    for (int i = 0; array && i < found; i++)
        jsc.JSObjectSetPropertyAtIndex(context, array, (unsigned)i, number(context, list[i]), NULL);
    free(list);
    return array ? array : jsc.JSValueMakeUndefined(context);
}

/* umask(mask or undefined) -> the mask before */
NATIVE_FUNCTION(umask_call)
{
    NATIVE_NEEDS(1);
    if (!jsc.JSValueIsUndefined(context, arguments[0]))
        return number(context, umask((mode_t)int_argument(context, arguments[0], exception)));
    mode_t before = umask(0);
    umask(before);
    return number(context, before);
}

/* kill(pid, signal) */
NATIVE_FUNCTION(kill_call)
{
    NATIVE_NEEDS(2);
    int result =
        kill(int_argument(context, arguments[0], exception), int_argument(context, arguments[1], exception));
    return result == 0 ? number(context, 0) : failed(context);
}

/* chdir(path) */
NATIVE_FUNCTION(chdir_call)
{
    NATIVE_NEEDS(1);
    struct buffer path;
    int result = 0;
    buffer_init(&path, BUFFER_UNLIMITED);
    if (native_argument_text(context, arguments[0], &path, exception) &&
        buffer_append(&path, "", 1) == STATUS_OK)
        result = chdir(path.data);
    JSValueRef value = result == 0 ? number(context, 0) : failed(context);
    buffer_deinit(&path);
    return value;
}

/* isTerminal(descriptor) */
NATIVE_FUNCTION(is_terminal)
{
    NATIVE_NEEDS(1);
    return jsc.JSValueMakeBoolean(context, isatty(int_argument(context, arguments[0], exception)) == 1);
}

static double micros_of(struct timeval time)
{
    return (double)time.tv_sec * 1e6 + (double)time.tv_usec;
}

/* resourceUsage() -> what getrusage says, under Node's names */
NATIVE_FUNCTION(resource_usage)
{
    NATIVE_NEEDS_NONE;
    struct rusage used;
    if (getrusage(RUSAGE_SELF, &used) != 0)
        return failed(context);
    JSObjectRef object = jsc.JSObjectMake(context, NULL, NULL);
    native_set_number(context, object, "userCPUTime", micros_of(used.ru_utime));
    native_set_number(context, object, "systemCPUTime", micros_of(used.ru_stime));
    native_set_number(context, object, "maxRSS", (double)used.ru_maxrss);
    native_set_number(context, object, "sharedMemorySize", (double)used.ru_ixrss);
    native_set_number(context, object, "unsharedDataSize", (double)used.ru_idrss);
    native_set_number(context, object, "unsharedStackSize", (double)used.ru_isrss);
    native_set_number(context, object, "minorPageFault", (double)used.ru_minflt);
    native_set_number(context, object, "majorPageFault", (double)used.ru_majflt);
    native_set_number(context, object, "swappedOut", (double)used.ru_nswap);
    native_set_number(context, object, "fsRead", (double)used.ru_inblock);
    native_set_number(context, object, "fsWrite", (double)used.ru_oublock);
    native_set_number(context, object, "ipcSent", (double)used.ru_msgsnd);
    native_set_number(context, object, "ipcReceived", (double)used.ru_msgrcv);
    native_set_number(context, object, "signalsCount", (double)used.ru_nsignals);
    native_set_number(context, object, "voluntaryContextSwitches", (double)used.ru_nvcsw);
    native_set_number(context, object, "involuntaryContextSwitches", (double)used.ru_nivcsw);
    return object;
}

const struct native native_os[] = {
    {"errors", errors},
    {"signals", signals},
    {"uname", uname_call},
    {"machine", machine},
    {"processors", processors},
    {"user", user},
    {"interfaces", interfaces},
    {"getPriority", get_priority},
    {"setPriority", set_priority},
    {"ids", ids},
    {"groups", groups},
    {"umask", umask_call},
    {"kill", kill_call},
    {"chdir", chdir_call},
    {"isTerminal", is_terminal},
    {"resourceUsage", resource_usage},
    {NULL, NULL},
};
