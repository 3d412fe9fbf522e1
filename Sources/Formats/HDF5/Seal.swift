internal import Glibc

/// Three words behind the end of what HDF5 knows of a file of ours: a checksum of all of it.
///
/// HDF5 protects the data of a dataset, but not, in the version of its format that can be made in
/// memory, the headers and indices that say what the data are: a wrong bit there can turn a checksum
/// off, exchange types or crash the library. Readers of HDF5 do not look behind the end, and writers
/// cut it off, so that a file changed by another program has no seal rather than a wrong one.
enum Seal {
  /// "sitevib" and the version of the seal, then the size of the image and its checksum, 64 bits each,
  /// least byte first.
  private static let mark = Array("sitevib1".utf8)
  static let byteCount = 24

  /// The seal of an image of so many bytes.
  static func bytes(count: Int, checksum: UInt64) -> [UInt8] {
    mark + bytes(UInt64(count)) + bytes(checksum)
  }

  /// The size of the image in front of its seal; nil where there is none.
  ///
  /// - Throws: ``HDF5Error/damaged(_:)`` where a seal does not match, or was cut.
  static func checkedSize(of image: [UInt8]) throws(HDF5Error) -> Int? {
    let size = image.count - byteCount
    guard size > 0, image[size..<size + mark.count].elementsEqual(mark) else {
      if hasCutSeal(image) { throw .damaged("a seal that was cut") }
      return nil
    }
    let checksum = unsafe Checksum.of(image.span.bytes.extracting(..<size))
    guard image[(size + 8)...].elementsEqual(bytes(UInt64(size)) + bytes(checksum)) else {
      throw .damaged("another checksum than that of its seal")
    }
    return size
  }

  /// Whether the start of a seal stands behind the end that the first block of the file declares.
  private static func hasCutSeal(_ image: [UInt8]) -> Bool {
    // Version 0 of the superblock, as we write it: the end is the third address, at byte 40.
    guard image.count > 48, image[8] == 0, image[13] == 8 else { return false }
    let end = image[40..<48].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard end < UInt64(image.count) else { return false }
    let rest = image[Int(end)...]
    return rest.count < byteCount && rest.prefix(mark.count).elementsEqual(mark.prefix(rest.count))
  }

  private static func bytes(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// h ← (h ⊕ w) · m, h ← h ⊕ (h >> 32) over the words w of 8 bytes, the last filled with zeros.
  ///
  /// Each step is one-to-one in h and in w, so that a change within one word is always seen.
  struct Checksum {
    private var hash: UInt64 = 0xCBF2_9CE4_8422_2325

    static func of(_ bytes: RawSpan) -> UInt64 {
      var checksum = Checksum()
      let words = bytes.byteCount / 8 * 8
      checksum.append(words: bytes.extracting(..<words))
      return checksum.closed(by: bytes.extracting(words...))
    }

    /// The size and the checksum of a file on a disk.
    ///
    /// - Throws: ``HDF5Error/failed(call:object:)`` where it cannot be read.
    static func ofFile(_ descriptor: Int32) throws(HDF5Error) -> (count: Int, checksum: UInt64) {
      var checksum = Checksum()
      var block = [UInt8](repeating: 0, count: 1 << 20)
      var (count, held) = (0, 0)
      while true {
        let read = unsafe block.withUnsafeMutableBytes { bytes in
          unsafe pread(
            descriptor, bytes.baseAddress! + held, bytes.count - held, off_t(count + held))
        }
        if read < 0, errno == EINTR { continue }
        guard read >= 0 else { throw .failed(call: "pread", object: "/") }
        held += read
        if read > 0, held < block.count { continue }
        let bytes = unsafe block.span.bytes.extracting(..<held)
        count += held
        guard read > 0 else {
          let words = held / 8 * 8
          checksum.append(words: bytes.extracting(..<words))
          return (count, checksum.closed(by: bytes.extracting(words...)))
        }
        checksum.append(words: bytes)
        held = 0
      }
    }

    /// Takes the next bytes, a multiple of eight of them.
    mutating func append(words: RawSpan) {
      for offset in stride(from: 0, to: words.byteCount, by: 8) {
        mix(
          UInt64(
            littleEndian: unsafe words.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
        )
      }
    }

    /// The checksum where so many bytes follow, fewer than eight.
    func closed(by rest: RawSpan) -> UInt64 {
      var closed = self
      var last: UInt64 = 0
      for offset in (0..<rest.byteCount).reversed() {
        last = last << 8 | UInt64(unsafe rest.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
      }
      closed.mix(last)
      return closed.hash
    }

    private mutating func mix(_ word: UInt64) {
      hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
      hash ^= hash >> 32
    }
  }
}
