/// Texts of variable length, which HDF5 keeps in a heap without a checksum.
///
/// One damaged byte there crashes or hangs HDF5 1.10.8, so the process that tries a file of others
/// (CHDF5Rehearsal) reads them all and leaves them in memory; this process never does.
struct ForeignTexts: Sendable {
  /// Bytes of all texts of a file.
  static let limit = 1 << 28
  /// Processor time for them, in seconds.
  static let patience: UInt32 = 5

  private struct Place: Hashable {
    /// Of the header of the object.
    let address: UInt64
    /// Of the attribute; empty for the data of a dataset.
    let attribute: String
  }

  private var texts: [Place: [String]] = [:]

  /// None: of a file that is ours.
  init() {}

  /// Takes the records that the process left behind (CHDF5Rehearsal.h), up to one that breaks off; texts
  /// that are no UTF-8 are left out.
  init(_ records: UnsafeRawBufferPointer) {
    var offset = 0
    func number() -> Int? {
      guard records.count - offset >= 4 else { return nil }
      defer { offset += 4 }
      return Int(unsafe records.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
    func bytes(_ length: Int) -> Range<Int>? {
      guard records.count - offset >= length else { return nil }
      defer { offset += length }
      return offset..<offset + length
    }
    while records.count - offset >= 8 {
      let address = unsafe records.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      offset += 8
      guard let nameLength = number(), let name = bytes(nameLength), let count = number() else {
        return
      }
      var found: [String]? = []
      for _ in 0..<count {
        guard let length = number(), let place = bytes(length) else { return }
        if let text = unsafe String(validating: records[place], as: UTF8.self) {
          found?.append(text)
        } else {
          found = nil
        }
      }
      if let found, let name = unsafe String(validating: records[name], as: UTF8.self) {
        texts[Place(address: address, attribute: name)] = found
      }
    }
  }

  /// The texts of an attribute of an object, or of its data; nil where they could not be read.
  func texts(of address: UInt64, attribute: String = "") -> [String]? {
    texts[Place(address: address, attribute: attribute)]
  }
}

enum ForeignText {
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
