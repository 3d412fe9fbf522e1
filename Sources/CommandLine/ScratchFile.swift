internal import Glibc

/// Numbers beyond what memory should hold: a file without a name in TMPDIR (else /tmp), which is
/// gone with the process however it ends.
public final class ScratchFile {
  private let descriptor: Int32
  private let folder: String
  /// Numbers written.
  public private(set) var count = 0

  /// - Throws: ``StreamError/cannotCreate(path:errno:)``.
  public init() throws(StreamError) {
    let given = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) }
    folder = given.flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    var template = Array((folder + "/sitevib-XXXXXX").utf8CString)
    descriptor = unsafe mkstemp(&template)
    guard descriptor >= 0 else { throw .cannotCreate(path: folder, errno: errno) }
    _ = unsafe unlink(template)
  }

  deinit { close(descriptor) }

  /// Appends numbers.
  ///
  /// - Returns: Where they begin, for ``read(at:count:)``.
  /// - Throws: ``StreamError/cannotWrite(path:errno:)``.
  public func append(_ values: [Double]) throws(StreamError) -> Int {
    let start = count
    let size = values.count * MemoryLayout<Double>.stride
    var done = 0
    while done < size {
      let offset = off_t(start * MemoryLayout<Double>.stride + done)
      let written = unsafe values.withUnsafeBytes {
        unsafe pwrite(descriptor, $0.baseAddress! + done, size - done, offset)
      }
      if written > 0 {
        done += written
      } else if written == 0 || errno != EINTR {
        throw .cannotWrite(path: folder, errno: errno)
      }
    }
    count += values.count
    return start
  }

  /// - Throws: ``StreamError/cannotWrite(path:errno:)`` where the file does not give them back.
  public func read(at start: Int, count: Int) throws(StreamError) -> [Double] {
    precondition(start >= 0 && start + count <= self.count, "scratch file: range")
    var values = [Double](repeating: 0, count: count)
    let size = count * MemoryLayout<Double>.stride
    var done = 0
    while done < size {
      let offset = off_t(start * MemoryLayout<Double>.stride + done)
      let got = unsafe values.withUnsafeMutableBytes {
        unsafe pread(descriptor, $0.baseAddress! + done, size - done, offset)
      }
      if got > 0 {
        done += got
      } else if got == 0 || errno != EINTR {
        throw .cannotWrite(path: folder, errno: errno)
      }
    }
    return values
  }
}
