internal import Glibc

/// A file without a name in TMPDIR (else /tmp): gone with its descriptor, however the process ends.
///
/// Programs that we start do not inherit it.
final class UnnamedFile {
  let descriptor: Int32

  static var folder: String {
    let given = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) }
    return given.flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
  }

  init() throws(TransferError) {
    var template = Array((Self.folder + "/sitevib-XXXXXX").utf8CString)
    descriptor = unsafe mkstemp(&template)
    guard descriptor >= 0 else { throw TransferError(errno: errno) }
    _ = unsafe unlink(template)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  deinit { close(descriptor) }

  /// The last bytes of the file.
  func end(bytes count: Int) -> [UInt8] {
    let size = lseek(descriptor, 0, SEEK_END)
    var buffer = [UInt8](repeating: 0, count: count)
    let found = unsafe buffer.withUnsafeMutableBytes {
      unsafe pread(descriptor, $0.baseAddress, $0.count, max(0, size - off_t(count)))
    }
    return Array(buffer.prefix(max(0, found)))
  }
}
