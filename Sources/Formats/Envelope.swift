/// What stands around the content of an input, what it is called, and how it is taken off: a compression,
/// a byte order mark, another encoding of text.
///
/// No reader takes it off: a pipe does (`zcat frames.xyz.gz | …`).
package enum Envelope {
  private static let all: [(magic: [UInt8], name: String, remedy: String)] = [
    ([0x1F, 0x8B, 0x08], "gzip data", "decompress it first: gzip -d"),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "xz data", "decompress it first: xz -d"),
    (Array("BZh".utf8), "bzip2 data", "decompress it first: bzip2 -d"),
    ([0x28, 0xB5, 0x2F, 0xFD], "zstd data", "decompress it first: zstd -d"),
    ([0x04, 0x22, 0x4D, 0x18], "lz4 data", "decompress it first: lz4 -d"),
    (Array("LZIP".utf8), "lzip data", "decompress it first: lzip -d"),
    ([0x1F, 0x9D], "compress data", "decompress it first: uncompress"),
    ([0x50, 0x4B, 0x03, 0x04], "a zip archive", "decompress it first: unzip"),
    ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive", "decompress it first: 7z x"),
    ([0xEF, 0xBB, 0xBF], "a byte order mark", "take it off: tail -c +4"),
    ([0xFF, 0xFE], "UTF-16 text", "convert it: iconv -f UTF-16 -t UTF-8"),
    ([0xFE, 0xFF], "UTF-16 text", "convert it: iconv -f UTF-16 -t UTF-8"),
  ]

  /// - Throws: ``InputError`` with the way out where a file begins as no content does.
  package static func refuse(
    _ bytes: some Sequence<UInt8>, file: String, expected: String
  ) throws(InputError) {
    guard let found = remedy(for: bytes) else { return }
    throw InputError(file: file, "expected \(expected), found \(found)")
  }

  /// "gzip data (decompress it first: gzip -d)" where the bytes begin as such; else nil.
  package static func remedy(for bytes: some Sequence<UInt8>) -> String? {
    let start = Array(bytes.prefix(8))
    return all.first { start.starts(with: $0.magic) }.map { "\($0.name) (\($0.remedy))" }
  }
}
