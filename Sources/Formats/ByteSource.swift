internal import Base
internal import Glibc

/// An input could not be opened or read; a command exits with 66 or 74.
public enum SourceError: Error, Equatable, Sendable {
  /// Nothing to read: no such file, a directory, no permission, a closed standard input.
  case noInput(file: String, reason: String)
  /// The input began and then failed.
  case readFailed(file: String, reason: String)
  /// More bytes than the caller wants to hold.
  case tooLarge(file: String, limit: Int)
}

extension SourceError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noInput(let file, let reason): "\(displayName(file)): cannot open: \(reason)"
    case .readFailed(let file, let reason): "\(displayName(file)): cannot read: \(reason)"
    case .tooLarge(let file, let limit):
      "\(displayName(file)): expected at most \(limit) bytes, found more"
    }
  }
}

/// Bytes of a file, of standard input or of memory, read once from front to back; never seeks.
public final class ByteSource {
  /// The path, "-" for standard input.
  public let name: String
  private enum Origin {
    case descriptor(Int32, owned: Bool)
    case memory([UInt8], pieceSize: Int)
  }
  private let origin: Origin
  /// What was peeked at and not yet read.
  private var pending: [UInt8] = []
  private var pendingStart = 0
  private var memoryOffset = 0

  /// Opens a file; "-" is standard input.
  ///
  /// - Throws: ``SourceError/noInput(file:reason:)``.
  public init(path: String) throws(SourceError) {
    name = path
    if path == "-" {
      // Without this, a closed standard input would lend its number to the next file opened.
      guard fcntl(STDIN_FILENO, F_GETFD) >= 0 else {
        throw .noInput(file: path, reason: systemReason(errno))
      }
      origin = .descriptor(STDIN_FILENO, owned: false)
      return
    }
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .noInput(file: path, reason: systemReason(errno)) }
    origin = .descriptor(descriptor, owned: true)
  }

  /// Reads an open descriptor, which stays the caller's.
  public init(descriptor: Int32, name: String) {
    self.name = name
    origin = .descriptor(descriptor, owned: false)
  }

  /// Reads from memory, at most `pieceSize` bytes at a time.
  ///
  /// - Precondition: `pieceSize` is at least 1.
  public init(bytes: [UInt8], name: String, pieceSize: Int = 1 << 17) {
    precondition(pieceSize > 0, "pieces of \(pieceSize) bytes")
    self.name = name
    origin = .memory(bytes, pieceSize: pieceSize)
  }

  deinit {
    if case .descriptor(let descriptor, owned: true) = origin { _ = close(descriptor) }
  }

  /// Whether a read would return at once: with bytes, the end, or an error.
  public var isReady: Bool {
    guard pendingStart == pending.count, case .descriptor(let descriptor, _) = origin else {
      return true
    }
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&request, 1, 0) != 0
  }

  /// How much of the bytes is read, from 0 to 1; nil where nobody knows how many will come.
  public var fraction: Double? {
    switch origin {
    case .memory(let bytes, _): return Double(memoryOffset) / Double(max(1, bytes.count))
    case .descriptor(let descriptor, _):
      var status = stat()
      guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
        status.st_size > 0
      else { return nil }
      return min(1, Double(lseek(descriptor, 0, SEEK_CUR)) / Double(status.st_size))
    }
  }

  /// The first bytes not yet read, without reading them: `count`, or all there are if fewer.
  public func peek(_ count: Int) throws(SourceError) -> [UInt8] {
    while pending.count - pendingStart < count {
      var piece = [UInt8](repeating: 0, count: count)
      let found = try readOrigin(into: &piece, range: 0..<count)
      if found == 0 { break }
      pending.append(contentsOf: piece[..<found])
    }
    return Array(pending[pendingStart...].prefix(count))
  }

  /// Reads the next bytes into `buffer[range]`, as many as come at once.
  ///
  /// - Returns: How many; 0 only at the end (or for an empty range).
  /// - Throws: ``SourceError/readFailed(file:reason:)``, ``SourceError/noInput(file:reason:)``.
  public func read(into buffer: inout [UInt8], range: Range<Int>) throws(SourceError) -> Int {
    guard pendingStart < pending.count else { return try readOrigin(into: &buffer, range: range) }
    let count = min(range.count, pending.count - pendingStart)
    for i in 0..<count { buffer[range.lowerBound + i] = pending[pendingStart + i] }
    pendingStart += count
    if pendingStart == pending.count { (pending, pendingStart) = ([], 0) }
    return count
  }

  /// All that is left.
  ///
  /// - Throws: ``SourceError``; ``SourceError/tooLarge(file:limit:)`` beyond `limit` bytes.
  public func readToEnd(limit: Int = .max) throws(SourceError) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: 1 << 17)
    var count = 0
    while true {
      if count == result.count {
        guard count < limit else { throw .tooLarge(file: name, limit: limit) }
        result.append(contentsOf: repeatElement(0, count: count))
      }
      let found = try read(into: &result, range: count..<result.count)
      if found == 0 { break }
      count += found
      guard count <= limit else { throw .tooLarge(file: name, limit: limit) }
    }
    result.removeLast(result.count - count)
    return result
  }

  private func readOrigin(into buffer: inout [UInt8], range: Range<Int>) throws(SourceError)
    -> Int
  {
    switch origin {
    case .memory(let bytes, let pieceSize):
      let count = min(range.count, pieceSize, bytes.count - memoryOffset)
      buffer.replaceSubrange(
        range.lowerBound..<range.lowerBound + count,
        with: bytes[memoryOffset..<memoryOffset + count])
      memoryOffset += count
      return count
    case .descriptor(let descriptor, _):
      while true {
        let count = unsafe buffer.withUnsafeMutableBytes {
          unsafe Glibc.read(descriptor, $0.baseAddress! + range.lowerBound, range.count)
        }
        if count >= 0 { return count }
        switch errno {
        case EINTR: continue
        case EAGAIN, EWOULDBLOCK:
          // A non-blocking pipe: wait until there is something.
          var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
          _ = unsafe poll(&request, 1, -1)
        case EISDIR, EBADF: throw .noInput(file: name, reason: systemReason(errno))
        default: throw .readFailed(file: name, reason: systemReason(errno))
        }
      }
    }
  }
}

/// What a message calls an input.
func displayName(_ file: String) -> String {
  file == "-" ? "standard input" : excerpt(file.utf8, limit: 200)
}

/// The system's words for an error number, starting in lower case as our messages do.
private func systemReason(_ code: Int32) -> String {
  let reason = unsafe String(cString: strerror(code))
  return reason.prefix(1).lowercased() + reason.dropFirst()
}
