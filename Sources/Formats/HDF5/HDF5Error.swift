/// Why an HDF5 file cannot be written, or is not what it should be.
package enum HDF5Error: Error, Equatable, Sendable {
  /// A call of the library failed: which call, on which object.
  case failed(call: String, object: String)
  case notHDF5
  /// It is packed by another program; its name and the way out.
  case wrapped(String)
  /// The file as a whole is not what it was when it was written.
  case damaged(String)
  /// It uses what came with a later version of the library.
  case laterLibrary
  /// A program has it open for writing, or ended without closing it.
  case openForWriting
  case missing(object: String)
  /// Another type or shape than the format asks for.
  case unexpected(object: String, expected: String, found: String)
  /// A link, storage or filter that is legal HDF5, and that we do not follow.
  case refused(object: String, found: String)
  /// More bytes declared than the stored ones can hold.
  case implausible(object: String, declared: Int, stored: Int)
  /// Text of variable length which the library could not read.
  case unreadableText(object: String)
}

extension HDF5Error: CustomStringConvertible {
  package var description: String {
    switch self {
    case .failed(let call, let object):
      "\(printable(object)): damaged or of an unknown HDF5 version (\(call) failed)"
    case .notHDF5: "expected an HDF5 file, found other, truncated or damaged data"
    case .wrapped(let found): "expected an HDF5 file, found \(found)"
    case .damaged(let found): "expected an undamaged HDF5 file, found \(found)"
    case .laterLibrary:
      "expected an HDF5 file for version 1.10 of the library, found one of a later version (rewrite "
        + "it where it was made: h5repack --low=0 --high=2 FILE NEW; in h5py libver='earliest')"
    case .openForWriting:
      "expected a closed HDF5 file, found one that is open for writing (close it there; after a crash "
        + "of the writer: h5clear -s FILE)"
    case .missing(let object): "expected \(printable(object)), found none"
    case .unexpected(let object, let expected, let found):
      "\(printable(object)): expected \(expected), found \(printable(found))"
    case .refused(let object, let found):
      "\(printable(object)): expected data in this file, found \(printable(found))"
    case .implausible(let object, let declared, let stored):
      "\(printable(object)): expected data for \(declared) bytes, found \(stored) bytes"
    case .unreadableText(let object):
      "\(printable(object)): expected text, found a damaged or too large heap"
    }
  }
}

/// The text with control bytes replaced and cut at 80 characters: names come from the file.
func printable(_ text: String) -> String {
  let clean = text.unicodeScalars.prefix(80).map { scalar in
    scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) ? "?" : Character(scalar)
  }
  return String(clean) + (text.unicodeScalars.count > 80 ? "…" : "")
}
