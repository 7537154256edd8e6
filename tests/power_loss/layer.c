/*
 * A layer between a process and the files of one directory, loaded with LD_PRELOAD. It writes down
 * each change and each sync in the order in which they happen, so that a test can tell what a disk
 * would hold after a power cut. It can also cut the power after a number of calls (SIGKILL), and
 * fail a sync.
 *
 *   POWER_LOSS_DIRECTORY   the directory, absolute and without symbolic links; no subdirectories
 *   POWER_LOSS_LOG         the log, a file elsewhere; it is appended to
 *   POWER_LOSS_CUT_AFTER   kill the process after this many calls that concern the directory
 *   POWER_LOSS_FAIL_SYNC   fail this sync: 1 is the first
 *   POWER_LOSS_FAIL_COUNT  and those that follow, so many in all
 *   POWER_LOSS_FAIL_NAMES  if it is 1, fail each sync of the directory
 *   POWER_LOSS_FAIL_SINCE  fail each sync from the moment when there is a file of this path
 *
 * A sync is written down and not carried out: nothing is really lost, so nothing need be saved.
 * Memory maps are not seen. Files are known by their inodes, so it does not matter which
 * descriptors lead to them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* A record of the log, followed by `length` bytes: a name, two names ("old/new"), or data. */
enum kind { CREATED = 1, WRITTEN, TRUNCATED, SYNCED, SYNC_FAILED, UNLINKED, RENAMED, CUT };
struct record {
    uint64_t kind, inode, offset, length;
};

enum { MOST_FILES = 4096 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const char *directory, *fail_since;
static struct stat directory_status;
static int log_file = -1;
static unsigned long calls, syncs, cut_after, fail_sync, fail_count, fail_names;
static ino_t files[MOST_FILES];
static size_t file_count;

static unsigned long number(const char *name)
{
    const char *text = getenv(name);
    return text ? strtoul(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void start(void)
{
    const char *log = getenv("POWER_LOSS_LOG");
    directory = getenv("POWER_LOSS_DIRECTORY");
    if (!directory || !log || stat(directory, &directory_status) != 0)
        abort();
    log_file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (log_file < 0)
        abort();
    cut_after = number("POWER_LOSS_CUT_AFTER");
    fail_sync = number("POWER_LOSS_FAIL_SYNC");
    fail_count = number("POWER_LOSS_FAIL_COUNT");
    fail_names = number("POWER_LOSS_FAIL_NAMES");
    fail_since = getenv("POWER_LOSS_FAIL_SINCE");
}

/* One call at a time, in all processes of the log: the order of the log is the order of events. */
static void lock(void)
{
    pthread_mutex_lock(&mutex);
    flock(log_file, LOCK_EX);
}

static void unlock(void)
{
    int error = errno;
    flock(log_file, LOCK_UN);
    pthread_mutex_unlock(&mutex);
    errno = error;
}

/* A process that exits kills its threads anywhere: none may be between a call and its record. */
__attribute__((destructor)) static void end(void)
{
    lock();
}

static void append(const void *bytes, size_t length)
{
    if (syscall(SYS_write, log_file, bytes, length) != (long)length)
        abort();
}

static void note(enum kind kind, ino_t inode, off_t offset, const void *bytes, size_t length)
{
    int error = errno;
    struct record record = { kind, inode, (uint64_t)offset, length };
    append(&record, sizeof record);
    append(bytes, length);
    errno = error;
}

/* Called after each call that concerns the directory, while it is locked. */
static void count(void)
{
    if (++calls == cut_after) {
        note(CUT, 0, 0, NULL, 0);
        kill(getpid(), SIGKILL);
        for (;;)
            pause();
    }
}

/* The name of a file in the directory, or NULL for any other path. */
static const char *name_of(const char *path)
{
    size_t length = directory ? strlen(directory) : 0;
    if (length == 0 || strncmp(path, directory, length) != 0 || path[length] != '/')
        return NULL;
    return path + length + 1;
}

static int is_known(ino_t inode)
{
    for (size_t at = 0; at < file_count; at++)
        if (files[at] == inode)
            return 1;
    return inode == directory_status.st_ino;
}

static void know(ino_t inode)
{
    if (is_known(inode))
        return;
    if (file_count == MOST_FILES)
        abort();
    files[file_count++] = inode;
}

/* Whether a descriptor leads to a file of the directory, or to the directory itself. */
static int concerns(int descriptor, struct stat *status)
{
    if (log_file < 0 || descriptor == log_file || fstat(descriptor, status) != 0)
        return 0;
    return status->st_dev == directory_status.st_dev && is_known(status->st_ino);
}

static int open_there(const char *name, int at, const char *path, int flags, mode_t mode)
{
    struct stat status;
    lock();
    int existed = fstatat(at, path, &status, 0) == 0;
    int descriptor = (int)syscall(SYS_openat, at, path, flags, mode);
    if (descriptor >= 0 && fstat(descriptor, &status) == 0) {
        know(status.st_ino);
        if (!existed)
            note(CREATED, status.st_ino, 0, name, strlen(name));
        else if (flags & O_TRUNC)
            note(TRUNCATED, status.st_ino, 0, NULL, 0);
        if (!existed || (flags & O_TRUNC))
            count();
    }
    unlock();
    return descriptor;
}

static int open_any(int at, const char *path, int flags, mode_t mode)
{
    const char *name = name_of(path);
    if (name)
        return open_there(name, at, path, flags, mode);
    return (int)syscall(SYS_openat, at, path, flags, mode);
}

#define MODE(flags, mode)                                      \
    mode_t mode = 0;                                           \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                     \
        va_list arguments;                                     \
        va_start(arguments, flags);                            \
        mode = va_arg(arguments, mode_t);                      \
        va_end(arguments);                                     \
    }

int open(const char *path, int flags, ...)
{
    MODE(flags, mode)
    return open_any(AT_FDCWD, path, flags, mode);
}

int openat(int at, const char *path, int flags, ...)
{
    MODE(flags, mode)
    return open_any(at, path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));
int openat64(int at, const char *path, int flags, ...) __attribute__((alias("openat")));

/* What was written is the beginning of the buffers. */
static void note_written(ino_t inode, off_t offset, const struct iovec *buffers, ssize_t written)
{
    for (; written > 0; buffers++) {
        size_t length = buffers->iov_len;
        if (length > (size_t)written)
            length = (size_t)written;
        if (length > 0)
            note(WRITTEN, inode, offset, buffers->iov_base, length);
        offset += (off_t)length;
        written -= (ssize_t)length;
    }
}

static off_t write_position(int descriptor, const struct stat *status)
{
    if (fcntl(descriptor, F_GETFL) & O_APPEND)
        return status->st_size;
    return lseek(descriptor, 0, SEEK_CUR);
}

ssize_t writev(int descriptor, const struct iovec *buffers, int length)
{
    struct stat status;
    lock();
    if (!concerns(descriptor, &status)) {
        unlock();
        return syscall(SYS_writev, descriptor, buffers, length);
    }
    fstat(descriptor, &status);
    off_t offset = write_position(descriptor, &status);
    ssize_t written = syscall(SYS_writev, descriptor, buffers, length);
    note_written(status.st_ino, offset, buffers, written);
    count();
    unlock();
    return written;
}

ssize_t write(int descriptor, const void *bytes, size_t length)
{
    struct iovec buffer = { (void *)bytes, length };
    struct stat status;
    if (!concerns(descriptor, &status))
        return syscall(SYS_write, descriptor, bytes, length);
    return writev(descriptor, &buffer, 1);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t offset)
{
    struct iovec buffer = { (void *)bytes, length };
    struct stat status;
    lock();
    ssize_t written = syscall(SYS_pwrite64, descriptor, bytes, length, offset);
    if (concerns(descriptor, &status)) {
        note_written(status.st_ino, offset, &buffer, written);
        count();
    }
    unlock();
    return written;
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off_t offset)
    __attribute__((alias("pwrite")));

int ftruncate(int descriptor, off_t length)
{
    struct stat status;
    lock();
    int result = (int)syscall(SYS_ftruncate, descriptor, length);
    if (result == 0 && concerns(descriptor, &status)) {
        note(TRUNCATED, status.st_ino, length, NULL, 0);
        count();
    }
    unlock();
    return result;
}

int ftruncate64(int descriptor, off_t length) __attribute__((alias("ftruncate")));

static int sync_fails(ino_t inode)
{
    syncs++;
    if (fail_names && inode == directory_status.st_ino)
        return 1;
    if (fail_since && access(fail_since, F_OK) == 0)
        return 1;
    return syncs >= fail_sync && syncs < fail_sync + fail_count;
}

static int sync_there(ino_t inode)
{
    if (sync_fails(inode)) {
        note(SYNC_FAILED, inode, 0, NULL, 0);
        errno = EIO;
        return -1;
    }
    note(SYNCED, inode, 0, NULL, 0);
    return 0;
}

static int sync_any(int descriptor, long call)
{
    struct stat status;
    int result;
    lock();
    if (concerns(descriptor, &status)) {
        result = sync_there(status.st_ino);
        count();
    } else {
        result = (int)syscall(call, descriptor);
    }
    unlock();
    return result;
}

int fsync(int descriptor)
{
    return sync_any(descriptor, SYS_fsync);
}

int fdatasync(int descriptor)
{
    return sync_any(descriptor, SYS_fdatasync);
}

int unlinkat(int at, const char *path, int flags)
{
    const char *name = name_of(path);
    lock();
    int result = (int)syscall(SYS_unlinkat, at, path, flags);
    if (result == 0 && name) {
        note(UNLINKED, 0, 0, name, strlen(name));
        count();
    }
    unlock();
    return result;
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int renameat(int from, const char *old, int to, const char *new)
{
    const char *old_name = name_of(old), *new_name = name_of(new);
    /* To or from another directory: not known here. */
    if (!old_name != !new_name)
        abort();
    lock();
    int result = (int)syscall(SYS_renameat2, from, old, to, new, 0);
    if (result == 0 && old_name) {
        size_t old_length = strlen(old_name), new_length = strlen(new_name);
        char names[old_length + 1 + new_length];
        memcpy(names, old_name, old_length);
        names[old_length] = '/';
        memcpy(names + old_length + 1, new_name, new_length);
        note(RENAMED, 0, 0, names, sizeof names);
        count();
    }
    unlock();
    return result;
}

int rename(const char *old, const char *new)
{
    return renameat(AT_FDCWD, old, AT_FDCWD, new);
}
