import Formats
import Foundation

/// A command that gets every input as a file: any signal, hang, or number that is none at exit code 0 ends
/// the run.
struct CommandTarget {
  /// The command and its arguments; `@` stands for the input.
  private let words: [String]
  private let input = "fuzz-command-\(getpid()).input"
  private let output = "fuzz-command-\(getpid()).output"

  /// Longer runs are hangs, in seconds.
  private static let patience = 20.0

  init(_ line: String) { words = line.split(separator: " ").map(String.init) }

  /// - Throws: `InputError` where the command refuses the input; ``Targets/Broken`` for any other end.
  func run(_ bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(filePath: input))
    let (status, error) = try spawn()
    defer { _ = unsafe unlink(error) }
    let signal = status & 0x7F
    guard signal == 0 else { throw Targets.Broken(description: "ended by signal \(signal)") }
    switch (status >> 8) & 0xFF {
    case 0, 3:
      let text = try Data(contentsOf: URL(filePath: output))
      guard !Self.hasWrongNumber([UInt8](text)) || Self.hasWrongNumber(bytes) else {
        throw Targets.Broken(description: "exit code 0 with a number that is none")
      }
    case 64, 65, 66, 70, 73, 74: throw InputError(file: input, "refused")
    case let code: throw Targets.Broken(description: "exit code \(code)")
    }
  }

  /// - Returns: The status of `waitpid`, and the name of the file with standard error.
  private func spawn() throws -> (Int32, String) {
    let error = output + ".error"
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    let flags = O_WRONLY | O_CREAT | O_TRUNC
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, 1, output, flags, 0o644)
    unsafe posix_spawn_file_actions_addopen(&actions, 2, error, flags, 0o644)
    var arguments = unsafe words.map { unsafe strdup($0 == "@" ? input : $0) } + [nil]
    defer { for index in unsafe arguments.indices { unsafe free(arguments[index]) } }
    var child = pid_t()
    guard unsafe posix_spawn(&child, words[0], &actions, nil, &arguments, nil) == 0 else {
      throw Targets.Broken(description: "cannot run \(words[0])")
    }
    let end = Date().addingTimeInterval(Self.patience)
    var status: Int32 = 0
    while true {
      let ended = unsafe waitpid(child, &status, WNOHANG)
      if ended == child { return (status, error) }
      if Date() > end {
        kill(child, SIGKILL)
        unsafe waitpid(child, &status, 0)
        throw Targets.Broken(description: "no end after \(Self.patience) s")
      }
      usleep(500)
    }
  }

  /// Whether a word of a text is NaN or an infinity.
  private static func hasWrongNumber(_ text: [UInt8]) -> Bool {
    text.split(whereSeparator: { !isWordByte($0) }).contains { word in
      let lower = word.map { $0 | 0x20 }
      return ["nan", "inf", "infinity"].contains { lower.elementsEqual($0.utf8) }
    }
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
      || byte == 0x5F || byte == 0x2E
  }
}
