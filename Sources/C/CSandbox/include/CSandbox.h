// A process of its own for work that may crash, hang or take all memory.
//
// The process is this program once more, started by posix_spawn: no handler of fork runs, no lock that
// another thread holds is copied, and what the C library says of a damaged heap goes nowhere. A
// constructor of the program asks sandbox_enter() whether it is such a process; if so the job runs
// before main, and the process ends.
#ifndef SITEVIB_CSANDBOX_H
#define SITEVIB_CSANDBOX_H

#include <stddef.h>
#include <stdint.h>

// Bytes that the process may take beyond what it has when the job begins, its input included.
enum { SANDBOX_MEMORY = 1 << 30 };

enum { SANDBOX_SETTINGS = 4 };

// A job reads `size` bytes (its own copy, where it writes) and leaves its results in `region`, which both
// processes see.
typedef void (*sandbox_job)(
    unsigned char *bytes, size_t size, unsigned char *region, size_t capacity,
    const uint64_t settings[SANDBOX_SETTINGS]);

// Runs `job` and ends the process where it was started for the job of that name; else returns.
void sandbox_enter(const char *name, sandbox_job job);

// Memory that a job fills, zeros at first; NULL where there is none.
typedef struct {
  unsigned char *bytes;
  size_t capacity;
  int descriptor;
} sandbox_region;

sandbox_region sandbox_make_region(size_t capacity);
void sandbox_release(sandbox_region region);

// Runs a job in a process of its own on `size` bytes and waits for its end, at most `seconds` of its
// processor time and some minutes in all.
//
// Returns 0 where the process ended by itself with exit code 0, 1 where it did not, -1 where there is
// none. What stands in the region then is for the caller to judge.
int sandbox_run(
    const char *name, const void *bytes, size_t size, sandbox_region region, unsigned seconds,
    const uint64_t settings[SANDBOX_SETTINGS]);

#endif
