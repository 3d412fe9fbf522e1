/// Prints `name TAB size TAB best_ns` for the benchmarks named on the command line, or for all.
@main
struct Benchmarks {
  static let all: [(name: String, run: @Sendable () throws -> Void)] = [
    ("extxyz", { try benchmarkExtendedXYZ() }),
    ("read", { try benchmarkReading() }),
    ("hessian", { try benchmarkHessian() }),
    ("many-body", { try benchmarkManyBodyHessians() }),
    ("descriptors", { try benchmarkDescriptors() }),
    ("ridge", { try benchmarkRidge() }),
    ("predict", { try benchmarkPredicting() }),
    ("gradient", { try benchmarkGradient() }),
    ("rattled", { try benchmarkRattled() }),
    ("core", { try benchmarkCore() }),
    ("local", { try benchmarkLocal() }),
    ("moments", { try benchmarkMoments() }),
  ]

  static func main() throws {
    // `given POTENTIAL FRAME`: the Hessian of a file's first frame under any potential.
    let arguments = CommandLine.arguments
    if arguments.count == 4, arguments[1] == "given" {
      return try benchmarkGivenHessian(potential: arguments[2], frames: arguments[3])
    }
    let wanted = Set(CommandLine.arguments.dropFirst())
    for benchmark in all where wanted.isEmpty || wanted.contains(benchmark.name) {
      try benchmark.run()
    }
  }

  /// Runs `body` once to warm up and then 20 times (fewer where it takes seconds), and prints the
  /// shortest time.
  ///
  /// - Parameter size: What the time divides by: bytes, atoms, matrix order.
  static func measure(
    _ name: String, size: Int, repeats: Int = 20, _ body: () throws -> Void
  ) rethrows {
    try body()
    let clock = ContinuousClock()
    var best = Duration.seconds(1_000_000)
    for _ in 0..<repeats {
      let start = clock.now
      try body()
      best = min(best, clock.now - start)
    }
    let nanoseconds = best.components.attoseconds / 1_000_000_000
    print("\(name)\t\(size)\t\(best.components.seconds * 1_000_000_000 + nanoseconds)")
  }
}
