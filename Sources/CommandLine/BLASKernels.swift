internal import CProcessor
internal import Glibc
internal import LinearAlgebra

/// The kernels of OpenBLAS, where the library does not know the processor.
///
/// OpenBLAS 0.3.21 takes those of SSE3 on any processor newer than itself, at half the speed and
/// less. It chooses when it is loaded, from the environment if that says: so the process starts anew,
/// once, with those of AVX2, which every such processor has. What a user has set counts, and those of
/// AVX-512 of an old library are never asked for.
package enum BLASKernels {
  private static let variable = "OPENBLAS_CORETYPE"
  /// Set for the second start: what the library took in the first.
  private static let mark = "SITEVIB_FIRST_CORETYPE"
  private static let better = "Haswell"

  /// Kernels without AVX2.
  private static let older: Set<String> = [
    "unknown", "generic", "katmai", "coppermine", "northwood", "prescott", "banias", "atom",
    "core2", "penryn", "dunnington", "nehalem", "athlon", "opteron", "opteron_sse3",
    "opteron(sse3)", "barcelona", "nano", "bobcat", "sandybridge",
  ]

  /// The kernels to ask for instead of those that the library took; nil to leave it at these.
  ///
  /// - Parameters:
  ///   - name: Of what the library took.
  ///   - hasAVX2: Whether the processor has AVX2 and FMA.
  ///   - asked: What the environment asks for.
  package static func choice(insteadOf name: String, hasAVX2: Bool, asked: String?) -> String? {
    guard asked == nil, hasAVX2, older.contains(name.lowercased()) else { return nil }
    return better
  }

  /// What the library took by itself, where others were asked for.
  private nonisolated(unsafe) static var first: String?

  /// To be called first in a process, before any thread.
  ///
  /// - Returns: What is wrong, in one line, or nil.
  static func adopt() -> String? {
    if let taken = value(mark) {
      unsafe first = taken
      // Other programs that we start choose their own.
      _ = unsafe unsetenv(mark)
      _ = unsafe unsetenv(variable)
      guard BLASLibrary.multipliesRight else {
        return "expected right products of the \(better) kernels of OpenBLAS, found wrong ones "
          + "(\(variable)=\(taken) takes those of before)"
      }
      return nil
    }
    let name = BLASLibrary.coreName
    guard
      let choice = choice(
        insteadOf: name, hasAVX2: svcpu_has_avx2() != 0, asked: value(variable)),
      unsafe setenv(variable, choice, 1) == 0, unsafe setenv(mark, name, 1) == 0
    else { return nil }
    _ = unsafe execv("/proc/self/exe", Swift.CommandLine.unsafeArgv)
    // Where this fails, the process goes on as it is.
    _ = unsafe unsetenv(variable)
    _ = unsafe unsetenv(mark)
    return nil
  }

  /// What the environment of the library's choice was, for the key `history`; nil for its own choice.
  static var historyWord: String? { unsafe first == nil ? nil : "\(variable)=\(better)" }

  /// For --version --verbose.
  static var description: String {
    let kernels =
      unsafe first.map { "\(better) (by itself it takes \($0) for this processor)" }
      ?? BLASLibrary.coreName
    return "\(BLASLibrary.configuration)\nkernels: \(kernels)"
  }

  private static func value(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }
}
