#if COVERAGE
  import Formats
  import Foundation

  /// The target of LLVM's libFuzzer, which keeps what reaches new code and has the `main` of such a
  /// build (Tests/fuzz/coverage.sh). `SITEVIB_FUZZ` in the environment says the format.
  @_cdecl("LLVMFuzzerTestOneInput")
  public func tryInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
    do { try target(input) } catch is InputError {} catch { fatalError("\(error)") }
    return 0
  }

  private let target: @Sendable ([UInt8]) throws -> Void =
    Targets.all[ProcessInfo.processInfo.environment["SITEVIB_FUZZ"] ?? ""] ?? { @Sendable _ in
      fatalError("SITEVIB_FUZZ: expected a format")
    }
#endif
