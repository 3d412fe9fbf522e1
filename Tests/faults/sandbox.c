// Tries Sources/C/CSandbox with jobs that behave badly. Compiled by Tests/CommandTests/SandboxTests.swift.
//
//   sandbox        prints a line for whatever is not as it should be
#include "../../Sources/C/CSandbox/include/CSandbox.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { COPY, FREE_TWICE, LOOP, TAKE_ALL, LEAVE, WRITE, CRASH, SPILL };

static void job(
    unsigned char *bytes, size_t size, unsigned char *region, size_t capacity,
    const uint64_t settings[SANDBOX_SETTINGS]) {
  static char *volatile lost;
  switch (settings[0]) {
    case COPY: {
      // Sees the bytes, the settings, and no descriptor of the one who started it.
      memcpy(region, bytes, size);
      bytes[0] = 'x';
      region[capacity - 1] = size == 5 && settings[3] == UINT64_MAX && close(5) < 0 && close(17) < 0;
      break;
    }
    case FREE_TWICE:
      lost = malloc(64);
      free(lost);
      free(lost);
      break;
    case LOOP:
      for (;;) region[0]++;
    case TAKE_ALL: {
      // Mebibytes that there were before malloc said no.
      size_t count = 0;
      while (count < 4096 && (lost = malloc(1 << 20)) != NULL) memset(lost, 1, 1 << 20), count++;
      memcpy(region, &count, sizeof count);
      break;
    }
    case LEAVE: _exit(3);
    case WRITE: write(1, "out", 3); write(2, "err", 3); break;
    case CRASH: raise(SIGSEGV); break;
    case SPILL: memset(region, 7, capacity); break;
  }
}

__attribute__((constructor)) static void enter(void) { sandbox_enter("test", job); }

static void expect(const char *what, int holds) {
  if (!holds) printf("%s\n", what);
}

// Only a loop may use up its second: to touch a gibibyte takes longer on a busy machine.
static int run(sandbox_region region, uint64_t which) {
  const uint64_t settings[SANDBOX_SETTINGS] = {which, 0, 0, UINT64_MAX};
  return sandbox_run("test", "bytes", 5, region, which == LOOP ? 1 : 60, settings);
}

int main(void) {
  sandbox_region region = sandbox_make_region(1 << 16);
  expect("no region", region.bytes != NULL);
  dup2(2, 17);
  expect("copy", run(region, COPY) == 0 && memcmp(region.bytes, "bytes", 6) == 0);
  expect("descriptors, settings", region.bytes[region.capacity - 1] == 1);
  expect("a crash", run(region, CRASH) == 1 && run(region, FREE_TWICE) == 1);
  expect("a code", run(region, LEAVE) == 1);
  expect("a loop", run(region, LOOP) == 1);
  size_t count = 0;
  expect("memory", run(region, TAKE_ALL) == 0);
  memcpy(&count, region.bytes, sizeof count);
  expect("memory taken", count > 500 && count < 1100);
  expect("writing", run(region, WRITE) == 0);
  expect("all of the region", run(region, SPILL) == 0 && region.bytes[region.capacity - 1] == 7);
  // A job of another name goes on as this program, which then must not start anything.
  sandbox_release(region);
  sandbox_region none = {NULL, 0, -1};
  expect("no region is refused", run(none, COPY) == -1);
  return 0;
}
