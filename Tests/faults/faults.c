// A library for LD_PRELOAD that makes calls of the system fail, so that tests see what a command
// does then. Compiled by Tests/CommandTests/FaultTests.swift; part of nothing that ships.
//
//   FAULT_CALL    read, write, open, close, fsync, rename or link (unlink, readlink, fchmod);
//                 without it calls are counted only
//   FAULT_NUMBER  the call of this kind that fails, counted from 1; 0 is every one
//   FAULT_ALWAYS  set: every later one fails too
//   FAULT_KIND    error (the default): the call fails with FAULT_ERRNO (a number, EIO by default)
//                 short: a read or write moves one byte
//                 interrupt: it fails with EINTR; with FAULT_NUMBER=0 every other call does
//                 kill: the process ends there by SIGKILL
//   FAULT_REPORT  gets a line "KIND COUNT" for each kind when the process ends, and "peak KIB", the
//                 most memory that it had
//
// Calls that the C library makes inside itself do not pass through here, and files of /proc and /sys
// always work: libdispatch watches its threads there, and traps where it cannot.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { READ, WRITE, OPEN, CLOSE, FSYNC, RENAME, LINK, KINDS };
static const char *const names[KINDS] = {
    "read", "write", "open", "close", "fsync", "rename", "link"};

static atomic_long counts[KINDS];
static int chosen = -1;
static long number;
static int always, code = EIO;
static enum { ERROR, SHORT, INTERRUPT, END } kind;
static const char *report;

__attribute__((constructor)) static void prepare(void) {
  const char *call = getenv("FAULT_CALL"), *text;
  for (int i = 0; call != NULL && i < KINDS; i++) {
    if (strcmp(call, names[i]) == 0) chosen = i;
  }
  if ((text = getenv("FAULT_NUMBER")) != NULL) number = atol(text);
  if ((text = getenv("FAULT_ERRNO")) != NULL) code = atoi(text);
  always = getenv("FAULT_ALWAYS") != NULL;
  if ((text = getenv("FAULT_KIND")) != NULL) {
    kind = strcmp(text, "short") == 0 ? SHORT : strcmp(text, "interrupt") == 0 ? INTERRUPT
           : strcmp(text, "kill") == 0 ? END : ERROR;
  }
  report = getenv("FAULT_REPORT");
}

__attribute__((destructor)) static void tell(void) {
  if (report == NULL) return;
  char line[64];
  const int file = (int)syscall(SYS_openat, AT_FDCWD, report, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  for (int i = 0; i < KINDS; i++) {
    const int length = snprintf(line, sizeof line, "%s %ld\n", names[i], atomic_load(&counts[i]));
    syscall(SYS_write, file, line, length);
  }
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const int length = snprintf(line, sizeof line, "peak %ld\n", usage.ru_maxrss);
  syscall(SYS_write, file, line, length);
  syscall(SYS_close, file);
}

// Whether this call is one that fails.
static int hits(int call) {
  const long count = atomic_fetch_add(&counts[call], 1) + 1;
  if (call != chosen) return 0;
  const int hit = number == 0 ? kind != INTERRUPT || count % 2 == 1
                              : count == number || (always && count > number);
  if (hit && kind == END) {
    kill(getpid(), SIGKILL);
    pause();
  }
  return hit;
}

// Whether a descriptor is one of /proc or /sys.
static _Atomic char is_system[1024];

static int belongs_to_system(const char *path) {
  return strncmp(path, "/proc/", 6) == 0 || strncmp(path, "/sys/", 5) == 0;
}

static int opened(int file) {
  if (file >= 0 && file < 1024) is_system[file] = 1;
  return file;
}

static int failure(void) {
  errno = kind == INTERRUPT ? EINTR : code;
  return -1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

// A transfer of `size` bytes: fails, is cut to one byte, or goes through.
#define TRANSFER(call, size, go)                         \
  do {                                                   \
    const int exempt = file >= 0 && file < 1024 && is_system[file]; \
    if (!exempt && hits(call)) {                                    \
      if (kind != SHORT) return failure();               \
      if (size > 1) size = 1;                            \
    }                                                    \
    return go;                                           \
  } while (0)

ssize_t read(int file, void *bytes, size_t size) {
  TRANSFER(READ, size, REAL(read)(file, bytes, size));
}
ssize_t pread(int file, void *bytes, size_t size, off_t offset) {
  TRANSFER(READ, size, REAL(pread)(file, bytes, size, offset));
}
ssize_t pread64(int file, void *bytes, size_t size, off64_t offset) {
  TRANSFER(READ, size, REAL(pread64)(file, bytes, size, offset));
}
ssize_t write(int file, const void *bytes, size_t size) {
  TRANSFER(WRITE, size, REAL(write)(file, bytes, size));
}
ssize_t pwrite(int file, const void *bytes, size_t size, off_t offset) {
  TRANSFER(WRITE, size, REAL(pwrite)(file, bytes, size, offset));
}
ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t offset) {
  TRANSFER(WRITE, size, REAL(pwrite64)(file, bytes, size, offset));
}

// A plain call: fails or goes through.
#define PLAIN(call, go)                                  \
  do {                                                   \
    if (hits(call) && kind != SHORT) return failure();   \
    return go;                                           \
  } while (0)

static mode_t mode_of(int flags, va_list list) {
  return flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
}
#define OPENS(name, parameters, arguments)               \
  int name parameters {                                  \
    va_list list;                                        \
    va_start(list, flags);                               \
    const mode_t mode = mode_of(flags, list);            \
    va_end(list);                                        \
    if (belongs_to_system(path)) return opened(REAL(name) arguments); \
    PLAIN(OPEN, REAL(name) arguments);                   \
  }
OPENS(open, (const char *path, int flags, ...), (path, flags, mode))
OPENS(open64, (const char *path, int flags, ...), (path, flags, mode))
OPENS(openat, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))
OPENS(openat64, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))
int mkstemp(char *path) { PLAIN(OPEN, REAL(mkstemp)(path)); }

// On Linux the descriptor is closed even where close fails.
int close(int file) {
  if (file >= 0 && file < 1024 && is_system[file]) {
    is_system[file] = 0;
    return REAL(close)(file);
  }
  const int hit = hits(CLOSE) && kind != SHORT;
  const int result = REAL(close)(file);
  return hit ? failure() : result;
}
int fsync(int file) { PLAIN(FSYNC, REAL(fsync)(file)); }
int fdatasync(int file) { PLAIN(FSYNC, REAL(fdatasync)(file)); }
int rename(const char *from, const char *to) { PLAIN(RENAME, REAL(rename)(from, to)); }
int unlink(const char *path) { PLAIN(LINK, REAL(unlink)(path)); }
ssize_t readlink(const char *path, char *bytes, size_t size) {
  PLAIN(LINK, REAL(readlink)(path, bytes, size));
}
int fchmod(int file, mode_t mode) { PLAIN(LINK, REAL(fchmod)(file, mode)); }
