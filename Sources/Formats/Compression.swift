/// What a compressed input is called, and how it is unpacked.
///
/// No reader unpacks: a pipe does it (`zcat frames.xyz.gz | …`).
package enum Compression {
  private static let formats: [(magic: [UInt8], name: String, command: String)] = [
    ([0x1F, 0x8B, 0x08], "gzip data", "gzip -d"),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "xz data", "xz -d"),
    (Array("BZh".utf8), "bzip2 data", "bzip2 -d"),
    ([0x28, 0xB5, 0x2F, 0xFD], "zstd data", "zstd -d"),
    ([0x04, 0x22, 0x4D, 0x18], "lz4 data", "lz4 -d"),
    (Array("LZIP".utf8), "lzip data", "lzip -d"),
    ([0x1F, 0x9D], "compress data", "uncompress"),
    ([0x50, 0x4B, 0x03, 0x04], "a zip archive", "unzip"),
    ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive", "7z x"),
  ]

  /// What the bytes of a file are called where it begins as a compressed one; else nil.
  package static func name(of bytes: some Sequence<UInt8>) -> String? { format(of: bytes)?.name }

  /// - Throws: ``InputError`` with the way out where a file begins as a compressed one.
  package static func refuse(
    _ bytes: some Sequence<UInt8>, file: String, expected: String
  ) throws(InputError) {
    guard let found = remedy(for: bytes) else { return }
    throw InputError(file: file, "expected \(expected), found \(found)")
  }

  /// "gzip data (decompress it first: gzip -d)" where the bytes begin as such; else nil.
  static func remedy(for bytes: some Sequence<UInt8>) -> String? {
    format(of: bytes).map { "\($0.name) (decompress it first: \($0.command))" }
  }

  private static func format(
    of bytes: some Sequence<UInt8>
  ) -> (magic: [UInt8], name: String, command: String)? {
    let start = Array(bytes.prefix(8))
    return formats.first { start.starts(with: $0.magic) }
  }
}
