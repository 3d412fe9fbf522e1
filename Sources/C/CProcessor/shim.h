// What the compiler was told of the processor is known to the preprocessor alone.

// Whether the processor has the vector instructions that everything was compiled for.
static inline int svcpu_suffices(void) {
#if defined(__x86_64__) && defined(__AVX512F__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#elif defined(__x86_64__) && defined(__AVX2__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
#else
  return 1;
#endif
}

static inline const char *svcpu_level(void) {
#if defined(__AVX512F__)
  return "x86-64-v4 (AVX-512)";
#else
  return "x86-64-v3 (AVX2)";
#endif
}

// Whether the processor has AVX2 and FMA, whatever was compiled.
static inline int svcpu_has_avx2(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return 0;
#endif
}
