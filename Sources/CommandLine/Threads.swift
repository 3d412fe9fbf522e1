internal import FoundationEssentials
internal import Glibc

/// The number of threads: the option, else the environment, else the cores given to this process.
///
/// - Throws: ``StreamError/badEnvironment(name:value:)`` for our own variable; those of OpenMP and
///   Slurm have grammars of their own and are used where they hold a plain number.
func resolvedThreadCount(option: Int?) throws(StreamError) -> Int {
  if let option { return option }
  if let value = environment("SITEVIB_THREADS"), !value.isEmpty {
    guard let count = Int(value), 1...1024 ~= count else {
      throw .badEnvironment(name: "SITEVIB_THREADS", value: value)
    }
    return count
  }
  for name in ["OMP_NUM_THREADS", "SLURM_CPUS_PER_TASK"] {
    // OMP_NUM_THREADS=4,2 gives the number of each nested level.
    let first = environment(name)?.split(separator: ",").first
    if let count = first.flatMap({ Int($0) }), 1...1024 ~= count { return count }
  }
  return availableCores()
}

private func environment(_ name: String) -> String? {
  guard let value = unsafe getenv(name) else { return nil }
  return unsafe String(cString: value)
}

/// The cores this process may run on, as set by taskset or a batch system.
private func availableCores() -> Int {
  min(max(1, ProcessInfo.processInfo.activeProcessorCount), 1024)
}
