internal import Formats

/// One kind of potential file, recognised by its content.
struct PotentialReader: Sendable {
  let recognises: @Sendable ([UInt8]) -> Bool
  let read: @Sendable ([UInt8], _ file: String) throws -> any Potential

  /// Asked in this order; the last one takes what nobody recognised, and says what is wrong.
  static let all = [
    SpringModel.reader, EmbeddedAtom.reader, EmbeddedAtom.funcflReader, Tersoff.reader,
    StillingerWeber.reader,
  ]
}

/// Reads a potential: parameters of LAMMPS for Stillinger-Weber, Tersoff or embedded atoms
/// (formats/potentials.md), or springs (formats/springs.md); the content says which.
///
/// - Throws: `InputError` with file and line where the text breaks its format, `SourceError` where
///   the file cannot be read.
public func loadPotential(path: String) throws -> any Potential {
  let source = try ByteSource(path: path)
  return try loadPotential(parsing: source.readToEnd(limit: 1 << 26), file: path)
}

/// The potential that the bytes of a file describe.
public func loadPotential(parsing bytes: [UInt8], file: String) throws -> any Potential {
  try Envelope.refuse(bytes, file: file, expected: "a potential")
  let reader =
    PotentialReader.all.first { $0.recognises(bytes) } ?? StillingerWeber.reader
  return try reader.read(bytes, file)
}
