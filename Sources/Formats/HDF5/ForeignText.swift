internal import CHDF5

/// Text of variable length, which HDF5 keeps in a heap without a checksum.
///
/// One damaged byte there crashes or hangs HDF5 1.10.8, so a child process reads it; where that does
/// not end well, neither does the reading, and this process goes on.
enum ForeignText {
  /// Bytes of all texts of one dataset or attribute.
  private static let limit = 1 << 28
  /// Processor time for the child, in seconds.
  private static let patience: UInt32 = 5

  /// The texts of an open dataset or attribute, or nil where the child failed.
  static func read(_ id: hid_t, count: Int) -> [String]? {
    guard count > 0 else { return [] }
    return HDF5Library.run {
      guard let region = unsafe svh5_shared_memory(limit) else { return nil }
      defer { unsafe svh5_release(region, limit) }
      guard unsafe svh5_fetch_text(id, count, region, limit, patience) == 0 else { return nil }
      return unsafe decode(UnsafeRawBufferPointer(start: region, count: limit), count)
    }
  }

  /// The texts that svh5_fetch_text left behind, or nil where it did not end well.
  private static func decode(_ region: UnsafeRawBufferPointer, _ count: Int) -> [String]? {
    guard unsafe region.load(as: Int64.self) == 1 else { return nil }
    var offset = 8
    var texts: [String] = []
    for _ in 0..<count {
      guard offset + 4 <= region.count else { return nil }
      let length = Int(unsafe region.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
      offset += 4
      guard length <= region.count - offset,
        let text = unsafe String(validating: region[offset..<offset + length], as: UTF8.self)
      else { return nil }
      texts.append(text)
      offset += length
    }
    return texts
  }

  /// Texts of `size` bytes each, padded with zeros.
  static func split(
    _ bytes: [UInt8], size: Int, _ object: String
  ) throws(HDF5Error) -> [String] {
    var texts: [String] = []
    for start in stride(from: 0, to: bytes.count, by: max(1, size)) {
      let used = bytes[start..<start + size].prefix { $0 != 0 }
      guard let text = String(validating: used, as: UTF8.self) else {
        throw .unexpected(object: object, expected: "UTF-8 text", found: "other bytes")
      }
      texts.append(text)
    }
    return texts
  }
}
