#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// Where the process finds its file and its region.
enum { INPUT = 3, REGION = 4 };

// A process that sleeps for ever ends after so many seconds more than its processor time.
enum { PATIENCE = 300 };

// "NAME seconds setting setting setting setting", which no user sets.
static const char variable[] = "SITEVIB_SANDBOX";

// MARK: Inside

// Limits the address space, unless it is limited to less already.
static void limit_memory(void) {
  char text[32] = {0};
  const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  const ssize_t count = read(file, text, sizeof text - 1);
  close(file);
  const rlim_t pages = count > 0 ? strtoull(text, NULL, 10) : 0;
  struct rlimit limit;
  if (pages == 0 || getrlimit(RLIMIT_AS, &limit) < 0) return;
  const rlim_t wanted = pages * (rlim_t)sysconf(_SC_PAGESIZE) + SANDBOX_MEMORY;
  if (wanted < limit.rlim_cur) {
    limit.rlim_cur = wanted;
    setrlimit(RLIMIT_AS, &limit);
  }
}

// Time is that of the processor, so that a busy machine refuses nothing.
static void become_expendable(unsigned seconds) {
  const struct rlimit none = {0, 0}, time = {seconds, seconds};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  limit_memory();
  setrlimit(RLIMIT_CORE, &none);
  setrlimit(RLIMIT_CPU, &time);
  alarm(seconds + PATIENCE);
}

// All of an open file; NULL where it is empty, or there is no room.
static unsigned char *map(int file, int flags, size_t *size) {
  struct stat status;
  if (fstat(file, &status) < 0 || status.st_size <= 0) return NULL;
  *size = (size_t)status.st_size;
  void *bytes = mmap(NULL, *size, PROT_READ | PROT_WRITE, flags, file, 0);
  return bytes == MAP_FAILED ? NULL : bytes;
}

void sandbox_enter(const char *name, sandbox_job job) {
  const char *text = getenv(variable);
  const size_t length = strlen(name);
  if (text == NULL || strncmp(text, name, length) != 0 || text[length] != ' ') return;
  unsigned long long numbers[1 + SANDBOX_SETTINGS];
  char *end = (char *)text + length;
  for (int i = 0; i < 1 + SANDBOX_SETTINGS; i++) {
    char *start = end;
    numbers[i] = strtoull(start, &end, 10);
    if (end == start) _exit(2);
  }
  size_t size = 0, capacity = 0;
  unsigned char *bytes = map(INPUT, MAP_PRIVATE, &size);
  unsigned char *region = map(REGION, MAP_SHARED, &capacity);
  if (bytes == NULL || region == NULL) _exit(2);
  uint64_t settings[SANDBOX_SETTINGS];
  for (int i = 0; i < SANDBOX_SETTINGS; i++) settings[i] = numbers[1 + i];
  become_expendable((unsigned)numbers[0]);
  job(bytes, size, region, capacity, settings);
  _exit(0);
}

// MARK: Outside

sandbox_region sandbox_make_region(size_t capacity) {
  sandbox_region region = {NULL, capacity, memfd_create("sitevib-region", MFD_CLOEXEC)};
  if (region.descriptor < 0) return region;
  void *bytes = ftruncate(region.descriptor, (off_t)capacity) < 0
                    ? MAP_FAILED
                    : mmap(NULL, capacity, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                           region.descriptor, 0);
  if (bytes == MAP_FAILED) {
    close(region.descriptor);
    region.descriptor = -1;
  } else {
    region.bytes = bytes;
  }
  return region;
}

void sandbox_release(sandbox_region region) {
  if (region.bytes == NULL) return;
  munmap(region.bytes, region.capacity);
  close(region.descriptor);
}

static int write_all(int file, const unsigned char *bytes, size_t size) {
  while (size > 0) {
    const ssize_t count = write(file, bytes, size < 1 << 30 ? size : 1 << 30);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return -1;
    bytes += count;
    size -= (size_t)count;
  }
  return 0;
}

// The environment with our variable, without threads of OpenBLAS and locks of HDF5.
static char **environment(const char *ours) {
  static const char *const others[] = {
      "OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1", "HDF5_USE_FILE_LOCKING=FALSE"};
  size_t count = 0, used = 0;
  while (environ[count] != NULL) count++;
  char **result = calloc(count + 5, sizeof *result);
  if (result == NULL) return NULL;
  result[used++] = (char *)ours;
  for (int i = 0; i < 3; i++) result[used++] = (char *)others[i];
  for (size_t i = 0; i < count; i++) {
    int is_ours = 0;
    for (size_t k = 0; k < 4; k++) {
      const size_t length = (size_t)(strchr(result[k], '=') - result[k]) + 1;
      is_ours |= strncmp(environ[i], result[k], length) == 0;
    }
    if (!is_ours) result[used++] = environ[i];
  }
  return result;
}

// This program; under a debugger of memory /proc/self/exe would be the debugger.
static const char *program(char *path, size_t size) {
  const ssize_t length = readlink("/proc/self/exe", path, size - 1);
  if (length <= 0) return "/proc/self/exe";
  path[length] = 0;
  return access(path, X_OK) == 0 ? path : "/proc/self/exe";
}

static int start(const char *ours, int input, int region, pid_t *process) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  char path[4096];
  char *const arguments[] = {"sitevib-sandbox", NULL};
  char **variables = environment(ours);
  if (variables == NULL) return -1;
  int result = posix_spawn_file_actions_init(&actions);
  if (result == 0) {
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    for (int i = 0; i < 3; i++) {
      result |= posix_spawn_file_actions_addopen(&actions, i, "/dev/null", O_RDWR, 0);
    }
    result |= posix_spawn_file_actions_adddup2(&actions, input, INPUT) |
              posix_spawn_file_actions_adddup2(&actions, region, REGION) |
              posix_spawn_file_actions_addclosefrom_np(&actions, REGION + 1);
    result |= posix_spawnattr_init(&attributes);
    if (result == 0) {
      result = posix_spawnattr_setsigdefault(&attributes, &all) |
               posix_spawnattr_setsigmask(&attributes, &none) |
               posix_spawnattr_setflags(
                   &attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
      if (result == 0) {
        result = posix_spawn(
            process, program(path, sizeof path), &actions, &attributes, arguments, variables);
      }
      posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
  }
  free(variables);
  return result == 0 ? 0 : -1;
}

int sandbox_run(
    const char *name, const void *bytes, size_t size, sandbox_region region, unsigned seconds,
    const uint64_t settings[SANDBOX_SETTINGS]) {
  char ours[256];
  snprintf(
      ours, sizeof ours, "%s=%s %u %llu %llu %llu %llu", variable, name, seconds,
      (unsigned long long)settings[0], (unsigned long long)settings[1],
      (unsigned long long)settings[2], (unsigned long long)settings[3]);
  const int image = memfd_create("sitevib-image", MFD_CLOEXEC);
  if (image < 0 || region.bytes == NULL) return -1;
  // Above the numbers that the process will have them under.
  const int input = fcntl(image, F_DUPFD_CLOEXEC, REGION + 1);
  const int output = fcntl(region.descriptor, F_DUPFD_CLOEXEC, REGION + 1);
  int result = -1;
  pid_t process = -1;
  if (input >= 0 && output >= 0 && write_all(image, bytes, size) == 0 &&
      start(ours, input, output, &process) == 0) {
    int status = 0;
    while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
    result = WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
  }
  if (input >= 0) close(input);
  if (output >= 0) close(output);
  close(image);
  return result;
}
