#ifndef SITEVIB_CBLASSTART_H
#define SITEVIB_CBLASSTART_H

/// What OpenBLAS asks when it is loaded: how many threads to make at once. One: the caller's.
///
/// OpenBLAS makes a thread for every core as soon as it is loaded, before main, each of which turns
/// for a while before it sleeps. A program that defines this function itself comes before the
/// library's own, which reads the environment; threads are then made when they are first wanted.
int openblas_num_threads_env(void);

#endif
