#include "CBLASStart.h"

// Weak: an OpenBLAS that is linked statically may bring its own.
__attribute__((weak, visibility("default"))) int openblas_num_threads_env(void) { return 1; }
