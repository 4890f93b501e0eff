#include "js/native.h"
#include "js/work.h"
#include "js/world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <unistd.h>

/*
 * The file system's operations, each one call of the system's (or nearly). One is run at once, or as work on
 * another thread: the same code, so it touches nothing but its struct.
 */

enum {
    MOST_PATHS = 2,
    MOST_NUMBERS = 3,
    STAT_FIELDS = 18,
    STATFS_FIELDS = 7,
    COPY_CHUNK = 1 << 20,
    COPY_EXCLUSIVE = 1, /* Node's COPYFILE_EXCL, COPYFILE_FICLONE and COPYFILE_FICLONE_FORCE */
    COPY_CLONE = 2,
    COPY_CLONE_FORCE = 4,
};

struct file_work {
    struct work work;
    const struct operation *operation;
    char *paths[MOST_PATHS]; /* owned */
    double numbers[MOST_NUMBERS];
    uint8_t *bytes; /* to be written; owned where `owns_bytes` */
    size_t length;
    bool owns_bytes;
    /* What came of it: errno or 0, and then a number or bytes. */
    int error;
    double number;
    struct buffer out;
};

struct operation {
    const char *name;
    /* One letter an argument: 'p' a path, 'n' a number, 'b' bytes. */
    const char *arguments;
    int (*run)(struct file_work *work); /* errno, or 0 */
    bool gives_bytes;
};

static int descriptor_of(const struct file_work *work)
{
    return (int)work->numbers[0];
}

/* What a system call that gives 0 says. */
static int outcome(int result)
{
    return result < 0 ? errno : 0;
}

static int outcome_of_append(enum status status)
{
    return status == STATUS_OK ? 0 : ENOMEM;
}

/* ---- descriptors ---- */

static int run_open(struct file_work *work)
{
    int descriptor = open(work->paths[0], (int)work->numbers[0] | O_CLOEXEC, (mode_t)work->numbers[1]);

    work->number = descriptor;
    return outcome(descriptor);
}

static int run_close(struct file_work *work)
{
    int error = outcome(close(descriptor_of(work)));

    return error == EINTR ? 0 : error; /* it is closed all the same */
}

/* read(descriptor, most, position or -1) -> bytes */
static int run_read(struct file_work *work)
{
    size_t most = (size_t)work->numbers[1];
    double position = work->numbers[2];
    ssize_t got;

    if (buffer_reserve(&work->out, most ? most : 1) != STATUS_OK)
        return ENOMEM;
    do
        got = position >= 0 ? pread(descriptor_of(work), work->out.data, most, (off_t)position)
                            : read(descriptor_of(work), work->out.data, most);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno;
    work->out.length = (size_t)got;
    return 0;
}

/* write(descriptor, position or -1, bytes) -> number */
static int run_write(struct file_work *work)
{
    double position = work->numbers[1];
    ssize_t written;

    do
        written = position >= 0 ? pwrite(descriptor_of(work), work->bytes, work->length, (off_t)position)
                                : write(descriptor_of(work), work->bytes, work->length);
    while (written < 0 && errno == EINTR);
    work->number = (double)written;
    return written < 0 ? errno : 0;
}

/* poll(descriptor, milliseconds) -> whether a read would not wait */
static int run_poll(struct file_work *work)
{
    struct pollfd polled = {.fd = descriptor_of(work), .events = POLLIN};
    int ready = poll(&polled, 1, (int)work->numbers[1]);

    work->number = ready > 0;
    return ready < 0 && errno != EINTR ? errno : 0;
}

static int run_ftruncate(struct file_work *work)
{
    return outcome(ftruncate(descriptor_of(work), (off_t)work->numbers[1]));
}

static int run_fsync(struct file_work *work)
{
    return outcome(fsync(descriptor_of(work)));
}

static int run_fdatasync(struct file_work *work)
{
    return outcome(fdatasync(descriptor_of(work)));
}

/* ---- what is known of a file ---- */

/* The fields in the order in which lib/file_stats.js reads them. */
static int append_stat(struct file_work *work, int descriptor, const char *path, int flags)
{
    struct statx found;

    if (statx(descriptor, path, flags, STATX_BASIC_STATS | STATX_BTIME, &found) != 0)
        return errno;
    const struct statx_timestamp *times[] = {&found.stx_atime, &found.stx_mtime, &found.stx_ctime,
                                             &found.stx_btime};
    int64_t fields[STAT_FIELDS] = {
        (int64_t)makedev(found.stx_dev_major, found.stx_dev_minor),
        found.stx_mode,
        found.stx_nlink,
        found.stx_uid,
        found.stx_gid,
        (int64_t)makedev(found.stx_rdev_major, found.stx_rdev_minor),
        found.stx_blksize,
        (int64_t)found.stx_ino,
        (int64_t)found.stx_size,
        (int64_t)found.stx_blocks,
    };
    for (size_t i = 0; i < 4; i++) {
        fields[10 + 2 * i] = times[i]->tv_sec;
        fields[11 + 2 * i] = times[i]->tv_nsec;
    }
    return outcome_of_append(buffer_append(&work->out, fields, sizeof fields));
}

static int run_stat(struct file_work *work)
{
    return append_stat(work, AT_FDCWD, work->paths[0], 0);
}

static int run_lstat(struct file_work *work)
{
    return append_stat(work, AT_FDCWD, work->paths[0], AT_SYMLINK_NOFOLLOW);
}

static int run_fstat(struct file_work *work)
{
    return append_stat(work, descriptor_of(work), "", AT_EMPTY_PATH);
}

static int run_statfs(struct file_work *work)
{
    struct statfs found;

    if (statfs(work->paths[0], &found) != 0)
        return errno;
    int64_t fields[STATFS_FIELDS] = {found.f_type,           found.f_bsize,           (int64_t)found.f_blocks,
                                     (int64_t)found.f_bfree, (int64_t)found.f_bavail, (int64_t)found.f_files,
                                     (int64_t)found.f_ffree};
    return outcome_of_append(buffer_append(&work->out, fields, sizeof fields));
}

static int run_access(struct file_work *work)
{
    return outcome(access(work->paths[0], (int)work->numbers[0]));
}

static int run_readlink(struct file_work *work)
{
    for (size_t room = 256;; room *= 2) {
        if (buffer_reserve(&work->out, room) != STATUS_OK)
            return ENOMEM;
        ssize_t length = readlink(work->paths[0], work->out.data, room);
        if (length < 0)
            return errno;
        if ((size_t)length < room) {
            work->out.length = (size_t)length;
            return 0;
        }
    }
}

static int run_realpath(struct file_work *work)
{
    char *real = realpath(work->paths[0], NULL);

    if (!real)
        return errno;
    int error = outcome_of_append(buffer_append(&work->out, real, strlen(real)));
    free(real);
    return error;
}

/* ---- directories ---- */

static char kind_of(const struct dirent *entry, int directory)
{
    struct stat found;

    if (entry->d_type != DT_UNKNOWN || fstatat(directory, entry->d_name, &found, AT_SYMLINK_NOFOLLOW) != 0)
        return (char)entry->d_type;
    return (char)IFTODT(found.st_mode);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int no_dots(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* readdir(path) -> for each entry its type (a byte, DT_…), its name, a NUL; by name */
static int run_readdir(struct file_work *work)
{
    struct dirent **entries;
    int directory = open(work->paths[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = 0;

    if (directory < 0)
        return errno;
    int count = scandirat(directory, ".", &entries, no_dots, by_name);
    if (count < 0)
        error = errno;
    for (int i = 0; i < count; i++) {
        char kind = kind_of(entries[i], directory);
        if (error == 0)
            error = outcome_of_append(buffer_append(&work->out, &kind, 1));
        if (error == 0)
            error = outcome_of_append(
                buffer_append(&work->out, entries[i]->d_name, strlen(entries[i]->d_name) + 1));
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    close(directory);
    return error;
}

static int run_mkdir(struct file_work *work)
{
    return outcome(mkdir(work->paths[0], (mode_t)work->numbers[0]));
}

/* mkdtemp(prefix with six X behind it) -> the path made of it */
static int run_mkdtemp(struct file_work *work)
{
    if (!mkdtemp(work->paths[0]))
        return errno;
    return outcome_of_append(buffer_append(&work->out, work->paths[0], strlen(work->paths[0])));
}

static int run_rmdir(struct file_work *work)
{
    return outcome(rmdir(work->paths[0]));
}

static int run_unlink(struct file_work *work)
{
    return outcome(unlink(work->paths[0]));
}

static int run_rename(struct file_work *work)
{
    return outcome(rename(work->paths[0], work->paths[1]));
}

static int run_link(struct file_work *work)
{
    return outcome(link(work->paths[0], work->paths[1]));
}

static int run_symlink(struct file_work *work)
{
    return outcome(symlink(work->paths[0], work->paths[1]));
}

/* ---- copies ---- */

/* By the system where it can, which clones or copies without bringing the bytes here. */
static int copy_contents(int from, int to)
{
    ssize_t copied;

    while ((copied = copy_file_range(from, NULL, to, NULL, COPY_CHUNK, 0)) > 0)
        ;
    if (copied == 0)
        return 0;
    if (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP && errno != EPERM)
        return errno;
    char *chunk = malloc(COPY_CHUNK);
    int error = chunk ? 0 : ENOMEM;
    ssize_t got = 1;
    while (error == 0 && got > 0) {
        got = read(from, chunk, COPY_CHUNK);
        if (got < 0 && errno != EINTR)
            error = errno;
        for (ssize_t done = 0; error == 0 && done < got;) {
            ssize_t written = write(to, chunk + done, (size_t)(got - done));
            if (written < 0 && errno != EINTR)
                error = errno;
            done += written > 0 ? written : 0;
        }
        if (got < 0 && error == 0)
            got = 1;
    }
    free(chunk);
    return error;
}

static int clone_or_copy(int from, int to, unsigned how)
{
    if (how & (COPY_CLONE | COPY_CLONE_FORCE)) {
        if (ioctl(to, FICLONE, from) == 0)
            return 0;
        if (how & COPY_CLONE_FORCE)
            return errno == EINVAL || errno == ENOTTY ? ENOTSUP : errno;
    }
    return copy_contents(from, to);
}

/* copyFile(from, to, how): with the source's permissions; what was begun and failed is removed */
static int run_copy_file(struct file_work *work)
{
    unsigned how = (unsigned)work->numbers[0];
    struct stat source;
    struct stat target;
    int to = -1;
    int error = 0;
    int from = open(work->paths[0], O_RDONLY | O_CLOEXEC);

    if (from < 0)
        return errno;
    if (fstat(from, &source) != 0) {
        error = errno;
        goto out;
    }
    to = open(work->paths[1], O_WRONLY | O_CREAT | O_CLOEXEC | (how & COPY_EXCLUSIVE ? O_EXCL : 0),
              source.st_mode & 07777);
    if (to < 0 || fstat(to, &target) != 0) {
        error = errno;
        goto out;
    }
    if (source.st_dev == target.st_dev && source.st_ino == target.st_ino)
        goto out;
    error = outcome(ftruncate(to, 0));
    if (error == 0 && fchmod(to, source.st_mode & 07777) != 0 && errno != EPERM)
        error = errno;
    if (error == 0)
        error = clone_or_copy(from, to, how);
    if (error != 0)
        unlink(work->paths[1]);
out:
    if (to >= 0)
        close(to);
    close(from);
    return error;
}

/* ---- owners, permissions, times ---- */

static int run_chmod(struct file_work *work)
{
    return outcome(chmod(work->paths[0], (mode_t)work->numbers[0]));
}

static int run_fchmod(struct file_work *work)
{
    return outcome(fchmod(descriptor_of(work), (mode_t)work->numbers[1]));
}

static int run_chown(struct file_work *work)
{
    return outcome(chown(work->paths[0], (uid_t)work->numbers[0], (gid_t)work->numbers[1]));
}

static int run_lchown(struct file_work *work)
{
    return outcome(lchown(work->paths[0], (uid_t)work->numbers[0], (gid_t)work->numbers[1]));
}

static int run_fchown(struct file_work *work)
{
    return outcome(fchown(descriptor_of(work), (uid_t)work->numbers[1], (gid_t)work->numbers[2]));
}

/* Seconds with a fraction; to the microsecond, which is as much as such a number holds of today. */
static struct timespec time_from(double seconds)
{
    double whole = floor(seconds);

    return (struct timespec){.tv_sec = (time_t)whole, .tv_nsec = (long)((seconds - whole) * 1e6) * 1000};
}

static int set_times(int directory, const char *path, double accessed, double modified, int flags)
{
    struct timespec times[] = {time_from(accessed), time_from(modified)};

    return outcome(utimensat(directory, path, times, flags));
}

static int run_utimes(struct file_work *work)
{
    return set_times(AT_FDCWD, work->paths[0], work->numbers[0], work->numbers[1], 0);
}

static int run_lutimes(struct file_work *work)
{
    return set_times(AT_FDCWD, work->paths[0], work->numbers[0], work->numbers[1], AT_SYMLINK_NOFOLLOW);
}

static int run_futimes(struct file_work *work)
{
    struct timespec times[] = {time_from(work->numbers[1]), time_from(work->numbers[2])};

    return outcome(futimens(descriptor_of(work), times));
}

static const struct operation operations[] = {
    {"open", "pnn", run_open, false},          {"close", "n", run_close, false},
    {"read", "nnn", run_read, true},           {"write", "nnb", run_write, false},
    {"ftruncate", "nn", run_ftruncate, false}, {"fsync", "n", run_fsync, false},
    {"fdatasync", "n", run_fdatasync, false},  {"stat", "p", run_stat, true},
    {"lstat", "p", run_lstat, true},           {"fstat", "n", run_fstat, true},
    {"statfs", "p", run_statfs, true},         {"access", "pn", run_access, false},
    {"readlink", "p", run_readlink, true},     {"realpath", "p", run_realpath, true},
    {"readdir", "p", run_readdir, true},       {"mkdir", "pn", run_mkdir, false},
    {"mkdtemp", "p", run_mkdtemp, true},       {"rmdir", "p", run_rmdir, false},
    {"unlink", "p", run_unlink, false},        {"rename", "pp", run_rename, false},
    {"link", "pp", run_link, false},           {"symlink", "pp", run_symlink, false},
    {"copyFile", "ppn", run_copy_file, false}, {"chmod", "pn", run_chmod, false},
    {"fchmod", "nn", run_fchmod, false},       {"chown", "pnn", run_chown, false},
    {"lchown", "pnn", run_lchown, false},      {"fchown", "nnn", run_fchown, false},
    {"utimes", "pnn", run_utimes, false},      {"lutimes", "pnn", run_lutimes, false},
    {"futimes", "nnn", run_futimes, false},    {"poll", "nn", run_poll, false},
};

enum { OPERATIONS = sizeof operations / sizeof *operations };

/* ---- the way in and out ---- */

static void run(struct work *base)
{
    struct file_work *work = (struct file_work *)base;

    work->error = work->operation->run(work);
}

static void destroy(struct work *base)
{
    struct file_work *work = (struct file_work *)base;

    for (size_t i = 0; i < MOST_PATHS; i++)
        free(work->paths[i]);
    if (work->owns_bytes)
        free(work->bytes);
    buffer_deinit(&work->out);
    free(work);
}

/* What came of it: bytes, a number, or a number below 0, which is an errno's. */
static JSValueRef result(struct work *base, JSContextRef context, JSValueRef *exception)
{
    struct file_work *work = (struct file_work *)base;

    if (work->error != 0)
        return jsc.JSValueMakeNumber(context, -work->error);
    if (!work->operation->gives_bytes)
        return jsc.JSValueMakeNumber(context, work->number);
    return native_taken(context, &work->out, exception);
}

/* A path: a string, or bytes as they are. */
static char *take_path(JSContextRef context, JSValueRef argument, JSValueRef *exception)
{
    struct buffer path;

    buffer_init(&path, BUFFER_UNLIMITED);
    bool good;
    if (jsc.JSValueIsString(context, argument)) {
        good = native_argument_text(context, argument, &path, exception);
    } else {
        uint8_t *bytes;
        size_t length;
        good = native_argument_bytes(context, argument, &bytes, &length, exception);
        if (good && buffer_append(&path, bytes, length) != STATUS_OK)
            good = false;
    }
    if (good && buffer_append(&path, "", 1) == STATUS_OK)
        return path.data;
    if (!*exception)
        native_throw(context, exception, "RangeError", "Out of memory");
    buffer_deinit(&path);
    return NULL;
}

static bool take_bytes(struct file_work *work, JSContextRef context, JSValueRef argument, bool copies,
                       JSValueRef *exception)
{
    if (!native_argument_bytes(context, argument, &work->bytes, &work->length, exception))
        return false;
    if (!copies)
        return true;
    uint8_t *copy = malloc(work->length ? work->length : 1);
    if (!copy) {
        native_throw(context, exception, "RangeError", "Out of memory");
        return false;
    }
    if (work->length)
        memcpy(copy, work->bytes, work->length);
    work->bytes = copy;
    work->owns_bytes = true;
    return true;
}

static bool take_arguments(struct file_work *work, JSContextRef context, const JSValueRef arguments[],
                           bool copies, JSValueRef *exception)
{
    size_t paths = 0;
    size_t numbers = 0;
    bool good = true;

    for (const char *letter = work->operation->arguments; *letter && good; letter++, arguments++) {
        if (*letter == 'p') {
            work->paths[paths] = take_path(context, *arguments, exception);
            good = work->paths[paths++];
        } else if (*letter == 'n') {
            work->numbers[numbers++] = jsc.JSValueToNumber(context, *arguments, exception);
            good = !*exception;
        } else {
            good = take_bytes(work, context, *arguments, copies, exception);
        }
    }
    return good;
}

static const struct {
    const char *name;
    int value;
} constants[] = {
    {"O_RDONLY", O_RDONLY},
    {"O_WRONLY", O_WRONLY},
    {"O_RDWR", O_RDWR},
    {"O_CREAT", O_CREAT},
    {"O_EXCL", O_EXCL},
    {"O_NOCTTY", O_NOCTTY},
    {"O_TRUNC", O_TRUNC},
    {"O_APPEND", O_APPEND},
    {"O_DIRECTORY", O_DIRECTORY},
    {"O_NOATIME", O_NOATIME},
    {"O_NOFOLLOW", O_NOFOLLOW},
    {"O_SYNC", O_SYNC},
    {"O_DSYNC", O_DSYNC},
    {"O_DIRECT", O_DIRECT},
    {"O_NONBLOCK", O_NONBLOCK},
    {"S_IFMT", S_IFMT},
    {"S_IFREG", S_IFREG},
    {"S_IFDIR", S_IFDIR},
    {"S_IFCHR", S_IFCHR},
    {"S_IFBLK", S_IFBLK},
    {"S_IFIFO", S_IFIFO},
    {"S_IFLNK", S_IFLNK},
    {"S_IFSOCK", S_IFSOCK},
    {"S_IRWXU", S_IRWXU},
    {"S_IRUSR", S_IRUSR},
    {"S_IWUSR", S_IWUSR},
    {"S_IXUSR", S_IXUSR},
    {"S_IRWXG", S_IRWXG},
    {"S_IRGRP", S_IRGRP},
    {"S_IWGRP", S_IWGRP},
    {"S_IXGRP", S_IXGRP},
    {"S_IRWXO", S_IRWXO},
    {"S_IROTH", S_IROTH},
    {"S_IWOTH", S_IWOTH},
    {"S_IXOTH", S_IXOTH},
    {"F_OK", F_OK},
    {"R_OK", R_OK},
    {"W_OK", W_OK},
    {"X_OK", X_OK},
    {"DT_UNKNOWN", DT_UNKNOWN},
    {"DT_FIFO", DT_FIFO},
    {"DT_CHR", DT_CHR},
    {"DT_DIR", DT_DIR},
    {"DT_BLK", DT_BLK},
    {"DT_REG", DT_REG},
    {"DT_LNK", DT_LNK},
    {"DT_SOCK", DT_SOCK},
};

/* constants() -> the system's, by name */
NATIVE_FUNCTION(list_constants)
{
    NATIVE_NEEDS_NONE;
    JSObjectRef object = jsc.JSObjectMake(context, NULL, NULL);
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        native_set_number(context, object, constants[i].name, constants[i].value);
    return object;
}

/* names() -> the operations' names; a name's place is its number */
NATIVE_FUNCTION(names)
{
    NATIVE_NEEDS_NONE;
    JSValueRef list[OPERATIONS];
    for (size_t i = 0; i < OPERATIONS; i++) {
        list[i] = native_string(context, text_from_cstr(operations[i].name), exception);
        if (*exception)
            return jsc.JSValueMakeUndefined(context);
    }
    return jsc.JSObjectMakeArray(context, OPERATIONS, list, exception);
}

/* run(id, operation, arguments...): at once where id is 0, and then what came of it; otherwise as work */
NATIVE_FUNCTION(run_operation)
{
    NATIVE_NEEDS(2);
    double id = jsc.JSValueToNumber(context, arguments[0], exception);
    double number = jsc.JSValueToNumber(context, arguments[1], exception);
    if (!(number >= 0 && number < OPERATIONS))
        return native_throw(context, exception, "RangeError", "no such operation");
    const struct operation *operation = &operations[(size_t)number];
    if (count - 2 < strlen(operation->arguments))
        return native_throw(context, exception, "TypeError", "%s: too few arguments", operation->name);
    struct file_work *work = calloc(1, sizeof *work);
    if (!work)
        return native_throw(context, exception, "RangeError", "Out of memory");
    work->work = (struct work){.run = run, .result = result, .destroy = destroy};
    work->operation = operation;
    buffer_init(&work->out, BUFFER_UNLIMITED);
    JSValueRef value = jsc.JSValueMakeUndefined(context);
    if (!take_arguments(work, context, arguments + 2, id > 0, exception)) {
        destroy(&work->work);
        return value;
    }
    if (id > 0)
        return work_start(&work->work, world_of(function), (uint32_t)id, context, exception);
    run(&work->work);
    value = result(&work->work, context, exception);
    destroy(&work->work);
    return value;
}

const struct native native_fs[] = {
    {"constants", list_constants},
    {"names", names},
    {"run", run_operation},
    {NULL, NULL},
};
