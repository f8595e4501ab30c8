/* Stands between the binary and the C library (LD_PRELOAD): counts what it writes, syncs, sends and receives, over all threads, sets it
 * down, and does something at the N-th. Built by tests/suite/support/shim.rs.
 *
 *   FAULT_FILE  what it does to files whose path begins so is counted: an SQLite database with its -wal and -journal
 *   FAULT_PORT  what it sends to this TCP port and receives from it is counted
 *   FAULT_LOG   each counted point is appended here: kind, file, offset (8 bytes), length (4), and the bytes of a write to a file
 *   FAULT_AT    the point at which something is done, from 1
 *   FAULT_DO    kill_before, kill_after, half (of a write, then kill), freeze, sever, or an errno
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum act { GO_ON, KILL_BEFORE, KILL_AFTER, HALF, FREEZE, SEVER, FAIL };

static const char *path = "";
static long port, at, count;
static int number, journal = -1;
static enum act what = GO_ON;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name)) dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    static const char *const names[] = {"", "kill_before", "kill_after", "half", "freeze", "sever"};
    const char *text;
    if ((text = getenv("FAULT_FILE"))) path = text;
    if ((text = getenv("FAULT_PORT"))) port = atol(text);
    if ((text = getenv("FAULT_AT"))) at = atol(text);
    if ((text = getenv("FAULT_LOG"))) journal = open(text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if ((text = getenv("FAULT_DO"))) {
        what = FAIL;
        number = atoi(text);
        for (int i = 1; i < 6; i++)
            if (!strcmp(text, names[i])) what = (enum act) i;
    }
}

/* Which file it is: d(atabase), w(al), j(ournal), another one of the database's, or 0. */
static char file_of_path(const char *name) {
    size_t length = strlen(path);
    if (!length || strncmp(name, path, length)) return 0;
    if (!name[length]) return 'd';
    return !strcmp(name + length, "-wal") ? 'w' : !strcmp(name + length, "-journal") ? 'j' : 0;
}

static char file_of(int fd) {
    char link[64], name[4096];
    if (!*path) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, name, sizeof name - 1);
    if (length < 0) return 0;
    name[length] = 0;
    return file_of_path(name);
}

static int is_server(int fd) {
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    return port && !getpeername(fd, (struct sockaddr *) &peer, &length) && peer.sin_family == AF_INET && ntohs(peer.sin_port) == port;
}

static void set_down(char kind, char file, uint64_t offset, const void *bytes, uint32_t length) {
    if (journal < 0) return;
    char head[14] = {kind, file};
    memcpy(head + 2, &offset, 8);
    memcpy(head + 10, &length, 4);
    struct iovec parts[2] = {{head, sizeof head}, {(void *) bytes, bytes ? length : 0}};
    if (REAL(writev)(journal, parts, 2) < 0) abort();
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* What is to be done at this point; the log says where it was. */
static enum act point(void) {
    if (++count != at) return GO_ON;
    set_down('!', 0, (uint64_t) count, NULL, 0);
    if (what == KILL_BEFORE) die();
    return what;
}

static void afterwards(enum act act, int fd) {
    if (act == KILL_AFTER || act == HALF) die();
    if (act == FREEZE) kill(getpid(), SIGSTOP);
    if (act == SEVER) shutdown(fd, SHUT_RDWR);
}

/* Writes go one by one, so that the log has their order. */
static ssize_t put(int fd, const void *bytes, size_t length, off_t offset, int at_offset, char file) {
    pthread_mutex_lock(&lock);
    enum act act = point();
    ssize_t done = -1;
    if (act == FAIL) {
        errno = number;
    } else {
        size_t part = act == HALF ? length / 2 : length;
        off_t where = at_offset ? offset : lseek(fd, 0, SEEK_CUR);
        done = at_offset ? REAL(pwrite64)(fd, bytes, part, offset) : REAL(write)(fd, bytes, part);
        if (done > 0) set_down('w', file, (uint64_t) where, bytes, (uint32_t) done);
        afterwards(act, fd);
    }
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
    char file = file_of(fd);
    return file ? put(fd, bytes, length, offset, 1, file) : REAL(pwrite64)(fd, bytes, length, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    return pwrite64(fd, bytes, length, offset);
}

ssize_t write(int fd, const void *bytes, size_t length) {
    char file = file_of(fd);
    return file ? put(fd, bytes, length, 0, 0, file) : REAL(write)(fd, bytes, length);
}

/* The rest of what changes a file: `done` is evaluated where nothing else is to be done. */
#define COUNTED(kind, file, offset, done)            \
    do {                                             \
        pthread_mutex_lock(&lock);                   \
        enum act act = point();                      \
        int result = -1;                             \
        if (act == FAIL) {                           \
            errno = number;                          \
        } else {                                     \
            result = (done);                         \
            set_down(kind, file, offset, NULL, 0);   \
            afterwards(act, -1);                     \
        }                                            \
        int error = errno;                           \
        pthread_mutex_unlock(&lock);                 \
        errno = error;                               \
        return result;                               \
    } while (0)

int fsync(int fd) {
    char file = file_of(fd);
    if (!file) return REAL(fsync)(fd);
    COUNTED('s', file, 0, REAL(fsync)(fd));
}

int fdatasync(int fd) {
    char file = file_of(fd);
    if (!file) return REAL(fdatasync)(fd);
    COUNTED('s', file, 0, REAL(fdatasync)(fd));
}

int ftruncate64(int fd, off64_t length) {
    char file = file_of(fd);
    if (!file) return REAL(ftruncate64)(fd, length);
    COUNTED('t', file, (uint64_t) length, REAL(ftruncate64)(fd, length));
}

int ftruncate(int fd, off_t length) {
    return ftruncate64(fd, length);
}

int unlink(const char *name) {
    char file = file_of_path(name);
    if (!file) return REAL(unlink)(name);
    COUNTED('u', file, 0, REAL(unlink)(name));
}

ssize_t send(int fd, const void *bytes, size_t length, int flags) {
    if (!is_server(fd)) return REAL(send)(fd, bytes, length, flags);
    pthread_mutex_lock(&lock);
    enum act act = point();
    ssize_t done = act == FAIL ? -1 : REAL(send)(fd, bytes, act == HALF ? length / 2 : length, flags);
    int error = act == FAIL ? number : errno;
    set_down('S', 0, 0, NULL, 0);
    afterwards(act, fd);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

/* A receive is a point once something has come: the answer is there, and nobody has read it. */
ssize_t recv(int fd, void *bytes, size_t length, int flags) {
    ssize_t done = REAL(recv)(fd, bytes, length, flags);
    if (done <= 0 || !is_server(fd)) return done;
    pthread_mutex_lock(&lock);
    enum act act = point();
    set_down('R', 0, 0, NULL, 0);
    afterwards(act, fd);
    pthread_mutex_unlock(&lock);
    if (act == FAIL) {
        errno = number;
        return -1;
    }
    return done;
}
