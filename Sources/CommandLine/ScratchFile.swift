internal import Glibc

/// Numbers beyond what memory should hold, in an ``UnnamedFile``.
public final class ScratchFile {
  private let file: UnnamedFile
  private let folder = UnnamedFile.folder
  /// Numbers written.
  public private(set) var count = 0

  /// - Throws: ``StreamError/cannotCreate(path:errno:)``.
  public init() throws(StreamError) {
    do { file = try UnnamedFile() } catch {
      throw .cannotCreate(path: folder, errno: error.errno)
    }
  }

  /// Appends numbers.
  ///
  /// - Returns: Where they begin, for ``read(at:count:)``.
  /// - Throws: ``StreamError/cannotWrite(path:errno:)``.
  public func append(_ values: [Double]) throws(StreamError) -> Int {
    let start = count
    let (descriptor, size) = (file.descriptor, values.count * Self.width)
    try checked { () throws(TransferError) in
      try moveAll(size, through: descriptor) { offset in
        unsafe values.withUnsafeBytes {
          unsafe pwrite(
            descriptor, $0.baseAddress! + offset, size - offset, off_t(start * Self.width + offset))
        }
      }
    }
    count += values.count
    return start
  }

  /// - Throws: ``StreamError/cannotWrite(path:errno:)`` where the file does not give them back.
  public func read(at start: Int, count: Int) throws(StreamError) -> [Double] {
    precondition(start >= 0 && start + count <= self.count, "scratch file: range")
    var values = [Double](repeating: 0, count: count)
    let (descriptor, size) = (file.descriptor, count * Self.width)
    try checked { () throws(TransferError) in
      try moveAll(size, through: descriptor) { offset in
        unsafe values.withUnsafeMutableBytes {
          unsafe pread(
            descriptor, $0.baseAddress! + offset, size - offset, off_t(start * Self.width + offset))
        }
      }
    }
    return values
  }

  private static let width = MemoryLayout<Double>.stride

  private func checked(_ transfer: () throws(TransferError) -> Void) throws(StreamError) {
    do { try transfer() } catch { throw .cannotWrite(path: folder, errno: error.errno) }
  }
}
