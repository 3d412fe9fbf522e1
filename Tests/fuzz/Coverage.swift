#if COVERAGE
  import Formats
  import Foundation

  /// LLVM's libFuzzer on the same targets: it keeps what reaches new code (Tests/fuzz/coverage.sh).
  enum Coverage {
    @_silgen_name("LLVMFuzzerRunDriver")
    private static func run(
      _ count: UnsafeMutablePointer<Int32>,
      _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
      _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
    ) -> Int32

    private static let target: @Sendable ([UInt8]) throws -> Void =
      Targets.all[ProcessInfo.processInfo.environment["SITEVIB_FUZZ"] ?? ""] ?? { @Sendable _ in
        fatalError("SITEVIB_FUZZ: expected a format")
      }

    static func main() -> Int32 {
      var count = CommandLine.argc
      var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? =
        unsafe CommandLine.unsafeArgv
      return unsafe run(&count, &arguments) { bytes, count in
        let input = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
        do { try target(input) } catch is InputError {} catch { fatalError("\(error)") }
        return 0
      }
    }
  }
#endif
