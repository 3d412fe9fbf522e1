// What a package starts: takes the build of sitevib for the highest level that the processor has, and goes on there.
//
// It holds what is the same at every level (the libraries of Swift and HDF5); a level is a library of the rest, in
// ../lib/sitevib, that is linked to it. This file itself is compiled for any x86-64.
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char levels[][10] = {"x86-64-v4", "x86-64-v3", "x86-64-v2"};

static int has(int level) {
  switch (level) {
    case 0: return __builtin_cpu_supports("x86-64-v4");
    case 1: return __builtin_cpu_supports("x86-64-v3");
    default: return __builtin_cpu_supports("x86-64-v2");
  }
}

int main(int argc, char **argv) {
  const char *name = argc > 0 ? argv[0] : "sitevib";
  const char *slash = strrchr(name, '/');
  if (slash) name = slash + 1;
  char path[PATH_MAX + 64];
  ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);
  if (length <= 0) {
    perror("sitevib: /proc/self/exe");
    return 70;
  }
  path[length] = 0;
  char *file = strrchr(path, '/') + 1;
  __builtin_cpu_init();
  for (int level = 0; level < 3; level++) {
    if (!has(level)) continue;
    snprintf(file, sizeof path - (size_t)(file - path), "../lib/sitevib/%s.so", levels[level]);
    if (access(path, R_OK) != 0) continue;
    // Symbols are looked up when they are first wanted: most are not, in one run.
    void *library = dlopen(path, RTLD_LAZY | RTLD_GLOBAL);
    int (*run)(int, char **) = library ? (int (*)(int, char **))dlsym(library, "sitevib_main") : 0;
    if (run) return run(argc, argv);
    fprintf(stderr, "%s: %s\n", name, dlerror());
    return 70;
  }
  *file = 0;
  fprintf(stderr, "%s: expected a build for this processor in %s../lib/sitevib, found none (x86-64-v2 at least)\n", name, path);
  return 70;
}
