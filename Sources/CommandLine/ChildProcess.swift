internal import Glibc
internal import Synchronization

/// Why another program does not run, or ended.
public enum ChildProcessError: Error, Equatable, Sendable, CustomStringConvertible {
  case notFound(program: String)
  case cannotRun(program: String, errno: Int32)
  /// The program ended while something was expected of it; its last words.
  case ended(program: String, message: String)
  case failed(operation: String, errno: Int32)
  case silent(program: String, seconds: Double)

  public var description: String {
    switch self {
    case .notFound(let program): "expected the program '\(program)' in PATH, found none"
    case .cannotRun(let program, let code):
      "\(program): expected a program that runs: \(reason(code))"
    case .ended(let program, let message): "\(program): \(message)"
    case .failed(let operation, let code): "\(operation): \(reason(code))"
    case .silent(let program, let seconds):
      "\(program): expected an answer within \(seconds) s, found none"
    }
  }
}

/// A running program that takes commands on its standard input and answers on its standard output or
/// error.
///
/// What it writes on the other goes to a file without a name, for its last words. It ends with this
/// object, at the latest; nothing is left behind however we end.
public final class ChildProcess {
  /// Where a program writes answers that go to its standard error.
  public static let answerPath = "/dev/stderr"

  public enum AnswerStream: Sendable {
    case standardOutput, standardError
    /// It answers elsewhere.
    case none
  }

  /// Its name in messages.
  private let program: String
  private var processID: pid_t
  private let commands: Int32
  private let answers: Int32
  /// What it said elsewhere than in its answers.
  private let log: UnnamedFile
  private var files: [UnnamedFile] = []
  private var pending: [UInt8] = []

  /// Starts a program, found in PATH unless its name has a slash.
  ///
  /// - Parameter name: What messages call it.
  public init(
    _ program: String, arguments: [String], answersOn stream: AnswerStream = .standardError,
    name: String? = nil
  ) throws(ChildProcessError) {
    self.program = name ?? program
    let log = try Self.unnamedFile()
    self.log = log
    // One at a time, so that no other child inherits the ends of this one's pipes.
    (processID, commands, answers) = try Self.starting.withLock {
      _ throws(ChildProcessError) in try Self.start(program, arguments, stream, log: log)
    }
  }

  private static let starting = Mutex(())

  private static func unnamedFile() throws(ChildProcessError) -> UnnamedFile {
    do { return try UnnamedFile() } catch {
      throw .failed(operation: UnnamedFile.folder, errno: error.errno)
    }
  }

  private static func start(
    _ program: String, _ arguments: [String], _ stream: AnswerStream, log: UnnamedFile
  ) throws(ChildProcessError) -> (pid_t, Int32, Int32) {
    // A socket, as a program that has ended then gives an error and not a signal.
    var input: [Int32] = [-1, -1]
    var output: [Int32] = [-1, -1]
    guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &input) == 0 else {
      throw .failed(operation: "socket", errno: errno)
    }
    guard unsafe pipe(&output) == 0 else {
      let code = errno
      for descriptor in input { close(descriptor) }
      throw .failed(operation: "pipe", errno: code)
    }
    for descriptor in input + output { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    let out = stream == .standardOutput ? output[1] : log.descriptor
    let error = stream == .standardError ? output[1] : log.descriptor
    for (from, to) in [(input[1], STDIN_FILENO), (out, STDOUT_FILENO), (error, STDERR_FILENO)] {
      unsafe posix_spawn_file_actions_adddup2(&actions, from, to)
    }
    // A group of its own, so that what a shell starts ends with it.
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    var words = unsafe ([program] + arguments).map { unsafe strdup($0) }
    unsafe words.append(nil)
    var processID: pid_t = 0
    let code = unsafe posix_spawnp(&processID, program, &actions, &attributes, words, environ)
    for index in unsafe words.indices { unsafe free(words[index]) }
    unsafe posix_spawn_file_actions_destroy(&actions)
    unsafe posix_spawnattr_destroy(&attributes)
    close(input[1])
    close(output[1])
    guard code == 0 else {
      close(input[0])
      close(output[0])
      throw code == ENOENT
        ? .notFound(program: program) : .cannotRun(program: program, errno: code)
    }
    return (processID, input[0], output[0])
  }

  deinit {
    close(commands)
    close(answers)
    end()
  }

  /// Ends the program, unless it has ended, and waits for that.
  private func end() {
    guard processID > 0 else { return }
    kill(-processID, SIGKILL)
    var status: Int32 = 0
    while unsafe waitpid(processID, &status, 0) < 0 && errno == EINTR {}
    processID = 0
  }

  /// Gives the program a file to read, which has no name elsewhere, and returns its path.
  public func provide(_ text: String) throws(ChildProcessError) -> String {
    let file = try Self.unnamedFile()
    do { try writeAll(Array(text.utf8), to: file.descriptor) } catch {
      throw .failed(operation: "temporary file", errno: error.errno)
    }
    files.append(file)
    return "/proc/\(getpid())/fd/\(file.descriptor)"
  }

  /// Takes back a file that the program has read.
  public func withdraw(_ path: String) {
    files.removeAll { path.hasSuffix("/\($0.descriptor)") }
  }

  /// Sends commands.
  public func send(_ text: String) throws(ChildProcessError) {
    let (bytes, commands) = (Array(text.utf8), commands)
    do {
      try moveAll(bytes.count, through: commands) { offset in
        unsafe bytes.withUnsafeBytes {
          unsafe Glibc.send(
            commands, $0.baseAddress! + offset, $0.count - offset, Int32(MSG_NOSIGNAL))
        }
      }
    } catch { throw lastWords() }
  }

  /// Sends bytes while reading what comes, until `isComplete` says that it is all.
  ///
  /// - Parameters:
  ///   - seconds: How long nothing may come; nil for as long as it takes.
  ///   - isComplete: Given all that came and was not taken.
  /// - Throws: ``ChildProcessError``, and what `isComplete` throws.
  public func exchange(
    _ bytes: [UInt8], silence seconds: Double?, until isComplete: ([UInt8]) throws -> Bool
  ) throws {
    var sent = 0
    while try sent < bytes.count || !isComplete(pending) {
      var requests = [pollfd(fd: answers, events: Int16(POLLIN), revents: 0)]
      if sent < bytes.count {
        requests.append(pollfd(fd: commands, events: Int16(POLLOUT), revents: 0))
      }
      let limit = seconds.map { Int32(min($0 * 1000, 2e9)) } ?? -1
      let ready = unsafe poll(&requests, nfds_t(requests.count), limit)
      if ready < 0 && errno == EINTR { continue }
      guard ready >= 0 else { throw ChildProcessError.failed(operation: program, errno: errno) }
      guard ready > 0 else {
        throw ChildProcessError.silent(program: program, seconds: seconds ?? 0)
      }
      if requests.count > 1, requests[1].revents != 0 {
        let (from, commands) = (sent, commands)
        let moved = unsafe bytes.withUnsafeBytes {
          unsafe Glibc.send(
            commands, $0.baseAddress! + from, $0.count - from,
            Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
        if moved > 0 { sent += moved }
        guard moved > 0 || errno == EAGAIN || errno == EINTR else { throw lastWords() }
      }
      if requests[0].revents != 0 {
        guard try readMore() else { throw lastWords() }
      }
    }
  }

  /// Takes the first bytes of what came.
  ///
  /// - Precondition: So many came.
  public func take(_ count: Int) -> [UInt8] {
    let result = Array(pending[..<count])
    pending.removeFirst(count)
    return result
  }

  /// The next answer: a line that begins with `head`, and lines after it.
  ///
  /// - Parameter count: Lines in all.
  /// - Returns: The lines with their ends.
  /// - Throws: ``ChildProcessError/ended(program:message:)`` where the program ends before.
  public func answer(head: String, lines count: Int) throws(ChildProcessError) -> [UInt8] {
    var (start, scanned, found) = (0, 0, 0)
    while true {
      while scanned < pending.count {
        scanned += 1
        guard pending[scanned - 1] == 0x0A else { continue }
        if found == 0, !pending[start..<scanned].starts(with: head.utf8) {
          // A warning.
          start = scanned
          continue
        }
        found += 1
        guard found == count else { continue }
        let result = Array(pending[start..<scanned])
        pending.removeFirst(scanned)
        return result
      }
      guard try readMore() else { throw lastWords() }
    }
  }

  /// Waits for more on the standard error; false at its end.
  private func readMore() throws(ChildProcessError) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes {
        unsafe read(answers, $0.baseAddress, $0.count)
      }
      if count > 0 {
        pending += buffer[..<count]
        return true
      }
      if count == 0 { return false }
      guard errno == EINTR else { throw .failed(operation: program, errno: errno) }
    }
  }

  /// Why the program ended.
  private func lastWords() -> ChildProcessError {
    do { while try readMore() {} } catch { return error }
    if processID > 0 {
      var status: Int32 = 0
      while unsafe waitpid(processID, &status, 0) < 0 && errno == EINTR {}
      processID = 0
    }
    return lastMessage ?? .ended(program: program, message: "ended without a word")
  }

  /// Whether the program has ended by itself.
  public var hasEnded: Bool {
    guard processID > 0 else { return true }
    var status: Int32 = 0
    guard unsafe waitpid(processID, &status, WNOHANG) == processID else { return false }
    processID = 0
    return true
  }

  /// What it said last: its line with ERROR and the command behind it, or else its last line.
  public var lastMessage: ChildProcessError? {
    let lines = [log.end(bytes: 1 << 16), pending].flatMap { bytes in
      String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
    }.filter { !$0.allSatisfy(\.isWhitespace) }
    guard let error = lines.firstIndex(where: { $0.contains("ERROR") }) else {
      return lines.last.map { .ended(program: program, message: $0) }
    }
    let command = lines[error...].first { $0.hasPrefix("Last ") || $0.hasPrefix("Last command") }
    return .ended(
      program: program, message: lines[error] + (command.map { "; \($0)" } ?? ""))
  }
}
