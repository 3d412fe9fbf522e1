public import ArgumentParser
internal import Crystal
internal import Formats

/// The exit codes of every command, after sysexits(3); 0 is success, 64 is ArgumentParser's own.
extension ExitCode {
  /// Done, but some frames were rejected, and named on standard error.
  public static let framesRejected = ExitCode(3)
  /// Wrong options.
  public static let badUsage = ExitCode(64)
  /// The input does not follow its format, or lacks what the command needs.
  public static let badInput = ExitCode(65)
  /// There is no such input.
  public static let noInput = ExitCode(66)
  /// The input is well formed; the computation on it failed.
  public static let failedComputation = ExitCode(70)
  /// The output cannot be created.
  public static let cannotCreate = ExitCode(73)
  /// A read or a write failed, on a full disk too.
  public static let failedIO = ExitCode(74)

  /// The code for an error thrown by the work of a command: the one table of all commands.
  ///
  /// A library's own error that is not listed says that a computation failed.
  init(reporting error: any Error) {
    switch error {
    case let code as ExitCode: self = code
    case is ValidationError: self = .badUsage
    case is InputError, is NeighborError, is CellError: self = .badInput
    case let failure as SourceError:
      switch failure {
      case .noInput: self = .noInput
      case .readFailed: self = .failedIO
      case .tooLarge: self = .badInput
      }
    case let failure as StreamError:
      switch failure {
      case .cannotCreate: self = .cannotCreate
      case .binaryToTerminal, .nothingToRead, .badEnvironment, .oneFile, .inputIsOutput:
        self = .badUsage
      case .cannotWrite, .closed: self = .failedIO
      }
    default: self = .failedComputation
    }
  }
}
