/* Preloaded into enlist by `disk_faults.rs`: counts the calls that touch a file below FAULT_BELOW, and lets them fail.
 *
 * FAULT_AT     the number of the call that fails, from 1; without it, no call fails
 * FAULT_ONWARD if set, every later call fails as well
 * FAULT_ERRNO  the error
 * FAULT_COUNT  a file to which the number of calls is written when the program ends
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int calls;
static unsigned char is_ours[4096];

static int is_below(const char *path) {
    const char *below = getenv("FAULT_BELOW");
    return path && below && strncmp(path, below, strlen(below)) == 0;
}

static int fails(int touches) {
    if (!touches) return 0;
    int call = __sync_add_and_fetch(&calls, 1);
    const char *at = getenv("FAULT_AT");
    if (!at || call < atoi(at) || (call > atoi(at) && !getenv("FAULT_ONWARD"))) return 0;
    errno = atoi(getenv("FAULT_ERRNO"));
    return 1;
}

static int is_fd(int fd) { return fd >= 0 && fd < (int)sizeof is_ours && is_ours[fd]; }

static int opened(int fd, int ours) {
    if (fd >= 0 && fd < (int)sizeof is_ours) is_ours[fd] = (unsigned char)ours;
    return fd;
}

#define REAL(name) __typeof__(name) *real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#define OPEN(name)                                                                                                                    \
    int name(const char *path, int flags, ...) {                                                                                      \
        REAL(name);                                                                                                                   \
        va_list rest;                                                                                                                 \
        va_start(rest, flags);                                                                                                        \
        mode_t mode = va_arg(rest, mode_t);                                                                                           \
        va_end(rest);                                                                                                                 \
        int ours = is_below(path);                                                                                                    \
        return fails(ours) ? -1 : opened(real(path, flags, mode), ours);                                                              \
    }
OPEN(open)
OPEN(open64)

#define BY_PATH(name, parameters, arguments)                                                                                          \
    int name parameters {                                                                                                             \
        REAL(name);                                                                                                                   \
        return fails(is_below(path)) ? -1 : real arguments;                                                                           \
    }
BY_PATH(mkdir, (const char *path, mode_t mode), (path, mode))
BY_PATH(unlink, (const char *path), (path))
BY_PATH(rmdir, (const char *path), (path))
BY_PATH(rename, (const char *path, const char *to), (path, to))

#define BY_FD(result, name, parameters, arguments)                                                                                    \
    result name parameters {                                                                                                          \
        REAL(name);                                                                                                                   \
        return fails(is_fd(fd)) ? -1 : real arguments;                                                                                \
    }
BY_FD(ssize_t, write, (int fd, const void *bytes, size_t length), (fd, bytes, length))
BY_FD(ssize_t, read, (int fd, void *bytes, size_t length), (fd, bytes, length))
BY_FD(ssize_t, pwrite64, (int fd, const void *bytes, size_t length, off64_t at), (fd, bytes, length, at))
BY_FD(int, fsync, (int fd), (fd))
BY_FD(int, fdatasync, (int fd), (fd))

int close(int fd) {
    REAL(close);
    opened(fd, 0);
    return real(fd);
}

DIR *opendir(const char *path) {
    REAL(opendir);
    return fails(is_below(path)) ? NULL : real(path);
}

__attribute__((destructor)) static void report(void) {
    const char *path = getenv("FAULT_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (file) {
        fprintf(file, "%d", calls);
        fclose(file);
    }
}
