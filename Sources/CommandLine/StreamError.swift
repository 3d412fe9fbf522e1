internal import Glibc

/// A failure of the streams around a filter, other than ``SourceError`` and ``InputError``.
public enum StreamError: Error, Equatable, Sendable {
  case cannotCreate(path: String, errno: Int32)
  case cannotWrite(path: String, errno: Int32)
  /// Standard input or output was closed before the command started.
  case closed(name: String)
  /// Two outputs would go into one file.
  case oneFile(first: String, second: String)
  /// An input that grows with every byte of the output.
  case inputIsOutput(name: String)
  /// HDF5 on a terminal.
  case binaryToTerminal
  /// Standard input is a terminal, and no INPUT was named.
  case nothingToRead
  /// An environment variable with a value that cannot be meant.
  case badEnvironment(name: String, value: String)
}

extension StreamError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .cannotCreate(let path, let code): "\(path): cannot create: \(reason(code))"
    case .cannotWrite(let path, let code): "\(path): cannot write: \(reason(code))"
    case .closed(let name): "\(name): expected an open stream, found it closed"
    case .oneFile(let first, let second):
      "\(second): expected another file than that of \(first), found the same"
    case .inputIsOutput(let name):
      "\(name): expected another file than standard output writes, found the same (use --output)"
    case .binaryToTerminal:
      "standard output: expected a file or a pipe for HDF5, found a terminal (use --output)"
    case .nothingToRead:
      "standard input: expected an INPUT, found a terminal"
    case .badEnvironment(let name, let value):
      "\(name): expected a number of threads from 1 to 1024, found '\(value)'"
    }
  }
}

/// The system's words for an error number, in the C locale: the commands never call setlocale.
func reason(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
