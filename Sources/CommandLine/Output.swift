internal import Glibc

/// Where the bytes of a command go: standard output, or a file that appears whole or not at all.
///
/// Every write is checked; a closed pipe ends the process by SIGPIPE, as it ends any Unix filter.
///
/// A file is written beside its final name as `NAME.tmp-PID-K`, synchronised and renamed by
/// ``finish()``; until then an older file of that name is untouched. It keeps the permissions of the
/// file it replaces; where the name leaves no room for that, its end is left out. A symbolic link is followed: what it points to is replaced, the link stays.
/// Devices, pipes, and names under /dev and /proc are written in place.
final class Output {
  /// The name in messages.
  let name: String
  private let descriptor: Int32
  /// The temporary file and the name it is to get; nil where the bytes go in place.
  private let pending: (temporary: String, final: String)?
  private var buffer: [UInt8] = []
  private var isOpen = true
  private var isSealed = false

  private static let bufferSize = 1 << 16

  /// Standard output.
  ///
  /// - Throws: ``StreamError/closed(name:)``.
  init(standardOutputOf descriptors: StandardDescriptors) throws(StreamError) {
    guard descriptors.isOpen[1] else { throw .closed(name: "standard output") }
    (name, descriptor, pending) = ("standard output", STDOUT_FILENO, nil)
  }

  /// - Throws: ``StreamError/cannotCreate(path:errno:)``.
  init(path: String) throws(StreamError) {
    name = path
    var status = stat()
    let exists = unsafe stat(path, &status) == 0
    let isRegular = status.st_mode & S_IFMT == S_IFREG
    let isDevice = path.hasPrefix("/dev/") || path.hasPrefix("/proc/")
    if isDevice || (exists && !isRegular) {
      descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw .cannotCreate(path: path, errno: errno) }
      pending = nil
      return
    }
    guard unsafe !exists || access(path, W_OK) == 0 else {
      throw .cannotCreate(path: path, errno: errno)
    }
    let final = Self.followingLinks(path)
    let (opened, temporary) = try Self.createTemporary(beside: final, path: path)
    if exists, fchmod(opened, status.st_mode & 0o7777) != 0 {
      let code = errno
      close(opened)
      TemporaryFile.remove(temporary)
      throw .cannotCreate(path: path, errno: code)
    }
    (descriptor, pending) = (opened, (temporary, final))
  }

  var isTerminal: Bool { isatty(descriptor) == 1 }

  /// The file that is written in place, nil for devices, and for one that gets its name later.
  var fileInPlace: FileIdentity? {
    pending == nil ? FileIdentity(descriptor: descriptor) : nil
  }

  /// A descriptor of the unfinished file, for a format that is not written from its start to its end;
  /// nil for what is written in place, which may be a pipe. What ``write(_:)`` gets after
  /// ``continueBehindEnd()`` stands behind all that.
  var place: Int32? { pending == nil ? nil : descriptor }

  func continueBehindEnd() throws(StreamError) {
    guard lseek(descriptor, 0, SEEK_END) >= 0 else { throw failure() }
  }

  /// Why others could not write into ``place``, which is lost: what the system says to more bytes.
  func failureInPlace() -> StreamError {
    let probe = [UInt8](repeating: 0, count: 1 << 20)
    do throws(StreamError) {
      try continueBehindEnd()
      try writeOut(probe)
    } catch { return error }
    return .cannotWrite(path: name, errno: EIO)
  }

  /// Whether two outputs would end up in one file.
  func isSame(as other: Output) -> Bool {
    switch (pending, other.pending) {
    case (let own?, let others?):
      let (own, others) = (Self.split(own.final), Self.split(others.final))
      return own.name == others.name
        && FileIdentity(path: own.folder) == FileIdentity(path: others.folder)
    case (let own?, nil):
      return FileIdentity(path: own.final)?.isSame(as: other.fileInPlace) ?? false
    case (nil, let others?):
      return FileIdentity(path: others.final)?.isSame(as: fileInPlace) ?? false
    case (nil, nil):
      return FileIdentity(stream: descriptor)?.isSame(as: FileIdentity(stream: other.descriptor))
        ?? false
    }
  }

  private static func split(_ path: String) -> (folder: String, name: Substring) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path[...]) }
    return (String(path[...slash]), path[path.index(after: slash)...])
  }

  /// Writes bytes that are not copied.
  func write(_ bytes: RawSpan) throws(StreamError) {
    try drain()
    do {
      try moveAll(bytes.byteCount, through: descriptor) { offset in
        unsafe bytes.withUnsafeBytes {
          unsafe Glibc.write(descriptor, $0.baseAddress! + offset, $0.count - offset)
        }
      }
    } catch {
      throw .cannotWrite(path: name, errno: error.errno)
    }
  }

  func write(_ bytes: [UInt8]) throws(StreamError) {
    if buffer.count + bytes.count <= Self.bufferSize {
      buffer.append(contentsOf: bytes)
      return
    }
    try drain()
    if bytes.count > Self.bufferSize { try writeOut(bytes) } else { buffer = bytes }
  }

  /// Writes what is buffered and, for a file, gives it its name.
  func finish() throws(StreamError) {
    try seal()
    guard let pending, isOpen else { return }
    isOpen = false
    guard unsafe rename(pending.temporary, pending.final) == 0 else {
      let code = errno
      TemporaryFile.remove(pending.temporary)
      throw .cannotCreate(path: name, errno: code)
    }
    TemporaryFile.forget(pending.temporary)
  }

  /// Writes what is buffered and closes; what a full disk can spoil is then over.
  func seal() throws(StreamError) {
    guard !isSealed else { return }
    try drain()
    guard pending == nil || fsync(descriptor) == 0 || errno == EINVAL else { throw failure() }
    isSealed = true
    // Some file systems report a full disk only here. Where a signal interrupts it, it is closed.
    guard close(descriptor) == 0 || errno == EINTR else { throw failure() }
  }

  /// Leaves no trace of an unfinished file.
  func abandon() {
    guard isOpen, let pending else { return }
    isOpen = false
    if !isSealed { close(descriptor) }
    TemporaryFile.remove(pending.temporary)
  }

  /// Sends buffered bytes on, so that the next stage of a pipe need not wait for the end.
  func drain() throws(StreamError) {
    // Emptied also where the write fails: the same bytes must not go out twice.
    defer { buffer.removeAll(keepingCapacity: true) }
    try writeOut(buffer)
  }

  private func failure() -> StreamError { .cannotWrite(path: name, errno: errno) }

  private func writeOut(_ bytes: [UInt8]) throws(StreamError) {
    do { try writeAll(bytes, to: descriptor) } catch {
      throw .cannotWrite(path: name, errno: error.errno)
    }
  }

  /// The name at the end of a chain of symbolic links; it need not exist.
  private static func followingLinks(_ path: String) -> String {
    var name = path
    // As many links as the kernel itself follows.
    for _ in 0..<40 {
      var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
      let length = unsafe target.withUnsafeMutableBytes {
        unsafe readlink(name, $0.baseAddress!, $0.count)
      }
      guard length > 0 else { return name }
      let link = String(decoding: target[..<length], as: UTF8.self)
      if link.hasPrefix("/") {
        name = link
      } else if let slash = name.lastIndex(of: "/") {
        name = name[...slash] + link
      } else {
        name = link
      }
    }
    return name
  }

  private static func createTemporary(
    beside final: String, path: String
  ) throws(StreamError) -> (descriptor: Int32, name: String) {
    let (folder, name) = split(final)
    for attempt in 0..<1000 {
      let mark = ".tmp-\(getpid())-\(attempt)"
      var stem = name
      let prefix = final.contains("/") ? folder : ""
      let room = min(Int(NAME_MAX), Int(PATH_MAX) - 1 - prefix.utf8.count) - mark.utf8.count
      while stem.utf8.count > room, !stem.isEmpty { stem.removeLast() }
      let temporary = prefix + stem + mark
      TemporaryFile.register(temporary)
      let opened = unsafe open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if opened >= 0 { return (opened, temporary) }
      let code = errno
      TemporaryFile.forget(temporary)
      guard code == EEXIST else { throw .cannotCreate(path: path, errno: code) }
    }
    throw .cannotCreate(path: path, errno: EEXIST)
  }
}
